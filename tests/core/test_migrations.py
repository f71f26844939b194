"""Migrations of core and of plugins: forwards with rows in the tables, one by one, whole or not at all, and back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from core import app as core_app
from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.database.migration_graph import Migrations, applied_migrations
from core.database.migrations import migrate, migration_state, read_migrations
from core.database.undoing import drop_tables, steps_to_undo, undo
from core.errors import Conflict, NotFound, StartupError
from core.plugins.discovery import ENTRY_POINT_GROUP, PluginState
from core.plugins.registry import FOLDER_PACKAGE, PluginRegistry
from tests import processes
from tests.conftest import make_settings, scratch_database

pytestmark = pytest.mark.anyio

MANIFEST = 'name: {name}\nversion: "1.0"\napi: ">=1.0,<2"\nsummary: Keeps rows.\n'
PLUGIN = """
from switchroom import hookimpl
from switchroom.contributions import Models

PACKAGE = __name__.rpartition(".")[0]


class Plugin:
    @hookimpl
    def register_models(self) -> Models:
        return Models((f"{PACKAGE}.models",), f"{PACKAGE}.migrations")


plugin = Plugin()
"""
MODELS = """
from tortoise import fields

from switchroom.models import TenantModel


class Thing(TenantModel):
    name = fields.CharField(max_length=20)

    class Meta:
        table = "{name}_thing"
"""
MIGRATION = """
from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = {dependencies!r}
    operations = [ops.RunSQL({forwards!r}, {backwards!r})]
"""
TABLE = "CREATE TABLE {0}_thing (id bigserial PRIMARY KEY, tenant_id bigint REFERENCES core_tenant, name varchar(20))"


@dataclass
class Workshop:
    """A folder of plugins, and a database."""

    folder: Path
    url: str

    def plugin(self, name: str) -> Path:
        """A plugin with a model and no migrations."""
        home = self.folder / name
        (home / "migrations").mkdir(parents=True)
        (home / "migrations" / "__init__.py").touch()
        (home / "manifest.yaml").write_text(MANIFEST.format(name=name))
        (home / "plugin.py").write_text(PLUGIN)
        (home / "models.py").write_text(MODELS.replace("{name}", name))
        return home

    def migration(
        self, plugin: str, name: str, forwards: list[str], backwards: list[str], *dependencies: tuple[str, str]
    ) -> None:
        text = MIGRATION.format(forwards=forwards, backwards=backwards, dependencies=list(dependencies))
        (self.folder / plugin / "migrations" / f"{name}.py").write_text(text)

    def with_table(self, name: str, *dependencies: tuple[str, str]) -> None:
        """A plugin with its table, and a second migration that adds a column."""
        self.plugin(name)
        self.migration(name, "0001_initial", [TABLE.format(name)], [f"DROP TABLE {name}_thing"], *dependencies)
        self.migration(
            name,
            "0002_size",
            [f"ALTER TABLE {name}_thing ADD COLUMN size int"],
            [f"ALTER TABLE {name}_thing DROP COLUMN size"],
            (name, "0001_initial"),
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[PluginRegistry, dict[str, Any]]]:
        """The database, with what has loaded."""
        installed = [point.name for point in entry_points(group=ENTRY_POINT_GROUP)]
        blocked = json.dumps(["telephony", "routing", "wrapup", "promises", "records", *installed])
        settings = make_settings(
            self.url,
            SWITCHROOM__PLUGINS__DIRS=json.dumps([str(self.folder)]),
            SWITCHROOM__PLUGINS__BLOCKED=blocked,
            SWITCHROOM__PLUGINS__ENABLED_BY_DEFAULT="[]",
        )
        registry = core_app.load_plugins(settings)
        async with core_app.database(settings, self.url, registry) as apps:
            yield registry, apps


@pytest.fixture
def workshop(database_server: str, tmp_path: Path) -> Iterator[Workshop]:
    folder = tmp_path / "plugins"
    folder.mkdir()
    # Plugins of another test may have had the same names, and stay imported under them.
    for name in [name for name in sys.modules if name.startswith(FOLDER_PACKAGE)]:
        del sys.modules[name]
    with scratch_database(database_server) as url:
        yield Workshop(folder, url)


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


@dataclass
class CommandLine:
    """`switchroom` with a settings file of its own."""

    settings: Path

    def __call__(self, *arguments: str, code: int = 0) -> str:
        return self._said(processes.run(["--settings", str(self.settings), *arguments], os.environ), code)

    def anew(self, *arguments: str, **environ: str) -> str:
        """The same in a process that begins anew, as a person's does."""
        command = [sys.executable, "-m", "core.cli", "--settings", str(self.settings), *arguments]
        return self._said(subprocess.run(command, capture_output=True, text=True, env=os.environ | environ), 0)

    def _said(self, done: subprocess.CompletedProcess[str], code: int) -> str:
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def switchroom(workshop: Workshop, tmp_path: Path) -> CommandLine:
    settings = {
        "database": {"url": workshop.url},
        "secret_key": "a key for tests that is long enough to be accepted",
        "data_dir": str(tmp_path / "var"),
        "plugins": {"dirs": [str(workshop.folder)]},
    }
    file = tmp_path / "settings.yaml"
    file.write_text(json.dumps(settings))
    return CommandLine(file)


