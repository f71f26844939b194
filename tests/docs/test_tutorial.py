"""The tutorial for authors of plugins: what it tells to write is written, and works as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.authoring.checks.finding import subject_of
from core.authoring.checks.loaded import write_metadata
from core.authoring.scaffolding import DEFAULT_SUMMARY, Draft, write_plugin
from tests.conftest import ROOT
from tests.docs.pages import text_of

PAGE = "docs/plugin-authors/tutorial.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CODE = {"python", "html", "po"}
NEW, APPEND, OLD = (
    re.compile(pattern)
    for pattern in (r"This is `([^`]+)`:$", r"At the end of `([^`]+)`, add$", r"In `([^`]+)`, in place of$")
)


@dataclass(frozen=True)
class Block:
    """A block of code, and the sentence before it."""

    lead: str
    language: str
    text: str


def blocks() -> Iterator[Block]:
    """The blocks of the page in their order."""
    page, end = text_of(PAGE), 0
    for match in FENCE.finditer(page):
        lead = " ".join(page[end : match.start()].split())
        end = match.end()
        yield Block(lead, match[1], match[2])


def follow(project: Path) -> None:
    """Does with the files what the page says, block by block; fails at one that says nothing of itself."""
    replaced: tuple[Path, str] | None = None
    for block in blocks():
        if block.language not in CODE:
            continue
        if replaced is not None:
            assert block.lead == "write", f"After 'in place of' comes 'write', not: {block.lead}"
            file, old = replaced
            text = file.read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{file.name} holds {text.count(old)} times:\n{old}"
            file.write_text(text.replace(old, block.text), encoding="utf-8")
            replaced = None
        elif match := NEW.search(block.lead):
            assert not (project / match[1]).exists(), match[1]
            (project / match[1]).write_text(block.text, encoding="utf-8")
        elif match := APPEND.search(block.lead):
            file = project / match[1]
            # As an editor's formatter would have it: two blank lines before what stands for itself.
            space = "\n\n" if block.language == "python" else ""
            file.write_text(file.read_text(encoding="utf-8") + space + block.text, encoding="utf-8")
        elif match := OLD.search(block.lead):
            replaced = project / match[1], block.text
        else:
            pytest.fail(f"The page does not say where this block belongs: {block.lead}\n{block.text}")
    assert replaced is None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as it is at the end of the page."""
    folder = tmp_path_factory.mktemp("tutorial") / "switchroom-remarks"
    write_plugin(Draft("remarks", DEFAULT_SUMMARY, "The authors"), folder)
    follow(folder)
    return folder


def run(project: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs a module as in the environment of the page, where the plugin is installed from its source."""
    metadata = project.parent / "metadata"
    if not metadata.exists():
        metadata.mkdir()
        write_metadata(metadata, subject_of(str(project), ROOT / "plugins"))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SWITCHROOM", "PYTEST"))}
    path = os.pathsep.join(map(str, (project / "src", metadata, ROOT)))
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={**inherited, "PYTHONPATH": path, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_code_is_linted_and_formatted(project: Path) -> None:
    for command in (("ruff", "check"), ("ruff", "format", "--diff")):
        done = run(project, *command)
        assert done.returncode == 0, done.stdout


def test_check_finds_nothing(project: Path) -> None:
    done = run(project, "core.cli", "plugin", "check", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_tests_pass_at_the_end(project: Path, database_server: str) -> None:
    done = run(project, "pytest", "-q", "-p", "no:cacheprovider", SWITCHROOM_TEST_DATABASE=database_server)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_changed_model_without_its_migration_is_refused_as_the_page_says(
    tmp_path: Path, project: Path, database_server: str
) -> None:
    write_plugin(Draft("remarks", DEFAULT_SUMMARY, "The authors"), tmp_path / "remarks")
    follow(tmp_path / "remarks")
    (tmp_path / "remarks/src/switchroom_remarks/migrations/0002_pinned.py").unlink()
    only = ("-k", "test_models_are_those_of_the_migrations")
    done = run(tmp_path / "remarks", "pytest", "-q", *only, SWITCHROOM_TEST_DATABASE=database_server)
    said = next(block.text for block in blocks() if block.text.startswith("Models and migrations differ."))
    assert said in done.stdout
