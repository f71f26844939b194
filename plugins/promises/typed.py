"""Reads what people type: numbers, times in their own zone or the customer's, and times put off by a word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from plugins.promises.settings import PromisesSettings
from plugins.promises.zones import customer_time, read_number
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _

MINUTES = {"15m": 15, "1h": 60}
TOMORROW = "tomorrow"
CUSTOMER = "customer"
"""What a form says when a time is meant in the customer's zone."""


def read_local(text: str, zone: tzinfo) -> datetime:
    """A time such as `2026-11-22T14:30`, as the clocks of a zone show it.

    Raises:
        InvalidInput: It is no time, or one that the clocks of that day leave out.
    """
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None:
        raise _wrong(_("Enter a date and a time."))
    try:
        moment = local.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError as error:
        raise _wrong(_("Enter a date and a time.")) from error
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        raise _wrong(_("The clocks leave out this time on that day."))
    return moment


def read_due(text: str, clock: str, zone: tzinfo, customer_zone: str, number: str) -> datetime:
    """A time that was typed by the typist's clock, or by the customer's.

    Raises:
        InvalidInput: It is no time, or the customer's zone is not known.
    """
    if clock != CUSTOMER:
        return read_local(text, zone)
    there = customer_time(datetime.now(UTC), customer_zone, number, PromisesSettings())
    if there is None or there.zone is None:
        problem = _("Choose the customer's time zone first.")
        raise InvalidInput(problem, fields={"zone": problem})
    return read_local(text, ZoneInfo(there.zone))


def put_off_by(word: str, due: datetime, now: datetime, zone: tzinfo) -> datetime:
    """When something is due that is put off by a word: some minutes from now, or tomorrow at the time of its day.

    Raises:
        InvalidInput: There is no such word.
    """
    if word in MINUTES:
        return now + timedelta(minutes=MINUTES[word])
    if word == TOMORROW:
        hour = due.astimezone(zone)
        day = now.astimezone(zone).date() + timedelta(days=1)
        return datetime(day.year, day.month, day.day, hour.hour, hour.minute, tzinfo=zone).astimezone(UTC)
    raise _wrong(_("Choose how long to put it off."))


def read_contact_number(typed: str, settings: PromisesSettings) -> str:
    """A number in E.164; empty where none was typed.

    Raises:
        InvalidInput: It is no number.
    """
    if not typed.strip():
        return ""
    number = read_number(typed.strip(), settings.region)
    if number is None:
        problem = _("Enter a number with its country code, such as +49 30 123456.")
        raise InvalidInput(problem, fields={"number": problem})
    return number


def _wrong(problem: str) -> InvalidInput:
    return InvalidInput(problem, fields={"due": problem})
