"""Brings the schema up to date: core first, then each plugin by itself, so that one that fails stops no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from tortoise.connection import get_connection

from core.database.connection import CONNECTION
from core.database.migration_graph import Migrations, Step, applied_migrations, with_migrations
from core.errors import StartupError

log = structlog.get_logger(__name__)

CORE = "core"

LOCK_KEY = 0x5C_17C4
"""The advisory lock that keeps two processes from migrating at once."""


@dataclass(frozen=True)
class MigrationState:
    """What is applied and what is not.

    Attributes:
        pending: (app, migration) pairs that the code has and the database has not, in the order to apply them.
        unknown: Pairs that the database has and the code has not: it was written by newer code.
        failed: App → reason, for apps whose migration did not run.
    """

    pending: tuple[Step, ...]
    unknown: tuple[Step, ...]
    failed: dict[str, str]


async def migration_state(apps: dict[str, Any]) -> MigrationState:
    """Compares the database with the code; changes nothing.

    Args:
        apps: The `apps` section of the ORM's configuration, core first.
    """
    applied = set(await applied_migrations())
    migrations, usable, failed = await read_migrations(apps)
    pending = {step: None for label in usable for step in migrations.forwards(label, applied)}
    unknown = sorted(step for step in applied - migrations.known if step[0] in usable)
    return MigrationState(tuple(pending), tuple(unknown), failed)


async def migrate(apps: dict[str, Any], only: str | None = None) -> MigrationState:
    """Applies what is pending, one app after the other in the order given.

    Args:
        apps: The `apps` section of the ORM's configuration, core first.
        only: One app, with what it needs of others; None is all.

    Returns:
        The state afterwards; `failed` names plugins whose migration failed and was rolled back.

    Raises:
        StartupError: The schema was written by newer code, or core's own migration failed.
    """
    async with MigrationLock():
        refuse_newer_schema(await migration_state(apps))
        migrations, usable, failed = await read_migrations(apps)
        applied = set(await applied_migrations())
        for label in usable:
            if only in (None, label):
                await _bring_up_to_date(migrations, label, applied, failed)
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


async def read_migrations(apps: dict[str, Any]) -> tuple[Migrations, list[str], dict[str, str]]:
    """The migrations of all apps that can be read, these apps, and why the others cannot: one would stop all."""
    usable: dict[str, Any] = {}
    failed: dict[str, str] = {}
    left = with_migrations(apps)
    while left:
        for label, app in left.items():
            try:
                await Migrations({**usable, label: app}).read()
                usable[label] = app
                failed.pop(label, None)
            except (Exception, SystemExit) as error:
                if label == CORE:
                    raise
                failed[label] = f"{type(error).__name__}: {error}"
        # Once more those that failed, as long as one more can be read: it may be what they depend on.
        left = {label: app for label, app in left.items() if label in failed} if len(failed) < len(left) else {}
    for label, reason in failed.items():
        log.warning("migrations_unreadable", app=label, reason=reason)
    return await Migrations(usable).read(), [label for label in apps if label in usable], failed


async def _bring_up_to_date(migrations: Migrations, label: str, applied: set[Step], failed: dict[str, str]) -> None:
    """Applies what an app lacks, adding to `applied`; what fails is rolled back, and told in `failed`."""
    for step in migrations.forwards(label, applied):
        if step[0] in failed:
            failed[label] = _needs(step[0])
            return
        try:
            await migrations.apply(step, applied)
        except (Exception, SystemExit) as error:
            if CORE in (label, step[0]):
                raise StartupError(
                    f"The schema could not be brought up to date: {error}",
                    mend="Nothing of that step was kept. Correct the cause and run: switchroom migrate",
                ) from error
            log.exception("migration_failed", app=step[0], migration=step[1])
            failed[step[0]] = f"{step[1]}: {type(error).__name__}: {error}"
            failed.setdefault(label, _needs(step[0]))
            return
        applied.add(step)
        log.info("migrated", app=step[0], migration=step[1])


def _needs(app: str) -> str:
    return f"It needs the tables of {app}, which are not up to date."


class MigrationLock:
    """Keeps all other processes from migrating, on a connection of its own: a pooled one could be given back."""

    async def __aenter__(self) -> None:
        self._connection = await get_connection(CONNECTION)._pool.acquire()
        await self._connection.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)

    async def __aexit__(self, *_error: object) -> None:
        await self._connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)
        await get_connection(CONNECTION)._pool.release(self._connection)
