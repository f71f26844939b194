"""A folder of plugins that tests write, and a database for their tables."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from core import app as core_app
from core.plugins.discovery import ENTRY_POINT_GROUP
from core.plugins.registry import FOLDER_PACKAGE, PluginRegistry
from tests.conftest import make_settings, scratch_database

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
