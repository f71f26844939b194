"""Looking through a file in the background: its lines are read, checked, and kept until they become records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from plugins.records.models import Import, ImportLine, ImportState
from plugins.records.services.importing.mapping import Line, Problem, as_json, read_line
from plugins.records.services.importing.reading import Reading, Unreadable, lines
from plugins.records.settings import RecordSettings
from switchroom import Context, job
from switchroom.database import copy_rows, execute, fetch_value, transaction

BATCH = 2000
MOST_PROBLEMS = 200

_COLUMNS = (
    "tenant_id", "source_id", "line", "key", "title", "contact_name", "contact_number", "priority", "cells", "twice",
)  # fmt: skip


@dataclass
class _Read:
    """Lines that were read at once."""

    count: int = 0
    good: list[Line] = field(default_factory=list)
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)


@job("records.check_import", time_limit=600.0, attempts=3)
async def check_import(ctx: Context, import_id: int) -> None:
    """Reads the file of an import to its end; the page shows how far it has come."""
    found = await Import.get_or_none(id=import_id)
    if found is None or found.state != ImportState.CHECKING:
        return
    settings: RecordSettings = ctx.settings
    await ImportLine.filter(source_id=import_id).delete()
    await Import.filter(id=import_id).update(lines=0, bad=0, problems=[])
    batches = _batches(
        found.content, Reading(**found.reading), list(found.header), dict(found.mapping), settings.default_region
    )
    try:
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            await _keep(ctx, import_id, batch)
    except Unreadable as error:
        await ImportLine.filter(source_id=import_id).delete()
        await Import.filter(id=import_id).update(
            state=ImportState.FAILED.value, failure={"text": error.text, "values": error.values}
        )
        await ctx.publish(f"records.import:{import_id}")
        return
    await _finish(ctx, import_id, found.queue_id)


def _batches(
    content: bytes, reading: Reading, header: Sequence[str], mapping: Mapping[str, str], region: str
) -> Iterator[_Read]:
    """The file in batches; run in a thread, since reading a table takes the processor."""
    rows = islice(lines(content, reading), 1, None)
    while True:
        batch = _Read()
        for number, cells in islice(rows, BATCH):
            batch.count += 1
            result = read_line(number, cells, header, mapping, region)
            if isinstance(result, Line):
                batch.good.append(result)
            else:
                batch.bad += 1
                batch.problems += result
        if not batch.count:
            return
        yield batch


async def _keep(ctx: Context, import_id: int, batch: _Read) -> None:
    async with transaction():
        await copy_rows(
            "records_import_line",
            _COLUMNS,
            [
                (
                    ctx.tenant.id, import_id, line.number, line.key, line.title, line.contact_name,
                    line.contact_number, line.priority, line.cells, False,
                )
                for line in batch.good
            ],
        )  # fmt: skip
        found = await Import.filter(id=import_id).select_for_update().only("id", "lines", "bad", "problems").get()
        problems = [*found.problems, *(as_json(problem) for problem in batch.problems)][:MOST_PROBLEMS]
        await Import.filter(id=import_id).update(
            lines=found.lines + batch.count, bad=found.bad + batch.bad, problems=problems
        )
        await ctx.publish(f"records.import:{import_id}")


# What is in the file earlier, or is a record of the queue already. Index records_record_key.
_MARK_TWICE = """
UPDATE records_import_line AS line SET twice = true
FROM (SELECT id, row_number() OVER (PARTITION BY key ORDER BY line) AS place FROM records_import_line
      WHERE tenant_id = $1 AND source_id = $2 AND key <> '') AS ranked
WHERE line.tenant_id = $1 AND line.id = ranked.id AND (ranked.place > 1 OR EXISTS (
    SELECT FROM records_record AS there WHERE there.tenant_id = $1 AND there.queue_id = $3 AND there.key = line.key
    AND there.key <> ''))
"""


async def _finish(ctx: Context, import_id: int, queue_id: int) -> None:
    async with transaction():
        await execute(_MARK_TWICE, ctx.tenant.id, import_id, queue_id)
        twice: int = await fetch_value(
            "SELECT count(*) FROM records_import_line WHERE tenant_id = $1 AND source_id = $2 AND twice",
            ctx.tenant.id,
            import_id,
        )
        await Import.filter(id=import_id).update(state=ImportState.CHECKED.value, twice=twice)
        await ctx.publish(f"records.import:{import_id}")
