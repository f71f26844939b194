"""What the migrations of all apps are and how they hang together: the part of the ORM's machinery that is used.

The ORM's own commands are not: one unreadable app would stop all, an app whose last migration another one depends on
counts as having no last one, undoing a first migration that depends on another app does nothing, and what is applied is
noted only after the transaction that applied it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.transactions import in_transaction

from core.database.connection import CONNECTION, MIGRATIONS_TABLE, execute_script, fetch, fetch_value
from core.database.replaying import ReplayedState, only_describes

Step = tuple[str, str]
"""An app and the name of one of its migrations."""

_TABLE = f"""
CREATE TABLE IF NOT EXISTS "{MIGRATIONS_TABLE}" (
    "id" SERIAL PRIMARY KEY, "app" VARCHAR(255) NOT NULL, "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMPTZ NOT NULL, UNIQUE ("app", "name")
)
"""


class Migrations:
    """The migrations of several apps, read from their packages.

    Raises:
        Exception: Whatever a package raises that cannot be read; see `readable`.
    """

    def __init__(self, apps: dict[str, Any]) -> None:
        self._executor = MigrationExecutor(get_connection(CONNECTION), apps)
        self._loader = self._executor.loader
        self._connections = {label: app.get("default_connection", "default") for label, app in apps.items()}
        self._reached: tuple[frozenset[Step], ReplayedState] | None = None
        """The models as the last migration has left them: replaying all for each next one is slow."""

    async def read(self) -> Migrations:
        """Reads the packages."""
        await self._loader.build_graph()
        return self

    @property
    def known(self) -> set[Step]:
        """All migrations that there are."""
        return {(key.app_label, key.name) for key in self._loader.graph.nodes}

    def of(self, app: str) -> list[Step]:
        """The migrations of an app, those first that others depend on."""
        return [step for step in self._ordered() if step[0] == app]

    def forwards(self, app: str, applied: set[Step]) -> list[Step]:
        """What has to be applied for an app to be up to date, in order, with what it needs of other apps."""
        return [step for step in self._needed_by(self.of(app)) if step not in applied]

    def dependants(self, step: Step) -> list[Step]:
        """The migrations that depend on one directly."""
        node = self._loader.graph.node_map[MigrationKey(*step)]
        return sorted((child.key.app_label, child.key.name) for child in node.children)

    async def apply(self, step: Step, applied: set[Step]) -> None:
        """Applies one migration on top of what is applied, and notes it, in one transaction if it allows that."""
        await execute_script(_TABLE)
        migration = self._migration(step)
        replayed = await self._state(applied)
        state = replayed if only_describes(migration) else replayed.complete()
        self._reached = None
        editor = self._executor._schema_editor(atomic=migration.atomic)
        if editor.atomic_migration:
            async with in_transaction(CONNECTION) as client:
                editor.client = client
                await migration.apply(state, schema_editor=editor)
                await MigrationRecorder(client).record_applied(*step)
        else:
            await migration.apply(state, schema_editor=editor)
            await MigrationRecorder(get_connection(CONNECTION)).record_applied(*step)
        self._reached = (frozenset({*applied, step}), ReplayedState(state.models, self._connections))

    async def undo(self, step: Step, applied: set[Step]) -> None:
        """Undoes one migration that nothing applied depends on, and forgets it, in one transaction if it allows that.

        Raises:
            ValueError: The migration says that it cannot be undone.
        """
        migration = self._migration(step)
        before = await self._replay(applied - {step})
        state = before if only_describes(migration) else before.complete()
        editor = self._executor._schema_editor(atomic=migration.atomic)
        if editor.atomic_migration:
            async with in_transaction(CONNECTION) as client:
                editor.client = client
                await migration.unapply(state, schema_editor=editor)
                await MigrationRecorder(client).record_unapplied(*step)
        else:
            await migration.unapply(state, schema_editor=editor)
            await MigrationRecorder(get_connection(CONNECTION)).record_unapplied(*step)

    async def sql(self, step: Step) -> list[str]:
        """The statements of a migration, without running any."""
        migration = self._migration(step)
        state = await self._replay({one for one in self._needed_by([step]) if one != step})
        editor = self._executor._schema_editor(atomic=False, collect_sql=True)
        await migration.apply(state, schema_editor=editor, collect_sql=True)
        return list(editor.collected_sql)

    async def _state(self, applied: set[Step]) -> ReplayedState:
        if self._reached is not None and self._reached[0] == applied:
            return self._reached[1]
        return await self._replay(applied)

    async def _replay(self, applied: set[Step]) -> ReplayedState:
        """The models as these migrations have left them."""
        state = ReplayedState({}, self._connections)
        for step in self._ordered():
            if step in applied:
                await self._migration(step).apply(state, dry_run=True)
        return state

    def _migration(self, step: Step) -> Migration:
        migration = self._loader.graph.nodes[MigrationKey(*step)]
        assert isinstance(migration, Migration)  # noqa: S101 - a graph with gaps cannot be read
        return migration

    def _ordered(self) -> list[Step]:
        return self._needed_by(sorted(self.known))

    def _needed_by(self, steps: Iterable[Step]) -> list[Step]:
        """These migrations and all that they depend on, in order."""
        plan: dict[Step, None] = {}
        for step in steps:
            for key in self._loader.graph.forwards_plan(MigrationKey(*step)):
                plan.setdefault((key.app_label, key.name))
        return list(plan)


async def applied_migrations() -> dict[Step, Any]:
    """What the database has, with the time at which it was applied, in that order."""
    # The ORM's own recorder reads "nothing is applied" when the database fails; this tells the two apart.
    if await fetch_value("SELECT to_regclass($1)::text", MIGRATIONS_TABLE) is None:
        return {}
    rows = await fetch(f"SELECT app, name, applied_at FROM {MIGRATIONS_TABLE} ORDER BY id")  # noqa: S608
    return {(row["app"], row["name"]): row["applied_at"] for row in rows}


def with_migrations(apps: dict[str, Any]) -> dict[str, Any]:
    """The apps that have any."""
    return {label: app for label, app in apps.items() if app.get("migrations")}
