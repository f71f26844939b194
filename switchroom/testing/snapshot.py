"""All rows of the database as they are, to go back to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.database.connection import execute_script, fetch
from core.database.transaction import transaction

KEPT = "kept"
"""The schema that holds the copies."""


class Snapshot:
    """The rows of every table when it was taken."""

    def __init__(self, columns: dict[str, list[str]], sequences: dict[str, tuple[int, bool]]) -> None:
        self._columns = columns
        self._sequences = sequences

    async def restore(self) -> None:
        """Brings every table back to what it was, sequences included; needs a superuser of the scratch database."""
        tables = ", ".join(f'public."{table}"' for table in self._columns)
        async with transaction():
            # Rows come back in any order: keys and triggers would ask for the right one.
            await execute_script("SET LOCAL session_replication_role = replica")
            await execute_script(f"TRUNCATE {tables} RESTART IDENTITY")
            for table, names in self._columns.items():
                listed = ", ".join(f'"{name}"' for name in names)
                await execute_script(
                    f'INSERT INTO public."{table}" ({listed}) OVERRIDING SYSTEM VALUE '  # noqa: S608 - names of tables
                    f'SELECT {listed} FROM {KEPT}."{table}"'
                )
            for name, (value, used) in self._sequences.items():
                await fetch("SELECT setval($1::text::regclass, $2, $3)", f'public."{name}"', value, used)


@asynccontextmanager
async def snapshot() -> AsyncIterator[Snapshot]:
    """Takes one, for the block."""
    columns = await _columns()
    statements = [f"DROP SCHEMA IF EXISTS {KEPT} CASCADE", f"CREATE SCHEMA {KEPT}"]
    statements += [f'CREATE TABLE {KEPT}."{table}" AS TABLE public."{table}"' for table in columns]
    await execute_script("; ".join(statements))
    try:
        yield Snapshot(columns, await _sequences())
    finally:
        await execute_script(f"DROP SCHEMA IF EXISTS {KEPT} CASCADE")


async def _columns() -> dict[str, list[str]]:
    rows = await fetch(
        "SELECT columns.table_name, columns.column_name FROM information_schema.columns "
        "JOIN information_schema.tables USING (table_schema, table_name) WHERE table_schema = 'public' "
        "AND table_type = 'BASE TABLE' AND is_generated = 'NEVER' AND table_name <> 'tortoise_migrations' "
        "ORDER BY table_name, ordinal_position"
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["table_name"], []).append(row["column_name"])
    return found


async def _sequences() -> dict[str, tuple[int, bool]]:
    """Where each sequence stands, and whether that number has been given out."""
    found = {}
    for sequence in await fetch("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"):
        name = sequence["sequencename"]
        rows = await fetch(f'SELECT last_value, is_called FROM public."{name}"')  # noqa: S608 - names of sequences
        found[name] = (rows[0]["last_value"], rows[0]["is_called"])
    return found
