"""Brings the schema up to date: core first, then each plugin by itself, so that one that fails stops no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from core.database.connection import CONNECTION, MIGRATIONS_TABLE, fetch, fetch_value
from core.errors import StartupError

log = structlog.get_logger(__name__)

CORE = "core"

LOCK_KEY = 0x5C_17C4
"""The advisory lock that keeps two processes from migrating at once."""


@dataclass(frozen=True)
class MigrationState:
    """What is applied and what is not.

    Attributes:
        pending: (app, migration) pairs that the code has and the database has not.
        unknown: Pairs that the database has and the code has not: it was written by newer code.
        failed: App → reason, for apps whose migration did not run.
    """

    pending: tuple[tuple[str, str], ...]
    unknown: tuple[tuple[str, str], ...]
    failed: dict[str, str]


async def migration_state(apps: dict[str, Any]) -> MigrationState:
    """Compares the database with the code; changes nothing.

    Args:
        apps: The `apps` section of the ORM's configuration, core first.
    """
    applied = await _applied()
    usable, failed = await _usable(apps)
    executor = MigrationExecutor(get_connection(CONNECTION), usable)
    await executor.loader.build_graph()
    known = {(key.app_label, key.name) for key in executor.loader.graph.nodes}
    return MigrationState(
        pending=tuple(sorted(known - applied)),
        unknown=tuple(sorted(pair for pair in applied - known if pair[0] in usable)),
        failed=failed,
    )


async def migrate(apps: dict[str, Any]) -> MigrationState:
    """Applies what is pending, one app after the other in the order given.

    Returns:
        The state afterwards; `failed` names plugins whose migration failed and was rolled back.

    Raises:
        StartupError: The schema was written by newer code, or core's own migration failed.
    """
    async with _Lock():
        state = await migration_state(apps)
        refuse_newer_schema(state)
        usable, failed = await _usable(apps)
        for label in usable:
            if not any(app == label for app, _name in state.pending):
                continue
            try:
                # The whole set every time: an app's migrations refer to tables of core.
                executor = MigrationExecutor(get_connection(CONNECTION), usable)
                await executor.migrate([MigrationTarget(label, "__latest__")], direction="forward")
                log.info("migrated", app=label)
            except Exception as error:
                if label == CORE:
                    raise StartupError(
                        f"The schema could not be brought up to date: {error}",
                        mend="Nothing of that step was kept. Correct the cause and run: switchroom migrate",
                    ) from error
                log.exception("migration_failed", app=label)
                failed[label] = f"{type(error).__name__}: {error}"
    after = await migration_state(apps)
    return MigrationState(after.pending, after.unknown, after.failed | failed)


def refuse_newer_schema(state: MigrationState) -> None:
    """Raises `StartupError` when the database knows migrations of core that this code does not."""
    newer = [name for app, name in state.unknown if app == CORE]
    if newer:
        raise StartupError(
            f"The database schema is newer than this code: it has {newer[-1]!r}, which this version does not know.",
            mend="Start the newer version of Switchroom, or restore a backup made with this one.",
        )


async def make_migrations(apps: dict[str, Any], label: str) -> list[Path]:
    """Writes the migration that brings an app's tables to its models, if there is a difference; gives the files."""
    detector = MigrationAutodetector(Tortoise.apps, _with_migrations(apps))
    return [Path(str(writer.write())) for writer in await detector.changes() if writer.app_label == label]


class _Lock:
    """The advisory lock, on a connection of its own: a pooled one could be given back in between."""

    async def __aenter__(self) -> None:
        self._connection = await get_connection(CONNECTION)._pool.acquire()
        await self._connection.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)

    async def __aexit__(self, *_error: object) -> None:
        await self._connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)
        await get_connection(CONNECTION)._pool.release(self._connection)


async def _applied() -> set[tuple[str, str]]:
    # The ORM's own recorder reads "nothing is applied" when the database fails; this tells the two apart.
    if await fetch_value("SELECT to_regclass($1)::text", MIGRATIONS_TABLE) is None:
        return set()
    return {(row["app"], row["name"]) for row in await fetch(f"SELECT app, name FROM {MIGRATIONS_TABLE}")}  # noqa: S608


async def _usable(apps: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The apps whose migrations can be read, and why those of the others cannot: one would stop all."""
    usable: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for label, app in _with_migrations(apps).items():
        try:
            await MigrationExecutor(get_connection(CONNECTION), {**usable, label: app}).loader.build_graph()
            usable[label] = app
        except Exception as error:
            if label == CORE:
                raise
            log.exception("migrations_unreadable", app=label)
            failed[label] = f"{type(error).__name__}: {error}"
    return usable, failed


def _with_migrations(apps: dict[str, Any]) -> dict[str, Any]:
    return {label: app for label, app in apps.items() if app.get("migrations")}
