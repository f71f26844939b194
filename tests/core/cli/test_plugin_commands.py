"""Commands that plugins contribute, found below the plugin's name."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli import main
from tests.conftest import scratch_database

GREETER = '''
import asyncio
import click
from switchroom import hookimpl
from switchroom.commands import in_tenant
from .words import GREETING

@click.command
def hello():
    """Say hello."""
    click.echo(GREETING)

@click.command
@click.argument("tenant")
def whose(tenant):
    """Say whose it is."""
    asyncio.run(_whose(tenant))

async def _whose(tenant):
    async with in_tenant("greeter", tenant) as ctx:
        click.echo(f"{ctx.tenant.name}, {ctx.plugin}")

class Greeter:
    @hookimpl
    def register_commands(self):
        return [hello, whose]

plugin = Greeter()
'''
MANIFEST = "name: {name}\nversion: '1'\napi: '>=1.0,<2'\nsummary: Greets people.\n"
SETTINGS = """\
demo: false
secret_key: a key for tests that is long enough to be accepted
plugins:
  dirs: [found]
  enabled_by_default: [{default}]
"""


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with settings, a plugin with commands, and one that does not load."""
    for name, source in (("greeter", GREETER), ("faulty", "import there_is_no_such_library\n")):
        folder = tmp_path / "found" / name
        folder.mkdir(parents=True)
        (folder / "manifest.yaml").write_text(MANIFEST.format(name=name))
        (folder / "plugin.py").write_text(source)
    (tmp_path / "found" / "greeter" / "words.py").write_text('GREETING = "Hello there"\n')
    (tmp_path / "settings.yaml").write_text(SETTINGS.format(default="greeter"))
    monkeypatch.setenv("SWITCHROOM_SETTINGS", str(tmp_path / "settings.yaml"))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("_switchroom_")]:
        del sys.modules[name]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and complaints of a command."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


def test_a_command_of_a_plugin_runs(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "greeter", "hello") == (0, "Hello there\n", "")


def test_help_lists_plugins_with_commands_and_their_commands(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _code, root, _errors = run(capsys, "--help")
    assert re.search(r"Commands of plugins:\n(  .+\n)*  greeter +Greets people\.", root)
    assert "faulty" not in root
    _code, group, _errors = run(capsys, "greeter", "--help")
    assert "hello  Say hello." in group


def test_a_command_of_core_loads_no_plugin(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "tenants", "--help")
    assert not [name for name in sys.modules if name.startswith("_switchroom_")]


def test_a_plugin_that_does_not_load_is_refused_with_its_reason(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _output, errors = run(capsys, "faulty", "anything")
    assert code == 2
    assert "The plugin faulty is broken:" in errors
    assert "there_is_no_such_library" in errors
    assert "Traceback" not in errors


def test_a_plugin_without_commands_and_a_word_that_is_no_plugin_are_told_apart(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "The plugin wrapup has no commands." in run(capsys, "wrapup")[2]
    assert "No such command 'nobody'" in run(capsys, "nobody")[2]


def test_help_is_there_though_the_settings_are_wrong(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (installation / "settings.yaml").write_text("there_is_no_such_key: 1\n")
    code, output, _errors = run(capsys, "--help")
    assert code == 0
    assert "doctor" in output


def test_a_command_works_in_a_tenant_that_has_the_plugin(
    installation: Path,
    database_server: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scratch_database(database_server) as url:
        monkeypatch.setenv("SWITCHROOM__DATABASE__URL", url)
        assert run(capsys, "migrate")[0] == 0
        assert run(capsys, "tenants", "create", "acme", "--name", "Acme")[0] == 0
        assert run(capsys, "greeter", "whose", "acme") == (0, "Acme, greeter\n", "")
        (installation / "settings.yaml").write_text(SETTINGS.format(default=""))
        assert run(capsys, "tenants", "create", "globex", "--name", "Globex")[0] == 0
        code, _output, errors = run(capsys, "greeter", "whose", "globex")
    assert code == 2
    assert "The plugin greeter is off for globex." in errors
