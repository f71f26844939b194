"""`switchroom migrate` and `plugin makemigrations`, as an author of plugins uses them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import processes
from tests.core.workshop import MODELS, Workshop


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
