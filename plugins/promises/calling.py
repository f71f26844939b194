"""The capability `CallingHours`: when customers may be called, by the zones of their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from plugins.promises.settings import PromisesSettings
from plugins.promises.zones import zones_of
from switchroom import Context
from switchroom.capabilities import OpenTimes


@dataclass(frozen=True)
class CustomerDay:
    """The hours in which a customer may be called.

    Attributes:
        zones: Where he may be, at least one: he may be called when the clocks of one of them allow it.
        call_from: The hour from which on.
        call_until: The hour until which, more than `call_from`; 24 is midnight.
    """

    zones: tuple[ZoneInfo, ...]
    call_from: int
    call_until: int

    def next_opening(self, at: datetime) -> datetime | None:
        """The first moment, from `at` on, at which he may be called."""
        return min(self._next_in(zone, at) for zone in self.zones)

    def local(self, at: datetime) -> datetime:
        """A moment by his clock; by that of the first zone, where there are several."""
        return at.astimezone(self.zones[0])

    def _next_in(self, zone: ZoneInfo, at: datetime) -> datetime:
        local = at.astimezone(zone)
        if self.call_from <= local.hour < self.call_until:
            return at
        day = local.date() + timedelta(days=1 if local.hour >= self.call_until else 0)
        return datetime(day.year, day.month, day.day, self.call_from, tzinfo=zone).astimezone(UTC)


class CustomerHours:
    """The capability `CallingHours`."""

    async def of_number(self, ctx: Context, number: str) -> OpenTimes | None:
        """When whoever has a number may be called; None where the number does not tell where that is."""
        settings: PromisesSettings = ctx.for_plugin("promises").settings
        zones = tuple(ZoneInfo(name) for name in zones_of(number))
        return CustomerDay(zones, settings.call_from, settings.call_until) if zones else None
