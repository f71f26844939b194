"""Questions about people and money: a phone number, who somebody is and how to reach him, an amount."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

import phonenumbers
from babel.core import get_global
from babel.numbers import get_currency_precision
from phonenumbers import NumberParseException, PhoneNumberFormat
from pydantic import Field, model_validator
from typing_extensions import override

from core.forms.answers import Value
from core.forms.components.base import AsTyped, Operand, Question, UnusableError, clean, within
from core.forms.components.numbers import DECIMAL, MOST_DIGITS
from core.forms.components.texts import EMAIL
from core.forms.operations import as_number
from core.forms.problems import Unusable
from core.forms.reader import Reader
from core.locale import gettext as _

_CURRENCIES = frozenset(get_global("all_currencies"))


def read_phone(text: str, region: str | None) -> str:
    """The number in E.164.

    Raises:
        UnusableError: It is none.
    """
    try:
        number = phonenumbers.parse(clean(text), region)
    except NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise UnusableError(_("Give a phone number with the code of its country, such as +7 495 123-45-67."))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _shown_phone(number: str) -> str:
    try:
        return phonenumbers.format_number(phonenumbers.parse(number, None), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number


def _check_region(region: str | None) -> None:
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise Unusable({"region": _("There is no such country. Give its code of two letters, such as RU.")})


class Phone(Question):
    """A phone number, stored as E.164. In an expression it is what was typed until it is sent: ask whether it is empty.

    Attributes:
        region: The country of numbers that are typed without its code, such as `RU`.
    """

    as_typed: ClassVar[AsTyped | None] = "anywhere"

    kind: Literal["phone"] = "phone"
    region: str | None = None

    @model_validator(mode="after")
    def _region_is_one(self) -> Self:
        _check_region(self.region)
        return self

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        return read_phone(text, self.region)

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return _shown_phone(value) if isinstance(value, str) else ""

    @override
    def admits(self, value: Value) -> bool:
        return False


class Money(Question):
    """An amount of money; the answer is a text, exact: `12.50 EUR`. In an expression it is the amount.

    Attributes:
        currencies: Codes of three letters; where there are several, one is chosen.
        minimum: The least amount that will do.
        maximum: The most that will do.
    """

    operand: ClassVar[Operand | None] = "money"

    kind: Literal["money"] = "money"
    currencies: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    @model_validator(mode="after")
    def _currencies_are_some(self) -> Self:
        for number, code in enumerate(self.currencies):
            if code not in _CURRENCIES:
                problem = _("There is no currency %(code)s. Give its code of three letters, such as EUR.")
                raise Unusable({f"currencies.{number}": problem % {"code": repr(code)}})
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise Unusable({"minimum": _("This is above the maximum. Lower it, or raise the maximum.")})
        return self

    @override
    def gather(self, texts: Sequence[str]) -> str:
        amount, *currency = (text.strip() for text in texts) if texts else ("",)
        if len(currency) > 1:
            raise UnusableError(_("Give one answer."))
        return " ".join([amount, *currency]) if amount else ""

    def split(self, text: str) -> tuple[str, str]:
        """The amount and the currency in a text, as they were typed."""
        amount, _space, code = text.strip().rpartition(" ")
        return (amount, code) if code in self.currencies else (text.strip(), self.currencies[0])

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        typed, code = self.split(text)
        compact = "".join(typed.split()).replace("\u2212", "-")
        if not DECIMAL.fullmatch(compact):
            raise UnusableError(_("Enter an amount, such as 12.50."))
        amount = Decimal(compact.replace(",", "."))
        places = get_currency_precision(code)
        if amount != round(amount, places):
            raise UnusableError(
                _("%(currency)s has at most %(places)s decimals.") % {"currency": code, "places": places}
            )
        if abs(amount) >= 10 ** (MOST_DIGITS - places):
            raise UnusableError(_("This number has too many digits."))
        if self.minimum is not None and amount < self.minimum:
            raise UnusableError(_("At least %(least)s.") % {"least": self.minimum})
        if self.maximum is not None and amount > self.maximum:
            raise UnusableError(_("At most %(most)s.") % {"most": self.maximum})
        return f"{round(amount, places) + 0:f} {code}"

    @override
    def in_expression(self, value: Value, reader: Reader) -> Value:
        return as_number(float(value.partition(" ")[0])) if isinstance(value, str) else None

    @override
    def admits(self, value: Value) -> bool:
        return False


PARTS = ("name", "phone", "email")
_LONGEST_NAME = 200


class Contact(Question):
    """Who somebody is and how to reach him; the answer has `name`, `phone` and `email`, each only when it was given.

    Attributes:
        region: The country of phone numbers that are typed without its code, such as `RU`.
    """

    operand: ClassVar[Operand | None] = "joined"

    kind: Literal["contact"] = "contact"
    region: str | None = None

    @model_validator(mode="after")
    def _region_is_one(self) -> Self:
        _check_region(self.region)
        return self

    @override
    def gather(self, texts: Sequence[str]) -> str:
        if len(texts) > len(PARTS):
            raise UnusableError(_("Give one answer."))
        return json.dumps(list(texts), ensure_ascii=False) if any(text.strip() for text in texts) else ""

    def split(self, text: str) -> dict[str, str]:
        """The parts of a text, as they were typed."""
        given = read_list(text)
        return {part: given[number] if number < len(given) else "" for number, part in enumerate(PARTS)}

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        typed = {part: clean(given).strip() for part, given in self.split(text).items()}
        found = {"name": within(re.sub(r"\s+", " ", typed["name"]), _LONGEST_NAME)}
        found["phone"] = read_phone(typed["phone"], self.region) if typed["phone"] else None
        if typed["email"] and not EMAIL.fullmatch(typed["email"]):
            raise UnusableError(_("Give an e-mail address, such as name@example.com."))
        found["email"] = within(typed["email"], _LONGEST_NAME)
        return {part: value for part, value in found.items() if value} or None

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return self.gather(self.texts(value, reader))

    @override
    def texts(self, value: Value, reader: Reader) -> list[str]:
        if not isinstance(value, dict):
            return super().texts(value, reader)
        shown = {part: str(value.get(part) or "") for part in PARTS}
        return [shown["name"], _shown_phone(shown["phone"]) if shown["phone"] else "", shown["email"]]

    @override
    def in_expression(self, value: Value, reader: Reader) -> Value:
        return " ".join(str(part) for part in value.values()) if isinstance(value, dict) else None

    @override
    def admits(self, value: Value) -> bool:
        return False


def read_list(text: str) -> list[str]:
    """The texts in a text that holds several, as JSON; none where it does not."""
    try:
        given = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError):
        return []
    return given if isinstance(given, list) and all(isinstance(each, str) for each in given) else []
