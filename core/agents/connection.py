"""The connection axis: whether the agent has a live tab. Losing it never rewrites what the agent chose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.agents.service import lock_agent, settle
from core.database.connection import execute, fetch_value
from core.database.transaction import transaction
from core.errors import NotFound
from core.jobs.registry import job
from core.plugins.context import Context

KEEP_ALIVE_SECONDS = 10
"""How often each process says which of its tabs are alive."""
LEASE_SECONDS = 30
"""How long a connection is believed in after that."""
GRACE_SECONDS = 15
"""How long after the last tab of a process has closed: a reload, or a tab at another process, comes back in time."""


async def tab_opened(ctx: Context, user_id: int) -> None:
    """The user has opened a tab; nothing happens when the user is no agent."""
    async with transaction():
        try:
            await lock_agent(ctx, user_id)
        except NotFound:
            return
        until = await _believe(ctx, user_id, LEASE_SECONDS)
        await settle(ctx, user_id, "connected")
        await ctx.enqueue(check_connection, at=until, key=f"agent:{user_id}", user_id=user_id)


async def tab_closed(ctx: Context, user_id: int, still_open: int) -> None:
    """A tab has closed; `still_open` counts the user's other tabs in this process."""
    if still_open:
        return
    async with transaction():
        try:
            await lock_agent(ctx, user_id)
        except NotFound:
            return
        until = await _believe(ctx, user_id, GRACE_SECONDS)
        await ctx.enqueue(check_connection, at=until, key=f"agent:{user_id}", user_id=user_id)


async def keep_alive(user_ids: Sequence[int]) -> None:
    """Renews the belief for all tabs of this process, whatever their tenants, in one statement."""
    await execute(
        "UPDATE core_agent SET connected_until = now() + make_interval(secs => $2) WHERE user_id = ANY($1::bigint[])",
        list(user_ids),
        LEASE_SECONDS,
    )


@job("core.check_connection")
async def check_connection(ctx: Context, user_id: int) -> None:
    """Shows the agent as offline when the belief has run out, else looks again when it next may."""
    async with transaction():
        try:
            agent = await lock_agent(ctx, user_id)
        except NotFound:
            return
        await settle(ctx, user_id, "connection_lost")
        until: datetime | None = agent["connected_until"]
        if until is not None and until > await fetch_value("SELECT now()"):
            await ctx.enqueue(check_connection, at=until, key=f"agent:{user_id}", user_id=user_id)


async def _believe(ctx: Context, user_id: int, seconds: int) -> datetime:
    until: datetime = await fetch_value(
        "UPDATE core_agent SET connected_until = now() + make_interval(secs => $3) "
        "WHERE tenant_id = $1 AND user_id = $2 RETURNING connected_until",
        ctx.tenant.id,
        user_id,
        seconds,
    )
    return until
