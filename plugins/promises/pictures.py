"""Pictures: a day as a line with what is owed on it, and how well promises were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from plugins.promises.reading import PromiseView
from plugins.promises.settings import PromisesSettings
from switchroom import Context
from switchroom.database import fetch

FIRST_HOUR, LAST_HOUR = 8, 20
LANES = 5
LANE_HEIGHT = 26
LABEL = 15.0
"""How much of the line's width a name takes, in per cent."""


@dataclass(frozen=True)
class Mark:
    """A promise on the line; `x` in per cent, `y` in pixels."""

    promise: PromiseView
    x: float
    y: int
    late: bool


@dataclass(frozen=True)
class DayLine:
    """A day from its first hour to its last.

    Attributes:
        hours: Pairs of an hour and its place, in per cent.
        now: The place of the present moment.
        begins: The first hour, as a moment; with `ends` it lets a page move the present moment along.
    """

    hours: list[tuple[int, float]]
    marks: list[Mark]
    now: float
    begins: datetime
    ends: datetime
    height: int


def day_line(found: Sequence[PromiseView], now: datetime, zone: tzinfo) -> DayLine:
    """The day of `now` in a zone, with the promises that are due on it."""
    local = now.astimezone(zone)
    due = [(promise, promise.due_at.astimezone(zone)) for promise in found]
    due = [(promise, at) for promise, at in due if at.date() == local.date()]
    first = min(FIRST_HOUR, local.hour, *(at.hour for _promise, at in due))
    last = max(LAST_HOUR, local.hour + 1, *(at.hour + 1 for _promise, at in due))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    ends = midnight + timedelta(days=1) if last == 24 else midnight.replace(hour=last)

    def place(hour: float) -> float:
        return round(100 * (hour - first) / (last - first), 2)

    lanes = [-LABEL] * LANES
    marks = []
    for promise, at in due:
        x = place(at.hour + at.minute / 60)
        lane = next((number for number, end in enumerate(lanes) if end + LABEL <= x), None)
        if lane is None:
            lane = lanes.index(min(lanes))
        lanes[lane] = x
        marks.append(Mark(promise, x, 14 + LANE_HEIGHT * lane, promise.is_late(now)))
    used = max((mark.y for mark in marks), default=14)
    step = 1 if last - first <= 14 else 2
    return DayLine(
        hours=[(hour, place(hour)) for hour in range(first, last + 1, step)],
        marks=marks,
        now=place(local.hour + local.minute / 60),
        begins=midnight.replace(hour=first),
        ends=ends,
        height=used + LANE_HEIGHT,
    )


@dataclass(frozen=True)
class KeptDay:
    """What became of promises on one day."""

    day: date
    in_time: int
    late: int
    withdrawn: int
    released: int

    @property
    def total(self) -> int:
        """All that were settled."""
        return self.in_time + self.late + self.withdrawn + self.released


@dataclass(frozen=True)
class Bar:
    """A day of the picture: parts from below, each with its class, its place and its height in per cent."""

    day: KeptDay
    x: float
    width: float
    parts: list[tuple[str, float, float]]


@dataclass(frozen=True)
class KeptDays:
    """Some days, the oldest first."""

    days: list[KeptDay]

    @property
    def share(self) -> int | None:
        """The share of what was kept in time in all that was kept, in per cent; None where nothing was."""
        kept = sum(day.in_time + day.late for day in self.days)
        return round(100 * sum(day.in_time for day in self.days) / kept) if kept else None

    @property
    def most(self) -> int:
        """The highest number of a day."""
        return max((day.total for day in self.days), default=0)

    @property
    def bars(self) -> list[Bar]:
        """The picture."""
        slot = 100 / max(1, len(self.days))
        return [
            Bar(day, round(slot * (at + 0.2), 2), round(slot * 0.6, 2), self._parts(day))
            for at, day in enumerate(self.days)
        ]

    def _parts(self, day: KeptDay) -> list[tuple[str, float, float]]:
        parts, below = [], 100.0
        for name in ("in_time", "late", "released", "withdrawn"):
            height = 100 * getattr(day, name) / max(1, self.most)
            below -= height
            if height:
                parts.append((name, round(below, 2), round(height, 2)))
        return parts


async def kept_days(ctx: Context, now: datetime, zone: tzinfo, number: int = 14) -> KeptDays:
    """What became of promises on the last days, today among them."""
    settings: PromisesSettings = ctx.settings
    today = now.astimezone(zone).date()
    first = today - timedelta(days=number - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    # Index promises_settled.
    rows = await fetch(
        "SELECT (settled_at AT TIME ZONE $3::text)::date AS day, "
        "count(*) FILTER (WHERE state = 'kept' AND settled_at <= due_at + make_interval(mins => $4)) AS in_time, "
        "count(*) FILTER (WHERE state = 'kept' AND settled_at > due_at + make_interval(mins => $4)) AS late, "
        "count(*) FILTER (WHERE state = 'withdrawn') AS withdrawn, "
        "count(*) FILTER (WHERE state = 'released') AS released "
        "FROM promises_promise WHERE tenant_id = $1 AND settled_at >= $2 GROUP BY 1",
        ctx.tenant.id,
        since,
        str(zone),
        settings.in_time_minutes,
    )
    found = {row["day"]: KeptDay(**row) for row in rows}
    days = [first + timedelta(days=at) for at in range(number)]
    return KeptDays([found.get(day, KeptDay(day, 0, 0, 0, 0)) for day in days])
