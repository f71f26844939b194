"""The day of all queues together, for the start page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugins.routing.services.numbers import QueueView


@dataclass(frozen=True)
class Day:
    """All queues together; see `QueueView`."""

    waiting: int
    longest_since: datetime | None
    in_talk: int
    answered: int
    lost: int
    in_time: int

    @property
    def service_level(self) -> int | None:
        """The share of today's calls answered in time, in per cent; None before the first."""
        total = self.answered + self.lost
        return round(100 * self.in_time / total) if total else None


def together(queues: list[QueueView]) -> Day:
    """The numbers of several queues as one."""
    return Day(
        waiting=sum(queue.waiting for queue in queues),
        longest_since=min((queue.longest_since for queue in queues if queue.longest_since), default=None),
        in_talk=sum(queue.in_talk for queue in queues),
        answered=sum(queue.answered for queue in queues),
        lost=sum(queue.lost for queue in queues),
        in_time=sum(queue.in_time for queue in queues),
    )
