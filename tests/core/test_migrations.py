"""Migrations of core and of plugins: forwards with rows in the tables, one by one, whole or not at all, and back."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import State

from core import app as core_app
from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.database.migration_graph import Migrations, applied_migrations
from core.database.migrations import migrate, migration_state, read_migrations
from core.database.undoing import drop_tables, steps_to_undo, undo
from core.errors import Conflict, NotFound, StartupError
from core.plugins.discovery import PluginState
from tests.core.workshop import TABLE, Workshop

pytestmark = pytest.mark.anyio


async def tables() -> set[str]:
    return {row["tablename"] for row in await fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


async def last_of_core(apps: dict[str, Any]) -> tuple[str, str]:
    return (await read_migrations(apps))[0].of("core")[-1]


async def test_rows_that_were_there_before_the_plugin_platform_are_kept(workshop: Workshop) -> None:
    async with workshop.open() as (registry, apps):
        migrations = await Migrations({"core": apps["core"]}).read()
        applied: set[tuple[str, str]] = set()
        for step in migrations.of("core"):
            if step[1] >= "0003":
                break
            await migrations.apply(step, applied)
            applied.add(step)
        await execute(
            "INSERT INTO core_tenant (id, slug, name, language, timezone, suspended, enablement_version, created_at) "
            "VALUES (1, 'acme', 'Acme', 'en', 'UTC', false, 4, now())"
        )
        await execute(
            "INSERT INTO core_tenant_plugin (tenant_id, plugin, enabled, settings, changed_at) "
            "VALUES (1, 'routing', true, '{\"a\": 1}', now())"
        )
        await execute(
            "INSERT INTO core_job (tenant_id, name, arguments, due_at, state, attempt, started, error, created_at) "
            "VALUES (1, 'core.x', '{}', now(), 'due', 0, false, '', now())"
        )

        await core_app.bring_up_to_date(registry, apps)

        assert not (await migration_state(apps)).pending
        kept = await fetch_row(
            "SELECT enabled, settings, schema_version, suspended_reason, changed_by, draining_since "
            "FROM core_tenant_plugin"
        )
        assert kept == {
            "enabled": True, "settings": '{"a": 1}', "schema_version": 1, "suspended_reason": "", "changed_by": "",
            "draining_since": None,
        }  # fmt: skip
        assert await fetch_value("SELECT state FROM core_job") == "due"
        assert await fetch_value("SELECT suspended FROM core_tenant") is False


async def test_every_migration_of_core_can_be_undone_and_applied_anew(workshop: Workshop) -> None:
    async with workshop.open() as (_registry, all_apps):
        # Plugins that depend on a later migration of core would have to be undone first.
        apps = {"core": all_apps["core"]}
        await migrate(apps)
        everything = await tables()

        undone = await undo(apps, "core", "0001_initial")
        assert len(undone) == len((await read_migrations(apps))[0].of("core")) - 1
        await migrate(apps)

        assert await tables() == everything


async def test_core_is_brought_up_to_date_first_even_when_a_plugin_depends_on_its_last_migration(
    workshop: Workshop,
) -> None:
    async with workshop.open() as (_registry, apps):
        last = await last_of_core(apps)
    workshop.with_table("store", last)
    workshop.migration("store", "0003_broken", ["SELECT nonsense"], [], ("store", "0002_size"))

    async with workshop.open() as (registry, apps):
        pending = (await migration_state(apps)).pending
        assert [step[0] for step in pending].index("store") == len(pending) - 3
        await core_app.bring_up_to_date(registry, apps)

        record = registry.get("store")
        assert record is not None
        assert record.state is PluginState.NEEDS_MIGRATION
        assert "0003_broken" in record.reason
        assert [step for step in (await migration_state(apps)).pending] == [("store", "0003_broken")]


async def test_a_migration_that_fails_leaves_nothing_and_stops_only_what_needs_it(workshop: Workshop) -> None:
    workshop.plugin("bad")
    workshop.migration("bad", "0001_initial", [TABLE.format("bad"), "SELECT nonsense"], [], ("core", "0001_initial"))
    workshop.with_table("child", ("bad", "0001_initial"))
    workshop.with_table("zeal", ("core", "0001_initial"))

    async with workshop.open() as (registry, apps):
        await core_app.bring_up_to_date(registry, apps)

        states = {record.name: (record.state.value, record.reason) for record in registry.records}
        assert states["bad"][0] == states["child"][0] == "needs_migration"
        assert "nonsense" in states["bad"][1]
        assert states["child"][1] == "It needs the tables of bad, which are not up to date."
        assert states["zeal"][0] == "loaded"
        assert {table for table in await tables() if table.endswith("_thing")} == {"zeal_thing"}
        assert {app for app, _name in await applied_migrations()} == {"core", "zeal"}

    workshop.migration("bad", "0001_initial", [TABLE.format("bad")], [], ("core", "0001_initial"))
    _forget("bad")
    async with workshop.open() as (registry, apps):
        await core_app.bring_up_to_date(registry, apps)
        assert {"bad_thing", "child_thing"} <= await tables()


def _forget(plugin: str) -> None:
    for name in [name for name in sys.modules if f".{plugin}.migrations" in name]:
        del sys.modules[name]


async def test_migrations_that_cannot_be_read_are_told_and_stop_no_other(workshop: Workshop) -> None:
    home = workshop.plugin("odd")
    (home / "migrations" / "0001_initial.py").write_text("raise SystemExit(3)\n")
    workshop.with_table("zeal", ("core", "0001_initial"))

    async with workshop.open() as (_registry, apps):
        state = await migrate(apps)

        assert set(state.failed) == {"odd"}
        assert "zeal_thing" in await tables()


async def test_one_plugin_is_brought_up_to_date_alone(workshop: Workshop) -> None:
    workshop.with_table("one", ("core", "0001_initial"))
    workshop.with_table("two", ("core", "0001_initial"))

    async with workshop.open() as (_registry, apps):
        await migrate(apps, "two")

        assert {app for app, _name in (await migration_state(apps)).pending} == {"core", "one"}
        assert {"two_thing"} == {table for table in await tables() if table.endswith("_thing")}


async def test_a_plugin_is_rolled_back_step_by_step_and_its_first_migration_too(workshop: Workshop) -> None:
    workshop.with_table("store", ("core", "0001_initial"))
    async with workshop.open() as (_registry, apps):
        await migrate(apps)

        assert await undo(apps, "store", None) == [("store", "0002_size")]
        columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'store_thing'"
        assert await fetch_value(columns) == 3
        assert await undo(apps, "store", "0001") == []
        # The ORM's own command would do nothing here, and say that it had.
        assert await undo(apps, "store", None) == [("store", "0001_initial")]
        assert "store_thing" not in await tables()
        assert (await migration_state(apps)).pending == (("store", "0001_initial"), ("store", "0002_size"))
        with pytest.raises(Conflict, match="No migration"):
            await undo(apps, "store", None)

        await migrate(apps)
        assert await undo(apps, "store", "0001_init") == [("store", "0002_size")]


async def test_what_another_plugin_stands_on_is_not_rolled_back(workshop: Workshop) -> None:
    workshop.with_table("store", ("core", "0001_initial"))
    workshop.with_table("child", ("store", "0002_size"))
    async with workshop.open() as (_registry, apps):
        await migrate(apps)

        with pytest.raises(Conflict, match=r"child 0001_initial depends on store 0002_size\. Roll child back first"):
            await undo(apps, "store", None)
        with pytest.raises(NotFound, match="'0009'"):
            await steps_to_undo(apps, "store", "0009")
        with pytest.raises(NotFound, match="nonsense"):
            await steps_to_undo(apps, "nonsense", None)


async def test_the_statements_of_a_migration_are_shown_without_being_run(workshop: Workshop) -> None:
    workshop.with_table("store", ("core", "0001_initial"))
    async with workshop.open() as (_registry, apps):
        migrations = (await read_migrations(apps))[0]

        shown = "\n".join(await migrations.sql(("core", "0001_initial")))
        own = "\n".join(await migrations.sql(("store", "0002_size")))

        assert 'CREATE TABLE "core_tenant"' in shown
        assert "ADD COLUMN size" in own
        assert await tables() == set()


async def test_dropping_a_plugins_tables_leaves_those_of_names_that_begin_alike(workshop: Workshop) -> None:
    for name in ("store", "store2"):
        workshop.with_table(name, ("core", "0001_initial"))
    async with workshop.open() as (_registry, apps):
        await migrate(apps)

        assert await drop_tables("store") == ["store_thing"]

        assert {app for app, _name in await applied_migrations()} == {"core", "store2"}
        assert "store2_thing" in await tables()
        with pytest.raises(Conflict):
            await drop_tables("core")
        assert await drop_tables("tortoise") == []


async def test_a_schema_of_newer_code_is_refused(workshop: Workshop) -> None:
    async with workshop.open() as (_registry, apps):
        await migrate(apps)
        await execute("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('core', '9999_x', now())")

        with pytest.raises(StartupError, match="9999_x"):
            await migrate(apps)


async def test_a_migration_in_python_reads_and_writes_rows_as_the_models_were(workshop: Workshop) -> None:
    home = workshop.plugin("store")
    (home / "migrations" / "0001_initial.py").write_text(IN_PYTHON[0])
    (home / "migrations" / "0002_named.py").write_text(IN_PYTHON[1])
    async with workshop.open() as (_registry, apps):
        await migrate({"core": apps["core"]})
        await execute(
            "INSERT INTO core_tenant (id, slug, name, language, timezone, suspended, enablement_version, created_at) "
            "VALUES (1, 'acme', 'Acme', 'en', 'UTC', false, 0, now())"
        )

        await migrate(apps)

        assert await fetch_value("SELECT title FROM store_thing") == "of Acme"
        assert await undo(apps, "store", None) == [("store", "0002_named")]
        assert await fetch_value("SELECT name FROM store_thing") == "Acme"


IN_PYTHON = (
    """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [
        ops.CreateModel(
            "Thing",
            [
                ("id", fields.BigIntField(primary_key=True)),
                ("tenant", fields.ForeignKeyField("core.Tenant", related_name="store_things")),
                ("name", fields.CharField(max_length=20)),
            ],
            {"table": "store_thing", "app": "store"},
        )
    ]
