"""How many lines a second the import of records makes of a CSV file, against a bare COPY of the same rows.

100,000 lines, in alternating rounds:

- `reference`: one `COPY` of the values of the file, which are in memory already, into a table without an index: nothing
  is read, checked, looked for twice, or made of them.
- `ours`: the whole way of a file. It is stored with its import, looked through (every line is decoded, its number
  brought to E.164, and kept, or what is wrong with it), what is there twice is found, and one transaction makes a
  record and an item of each line. `checked` is the part until somebody may press *Import*, `stored` the rest.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench._floor import fresh_database, installation, tenant_of
from core.database.connection import execute_script, fetch_value
from core.plugins.context import Context
from plugins.records.services.importing.checking import check_import
from plugins.records.services.importing.imports import begin_import, get_import, name_columns, store
from plugins.records.services.queues import QueueValues, create_queue
from switchroom.database import copy_rows

HEADER = ("No", "Subject", "Customer", "Phone", "Priority", "City", "Amount")
COLUMNS = ("key", "title", "contact_name", "contact_number", "priority", "cells")
TABLE = "bench_record"


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    lines: int = 100_000
    rounds: int = 3


def _lines(size: Size) -> list[tuple[str, ...]]:
    return [
        (f"A-{number}", f"Invoice {number} is open", f"Customer {number}", f"+4930{number:07}", str(number % 5),
         f"City {number % 100}", f"{number}.50")
        for number in range(1, size.lines + 1)
    ]  # fmt: skip


def _file(lines: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([HEADER, *lines])
    return out.getvalue().encode()


async def _reference(rows: Sequence[Sequence[Any]]) -> float:
    await execute_script(f"TRUNCATE {TABLE}")
    started = time.perf_counter()
    await copy_rows(TABLE, COLUMNS, rows)
    return time.perf_counter() - started


async def _ours(ctx: Context, content: bytes, count: int) -> tuple[float, float]:
    """Seconds until the file is looked through, and until its lines are records after that."""
    await execute_script("TRUNCATE records_queue, records_record, records_item, records_import, core_job CASCADE")
    queue = await create_queue(ctx, QueueValues("Bench", "closed", columns=("City",)))
    started = time.perf_counter()
    import_id = await begin_import(ctx, queue, 1, "bench.csv", content)
    await name_columns(ctx, import_id, (await get_import(import_id)).mapping)
    await check_import.function(ctx, import_id)
    checked = time.perf_counter()
    stored = await store(ctx, import_id, without_bad=False)
    ended = time.perf_counter()
    items = await fetch_value("SELECT count(*) FROM records_item WHERE queue_id = $1 AND contact_number <> ''", queue)
    assert stored == items == count, f"{stored} records and {items} items of {count} lines"
    return checked - started, ended - checked


async def _measure(url: str, size: Size) -> dict[str, Any]:
    lines = _lines(size)
    content = _file(lines)
    rows = [
        (key, title, name, number, int(priority), json.dumps({"City": city, "Amount": amount}))
        for key, title, name, number, priority, city, amount in lines
    ]
    reference: list[float] = []
    ours: list[tuple[float, float]] = []
    async with installation(url, make_tables=True) as platform, tenant_of(platform) as tenant:
        ctx = tenant.for_plugin("records")
        await execute_script(
            f"CREATE TABLE {TABLE} (key text, title text, contact_name text, contact_number text, priority int, "
            "cells json)"
        )
        for _round in range(size.rounds):
            reference.append(await _reference(rows))
            ours.append(await _ours(ctx, content, size.lines))
            await execute_script("VACUUM ANALYZE")
    whole = statistics.median(size.lines / sum(each) for each in ours)
    bare = statistics.median(size.lines / each for each in reference)
    return {
        "name": "records_import",
        "ours": round(whole),
        "reference": round(bare),
        "ratio": round(whole / bare, 3),
        "unit": f"lines a second, of a CSV file of {size.lines}; the reference is a bare COPY of its rows",
        "n": size.rounds,
        "checked": {"seconds": round(statistics.median(each[0] for each in ours), 2)},
        "stored": {"seconds": round(statistics.median(each[1] for each in ours), 2)},
    }


def run(size: Size | None = None) -> dict[str, Any]:
    """Measure in alternating rounds."""
    with fresh_database() as url:
        return asyncio.run(_measure(url, size or Size()))