def test_an_author_makes_applies_shows_and_takes_back_migrations(workshop: Workshop, switchroom: CommandLine) -> None:
    home = workshop.plugin("store")
    (home / "migrations" / "__init__.py").unlink()
    (home / "migrations").rmdir()
    workshop.plugin("other")

    assert "0001_initial.py" in switchroom("plugin", "makemigrations", "store")
    written = (home / "migrations" / "0001_initial.py").read_text()
    assert "CreateModel" in written
    assert written.count("('core', '") == 1
    assert [path.name for path in (workshop.folder / "other" / "migrations").glob("0*")] == []
    assert "fit its models" in switchroom("plugin", "makemigrations", "store")

    assert re.search(r"^store +0001_initial$", switchroom("migrate", "plan"), re.MULTILINE)
    assert 'CREATE TABLE "store_thing"' in switchroom("migrate", "sql", "store")
    assert "pending" in switchroom("migrate", "status", code=1)
    assert "Applied store 0001_initial." in switchroom("migrate")
    assert "The schema is up to date." in switchroom("migrate", "apply")
    assert "pending" not in switchroom("migrate", "status")

    models = home / "models.py"
    models.write_text(
        models.read_text().replace("    class Meta", "    size = fields.IntField(null=True)\n\n    class Meta")
    )
    assert "0002_" in switchroom("plugin", "makemigrations", "store")
    assert "Applied store 0002_" in switchroom("migrate", "apply", "store")
    assert "Undid store 0002_" in switchroom("migrate", "rollback", "store", "--yes")
    assert "Undid store 0001_initial." in switchroom("migrate", "rollback", "store", "--yes")

    switchroom("migrate", "apply", "store")
    assert "Core's migrations are not rolled back" in switchroom("migrate", "rollback", "core", code=2)
    assert "Dropped store_thing." in switchroom("migrate", "purge", "store", "--yes")
    assert "There was nothing of store." in switchroom("migrate", "purge", "store", "--yes")


def test_a_plugin_that_is_on_somewhere_is_not_purged(workshop: Workshop, switchroom: CommandLine) -> None:
    switchroom("migrate")
    switchroom("tenants", "create", "acme", "--name", "Acme")

    assert "'routing' is on for acme" in switchroom("migrate", "purge", "routing", "--yes", code=2)
    assert "routing is off for acme." in switchroom("plugins", "disable", "acme", "routing")
    assert "Dropped routing_queue." in switchroom("migrate", "purge", "routing", "--yes")
    assert "cannot be used: Its tables are not up to date" in switchroom("plugins", "enable", "acme", "routing", code=2)
    assert "Applied routing 0001_initial." in switchroom("migrate")
    assert "routing is on for acme." in switchroom("plugins", "enable", "acme", "routing")


def test_a_foreign_key_to_another_plugins_table_is_refused(workshop: Workshop, switchroom: CommandLine) -> None:
    workshop.plugin("store")
    home = workshop.plugin("child")
    models = home / "models.py"
    key = '    thing = fields.ForeignKeyField("store.Thing", related_name=False)\n\n    class Meta'
    models.write_text(models.read_text().replace("    class Meta", key))

    told = switchroom("plugin", "makemigrations", "child", code=2)

    assert "Thing points at a table of 'store'" in told
    assert "capability" in told


def test_migrations_are_made_for_an_installed_plugin(
    workshop: Workshop, switchroom: CommandLine, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    workshop.plugin("store").rename(workshop.folder / "storekit")
    site.mkdir()
    (workshop.folder / "storekit").rename(site / "storekit")
    (site / "storekit" / "__init__.py").touch()
    (site / "storekit" / "models.py").write_text(MODELS.replace("{name}", "store"))
    info = site / "storekit-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: storekit\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[switchroom.plugins]\nstore = storekit\n")

    switchroom.anew("plugin", "makemigrations", "store", PYTHONPATH=str(site))

    assert (site / "storekit" / "migrations" / "0001_initial.py").exists()
    assert "Applied store 0001_initial." in switchroom.anew("migrate", PYTHONPATH=str(site))


def test_what_cannot_be_made_is_said(workshop: Workshop, switchroom: CommandLine) -> None:
    (workshop.plugin("store") / "plugin.py").write_text("raise RuntimeError('no')\n")

    assert "did not load: RuntimeError: no" in switchroom("plugin", "makemigrations", "store", code=2)
    assert "There is no plugin 'nonsense'" in switchroom("plugin", "makemigrations", "nonsense", code=2)
