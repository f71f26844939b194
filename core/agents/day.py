"""An agent's day: what he was, from when to when and why, from the facts of his status alone.

Facts of one agent are written under the lock of his row and their times never go back (`core.agents.settling`). So they
make a line without gaps: each status lasts from its fact to the next one.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise, zip_longest
from typing import Any

from core.agents.states import Intent, Status
from core.database.connection import fetch, fetch_value
from core.errors import InvalidInput
from core.locale import gettext as _
from core.plugins.context import Context

NOTHING = timedelta(0)
FIRST_YEAR = 2000


@dataclass(frozen=True)
class Interval:
    """A time in which an agent was in one status.

    Attributes:
        end: When it was over; now, while it goes on; the end of the day, where it goes on in the next.
        reason: Of a break, the code of its reason; else empty.
        intent: What the agent wanted to do; None where nothing is known of it.
        cause: Why it began, as a stable word.
        actor: Who caused that, such as `user:5`.
        goes_on: Whether it is what the agent is at this moment.
    """

    start: datetime
    end: datetime
    status: Status
    reason: str
    intent: Intent | None
    cause: str
    actor: str
    goes_on: bool

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return self.end - self.start


@dataclass(frozen=True)
class Day:
    """One day of an agent, by the clock of the tenant's zone: of 23 or 25 hours where that is set.

    Attributes:
        begins: Its first moment, in UTC.
        ends: The first moment of the next day.
        intervals: In order, without gaps, from the first status that is known to the last, or to now.
    """

    date: date
    begins: datetime
    ends: datetime
    intervals: tuple[Interval, ...]

    @property
    def shift(self) -> tuple[datetime, datetime] | None:
        """From when the agent was first there until when he last was; None for a day without work."""
        there = [each for each in self.intervals if each.status is not Status.OFFLINE]
        return (there[0].start, there[-1].end) if there else None

    @property
    def shift_length(self) -> timedelta:
        """The whole shift; what `per_status` has, together, is exactly this."""
        shift = self.shift
        return shift[1] - shift[0] if shift else NOTHING

    @property
    def per_status(self) -> dict[Status, timedelta]:
        """How long the agent was in each status during his shift, also how long he was away."""
        sums: dict[Status, timedelta] = defaultdict(timedelta)
        for each in self.of_shift():
            sums[each.status] += each.length
        return dict(sums)

    @property
    def per_reason(self) -> dict[str, timedelta]:
        """How long he was on breaks, by the code of their reason; empty for none."""
        sums: dict[str, timedelta] = defaultdict(timedelta)
        for each in self.of_shift():
            if each.status is Status.PAUSED:
                sums[each.reason] += each.length
        return dict(sums)

    @property
    def on_line(self) -> timedelta:
        """In every status but break and offline."""
        away = (Status.PAUSED, Status.OFFLINE)
        return sum((length for status, length in self.per_status.items() if status not in away), NOTHING)

    @property
    def paused(self) -> timedelta:
        """On breaks of any reason."""
        return self.per_status.get(Status.PAUSED, NOTHING)

    def of_shift(self) -> Iterator[Interval]:
        """The intervals from the beginning of the shift to its end."""
        shift = self.shift
        return (each for each in self.intervals if shift and shift[0] <= each.start and each.end <= shift[1])


def day_begins(zone: tzinfo, day: date) -> datetime:
    """The first moment of a day by the clock of a zone, in UTC: also where that clock goes from 23:59 to 1:00."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


async def today_of(ctx: Context) -> date:
    """Which day it is for the tenant, by the database's clock."""
    now: datetime = await fetch_value("SELECT now()")
    return now.astimezone(ctx.tenant.zone).date()


def read_day(text: str, today: date) -> date:
    """The day of an address: today where it names none.

    Raises:
        InvalidInput: It is no day, or one that nobody can have worked on.
    """
    day: date | None = None
    with contextlib.suppress(ValueError):
        day = date.fromisoformat(text) if text else today
    if day is None or day.year < FIRST_YEAR or day > today + timedelta(days=1):
        problem = _("Give a day such as 2026-03-01, not one to come.")
        raise InvalidInput(problem, fields={"on": problem})
    return day


async def day_of(ctx: Context, user_id: int, day: date) -> Day:
    """One day of an agent; empty for somebody who was never at work."""
    return (await days_of(ctx, user_id, day, 1))[0]


# Index core_fact_agent, twice: what the agent was when the time began, and what has changed since.
_FACTS = """
(SELECT id, at, new, cause, actor, detail, now() AS now FROM core_fact
 WHERE tenant_id = $1 AND agent_id = $2 AND subject = 'agent' AND at < $3 ORDER BY at DESC, id DESC LIMIT 1)
UNION ALL
(SELECT id, at, new, cause, actor, detail, now() AS now FROM core_fact
 WHERE tenant_id = $1 AND agent_id = $2 AND subject = 'agent' AND at >= $3 AND at < $4)
ORDER BY at, id
"""


async def days_of(ctx: Context, user_id: int, first: date, count: int) -> list[Day]:
    """Several days of an agent, one after the other.

    Args:
        ctx: Where.
        user_id: Of the agent.
        first: The first day, of the tenant's calendar.
        count: How many.
    """
    dates = [first + timedelta(days=number) for number in range(count + 1)]
    bounds = [day_begins(ctx.tenant.zone, each) for each in dates]
    rows = await fetch(_FACTS, ctx.tenant.id, user_id, bounds[0], bounds[-1])
    intervals = _intervals(rows, bounds[0], bounds[-1])
    return [
        Day(day, begins, ends, tuple(_cut(intervals, begins, ends)))
        for day, (begins, ends) in zip(dates[:-1], pairwise(bounds), strict=True)
    ]


def _intervals(rows: Sequence[dict[str, Any]], since: datetime, until: datetime) -> list[Interval]:
    """What follows from the facts. A status that was over at the moment at which it began is none."""
    found = []
    for row, following in zip_longest(rows, rows[1:]):
        # A fact may be a moment younger than the statement that reads it.
        goes_on = following is None and row["now"] < until
        end = following["at"] if following else max(row["at"], row["now"]) if goes_on else until
        start = max(row["at"], since)
        if start >= end:
            continue
        detail = json.loads(row["detail"])
        intent = detail.get("intent")
        found.append(
            Interval(
                start=start,
                end=end,
                status=Status(row["new"]),
                reason=detail.get("reason", ""),
                intent=Intent(intent) if intent else None,
                cause=row["cause"],
                actor=row["actor"],
                goes_on=goes_on,
            )
        )
    return found


def _cut(intervals: Sequence[Interval], begins: datetime, ends: datetime) -> Iterator[Interval]:
    """The part of them that lies in a day."""
    for each in intervals:
        start, end = max(each.start, begins), min(each.end, ends)
        if start < end:
            goes_on = each.goes_on and end == each.end
            yield Interval(start, end, each.status, each.reason, each.intent, each.cause, each.actor, goes_on)
