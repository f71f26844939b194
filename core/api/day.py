"""An agent's day: a timeline of statuses, and its sums."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from core.accounts.permissions import SEE_AGENTS, SEE_OWN_JOURNAL
from core.accounts.sessions import SignedIn
from core.agents.day import day_of, read_day, today_of
from core.agents.reasons import all_reasons
from core.agents.states import Intent, Status
from core.agents.views import get_agent
from core.agents.working_time import time_of
from core.api.shapes import Answer, Id, Time
from core.plugins.context import Context

On = Annotated[
    str, QueryParameter(name="on", max_length=10, description="Such as `2026-03-01`; without it the day of today.")
]


class StatusInterval(Answer):
    """A time in which an agent was in one status."""

    start: Time
    end: Time
    """When it was over; the end of the day where it went on in the next, now while it goes on."""
    seconds: float
    status: Status
    reason: str
    """Of a break, the code of its reason; else empty."""
    intent: Intent | None
    """What the agent wanted to do."""
    cause: str
    """Why it began, as a stable word."""
    actor: str
    """Who caused it: `user:5`, `customer`, `system`."""
    goes_on: bool


class StatusSum(Answer):
    """How long an agent was in one status during the shift."""

    status: Status
    seconds: float


class ReasonSum(Answer):
    """How long an agent was on breaks of one reason."""

    reason: str
    """The code; empty for breaks without a reason."""
    seconds: float
    is_break: bool
    """Whether it counts as a break, rather than as work of another kind."""
    limit_seconds: float | None
    """How long it may last in a day; null without a limit."""
    over_seconds: float
    """By how much it was longer than that."""


class AgentDay(Answer):
    """The day of an agent. The sums per status make up the shift, exactly; so do worked, breaks and away."""

    user_id: int
    name: str
    on: str
    """The day, of the organisation's calendar."""
    begins_at: Time
    ends_at: Time
    """The first moment of the next day: after 23 or 25 hours where the clock is set."""
    shift_start: Time | None
    """When the agent was first there; null on a day without work."""
    shift_end: Time | None
    """When the agent was last there; now, while he is."""
    shift_seconds: float
    worked_seconds: float
    """Without breaks, and without the time in which no page was open."""
    break_seconds: float
    away_seconds: float
    statuses: list[StatusSum]
    reasons: list[ReasonSum]
    intervals: list[StatusInterval]
    """In order, without gaps, from the first status that is known to the last."""


@get("/me/day", permission=SEE_OWN_JOURNAL, tags=["me"])
async def get_my_day(ctx: Context, user: SignedIn, on: On = "") -> AgentDay:
    """Gives one's own day as a timeline with its sums. 404 for somebody who has never worked as an agent."""
    return await _day(ctx, user.id, on)


@get("/agents/{user_id:int}/day", permission=SEE_AGENTS, tags=["agents"])
async def get_day_of_agent(ctx: Context, user_id: Id, on: On = "") -> AgentDay:
    """Gives the day of an agent as a timeline with its sums."""
    return await _day(ctx, user_id, on)


async def _day(ctx: Context, user_id: int, on: str) -> AgentDay:
    agent = await get_agent(ctx, user_id)
    which: date = read_day(on, await today_of(ctx))
    day = await day_of(ctx, user_id, which)
    time = time_of(day, await all_reasons(ctx))
    shift = day.shift or (None, None)
    return AgentDay(
        user_id=user_id,
        name=agent.name,
        on=which.isoformat(),
        begins_at=day.begins,
        ends_at=day.ends,
        shift_start=shift[0],
        shift_end=shift[1],
        shift_seconds=_seconds(time.shift),
        worked_seconds=_seconds(time.worked),
        break_seconds=_seconds(time.breaks),
        away_seconds=_seconds(time.away),
        statuses=[StatusSum(status=status, seconds=_seconds(length)) for status, length in day.per_status.items()],
        reasons=[
            ReasonSum(
                reason=each.code,
                seconds=_seconds(each.length),
                is_break=each.is_break,
                limit_seconds=_seconds(each.limit) if each.limit is not None else None,
                over_seconds=_seconds(each.over),
            )
            for each in time.reasons
        ],
        intervals=[
            StatusInterval(
                start=each.start,
                end=each.end,
                seconds=_seconds(each.length),
                status=each.status,
                reason=each.reason,
                intent=each.intent,
                cause=each.cause,
                actor=each.actor,
                goes_on=each.goes_on,
            )
            for each in day.intervals
        ],
    )


def _seconds(length: timedelta) -> float:
    return length.total_seconds()


HANDLERS = [get_my_day, get_day_of_agent]
