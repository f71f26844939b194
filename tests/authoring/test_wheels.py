"""What is installed works without its source: Switchroom's own wheel, a new plugin's, and those of the examples."""

from __future__ import annotations

import shutil
import zipfile
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


@pytest.fixture
def environment(switchroom_wheel: Path, tmp_path: Path) -> Environment:
    """One in which Switchroom is installed from its wheel."""
    made = make_environment(tmp_path / "environment")
    made.install(switchroom_wheel)
    return made


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


def test_installed_command_finds_its_plugins(environment: Environment, database_server: str, tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    with scratch_database(database_server) as url:
        database = {"SWITCHROOM__DATABASE__URL": url}
        migrated = environment.run("switchroom", "migrate", cwd=tmp_path, **database)
        assert migrated.returncode == 0, migrated.stderr
        listed = environment.run("switchroom", "plugins", "list", cwd=tmp_path, **database)
    rows = {line.split()[0]: line for line in listed.stdout.splitlines()}
    for name in ("routing", "telephony", "wrapup"):
        assert "ready" in rows[name]
        assert str(environment.folder) in rows[name]


def test_new_plugin_is_built_installed_found_enabled_and_keeps_the_contract(
    environment: Environment, database_server: str, tmp_path: Path
) -> None:
    project = tmp_path / "switchroom-remarks"
    write_plugin(Draft("remarks", DEFAULT_SUMMARY, "The authors"), project)
    _works_where_it_is_installed(environment, project, "remarks", database_server, tmp_path, "tests")
    for tool in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        checked = environment.run("python", "-m", *tool, cwd=project)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("project", EXAMPLES, ids=lambda project: project.name)
def test_example_is_built_installed_found_enabled_and_keeps_the_contract(
    environment: Environment, project: Path, database_server: str, tmp_path: Path
) -> None:
    name = project.name.removeprefix("switchroom-")
    # The others of its tests run with all of ours, on the same code.
    contract = "tests/test_contract.py"
    _works_where_it_is_installed(environment, project, name, database_server, tmp_path, contract)


def _works_where_it_is_installed(
    environment: Environment, project: Path, name: str, server: str, folder: Path, tests: str
) -> None:
    environment.install(wheel_of(project, folder / "build"))
    (folder / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    with scratch_database(server) as url:
        database = {"SWITCHROOM__DATABASE__URL": url}
        migrated = environment.run("switchroom", "migrate", cwd=folder, **database)
        listed = environment.run("switchroom", "plugins", "list", cwd=folder, **database)
    assert migrated.returncode == 0, migrated.stderr
    row = next(line for line in listed.stdout.splitlines() if line.split()[0] == name)
    assert "ready" in row
    # Its tests alone, without its source: what they import is what is installed.
    outside = folder / "outside"
    shutil.copytree(project / "tests", outside / "tests")
    (outside / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n", encoding="utf-8")
    tested = environment.run(
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests, cwd=outside, SWITCHROOM_TEST_DATABASE=server
    )
    assert tested.returncode == 0, tested.stdout[-8000:] + tested.stderr[-2000:]
