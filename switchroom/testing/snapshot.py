"""All rows of the database as they are, to go back to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from core.database.connection import execute_script, fetch

KEPT = "kept"
"""The schema that holds the copies."""


class Snapshot:
    """The rows of every table when it was taken.

    Args:
        columns: Table → its columns.
        filled: The tables that have rows.
        sequences: Sequence → where it stands, and whether that number has been given out.
    """

    def __init__(self, columns: dict[str, list[str]], filled: set[str], sequences: dict[str, tuple[int, bool]]) -> None:
        self._columns = columns
        self._filled = filled
        self._sequences = sequences

    async def restore(self) -> None:
        """Brings every table back to what it was, sequences included; needs a superuser of the scratch database."""
        # TRUNCATE would give each table new files: it takes a hundred times as long as to delete a few rows.
        emptied = [f'DELETE FROM public."{table}"' for table in await _filled(self._columns)]  # noqa: S608 - of tables
        refilled = [self._refill(table) for table in sorted(self._filled)]
        moved = [
            f"SELECT setval('public.\"{name}\"', {value}, {str(used).lower()})"
            for name, (value, used) in self._sequences.items() - (await _sequences()).items()
        ]
        # Rows come back in any order: keys and triggers would ask for the right one.
        replica = "SET LOCAL session_replication_role = replica"
        await execute_script("; ".join(["BEGIN", replica, *emptied, *refilled, *moved, "COMMIT"]))

    def _refill(self, table: str) -> str:
        names = ", ".join(f'"{name}"' for name in self._columns[table])
        return (
            f'INSERT INTO public."{table}" ({names}) OVERRIDING SYSTEM VALUE '  # noqa: S608 - names of tables
            f'SELECT {names} FROM {KEPT}."{table}"'
        )


@asynccontextmanager
async def snapshot() -> AsyncIterator[Snapshot]:
    """Takes one, for the block."""
    columns = await _columns()
    filled = await _filled(columns)
    statements = [f"DROP SCHEMA IF EXISTS {KEPT} CASCADE", f"CREATE SCHEMA {KEPT}"]
    statements += [f'CREATE TABLE {KEPT}."{table}" AS TABLE public."{table}"' for table in sorted(filled)]
    await execute_script("; ".join(statements))
    try:
        yield Snapshot(columns, filled, await _sequences())
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


async def _filled(tables: Iterable[str]) -> set[str]:
    """Those of the tables that have rows."""
    asked = " UNION ALL ".join(
        f"SELECT '{table}' AS name WHERE EXISTS (SELECT FROM public.\"{table}\")"  # noqa: S608 - names of tables
        for table in tables
    )
    return {row["name"] for row in await fetch(asked)}


async def _sequences() -> dict[str, tuple[int, bool]]:
    """Where each sequence stands, and whether that number has been given out."""
    names = [row["sequencename"] for row in await fetch(_NAMES)]
    asked = " UNION ALL ".join(
        f"SELECT '{name}' AS name, last_value, is_called FROM public.\"{name}\""  # noqa: S608 - names of sequences
        for name in names
    )
    return {row["name"]: (row["last_value"], row["is_called"]) for row in await fetch(asked)}


_NAMES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
