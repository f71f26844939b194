"""Background work and time, moved by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core import app as core_app
from core.database.connection import execute, execute_script, fetch, fetch_value
from core.database.transaction import transaction
from core.jobs.models import JobRow
from core.plugins.context import Platform

FAR = "interval '1000 years'"


@dataclass(frozen=True)
class Jobs:
    """The outbox, run by hand."""

    platform: Platform

    async def run_due(self) -> int:
        """Runs what is due now, and what that makes due, until nothing is; gives the number of runs.

        A job that raises ends the test: nothing is tried again here.
        """
        count = 0
        while rows := await fetch(
            "DELETE FROM core_job WHERE id = (SELECT id FROM core_job WHERE state = 'due' AND due_at <= now() "
            "ORDER BY due_at, id LIMIT 1) RETURNING name, tenant_id, arguments"
        ):
            row = rows[0]
            await self.run(row["name"], row["tenant_id"], **json.loads(row["arguments"]))
            count += 1
        return count

    async def let_time_pass(self, name: str) -> int:
        """Makes the waiting rows of one job due, as if their time had come, and runs what is due."""
        await execute("UPDATE core_job SET due_at = now() WHERE name = $1", name)
        return await self.run_due()

    async def waiting(self) -> list[JobRow]:
        """The rows that have not been run yet, the earliest first."""
        return await JobRow.filter(state="due").order_by("due_at")

    async def run(self, name: str, tenant_id: int | None, **arguments: Any) -> None:
        """Runs a job at once, as a worker does: in the context of the tenant, or not at all where its plugin is off."""
        job = self.platform.jobs.named(name)
        if job is None:
            raise LookupError(f"No plugin that is ready knows the job {name!r}.")
        await core_app._run_in_tenant(self.platform)(job, tenant_id, arguments)


class Clock:
    """Lets time pass without waiting for it.

    The database's clock is the only one that counts, and it cannot be set. So the world is moved into the past instead:
    every time that is stored in any table becomes earlier, by the same span. Due rows are due, deadlines are over,
    logins are older. Times inside JSON, and columns of dates without a time, stay as they are.
    """

    async def now(self) -> datetime:
        """What the database takes for now."""
        now: datetime = await fetch_value("SELECT now()")
        return now

    async def advance(self, span: timedelta | None = None, /, **units: float) -> None:
        """Lets time pass: `await clock.advance(minutes=5)`. Run due work with `jobs.run_due()` afterwards."""
        seconds = (span or timedelta(**units)).total_seconds()
        async with transaction():
            for table, columns in (await _times()).items():
                # Twice, by way of the far past: a unique column would meet the old value of its neighbour otherwise.
                for step in (f"{FAR} + make_interval(secs => {seconds})", f"-{FAR}"):
                    changes = ", ".join(f'"{column}" = "{column}" - ({step})' for column in columns)
                    await execute_script(f'UPDATE "{table}" SET {changes}')  # noqa: S608 - names of our own tables


async def _times() -> dict[str, list[str]]:
    rows = await fetch(
        "SELECT columns.table_name, columns.column_name FROM information_schema.columns "
        "JOIN information_schema.tables USING (table_schema, table_name) WHERE table_schema = 'public' "
        "AND table_type = 'BASE TABLE' AND data_type = 'timestamp with time zone' AND is_generated = 'NEVER' "
        "AND table_name <> 'tortoise_migrations' ORDER BY 1, 2"
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["table_name"], []).append(row["column_name"])
    return found