""",
    """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops


async def forwards(apps, editor):
    tenant = await apps.get_model("core.Tenant").get(slug="acme")
    await apps.get_model("store.Thing").create(tenant=tenant, name="of " + tenant.name)
    assert await tenant.store_things.all().count() == 1


async def backwards(apps, editor):
    thing = await apps.get_model("store.Thing").first().prefetch_related("tenant")
    thing.name = thing.tenant.name
    await thing.save()


class Migration(migrations.Migration):
    dependencies = [("store", "0001_initial")]
    operations = [
        ops.RunPython(forwards, backwards),
        ops.RenameField("Thing", "name", "title"),
    ]
""",
)


async def test_models_are_left_by_migrations_as_the_orm_itself_would_leave_them(workshop: Workshop) -> None:
    async with workshop.open() as (_registry, apps):
        migrations = await Migrations({"core": apps["core"]}).read()
        everything = set(migrations.of("core"))

        ours = (await migrations._replay(everything)).complete()
        theirs = await migrations._executor._project_state({MigrationKey(*step) for step in everything})

        # A copy, since its own classes point at some that are no longer those of the models.
        assert _described(ours) == _described(theirs.clone())


def _described(state: State) -> dict[str, Any]:
    """All that the ORM tells of each model, its relations included."""
    models = [state.apps.get_model(*key) for key in state.models]
    return {model.__name__: {part: _ordered(told) for part, told in model.describe().items()} for model in models}


def _ordered(told: Any) -> Any:
    return sorted(told, key=lambda each: each["name"]) if told and isinstance(told, list) else told
