"""The day of an agent as a picture and as text: one's own, and for supervisors that of everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import Parameter, QueryParameter

from core.accounts.permissions import SEE_AGENTS, SEE_OWN_JOURNAL
from core.accounts.sessions import SignedIn
from core.agents.day import Day, day_of, days_of, read_day, today_of
from core.agents.reasons import all_reasons
from core.agents.views import get_agent
from core.agents.working_time import time_of
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.agent_words import status_words
from core.web.day_picture import picture_of, strip_of
from core.web.day_words import line_of, names_of
from core.web.rendering import fragment, page

FEW_CHANGES = 30
MANY_CHANGES = 5000

UserId = Annotated[int, Parameter(ge=1, le=2**63 - 1)]
DayText = Annotated[str, QueryParameter(name="on", max_length=10)]
Most = Annotated[int, QueryParameter(ge=1, le=MANY_CHANGES)]


@get("/day", permission=SEE_OWN_JOURNAL)
async def my_day(ctx: Context, user: SignedIn, on: DayText = "") -> Response[Any]:
    """One's own day."""
    return await _page(ctx, user.id, on, base="/day", title=_("My day"), name="")


@get("/day/times", permission=SEE_OWN_JOURNAL)
async def my_times(ctx: Context, user: SignedIn, on: DayText = "") -> Response[Any]:
    """The picture of one's own day, and its sums."""
    return await _times(ctx, user.id, on)


@get("/day/week", permission=SEE_OWN_JOURNAL)
async def my_week(ctx: Context, user: SignedIn, on: DayText = "") -> Response[Any]:
    """The week of one's own day."""
    return await _week(ctx, user.id, on, base="/day")


@get("/day/changes", permission=SEE_OWN_JOURNAL)
async def my_changes(ctx: Context, user: SignedIn, on: DayText = "", most: Most = FEW_CHANGES) -> Response[Any]:
    """One's own day as text."""
    return await _changes(ctx, user.id, on, most, base="/day")


@get("/agents/{user_id:int}/day", permission=SEE_AGENTS)
async def agent_day(ctx: Context, user_id: UserId, on: DayText = "") -> Response[Any]:
    """The day of an agent."""
    name = (await get_agent(ctx, user_id)).name
    base = f"/agents/{user_id}/day"
    return await _page(ctx, user_id, on, base=base, title=_("Day of %(name)s") % {"name": name}, name=name)


@get("/agents/{user_id:int}/day/times", permission=SEE_AGENTS)
async def agent_times(ctx: Context, user_id: UserId, on: DayText = "") -> Response[Any]:
    """The picture of an agent's day, and its sums."""
    await get_agent(ctx, user_id)
    return await _times(ctx, user_id, on)


@get("/agents/{user_id:int}/day/week", permission=SEE_AGENTS)
async def agent_week(ctx: Context, user_id: UserId, on: DayText = "") -> Response[Any]:
    """The week of an agent's day."""
    await get_agent(ctx, user_id)
    return await _week(ctx, user_id, on, base=f"/agents/{user_id}/day")


@get("/agents/{user_id:int}/day/changes", permission=SEE_AGENTS)
async def agent_changes(ctx: Context, user_id: UserId, on: DayText = "", most: Most = FEW_CHANGES) -> Response[Any]:
    """An agent's day as text."""
    await get_agent(ctx, user_id)
    return await _changes(ctx, user_id, on, most, base=f"/agents/{user_id}/day")


async def _page(ctx: Context, user_id: int, on: str, *, base: str, title: str, name: str) -> Response[Any]:
    today = await today_of(ctx)
    day = read_day(on, today)
    return await page(
        "day/day.html",
        title=title,
        agent_id=user_id,
        name=name,
        base=base,
        on=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < today else None,
        is_today=day == today,
        zone=ctx.tenant.zone,
    )


async def _times(ctx: Context, user_id: int, on: str) -> Response[Any]:
    day = await _day(ctx, user_id, on)
    reasons = await all_reasons(ctx)
    return fragment(
        "day/times.html",
        day=day,
        picture=picture_of(day),
        time=time_of(day, reasons),
        reasons=reasons,
        status_words=status_words,
        now=day.intervals[-1] if day.intervals and day.intervals[-1].goes_on else None,
    )


async def _week(ctx: Context, user_id: int, on: str, *, base: str) -> Response[Any]:
    today = await today_of(ctx)
    day = read_day(on, today)
    reasons = await all_reasons(ctx)
    days = await days_of(ctx, user_id, day - timedelta(days=day.weekday()), 7)
    rows = [(each, time_of(each, reasons), strip_of(each)) for each in days]
    return fragment("day/week.html", rows=rows, base=base, on=day, today=today)


async def _changes(ctx: Context, user_id: int, on: str, most: int, *, base: str) -> Response[Any]:
    day = await _day(ctx, user_id, on)
    latest = day.intervals[::-1][:most]
    names = await names_of(ctx, latest)
    reasons = await all_reasons(ctx)
    lines = [line_of(each, user_id, names, reasons) for each in latest]
    return fragment(
        "day/changes.html", lines=lines, number=len(day.intervals), base=base, on=day.date, most=MANY_CHANGES
    )


async def _day(ctx: Context, user_id: int, on: str) -> Day:
    return await day_of(ctx, user_id, read_day(on, await today_of(ctx)))


HANDLERS = [my_day, my_times, my_week, my_changes, agent_day, agent_times, agent_week, agent_changes]
