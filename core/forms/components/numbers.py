"""Questions that are answered with a number."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from core.forms.answers import Value
from core.forms.components.base import AsTyped, Operand, Question, UnusableError
from core.forms.problems import Unusable
from core.forms.reader import Reader
from core.forms.text import Text
from core.locale import gettext as _

_WHOLE = re.compile(r"[+-]?\d+")
DECIMAL = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")

MOST_DIGITS = 15
"""Digits that a number may have: so many survive every browser, JSON and floating point number."""

Limit = Annotated[float, Field(allow_inf_nan=False)]


class Number(Question):
    """A number.

    Attributes:
        whole: Whether only whole numbers will do.
        minimum: The least that will do.
        maximum: The most that will do.
        unit: What stands behind it, such as `s`.
    """

    operand: ClassVar[Operand | None] = "number"
    as_typed: ClassVar[AsTyped | None] = "anywhere"

    kind: Literal["number"] = "number"
    whole: bool = True
    minimum: int | Limit | None = None
    maximum: int | Limit | None = None
    unit: Text | None = None
    default: int | Limit | None = None

    @model_validator(mode="after")
    def _limits_fit(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise Unusable({"minimum": _("This is above the maximum. Lower it, or raise the maximum.")})
        return self

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @property
    def range_hint(self) -> str:
        """Which numbers will do, in words; empty when all do."""
        least, most = written(self.minimum), written(self.maximum)
        if least and most:
            return _("From %(least)s to %(most)s.") % {"least": least, "most": most}
        if least:
            return _("At least %(least)s.") % {"least": least}
        return _("At most %(most)s.") % {"most": most} if most else ""

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        # Spaces group digits in many languages; the comma is the decimal point of most.
        compact = "".join(text.split()).replace("\u2212", "-")
        if self.whole and not _WHOLE.fullmatch(compact):
            raise UnusableError(_("Enter a whole number."))
        if not DECIMAL.fullmatch(compact):
            raise UnusableError(_("Enter a number."))
        if len(compact) <= MOST_DIGITS and _WHOLE.fullmatch(compact):
            return self._within(int(compact))
        value = Decimal(compact.replace(",", "."))
        if len(value.normalize().as_tuple().digits) > MOST_DIGITS or abs(value) >= 10**MOST_DIGITS:
            raise UnusableError(_("This number has too many digits."))
        return self._within(int(value) if self.whole or value == value.to_integral_value() else float(value))

    def _within(self, value: float) -> int | float:
        if (self.minimum is not None and value < self.minimum) or (self.maximum is not None and value > self.maximum):
            raise UnusableError(self.range_hint)
        return value

    @override
    def show(self, value: Value, reader: Reader) -> str:
        if isinstance(value, str):
            return value  # A decimal number that is stored exactly, as text.
        return "" if value is None or isinstance(value, bool | list | dict) else written(value)

    @override
    def admits(self, value: Value) -> bool:
        return False


class Slider(Number):
    """A number on a scale; it stands at the minimum until it is moved.

    Attributes:
        step: How far the numbers that can be chosen are apart.
    """

    kind: Literal["slider"] = "slider"  # type: ignore[assignment]
    whole: bool = False
    minimum: int | Limit = 0
    maximum: int | Limit = 10
    step: Annotated[int | Limit, Field(gt=0)] = 1

    @property
    @override
    def initial(self) -> Value:
        return self.minimum if self.default is None else self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        value = super().parse(text, reader)
        steps = (Decimal(str(value)) - Decimal(str(self.minimum))) / Decimal(str(self.step))
        if steps != steps.to_integral_value():
            raise UnusableError(_("Choose a number in steps of %(step)s.") % {"step": written(self.step)})
        return value


def written(value: float | None) -> str:
    """A number without an exponent, and without a point where there is nothing behind it."""
    if value is None:
        return ""
    written = format(Decimal(str(value)), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written
