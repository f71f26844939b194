"""What is installed works without its source: Switchroom's own wheel, a new plugin's, and those of the examples."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.authoring.scaffolding import DEFAULT_SUMMARY, Draft, write_plugin
from tests.authoring.environments import Environment, make_environment, our_wheel, wheel_of
from tests.conftest import ROOT, scratch_database

EXAMPLES = sorted(file.parent for file in (ROOT / "examples").glob("*/pyproject.toml"))
SETTINGS = "demo: false\nsecret_key: a key for tests that is long enough to be accepted\n"


@pytest.fixture(scope="module")
def switchroom_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return our_wheel(tmp_path_factory.mktemp("switchroom"))


@dataclass(frozen=True)
class Installed:
    """Switchroom and plugins of others, each installed from its wheel.

    Attributes:
        projects: The source of each plugin, which the environment does not know.
        listed: Plugin → what `switchroom plugins list` says of it.
    """

    environment: Environment
    projects: dict[str, Path]
    listed: dict[str, str]


@pytest.fixture(scope="module")
def installed(switchroom_wheel: Path, database_server: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """All of them in one environment: to install one takes as long as to try it."""
    folder = tmp_path_factory.mktemp("installed")
    new = folder / "switchroom-remarks"
    write_plugin(Draft("remarks", DEFAULT_SUMMARY, "The authors"), new)
    projects = {project.name.removeprefix("switchroom-"): project for project in (new, *EXAMPLES)}
    environment = make_environment(folder / "environment")
    environment.install(switchroom_wheel, *(wheel_of(projects[name], folder / "build" / name) for name in projects))
    (folder / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    with scratch_database(database_server) as url:
        migrated = environment.run("switchroom", "migrate", cwd=folder, SWITCHROOM__DATABASE__URL=url)
        listed = environment.run("switchroom", "plugins", "list", cwd=folder, SWITCHROOM__DATABASE__URL=url)
    assert migrated.returncode == 0, migrated.stderr
    assert listed.returncode == 0, listed.stderr
    return Installed(environment, projects, {line.split()[0]: line for line in listed.stdout.splitlines()})


def test_our_wheel_holds_every_file_that_is_needed(switchroom_wheel: Path) -> None:
    with zipfile.ZipFile(switchroom_wheel) as archive:
        there = set(archive.namelist())
    missing = [
        file.relative_to(ROOT).as_posix()
        for folder in ("core", "plugins", "switchroom")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and _is_needed(file) and file.relative_to(ROOT).as_posix() not in there
    ]
    assert not missing
    assert "hookspecs.py" in there
    assert not [name for name in there if name.startswith(("tests/", "bench/", "examples/", "docs/"))]


def _is_needed(file: Path) -> bool:
    """All but what is generated, what bundles are made of, and what only people read."""
    if "__pycache__" in file.parts or file.name == ".gitignore" or file.suffix == ".md":
        return False
    return not ("static" in file.parts and "src" in file.parts)


@pytest.mark.parametrize("name", ["routing", "telephony", "wrapup"])
def test_installed_command_finds_bundled_plugins(installed: Installed, name: str) -> None:
    assert "ready" in installed.listed[name]
    assert str(installed.environment.folder) in installed.listed[name]


def test_installed_plugins_of_others_are_found_and_keep_the_contract(
    installed: Installed, database_server: str, tmp_path: Path
) -> None:
    # Their tests alone, without their source: what they import is what is installed.
    for name, project in installed.projects.items():
        assert "ready" in installed.listed[name]
        shutil.copytree(project / "tests", tmp_path / name)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n", encoding="utf-8")
    # The other tests of the examples run with all of ours, on the same code.
    tests = ["remarks", *(f"{name}/test_contract.py" for name in installed.projects if name != "remarks")]
    tested = installed.environment.run(
        *("python", "-m", "pytest", "-p", "no:cacheprovider", *tests),
        cwd=tmp_path,
        SWITCHROOM_TEST_DATABASE=database_server,
    )
    assert tested.returncode == 0, tested.stdout[-8000:] + tested.stderr[-2000:]
    for test in tests:
        assert f"{test.partition('/')[0]}/test_" in tested.stdout


def test_new_plugin_is_linted_formatted_and_typed(installed: Installed) -> None:
    for tool in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        checked = installed.environment.run("python", "-m", *tool, cwd=installed.projects["remarks"])
        assert checked.returncode == 0, checked.stdout + checked.stderr
