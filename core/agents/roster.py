"""Who is an agent: made when a user gets, or first works in, a role that handles interactions."""

from __future__ import annotations

from typing import Any

from core import facts
from core.accounts.users import log_out_everywhere
from core.agents.models import Team
from core.agents.settling import lock_agent, set_intent, settle
from core.agents.states import Intent
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.errors import NotFound
from core.jobs.registry import Event
from core.plugins.context import Context

FIRST_TEAM = "Team 1"


async def ensure_team(ctx: Context) -> Team:
    """The tenant's first team; every tenant has one."""
    team = await Team.all().order_by("id").first()
    if team is None:
        team, _created = await Team.get_or_create(name=FIRST_TEAM, tenant_id=ctx.tenant.id)
    return team


async def enrol(ctx: Context, user_id: int) -> None:
    """Makes the user an agent, in the first team; who is one already stays as he is."""
    team = await ensure_team(ctx)
    new = await fetch(
        "INSERT INTO core_agent "
        "(tenant_id, user_id, team_id, intent, do_not_disturb, occupancy, status, status_since, work) "
        "VALUES ($1, $2, $3, 'pause', false, 'free', 'offline', now(), '{}') ON CONFLICT (user_id) DO NOTHING "
        "RETURNING user_id",
        ctx.tenant.id,
        user_id,
        team.id,
    )
    if new:
        await ctx.emit(Event.AGENT_PLACED, user_id=user_id)


async def begin_shift(ctx: Context, user_id: int) -> None:
    """The user has logged in, or changed to a role, in which he handles interactions: he starts on a break.

    Work that is still open from before stays open, and so does what the agent chose if another login is alive.
    """
    async with transaction():
        await enrol(ctx, user_id)
        agent = await lock_agent(ctx, user_id)
        if agent["connected_until"] is None or agent["connected_until"] <= await fetch_value("SELECT now()"):
            await _break(ctx, agent, "logged_in")
        await settle(ctx, user_id, "logged_in")


async def end_shift(ctx: Context, user_id: int) -> None:
    """The user has logged out, or changed to a role without calls: no new work; what is open goes on to its end."""
    async with transaction():
        try:
            agent = await lock_agent(ctx, user_id)
        except NotFound:
            return
        await _break(ctx, agent, "logged_out")
        await execute(
            "UPDATE core_agent SET connected_until = now() WHERE tenant_id = $1 AND user_id = $2",
            ctx.tenant.id,
            user_id,
        )
        await settle(ctx, user_id, "logged_out")


async def log_out(ctx: Context, user_id: int) -> None:
    """The agent goes home: every login of his ends, and he is offline as soon as what he has in hand is over."""
    async with transaction():
        await log_out_everywhere(ctx, user_id)
        await end_shift(ctx, user_id)
        await ctx.publish(f"user:{user_id}", "agents")


async def _break(ctx: Context, agent: dict[str, Any], cause: str) -> None:
    """What a login and its end mean for the intent: a break without a reason."""
    await set_intent(ctx, agent["user_id"], Intent.PAUSE)
    if agent["intent"] != Intent.PAUSE:
        await facts.record(ctx, "intent", old=agent["intent"], new=Intent.PAUSE, cause=cause, agent_id=agent["user_id"])
