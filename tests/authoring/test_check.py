"""`switchroom plugin check` finds each kind of fault, with file, line and remedy, and nothing in a sound plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.authoring.scaffolding import DEFAULT_SUMMARY, Draft, write_plugin
from core.cli.plugin_check import check

Change = Callable[[Path], object]
PACKAGE = "src/switchroom_{name}"


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A new plugin with a name of its own for each test: what is imported once stays imported."""
    name = f"t{abs(hash(request.node.nodeid)) % 10**12}"
    write_plugin(Draft(name, DEFAULT_SUMMARY, "The authors"), tmp_path / name)
    yield tmp_path / name
    for module in [module for module in sys.modules if module.startswith(f"switchroom_{name}")]:
        del sys.modules[module]


def package(project: Path) -> Path:
    return project / "src" / f"switchroom_{project.name}"


def findings(project: Path, *options: str) -> list[str]:
    done = CliRunner().invoke(check, [str(project), *(options or ("--no-wheel",))], catch_exceptions=False)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("Nothing is wrong")]
    return lines


def test_new_plugin_has_no_findings_and_its_wheel_is_complete(project: Path) -> None:
    assert findings(project, "--wheel") == []


def test_command_ends_with_1_when_something_was_found(project: Path) -> None:
    (project / "README.md").unlink()
    done = CliRunner().invoke(check, [str(project), "--no-wheel"], standalone_mode=False)
    assert done.return_value == 1


def append(file: str, text: str) -> Change:
    def change(project: Path) -> None:
        path = package(project) / file
        path.write_text(path.read_text() + text)

    return change


def replace(file: str, old: str, new: str) -> Change:
    def change(project: Path) -> None:
        path = package(project) / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


FAULTS: dict[str, tuple[Change, str]] = {
    "core": (append("services.py", "\n\ndef peek():\n    from core import app\n"), "services.py:67: It imports core"),
    "hookspecs": (append("services.py", "\nimport hookspecs\n"), "It imports hookspecs, which is private."),
    "another plugin": (
        append("services.py", "\nimport plugins.wrapup\n"),
        "It imports plugins.wrapup of another plugin.",
    ),
    "undeclared library": (append("services.py", "\nimport httpx\n"), 'Add "httpx" to the dependencies.'),
    "test kit": (append("services.py", "\nimport switchroom.testing\n"), "That is for tests alone."),
    "unknown manifest key": (append("manifest.yaml", "flavour: sweet\n"), "key 'flavour'"),
    "another API": (replace("manifest.yaml", ">=1.0,<2", ">=7"), "It was written for API >=7"),
    "version": (replace("manifest.yaml", "version: 0.1.0", "version: 0.2.0"), "manifest.yaml:2: Its version is 0.2.0"),
    "undeclared permission": (
        replace("routes.py", '@get("/notes", permission=USE)', '@get("/notes", permission="somebody.else")'),
        "The route asks for 'somebody.else', which nobody declares",
    ),
    "no permission": (replace("routes.py", '@get("/notes", permission=USE)', '@get("/notes")'), "names no permission"),
    "raises": (append("plugin.py", "\nraise RuntimeError('no licence key')\n"), "no licence key"),
    "model without tenant": (
        append(
            "models.py",
            "\nfrom tortoise.models import Model\n\n\nclass Loose(Model):\n    id = fields.IntField(primary_key=1)\n",
        ),
        "neither a TenantModel nor a GlobalModel",
    ),
    "drift": (
        replace(
            "models.py", "    class Meta:", "    colour = fields.CharField(max_length=9, default='')\n\n    class Meta:"
        ),
        "The migrations do not make what the models say",
    ),
    "template": (append("templates/notes.html", "{% if %}"), "templates/notes.html:20: It does not compile"),
    "untranslated": (
        replace("routes.py", "The note is removed.", "The note is gone."),
        "'The note is gone.' is not translated. Correct it in locale/ru/LC_MESSAGES.",
    ),
    "asset": (replace("plugin.py", ".css", ".scss"), "which is not below static/"),
}


@pytest.mark.parametrize(("change", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_is_found(change: Change, expected: str, project: Path) -> None:
    change(project)
    found = findings(project)
    assert any(expected in line for line in found), "\n".join(found)


def test_file_that_the_wheel_lacks_is_found(project: Path) -> None:
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text().replace('"templates/**/*"', '"nothing/**/*"'))
    found = findings(project, "--wheel")
    assert any("templates/page.html: It is not in the wheel. Name it in" in line for line in found), found


@pytest.mark.parametrize("file", ["README.md", "CHANGELOG.md", "LICENSE", "tests/test_contract.py"])
def test_missing_file_is_found(file: str, project: Path) -> None:
    (project / file).unlink()
    assert any(line.startswith(file) for line in findings(project))


@pytest.mark.parametrize("name", ["routing", "telephony", "wrapup"])
def test_nothing_is_wrong_with_bundled_plugins(name: str) -> None:
    done = CliRunner().invoke(check, [name])
    assert done.stdout == f"Nothing is wrong with {name}.\n"
