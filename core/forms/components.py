"""What a form is made of: one small class a component, each knowing how its answer is read and shown again.

A component's markup is the macro of its kind in `templates/forms/components.html`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from core.forms.conditions import Condition, Key, Value
from core.forms.reader import Reader
from core.forms.text import Text
from core.locale import gettext as _

LONGEST_TEXT = 20_000
"""Characters that the longest answer may have."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class UnusableError(Exception):
    """An answer that cannot be used; the text says why, in the active language."""


def clean(text: str) -> str:
    """The text with Unix line ends, without characters that nobody types and PostgreSQL does not store."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", unix).encode("utf-8", "replace").decode("utf-8")


class Component(BaseModel):
    """Anything on a page of a form.

    Attributes:
        key: Unique within the form.
        shown_if: Shown only while this holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    shown_if: Condition | None = None


class StaticText(Component):
    """Words that ask nothing."""

    kind: Literal["static_text"] = "static_text"
    text: Text


class Question(Component):
    """A component that is answered.

    Attributes:
        help: A sentence below the label.
        required: Must be answered whenever it is shown.
        required_if: Must be answered while this holds.
    """

    label: Text
    help: Text | None = None
    required: bool = False
    required_if: Condition | None = None

    @property
    def initial(self) -> Value:
        """The answer that is there before anybody has answered."""
        return None

    def parse(self, text: str, reader: Reader) -> Value:
        """The typed answer in a text that is not blank.

        Raises:
            UnusableError: It is none.
        """
        raise NotImplementedError

    def show(self, value: Value, reader: Reader) -> str:
        """The text that gives this answer when it is parsed."""
        return "" if value is None else str(value)

    def admits(self, value: Value) -> bool:
        """Whether the answer can ever be this one, so that a condition may ask for it."""
        return isinstance(value, str)


class TextLine(Question):
    """One line of text."""

    kind: Literal["text"] = "text"
    max_length: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 200
    default: Annotated[str, Field(max_length=LONGEST_TEXT)] | None = None

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        return _within(clean(text).replace("\n", " ").strip(), self.max_length)


class LongText(Question):
    """Text of several lines."""

    kind: Literal["long_text"] = "long_text"
    rows: Annotated[int, Field(ge=2, le=30)] = 4
    max_length: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 4000
    default: Annotated[str, Field(max_length=LONGEST_TEXT)] | None = None

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        return _within(clean(text).strip(), self.max_length)


class YesNo(Question):
    """Yes or no.

    Attributes:
        shortcuts: Whether keys give the answer: Alt+Y and Alt+N; for one question of a page at most.
    """

    kind: Literal["yes_no"] = "yes_no"
    default: bool | None = None
    shortcuts: bool = False

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        if text not in ("yes", "no"):
            raise UnusableError(_("Choose yes or no."))
        return text == "yes"

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return "" if value is None else "yes" if value else "no"

    @override
    def admits(self, value: Value) -> bool:
        return isinstance(value, bool)


class Option(BaseModel):
    """One of the answers to choose from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]
    label: Text


class Radio(Question):
    """One of a few, all of which are seen."""

    kind: Literal["radio"] = "radio"
    options: Annotated[tuple[Option, ...], Field(min_length=1, max_length=200)]
    default: str | None = None

    @model_validator(mode="after")
    def _options_differ(self) -> Self:
        values = [option.value for option in self.options]
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ValueError(f"two options of {self.key!r} have the value {twice!r}")
        if self.default is not None and self.default not in values:
            raise ValueError(f"the default {self.default!r} of {self.key!r} is none of its options")
        return self

    @property
    @override
    def initial(self) -> Value:
        return self.default

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        if not self.admits(text):
            raise UnusableError(_("Choose one of the options."))
        return text

    @override
    def admits(self, value: Value) -> bool:
        return any(option.value == value for option in self.options)


class DateTime(Question):
    """A date and a time, typed in the person's zone and kept in UTC.

    Attributes:
        must_be: `future` refuses what is over already, `past` what is to come.
    """

    kind: Literal["date_time"] = "date_time"
    must_be: Literal["future", "past"] | None = None

    @override
    def parse(self, text: str, reader: Reader) -> Value:
        typed = _typed_time(text)
        moment = _moment(typed, reader)
        if self.must_be == "future" and moment <= reader.now:
            raise UnusableError(_("This time is over. Choose one in the future."))
        if self.must_be == "past" and moment > reader.now:
            raise UnusableError(_("This time is yet to come. Choose one in the past."))
        return moment.isoformat()

    @override
    def show(self, value: Value, reader: Reader) -> str:
        if not isinstance(value, str):
            return ""
        return datetime.fromisoformat(value).astimezone(reader.zone).strftime("%Y-%m-%dT%H:%M")

    @override
    def admits(self, value: Value) -> bool:
        return False


AnyComponent = Annotated[StaticText | TextLine | LongText | YesNo | Radio | DateTime, Field(discriminator="kind")]


def _within(text: str, longest: int) -> str | None:
    if len(text) > longest:
        raise UnusableError(
            _("This has %(length)s characters; at most %(longest)s fit.") % {"length": len(text), "longest": longest}
        )
    return text or None


_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")


def _typed_time(text: str) -> datetime:
    try:
        if not _LOCAL_TIME.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text)
    except ValueError:
        raise UnusableError(_("Give a date and a time.")) from None


def _moment(typed: datetime, reader: Reader) -> datetime:
    """The instant that a clock in the person's zone shows so; of two such, the earlier.

    Raises:
        UnusableError: No clock there ever shows it, since it is skipped when the clocks go forward.
    """
    try:
        moment = typed.replace(tzinfo=reader.zone).astimezone(UTC)
        back = moment.astimezone(reader.zone)
    except OverflowError:
        raise UnusableError(_("Give a date and a time.")) from None
    if back.replace(tzinfo=None) != typed:
        raise UnusableError(
            _("The clocks go forward that day: %(time)s does not exist in %(zone)s. Choose another time.")
            % {"time": typed.strftime("%H:%M"), "zone": reader.zone.key}
        )
    return moment
