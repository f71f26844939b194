"""Suspending a tenant ends at once what it does: logins, calls, jobs. Its data stays; resuming lets it work again."""

from __future__ import annotations

from core.agents.settling import lock_agent, settle
from core.attention import resume_jobs
from core.audit.log import record_of
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, NotFound
from core.interactions.lifecycle import end_interaction
from core.interactions.segments import end_wrap_up
from core.jobs import outbox
from core.jobs.registry import job
from core.locale import gettext as _
from core.plugins.context import Actor, Context, Platform
from core.tenancy.models import Tenant

ENDED_BECAUSE = "tenant_suspended"
"""The cause in the facts of calls and agents."""

AT_ONCE = 100
"""Topics in one live message, and calls in one run of the job."""


async def get_tenant(tenant_id: int) -> Tenant:
    """A tenant, suspended or not.

    Raises:
        NotFound: There is none of that id.
    """
    row = await Tenant.get_or_none(id=tenant_id)
    if row is None:
        raise NotFound(_("There is no such organisation."))
    return row


async def suspend(platform: Platform, tenant_id: int, actor: Actor, *, reason: str = "") -> bool:
    """Refuses a tenant's logins, pages, calls, programs and jobs from now on, and ends what goes on.

    Open pages notice at once; calls are ended by a job, within a moment.

    Returns:
        Whether it was not suspended before.

    Raises:
        NotFound: There is no such tenant.
    """
    async with transaction():
        tenant = await get_tenant(tenant_id)
        changed = await Tenant.filter(id=tenant_id, suspended=False).update(suspended=True)
        # Also when it was suspended before: whatever has begun in the meantime ends.
        await _log_everybody_out(platform, tenant_id)
        await outbox.enqueue(outbox.Entry(end_all_work.name, None, {"tenant": tenant_id}, key=f"end:{tenant_id}"))
        if changed:
            after = {"suspended": True, **({"reason": reason} if reason else {})}
            await record_of(
                tenant_id, actor, "core.tenant_suspended", f"core:tenant:{tenant_id}", tenant.slug, {}, after
            )
    return bool(changed)


async def resume(tenant_id: int, actor: Actor) -> bool:
    """Lets a suspended tenant work again; jobs that came due meanwhile are done now.

    Returns:
        Whether it was suspended.

    Raises:
        NotFound: There is no such tenant.
        Conflict: It is being deleted.
    """
    async with transaction():
        tenant = await get_tenant(tenant_id)
        await _refuse_while_it_is_deleted(tenant_id)
        changed = await Tenant.filter(id=tenant_id, suspended=True).update(suspended=False)
        if changed:
            await resume_jobs(tenant_id)
            await record_of(tenant_id, actor, "core.tenant_resumed", f"core:tenant:{tenant_id}", tenant.slug, {}, {})
    return bool(changed)


async def _refuse_while_it_is_deleted(tenant_id: int) -> None:
    deleting = await fetch_value(
        "SELECT id FROM core_tenant_work WHERE tenant_id = $1 AND kind = 'delete' AND state <> 'done' LIMIT 1",
        tenant_id,
    )
    if deleting is not None:
        raise Conflict(_("This tenant is being deleted, and part of it is gone."))


async def _log_everybody_out(platform: Platform, tenant_id: int) -> None:
    sessions = await fetch("DELETE FROM core_session WHERE tenant_id = $1 RETURNING id", tenant_id)
    topics = [f"session:{row['id']}" for row in sessions]
    for first in range(0, len(topics), AT_ONCE):
        await platform.live.publish(tenant_id, *topics[first : first + AT_ONCE])


@job("core.end_all_work", time_limit=60.0)
async def end_all_work(platform: Platform, tenant: int) -> None:
    """Ends the calls of a suspended tenant, the work after them, and what its agents do. Work of the installation."""
    row = await Tenant.get_or_none(id=tenant, suspended=True)
    if row is None:
        return
    # With its plugins, whose hooks hear of what ends.
    async with platform.context(row.ref()) as ctx:
        if await _end_calls(ctx) == AT_ONCE:
            await outbox.enqueue(outbox.Entry(end_all_work.name, None, {"tenant": tenant}, key=f"end:{tenant}"))
            return
        await _end_wrap_ups(ctx)
        await _send_agents_away(ctx)


async def _end_calls(ctx: Context) -> int:
    rows = await fetch(
        "SELECT id FROM core_interaction WHERE tenant_id = $1 AND state NOT IN ('ended', 'closed') "
        "ORDER BY id LIMIT $2",
        ctx.tenant.id,
        AT_ONCE,
    )
    for row in rows:
        await end_interaction(ctx, row["id"], ENDED_BECAUSE)
    return len(rows)


async def _end_wrap_ups(ctx: Context) -> None:
    """The clocks run on jobs, which are skipped now: so the time is up."""
    rows = await fetch(
        "UPDATE core_segment SET wrap_up_until = now() WHERE tenant_id = $1 AND state = 'wrap_up' RETURNING id",
        ctx.tenant.id,
    )
    for row in rows:
        await end_wrap_up.function(ctx, row["id"])


async def _send_agents_away(ctx: Context) -> None:
    """Nobody is there: agents start again with their next login."""
    agents = await fetch(
        "SELECT user_id FROM core_agent WHERE tenant_id = $1 AND status <> 'offline' ORDER BY id", ctx.tenant.id
    )
    for agent in agents:
        async with transaction():
            await lock_agent(ctx, agent["user_id"])
            await execute(
                "UPDATE core_agent SET connected_until = now(), missed_until = NULL WHERE tenant_id = $1 "
                "AND user_id = $2",
                ctx.tenant.id,
                agent["user_id"],
            )
            await settle(ctx, agent["user_id"], ENDED_BECAUSE)
