"""The capability `BusinessHours`: when queues are open, for whoever plans ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugins.routing.hours import Hours, next_opening
from plugins.routing.models import Queue, id_of
from plugins.routing.room import hours_of
from switchroom import Context
from switchroom.capabilities import OpenTimes


@dataclass(frozen=True)
class OpenQueue:
    """The hours of a queue, as `OpenTimes` tells them."""

    hours: Hours

    def next_opening(self, at: datetime) -> datetime | None:
        """The first moment, from `at` on, that is open; None when there is none within about a year."""
        return next_opening(self.hours, at)

    def local(self, at: datetime) -> datetime:
        """A moment by the clock of the queue."""
        return at.astimezone(self.hours.zone)


class QueueHours:
    """The capability `BusinessHours`."""

    async def of_queue(self, ctx: Context, queue: str) -> OpenTimes | None:
        """When a queue is open; None where it always is, and where there is no such queue."""
        number = id_of(queue)
        found = await Queue.get_or_none(id=number) if number is not None else None
        hours = await hours_of(ctx, found) if found else None
        return None if hours is None or (hours.week is None and not hours.holidays) else OpenQueue(hours)
