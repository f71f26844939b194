"""The connection axis: whether the agent has a live tab. Losing it never rewrites what the agent chose."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from core.agents.settling import GRACE_SECONDS, lock_agent, settle
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.errors import NotFound
from core.jobs import outbox
from core.jobs.registry import Event, job
from core.plugins.context import Context

KEEP_ALIVE_SECONDS = 10
"""How often each process says which of its tabs are alive."""
LEASE_SECONDS = 30
"""How long a process is believed in after that."""

PROCESS = str(uuid.uuid4())
"""This process, as its tabs are told apart from those of others."""


async def tab_opened(ctx: Context, user_id: int) -> None:
    """The user has opened a tab; nothing happens when the user is no agent."""
    async with transaction():
        try:
            agent = await lock_agent(ctx, user_id)
        except NotFound:
            return
        await execute(
            "INSERT INTO core_agent_tabs (tenant_id, user_id, process, alive_until) "
            "VALUES ($1, $2, $3, now() + make_interval(secs => $4)) "
            "ON CONFLICT (user_id, process) DO UPDATE SET alive_until = excluded.alive_until",
            ctx.tenant.id,
            user_id,
            PROCESS,
            LEASE_SECONDS,
        )
        await _believe(ctx, user_id)
        took = agent["taking"]
        await settle(ctx, user_id, "connected")
        if took:
            # He has counted as free all along, and yet nothing was offered while his page was away.
            await ctx.emit(Event.AGENT_FREE, user_id=user_id)


async def tab_closed(ctx: Context, user_id: int, still_open: int) -> None:
    """A tab has closed; `still_open` counts the user's other tabs in this process."""
    if still_open:
        return
    async with transaction():
        try:
            await lock_agent(ctx, user_id)
        except NotFound:
            return
        await execute("DELETE FROM core_agent_tabs WHERE user_id = $1 AND process = $2", user_id, PROCESS)
        elsewhere = await fetch_value(
            "SELECT count(*) FROM core_agent_tabs WHERE user_id = $1 AND alive_until > now()", user_id
        )
        if not elsewhere:
            await _doubt(ctx, user_id)


async def keep_alive(user_ids: Sequence[int]) -> None:
    """Renews the belief for all tabs of this process, whatever their tenants.

    An agent who had not been believed in meanwhile, or nearly so, is looked at again: he may look offline, and nothing
    was offered to him.
    """
    async with transaction():
        # One order of locks for all processes.
        lapsed = await fetch(
            "WITH mine AS (SELECT id, status, connected_until FROM core_agent WHERE user_id = ANY($1::bigint[]) "
            "ORDER BY id FOR NO KEY UPDATE), "
            "renewed AS (UPDATE core_agent AS agent SET connected_until = now() + make_interval(secs => $2) "
            "FROM mine WHERE agent.id = mine.id RETURNING agent.tenant_id, agent.user_id, mine.status, "
            "mine.connected_until) "
            "SELECT tenant_id, user_id FROM renewed WHERE status = 'offline' OR connected_until IS NULL "
            "OR connected_until <= now() + make_interval(secs => $3)",
            list(user_ids),
            LEASE_SECONDS,
            GRACE_SECONDS,
        )
        await execute(
            "UPDATE core_agent_tabs SET alive_until = now() + make_interval(secs => $2) WHERE process = $1",
            PROCESS,
            LEASE_SECONDS,
        )
        for agent in lapsed:
            user_id = agent["user_id"]
            name, key = check_connection.name, f"back:{user_id}"
            arguments = {"user_id": user_id, "back": True}
            await outbox.enqueue(outbox.Entry(name, agent["tenant_id"], arguments, key=key))


@job("core.check_connection")
async def check_connection(ctx: Context, user_id: int, back: bool = False) -> None:
    """Shows the agent as offline when the belief has run out, else looks again when it next may.

    Args:
        ctx: Where.
        user_id: The agent.
        back: Whether he is back after a while in which nothing was offered to him, although he counted as free.
    """
    async with transaction():
        try:
            agent = await lock_agent(ctx, user_id)
        except NotFound:
            return
        until: datetime | None = agent["connected_until"]
        alive = until is not None and until > await fetch_value("SELECT now()")
        await settle(ctx, user_id, "connected" if alive else "connection_lost")
        if alive and back and agent["taking"]:
            await ctx.emit(Event.AGENT_FREE, user_id=user_id)
        if alive:
            await ctx.enqueue(check_connection, at=until, key=f"agent:{user_id}", user_id=user_id)


async def _believe(ctx: Context, user_id: int) -> None:
    until: datetime = await fetch_value(
        "UPDATE core_agent SET connected_until = now() + make_interval(secs => $3) "
        "WHERE tenant_id = $1 AND user_id = $2 RETURNING connected_until",
        ctx.tenant.id,
        user_id,
        LEASE_SECONDS,
    )
    await ctx.enqueue(check_connection, at=until, key=f"agent:{user_id}", user_id=user_id)


async def _doubt(ctx: Context, user_id: int) -> None:
    """Shortens the belief to the time in which a reload comes back; one that is over stays over."""
    until: datetime | None = await fetch_value(
        "UPDATE core_agent SET connected_until = least(connected_until, now() + make_interval(secs => $3)) "
        "WHERE tenant_id = $1 AND user_id = $2 AND connected_until > now() RETURNING connected_until",
        ctx.tenant.id,
        user_id,
        GRACE_SECONDS,
    )
    if until is not None:
        await ctx.enqueue(check_connection, at=until, key=f"agent:{user_id}", user_id=user_id)
