"""What time it is for the customer: by the zone that somebody chose, else by the number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import time_zones_for_number

from plugins.promises.settings import PromisesSettings

_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


class Night(StrEnum):
    """Whether a moment is outside of the hours in which customers may be called."""

    NO = "no"
    YES = "yes"
    PERHAPS = "perhaps"
    """In some of the zones that the number may be in."""


@dataclass(frozen=True)
class CustomerTime:
    """A moment as the customer's clock shows it.

    Attributes:
        zone: The one zone that is known, or the first of those that show the same time; None where they differ.
        earliest: The moment in the customer's zone; in the westernmost, where several are possible.
        latest: The same in the easternmost.
        guessed: Nobody has chosen the zone: it comes from the number.
    """

    zone: str | None
    earliest: datetime
    latest: datetime
    guessed: bool
    night: Night

    @property
    def certain(self) -> bool:
        """Whether the customer's clock is known."""
        return self.zone is not None


def customer_time(moment: datetime, zone: str, number: str, settings: PromisesSettings) -> CustomerTime | None:
    """A moment as the customer's clock shows it; None where nothing tells of his zone."""
    names = (zone,) if is_zone(zone) else zones_of(number)
    if not names:
        return None
    shown = sorted((moment.astimezone(ZoneInfo(name)) for name in names), key=_offset)
    earliest, latest = shown[0], shown[-1]
    nights = {_is_night(local, settings) for local in shown}
    night = Night.PERHAPS if len(nights) > 1 else Night.YES if nights.pop() else Night.NO
    same = earliest.utcoffset() == latest.utcoffset()
    return CustomerTime(names[0] if same else None, earliest, latest, names != (zone,), night)


@lru_cache(maxsize=4096)
def zones_of(number: str) -> tuple[str, ...]:
    """The zones that a number in E.164 may be in; none where the number does not tell."""
    try:
        found = time_zones_for_number(phonenumbers.parse(number, None))
    except NumberParseException:
        return ()
    return tuple(name for name in found if is_zone(name))


def is_zone(name: str) -> bool:
    """Whether this is an IANA zone that one may choose."""
    return name in _choices()


def zones() -> list[str]:
    """The zones to choose from, by name."""
    return sorted(_choices())


def read_number(typed: str, region: str) -> str | None:
    """What somebody has typed, in E.164; None where it is no number."""
    try:
        number = phonenumbers.parse(typed, region.upper() or None)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=1)
def _choices() -> frozenset[str]:
    return frozenset(name for name in available_timezones() if name == "UTC" or name.partition("/")[0] in _REGIONS)


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def _is_night(local: datetime, settings: PromisesSettings) -> bool:
    return not settings.call_from <= local.hour < settings.call_until
