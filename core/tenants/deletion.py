"""Deletes a tenant with every row of it, of core and of plugins, in small transactions that can be taken up again."""

from __future__ import annotations

import time

import structlog

from core.audit.log import record_of
from core.database.connection import execute, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput
from core.forms.files.removing import remove_file_waste
from core.jobs import outbox
from core.jobs.registry import job
from core.locale import gettext as _
from core.plugins.context import Actor, Platform
from core.tenancy.models import Tenant
from core.tenants import work
from core.tenants.suspension import end_all_work, get_tenant, suspend
from core.tenants.tables import KEPT, TenantTable, estimated_rows, tenant_tables
from core.tenants.work import Work, WorkKind

log = structlog.get_logger(__name__)

BATCH = 2_000
"""Rows that one transaction deletes."""
RUN_SECONDS = 15.0
"""How long one run of the job works before it hands over to the next."""
ATTEMPTS = 10


async def delete_tenant(platform: Platform, tenant_id: int, actor: Actor, *, confirmation: str) -> int:
    """Begins to delete a tenant; it is suspended first. Gives the id of the work.

    Args:
        platform: The installation.
        tenant_id: Which.
        actor: Who asks for it.
        confirmation: The tenant's short name, typed by a person.

    Raises:
        NotFound: There is no such tenant.
        InvalidInput: The confirmation is not the tenant's short name.
        Conflict: It is being deleted already.
    """
    tenant = await get_tenant(tenant_id)
    if confirmation.strip() != tenant.slug:
        raise InvalidInput(
            _("The tenant was not deleted."),
            fields={"confirmation": _("Type the short name %(slug)s to confirm.") % {"slug": tenant.slug}},
        )
    async with transaction():
        await suspend(platform, tenant_id, actor, reason=_("It is to be deleted."))
        number = await work.begin_work(tenant_id, tenant.slug, WorkKind.DELETE, actor)
        await _enqueue(number)
        await record_of(tenant_id, actor, "core.tenant_deletion_begun", f"core:tenant:{tenant_id}", tenant.slug, {}, {})
    return number


async def delete_now(platform: Platform, tenant_id: int, actor: Actor, *, confirmation: str) -> int:
    """Deletes at once, for a command that waits, or goes on with what was broken off; gives the id of the work.

    Raises:
        NotFound: There is no such tenant.
        InvalidInput: The confirmation is not the tenant's short name.
    """
    begun = [each for each in await work.work_of(tenant_id) if each.kind is WorkKind.DELETE and each.state != "done"]
    tenant = await get_tenant(tenant_id)
    if begun and confirmation.strip() == tenant.slug:
        number = begun[0].id
        await execute("UPDATE core_tenant_work SET state = 'running', error = '' WHERE id = $1", number)
    else:
        number = await delete_tenant(platform, tenant_id, actor, confirmation=confirmation)
    # What is due for the tenant as a whole must not wait for a worker: its calls end before its rows go.
    await end_all_work.function(platform, tenant_id)
    while not await _delete_for_a_while(await work.get_work(number)):
        pass
    await remove_file_waste.function(platform)
    await _finish(await work.get_work(number))
    return number


async def take_up(work_id: int) -> None:
    """Tries again to finish a deletion that was given up.

    Raises:
        NotFound: There is no such work.
        Conflict: It was not given up.
    """
    async with transaction():
        found = await work.get_work(work_id)
        touched = await execute(
            "UPDATE core_tenant_work SET state = 'waiting', error = '' WHERE id = $1 AND kind = 'delete' "
            "AND state = 'failed'",
            work_id,
        )
        if not touched or found.kind is not WorkKind.DELETE:
            raise Conflict(_("This work was not given up."))
        await execute(
            "DELETE FROM core_job WHERE name = $1 AND state = 'dead' AND (arguments->>'work_id')::bigint = $2",
            run_deletion.name,
            work_id,
        )
        await _enqueue(work_id)


@job("core.delete_tenant", time_limit=120.0, attempts=ATTEMPTS)
async def run_deletion(platform: Platform, work_id: int) -> None:
    """Deletes rows for a while, and hands over to the next run. Work of the installation."""
    current = await work.get_work(work_id)
    if not current.open:
        return
    try:
        if await _delete_for_a_while(current):
            await remove_file_waste.function(platform)
            await _finish(current)
        else:
            await _enqueue(work_id)
    except Exception as error:
        attempt = await fetch_value(
            "SELECT attempt FROM core_job WHERE name = $1 AND state = 'sent' AND (arguments->>'work_id')::bigint = $2",
            run_deletion.name,
            work_id,
        )
        await work.fail(work_id, error, over=(attempt or 0) >= ATTEMPTS)
        raise


async def _enqueue(work_id: int) -> None:
    await outbox.enqueue(outbox.Entry(run_deletion.name, None, {"work_id": work_id}, key=f"work:{work_id}"))


async def _delete_for_a_while(current: Work) -> bool:
    """Deletes batches until none is left, or the time is up; gives whether none is left."""
    until = time.monotonic() + RUN_SECONDS
    tables = [table for table in await tenant_tables() if table.name not in KEPT]
    await work.start(current.id, sum([await estimated_rows(table, current.tenant_id) for table in tables]))
    for table in tables:
        while await _delete_batch(current, table):
            if time.monotonic() > until:
                return False
    return True


async def _delete_batch(current: Work, table: TenantTable) -> bool:
    """One transaction: rows, and the note of how many; gives whether there may be more."""
    async with transaction():
        deleted = await execute(
            f"DELETE FROM {table.quoted} WHERE ctid = ANY(ARRAY("  # noqa: S608 - a name from the catalogue, quoted
            f"SELECT ctid FROM {table.quoted} WHERE tenant_id = $1 LIMIT $2))",
            current.tenant_id,
            BATCH,
        )
        if deleted:
            await work.add(current.id, table.name, deleted)
    return deleted == BATCH


async def _finish(current: Work) -> None:
    async with transaction():
        name = await fetch_value("SELECT name FROM core_tenant WHERE id = $1", current.tenant_id)
        # What somebody has written since its table was emptied goes with the tenant.
        await Tenant.filter(id=current.tenant_id).delete()
        if not await work.finish(current.id):
            return
        counts = (await work.get_work(current.id)).counts
        await record_of(
            current.tenant_id,
            current.who,
            "core.tenant_deleted",
            f"core:tenant:{current.tenant_id}",
            current.slug,
            {"name": name, "slug": current.slug},
            {"rows": dict(counts)},
        )
    log.info("tenant_deleted", tenant=current.slug, rows=sum(counts.values()))
