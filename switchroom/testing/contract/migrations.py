"""Tables: made by migrations that run forward, as the models say, and nothing but the plugin's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core import app as core_app
from core.authoring.drift import drift_of
from core.database.connection import fetch
from core.database.migrations import migrate, migration_state
from core.plugins.discovery import PluginRecord
from core.plugins.registry import PluginRegistry
from switchroom.testing.app import App, make_settings
from switchroom.testing.contract.base import ContractBase, refuse
from switchroom.testing.databases import scratch_database
from switchroom.testing.enabling import with_requirements


class MigrationsContract(ContractBase):
    """From an empty database to the models, step by step; and what the steps leave there."""

    @pytest.fixture
    async def needed(self, app: App, record: PluginRecord) -> list[str]:
        """The plugins without which this one has no tables."""
        return [other.name for other in with_requirements(app.plugins, self.plugin)]

    def test_models_are_those_of_the_migrations(
        self, switchroom_server: str, switchroom_settings: Mapping[str, str]
    ) -> None:
        from switchroom.testing.databases import run_apart

        run_apart(self._drift(switchroom_server, switchroom_settings))

    def test_migrations_run_forward_and_write_only_own_tables(
        self, switchroom_server: str, switchroom_settings: Mapping[str, str]
    ) -> None:
        from switchroom.testing.databases import run_apart

        with scratch_database(switchroom_server) as url:
            before = run_apart(self._migrate(url, switchroom_settings, without=True))
            after = run_apart(self._migrate(url, switchroom_settings, without=False))
        refuse("A migration goes beyond the plugin's own tables.", _strange(before, after, self.plugin))

    async def _drift(self, url: str, overrides: Mapping[str, str]) -> None:
        async with _opened(url, overrides) as (registry, apps):
            if _has_tables(registry, self.plugin):
                refuse(
                    f"Models and migrations differ. Run: switchroom plugin makemigrations {self.plugin}",
                    await drift_of(apps, self.plugin),
                )

    async def _migrate(self, url: str, overrides: Mapping[str, str], *, without: bool) -> set[tuple[str, str, str]]:
        """Migrates core and the other plugins, or this one as well, and gives what is there afterwards."""
        async with _opened(url, overrides) as (_registry, apps):
            chosen = {label: app for label, app in apps.items() if not (without and label == self.plugin)}
            state = await migrate(chosen)
            failed = state.failed.get(self.plugin)
            refuse("The migrations do not run on an empty database.", [failed] if failed else [])
            if not without:
                again = await migration_state(chosen)
                left = [f"{app} {name}" for app, name in again.pending if app == self.plugin]
                refuse("Migrations are left over that do not run.", left)
            return await _objects()


@asynccontextmanager
async def _opened(url: str, overrides: Mapping[str, str]) -> AsyncIterator[tuple[PluginRegistry, dict[str, Any]]]:
    settings = make_settings(url, **overrides)
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, url, registry) as apps:
        yield registry, apps


def _has_tables(registry: PluginRegistry, plugin: str) -> bool:
    record = registry.get(plugin)
    return record is not None and record.contributions.models is not None


async def _objects() -> set[tuple[str, str, str]]:
    """Kind, table and definition of every column, index, constraint, trigger and function."""
    rows = await fetch(
        """
        SELECT 'column' AS kind, table_name AS place, column_name || ' ' || data_type || ' ' || is_nullable AS what
            FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'constraint', conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
        UNION ALL SELECT 'trigger', event_object_table, trigger_name FROM information_schema.triggers
            WHERE trigger_schema = 'public'
        UNION ALL SELECT 'function', proname, proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
        """
    )
    return {(row["kind"], row["place"].strip('"'), row["what"]) for row in rows}


def _strange(before: set[tuple[str, str, str]], after: set[tuple[str, str, str]], plugin: str) -> list[str]:
    """What has come or gone that is not the plugin's."""
    own = f"{plugin}_"
    added = [f"it adds the {kind} {what!r} to {place}" for kind, place, what in after - before if not _own(place, own)]
    gone = [f"it takes the {kind} {what!r} from {place}" for kind, place, what in before - after]
    return sorted([*added, *gone])


def _own(place: str, prefix: str) -> bool:
    return place.startswith(prefix) or place == "tortoise_migrations"
