"""An import from its file to its records: uploaded, columns named, looked through, then all of it or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from plugins.records.models import Import, ImportLine, ImportState, queue_reference
from plugins.records.services.importing.checking import check_import
from plugins.records.services.importing.mapping import check_mapping, guess
from plugins.records.services.importing.reading import head, sniff
from plugins.records.services.queues import find_queue
from switchroom import Context, job
from switchroom.audit import record
from switchroom.database import execute, fetch_value, transaction
from switchroom.errors import Conflict, NotFound
from switchroom.locale import gettext as _

SAMPLE = 5
PREVIEW = 20
KEPT = timedelta(days=7)


async def begin_import(ctx: Context, queue_id: int, user_id: int, name: str, content: bytes) -> int:
    """Keeps a file, and guesses what its columns are; gives the id of the import.

    Raises:
        NotFound: The tenant has no such queue.
        InvalidInput: The file is no table that can be read; names the field `file`.
    """
    await find_queue(queue_id)
    reading = await asyncio.to_thread(sniff, content)
    header, sample = await asyncio.to_thread(head, content, reading, SAMPLE)
    created = await Import.create(
        queue_id=queue_id,
        user_id=user_id,
        name=PurePath(name.replace("\\", "/")).name[:200] or _("Table"),
        content=content,
        reading=asdict(reading),
        header=header,
        sample=[[cell[:100] for cell in cells] for cells in sample],
        mapping=guess(header),
    )
    import_id: int = created.id
    return import_id


async def get_import(import_id: int) -> Import:
    """One import, without its file.

    Raises:
        NotFound: The tenant has no such import.
    """
    found = await Import.filter(id=import_id).only(*_all_but_the_file()).first()
    if found is None:
        raise NotFound(_("There is no such import."))
    return found


async def imports(limit: int = 20) -> list[Import]:
    """The latest imports, without their files."""
    # Index records_import_by_age.
    return await Import.all().only(*_all_but_the_file()).order_by("-created_at", "-id").limit(limit)


async def preview(import_id: int) -> list[ImportLine]:
    """The first lines as they will be imported."""
    return await ImportLine.filter(source_id=import_id, twice=False).order_by("line").limit(PREVIEW)


async def repeated(import_id: int) -> list[ImportLine]:
    """The first lines that are left out because they are there already."""
    return await ImportLine.filter(source_id=import_id, twice=True).order_by("line").limit(PREVIEW)


async def name_columns(ctx: Context, import_id: int, mapping: Mapping[str, str]) -> None:
    """Says what the columns are; the file is then looked through in the background.

    Raises:
        NotFound: The tenant has no such import.
        Conflict: It is being looked through just now, or is done.
        InvalidInput: The columns cannot be read so; names the fields.
    """
    async with transaction():
        found = await _locked(import_id)
        if found.state in (ImportState.CHECKING, ImportState.DONE):
            raise Conflict(_("This file is being looked through, or was imported already."))
        await Import.filter(id=import_id).update(
            mapping=check_mapping(found.header, mapping), state=ImportState.CHECKING.value, lines=0, bad=0, twice=0,
            problems=[], failure={},
        )  # fmt: skip
        await ImportLine.filter(source_id=import_id).delete()
        await ctx.enqueue(check_import, import_id=import_id)
        await ctx.publish(f"records.import:{import_id}")


# One statement makes the records and their items. Index records_import_line_of; records_record_key for what has come in
# since the file was looked through.
_STORE = """
WITH line AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('records_record', 'id')) AS record_id, source.* FROM (
        SELECT line, key, title, contact_name, contact_number, priority, cells FROM records_import_line
        WHERE tenant_id = $1 AND source_id = $2 AND NOT twice ORDER BY line
    ) AS source
), made AS (
    INSERT INTO records_record (id, tenant_id, key, queue_id, title, cells, version, created_at)
    SELECT record_id, $1, key, $3, title, cells, 1, now() FROM line
    ON CONFLICT (tenant_id, queue_id, key) WHERE key <> '' DO NOTHING RETURNING id
), added AS (
    INSERT INTO records_item (tenant_id, queue_id, reference, url, title, contact_name, contact_number, cells, priority,
        placed_at, state, aside, transfers, version, outcome, created_at)
    SELECT $1, $3, 'records:record:' || line.record_id, '/p/records/records/' || line.record_id, line.title,
        line.contact_name, line.contact_number, line.cells, line.priority, now(), 'waiting', '', 0, 1, '', now()
    FROM line JOIN made ON made.id = line.record_id ORDER BY line.line RETURNING id
)
SELECT count(*) FROM added
"""


async def store(ctx: Context, import_id: int, *, without_bad: bool) -> int:
    """Makes records of the lines, all in one transaction; gives their number.

    Args:
        ctx: Where.
        import_id: Which import.
        without_bad: Whether lines with problems are left out; else there must be none.

    Raises:
        NotFound: The tenant has no such import.
        Conflict: It is not looked through yet, is done, or has lines with problems.
    """
    async with transaction():
        found = await _locked(import_id)
        if found.state == ImportState.DONE:
            raise Conflict(_("This file was imported already."))
        if found.state != ImportState.CHECKED:
            raise Conflict(_("This file is not looked through yet."))
        if found.bad and not without_bad:
            raise Conflict(
                _("Some lines cannot be imported."), mend=_("Mend them in the file, or choose to leave them out.")
            )
        queue = await find_queue(found.queue_id)
        count: int = await _make_records(ctx, import_id, queue.id)
        await ImportLine.filter(source_id=import_id).delete()
        await Import.filter(id=import_id).update(state=ImportState.DONE.value, imported=count, content=b"")
        await record(
            ctx, "records.imported", subject=queue_reference(queue.id), subject_name=queue.name,
            after={"file": found.name, "count": count},
        )  # fmt: skip
        await ctx.publish("records", f"records.import:{import_id}")
    return count


async def _make_records(ctx: Context, import_id: int, queue_id: int) -> int:
    """Runs the statement, with a plan for many lines.

    Lines that were copied a moment ago are few to the planner, which then looks through all records for each line.
    """
    await execute("SELECT set_config('enable_nestloop', 'off', true)")
    count: int = await fetch_value(_STORE, ctx.tenant.id, import_id, queue_id)
    await execute("SELECT set_config('enable_nestloop', 'on', true)")
    return count


async def discard(ctx: Context, import_id: int) -> None:
    """Removes an import that has not become records, with its file.

    Raises:
        NotFound: The tenant has no such import.
    """
    async with transaction():
        await (await _locked(import_id)).delete()
        await ctx.publish(f"records.import:{import_id}")


@job("records.drop_old_imports", coalesce=True)
async def drop_old_imports(ctx: Context) -> None:
    """Every night: files that nobody has imported, and the traces of those that were."""
    await Import.filter(created_at__lt=datetime.now(UTC) - KEPT).delete()


def _all_but_the_file() -> list[str]:
    return [name for name in Import._meta.fields_db_projection if name != "content"]


async def _locked(import_id: int) -> Import:
    found = await Import.filter(id=import_id).select_for_update().only(*_all_but_the_file()).first()
    if found is None:
        raise NotFound(_("There is no such import."))
    return found
