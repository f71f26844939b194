"""Questions that are answered with a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import ClassVar, Literal

from typing_extensions import override

from core.forms.answers import Value
from core.forms.components.base import AsTyped, Question, UnusableError
from core.forms.reader import Reader
from core.locale import gettext as _


class DateTime(Question):
    """A date and a time, typed in the person's zone and kept in UTC.

    Attributes:
        must_be: `future` refuses what is over already, `past` what is to come.
    """

    as_typed: ClassVar[AsTyped | None] = "anywhere"

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
    def texts(self, value: Value, reader: Reader) -> list[str]:
        return [_local(text, reader) for text in super().texts(value, reader)]

    @override
    def in_expression(self, value: Value, reader: Reader) -> Value:
        return self.show(value, reader) or None

    @override
    def admits(self, value: Value) -> bool:
        return False


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


def _local(text: str, reader: Reader) -> str:
    """What the person's clock shows at a moment that is written with an offset."""
    try:
        moment = datetime.fromisoformat(text)
        return text if moment.tzinfo is None else moment.astimezone(reader.zone).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return text
