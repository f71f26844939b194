"""What `switchroom plugin new` writes, and what it refuses. Its tests are run by `test_wheels`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from core.authoring.scaffolding import DEFAULT_SUMMARY, LICENSES, Draft, check_name, write_plugin
from core.cli.plugin_new import new
from core.errors import Conflict, InvalidInput
from core.plugins.manifest import read_manifest

LONGEST = "abcdefghijabcdefghijabcdefghijx"


@pytest.mark.parametrize("name", ["ab", "remarks", LONGEST])
def test_new_plugin_is_linted_and_formatted_whatever_its_name(name: str, tmp_path: Path) -> None:
    write_plugin(Draft(name, DEFAULT_SUMMARY, "The authors"), tmp_path / name)
    for command in (("check",), ("format", "--check")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command], cwd=tmp_path / name, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_new_plugin_says_what_it_is_for(tmp_path: Path) -> None:
    summary = "Counts: who calls, and how often."
    write_plugin(Draft("counting", summary, "The authors"), tmp_path / "counting")
    manifest = read_manifest(tmp_path / "counting/src/switchroom_counting/manifest.yaml")
    assert (manifest.name, manifest.summary) == ("counting", summary)


@pytest.mark.parametrize("license_name", LICENSES)
def test_license_is_the_chosen_one(license_name: str, tmp_path: Path) -> None:
    write_plugin(Draft("remarks", DEFAULT_SUMMARY, "Kim Lee", license_name), tmp_path / "remarks")
    text = (tmp_path / "remarks/LICENSE").read_text()
    assert f'license = "{license_name}"' in (tmp_path / "remarks/pyproject.toml").read_text()
    assert ("Kim Lee" in text) or license_name == "Apache-2.0"
    assert "[[" not in text


def test_plugin_without_a_license_claims_none(tmp_path: Path) -> None:
    write_plugin(Draft("remarks", DEFAULT_SUMMARY, "Kim Lee", "none"), tmp_path / "remarks")
    assert not (tmp_path / "remarks/LICENSE").exists()
    assert "license" not in (tmp_path / "remarks/pyproject.toml").read_text()


def test_nothing_of_the_scaffold_is_left_unfilled(tmp_path: Path) -> None:
    for file in write_plugin(Draft("remarks", DEFAULT_SUMMARY, "The authors"), tmp_path / "remarks"):
        assert "_package_" not in str(file)
        assert not {"[[ ", "[% "} & set(file.read_text().split(" "))
    assert yaml.safe_load((tmp_path / "remarks/src/switchroom_remarks/manifest.yaml").read_text())


@pytest.mark.parametrize("name", ["", "a", "Remarks", "re-marks", "1st", "remarks ", "../up", LONGEST + "y", "übung"])
def test_name_that_no_plugin_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a plugin"):
        check_name(name)


@pytest.mark.parametrize("name", ["core", "users", "api", "class", "json"])
def test_name_that_means_something_else_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_name(name)
    assert "Choose another one" in refused.value.fields["name"]


def test_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/precious.txt").write_text("mine")
    with pytest.raises(Conflict, match="already"):
        write_plugin(Draft("remarks", DEFAULT_SUMMARY, "The authors"), tmp_path / "mine")
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["precious.txt"]


@pytest.mark.parametrize("summary", ["", "Two\nlines.", 'A "quoted" one.', "A back\\slash."])
def test_summary_that_would_break_the_files_is_refused(summary: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="summary"):
        write_plugin(Draft("remarks", summary, "The authors"), tmp_path / "remarks")
    assert not (tmp_path / "remarks").exists()


def test_command_says_what_to_do_next(tmp_path: Path) -> None:
    done = CliRunner().invoke(new, ["remarks", "--into", str(tmp_path / "remarks"), "--license", "MIT"])
    assert done.exit_code == 0
    assert "pip install -e '.[dev]'" in done.output
    assert "switchroom plugin check ." in done.output
