"""Takes a plugin's tables back: some of its migrations, or all that it ever kept."""

from __future__ import annotations

from typing import Any

import structlog

from core.database.connection import MIGRATIONS_TABLE, execute, execute_script, fetch, fetch_value
from core.database.migration_graph import Step, applied_migrations
from core.database.migrations import CORE, LOCK_KEY, MigrationLock, read_migrations
from core.database.transaction import transaction
from core.errors import Conflict, NotFound

log = structlog.get_logger(__name__)


async def steps_to_undo(apps: dict[str, Any], app: str, name: str | None) -> list[Step]:
    """Which migrations of an app are undone for `undo`, the last one first; changes nothing.

    Args:
        apps: The `apps` section of the ORM's configuration, core first.
        app: The plugin.
        name: The migration that is to be the last one, or the beginning of its name; None undoes the last one alone.

    Raises:
        NotFound: The plugin's migrations cannot be read, or there is none of that name.
        Conflict: None is applied, or what another plugin has applied depends on one.
    """
    migrations, usable, failed = await read_migrations(apps)
    if app not in usable:
        raise NotFound(
            f"The migrations of {app!r} cannot be read: {failed.get(app, 'no plugin of that name has any')}.",
            mend="`switchroom migrate status` shows all that there are.",
        )
    applied = set(await applied_migrations())
    own = [step for step in migrations.of(app) if step in applied]
    if not own:
        raise Conflict(f"No migration of {app!r} is applied.")
    undone = own[-1:] if name is None else own[own.index(one_named(own, name)) + 1 :]
    for step in undone:
        for other in migrations.dependants(step):
            if other in applied and other not in undone:
                raise Conflict(
                    f"{other[0]} {other[1]} depends on {step[0]} {step[1]}.", mend=f"Roll {other[0]} back first."
                )
    return undone[::-1]


async def undo(apps: dict[str, Any], app: str, name: str | None) -> list[Step]:
    """Undoes migrations of an app; gives those that were, the last one first. Arguments and errors: `steps_to_undo`.

    Raises:
        Conflict: One of them cannot be undone; those before it were.
    """
    async with MigrationLock():
        steps = await steps_to_undo(apps, app, name)
        migrations, _usable, _failed = await read_migrations(apps)
        applied = set(await applied_migrations())
        for step in steps:
            try:
                await migrations.undo(step, applied)
            except Exception as error:
                raise Conflict(f"{step[0]} {step[1]} cannot be undone: {error}") from error
            applied.discard(step)
            log.info("migration_undone", app=step[0], migration=step[1])
    return steps


async def tables_of(app: str) -> list[str]:
    """The tables that belong to a plugin: those whose names begin with its own."""
    # No name of a plugin has an underscore, so the name of one begins that of no other's table.
    rows = await fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
        "AND starts_with(tablename, $1::text || '_') AND tablename <> $2 ORDER BY tablename",
        app,
        MIGRATIONS_TABLE,
    )
    return [row["tablename"] for row in rows]


async def drop_tables(app: str) -> list[str]:
    """Drops all tables of a plugin, whether it still loads or not, and forgets its migrations; gives the tables.

    Raises:
        Conflict: A table of another plugin points at one of them.
    """
    if app == CORE:
        raise Conflict("Core's tables are the platform's own.")
    async with transaction():
        await fetch_value("SELECT pg_advisory_xact_lock($1)::text", LOCK_KEY)
        tables = await tables_of(app)
        if tables:
            quoted = ", ".join(f'"{table}"' for table in tables)
            try:
                await execute_script(f"DROP TABLE {quoted}")
            except Exception as error:
                raise Conflict(f"The tables of {app!r} cannot be dropped: {error}") from error
        if await applied_migrations():
            await execute(f"DELETE FROM {MIGRATIONS_TABLE} WHERE app = $1", app)  # noqa: S608
    log.info("tables_dropped", app=app, tables=tables)
    return tables


def one_named(steps: list[Step], name: str) -> Step:
    """The one migration with that name, or whose name alone begins so.

    Raises:
        NotFound: There is none, or more than one.
    """
    exact = [step for step in steps if step[1] == name]
    found = exact or [step for step in steps if step[1].startswith(name)]
    if len(found) != 1:
        listed = ", ".join(step[1] for step in steps) or "none"
        raise NotFound(f"{'No' if not found else 'More than one'} migration begins with {name!r}. There are: {listed}.")
    return found[0]
