"""Who is an agent: made when a user first works in a role that handles interactions."""

from __future__ import annotations

from core.agents.models import Team
from core.agents.service import lock_agent, settle
from core.agents.states import Intent
from core.database.connection import execute
from core.database.transaction import transaction
from core.plugins.context import Context

FIRST_TEAM = "Team 1"


async def ensure_team(ctx: Context) -> Team:
    """The tenant's first team; every tenant has one."""
    team = await Team.all().order_by("id").first()
    if team is None:
        team, _created = await Team.get_or_create(name=FIRST_TEAM, tenant_id=ctx.tenant.id)
    return team


async def begin_shift(ctx: Context, user_id: int) -> None:
    """The user has logged in, or changed to a role, in which he handles interactions: he starts on a break.

    Work that is still open from before stays open, and so does what the agent chose if another login is alive.
    """
    async with transaction():
        team = await ensure_team(ctx)
        await execute(
            "INSERT INTO core_agent "
            "(tenant_id, user_id, team_id, intent, do_not_disturb, occupancy, status, status_since) "
            "VALUES ($1, $2, $3, 'pause', false, 'free', 'offline', now()) ON CONFLICT (user_id) DO NOTHING",
            ctx.tenant.id,
            user_id,
            team.id,
        )
        await lock_agent(ctx, user_id)
        await execute(
            "UPDATE core_agent SET intent = $3 WHERE tenant_id = $1 AND user_id = $2 "
            "AND (connected_until IS NULL OR connected_until <= now())",
            ctx.tenant.id,
            user_id,
            str(Intent.PAUSE),
        )
        await settle(ctx, user_id, "logged_in")


async def end_shift(ctx: Context, user_id: int) -> None:
    """The user has logged out, or changed to a role without calls: no new work; what is open goes on to its end."""
    async with transaction():
        touched = await execute(
            "UPDATE core_agent SET intent = 'pause', connected_until = now() WHERE tenant_id = $1 AND user_id = $2",
            ctx.tenant.id,
            user_id,
        )
        if touched:
            await settle(ctx, user_id, "logged_out")
