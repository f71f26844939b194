"""Removes files that nobody has sent, and the bytes of those that are gone."""

from __future__ import annotations

import asyncio

from core.database.connection import execute, fetch
from core.database.transaction import transaction
from core.errors import NotFound
from core.forms.files.storage import arriving_path, file_store
from core.jobs.registry import InstallationSchedule, Job, job
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.settings import Settings

BATCH = 200
"""Files whose bytes one transaction removes."""


async def remove_loose_file(ctx: Context, file_id: int, user_id: int) -> None:
    """Takes a file back that has not been sent yet.

    Raises:
        NotFound: There is no such file of this person, or it was sent.
    """
    gone = await execute(
        "DELETE FROM core_form_file WHERE tenant_id = $1 AND id = $2 AND user_id = $3 AND state = 'loose'",
        ctx.tenant.id,
        file_id,
        user_id,
    )
    if not gone:
        raise NotFound(_("There is no such file of yours that could be taken back."))


@job("core.forget_file")
async def forget_file(ctx: Context, file_id: int) -> None:
    """The time of a file that arrives or is loose is over."""
    await execute(
        "DELETE FROM core_form_file WHERE tenant_id = $1 AND id = $2 AND state <> 'attached' AND expires_at <= now()",
        ctx.tenant.id,
        file_id,
    )


@job("core.remove_file_waste", coalesce=True, time_limit=600)
async def remove_file_waste(platform: Platform) -> None:
    """Removes the bytes of files whose rows are gone, of all tenants."""
    while await remove_some_waste(platform.settings) == BATCH:
        pass


async def remove_some_waste(settings: Settings) -> int:
    """One transaction of it; gives how many files it has removed. A file is removed again when the commit is lost."""
    store = file_store(settings)
    async with transaction():
        rows = await fetch(
            "DELETE FROM core_file_waste WHERE id = ANY (ARRAY(SELECT id FROM core_file_waste ORDER BY id LIMIT $1 "
            "FOR UPDATE SKIP LOCKED)) RETURNING store_key",
            BATCH,
        )
        for row in rows:
            await store.remove(row["store_key"])
            await asyncio.to_thread(arriving_path(settings, row["store_key"]).unlink, missing_ok=True)
    return len(rows)


JOBS: list[Job] = [forget_file, remove_file_waste]
SCHEDULES = [InstallationSchedule(remove_file_waste, "*/5 * * * *")]
