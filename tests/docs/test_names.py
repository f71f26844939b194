"""Commands, settings, causes, events, keys and libraries that the documentation names are those that there are."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel

from core.app import load_plugins
from core.cli.root import root
from core.plugins.discovery import PluginState
from core.plugins.manifest import Manifest
from core.settings import Settings
from core.settings.shape import paths
from plugins.promises.settings import PromisesSettings
from plugins.records.settings import RecordSettings
from plugins.telephony.services.ending import CAUSES, MEDIA_LOST
from plugins.telephony.settings import InstallationSettings, TenantSettings
from plugins.wrapup.settings import WrapUpSettings
from tests.conftest import ROOT, make_settings
from tests.docs.pages import all_pages, codes, first_column, name_of, text_of

TROUBLESHOOTING = "docs/administrators/troubleshooting.md"
SETTINGS = {".".join(str(part) for part in path) for path in paths(Settings)}
GROUPS = {path.split(".")[0] for path in SETTINGS}
PLUGIN_SETTINGS = {f"plugins.settings.telephony.{name}" for name in InstallationSettings.model_fields}
# Files, such as settings.yaml, look like a key of a group of that name.
FILE_ENDINGS = (".py", ".md", ".yaml", ".json", ".toml", ".txt", ".js", ".css", ".html", ".po")
COMMAND = re.compile(r"(?:^|[\s/`])switchroom ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)")
OUR_PACKAGES = {"bench", "core", "hookspecs", "plugins", "switchroom", "tests"}
PARTS = {"pydantic-core": "pydantic"}
CODE_FOLDERS = ("core", "plugins", "switchroom", "bench", "tests")


# --- The command line ---


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_commands_exist(page: Path) -> None:
    unknown = [words for words in _commands(page.read_text(encoding="utf-8")) if not _is_command(words)]
    assert not unknown


def _commands(text: str) -> Iterator[str]:
    blocks = re.findall(r"```(?:sh|ini)\n(.*?)```", text, re.DOTALL)
    for code in [*codes(text), *blocks]:
        yield from COMMAND.findall(code)


def _is_command(words: str) -> bool:
    context = click.Context(root)
    first, _, second = words.partition(" ")
    command = root.get_command(context, first)
    if isinstance(command, click.Group):
        return not second or command.get_command(context, second) is not None
    return command is not None


def test_every_command_is_in_the_changes() -> None:
    assert set(root.list_commands(click.Context(root))) <= set(codes(text_of("CHANGELOG.md")))


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    named = set(re.findall(r"(?:^|\s)make ([a-z-]+)", blocks, re.MULTILINE))
    named |= {code.split()[1] for code in codes(text) if code.startswith("make ")}
    assert named <= targets


# --- Settings ---


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_settings_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    dotted = {code for code in codes(text) if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code)}
    named = {code for code in dotted if code.split(".")[0] in GROUPS and not code.endswith(FILE_ENDINGS)}
    variables = {name.lower().replace("__", ".") for name in re.findall(r"SWITCHROOM__([A-Z0-9_]+)", text)}
    assert named | variables <= SETTINGS | PLUGIN_SETTINGS | {"plugins.settings.telephony"}


def test_every_group_of_settings_has_its_line() -> None:
    page = text_of("docs/administrators/settings.md")
    assert first_column(page, below="## What belongs to the installation") == GROUPS


@pytest.mark.parametrize(
    ("page", "heading", "model"),
    [
        ("plugins/telephony/README.md", "## Settings of the installation", InstallationSettings),
        ("plugins/telephony/README.md", "## Settings of an organisation", TenantSettings),
        ("plugins/wrapup/README.md", "## Settings of a tenant", WrapUpSettings),
        ("plugins/promises/README.md", "## Settings of a tenant", PromisesSettings),
        ("plugins/records/README.md", "## Settings of a tenant", RecordSettings),
    ],
)
def test_every_setting_of_a_plugin_is_explained(page: str, heading: str, model: type[BaseModel]) -> None:
    assert first_column(text_of(page), below=heading) == set(model.model_fields)


def test_every_key_of_the_manifest_is_explained() -> None:
    page = text_of("docs/plugin-authors/README.md")
    keys = first_column(page, below="## The manifest")
    assert keys == set(Manifest.model_fields)


def test_settings_of_the_guide_for_several_processes_are_accepted() -> None:
    block = re.search(r"```yaml\n(demo: false\nsecret_key.*?)```", text_of("docs/administrators/install.md"), re.DOTALL)
    assert block is not None
    environ = {"SWITCHROOM__PLUGINS__SETTINGS": "{telephony: {media_host: 10.0.0.22, media_port: 7400}}"}
    load_plugins(make_settings("postgresql://nobody@127.0.0.1/nothing", **environ))
    keys = set(re.findall(r"^ *(\w+):", block[1], re.MULTILINE))
    assert keys <= {part for key in SETTINGS | PLUGIN_SETTINGS for part in key.split(".")} | {"telephony"}


# --- What administrators look up ---


def test_every_cause_of_the_end_of_a_call_is_explained() -> None:
    explained = first_column(text_of(TROUBLESHOOTING), below="## Why a call ended")
    assert explained == {*CAUSES.values(), MEDIA_LOST}


def test_events_of_the_log_exist() -> None:
    named = first_column(text_of(TROUBLESHOOTING), below="## Lines of the log worth knowing")
    files = [file for folder in ("core", "plugins") for file in (ROOT / folder).rglob("*.py")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    logged = set(re.findall(r"log\.\w+\(\s*\"(\w+)\"", code))
    assert named
    assert named <= logged


def test_every_state_of_a_plugin_is_explained() -> None:
    explained = first_column(text_of("docs/plugin-authors/isolation.md"), below="## While loading")
    assert {"blocked", "broken"} <= explained
    assert {code for code in explained if "." not in code} == {state.value for state in PluginState}


# --- What agents look up ---


KEY = re.compile(r"\b(?:Alt|Ctrl)\+(?:Enter|[A-Z0-9])\b")
BUILDER = ROOT / "core/web/templates/admin/forms"


def test_keys_of_agents_exist_and_are_explained() -> None:
    pages = [file for folder in ("core", "plugins") for file in (ROOT / folder).rglob("*.html")]
    files = [file for file in pages if not file.is_relative_to(BUILDER)]
    files += [ROOT / "core/web/status.py", ROOT / "core/web/workspace.py", ROOT / "core/forms/components/choices.py"]
    section = text_of("docs/users/agent.md").split("## Keys", 1)[1].split("\n## ", 1)[0]
    assert set(KEY.findall(section)) == _keys_in(files)


def test_keys_of_the_builder_are_explained_to_administrators() -> None:
    assert _keys_in(BUILDER.glob("*.html")) <= set(KEY.findall(text_of("docs/administrators/forms.md")))


def _keys_in(files: Iterable[Path]) -> set[str]:
    return {found for file in files for found in KEY.findall(file.read_text(encoding="utf-8"))}


# --- Libraries ---


def _requirement(text: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", text)
    assert match is not None
    return match[0]


def _declared() -> set[str]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"].values()
    named = [*project["project"]["dependencies"], *(item for group in groups for item in group)]
    package: dict[str, Any] = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    return {_requirement(item) for item in named} | {*package["dependencies"], *package["devDependencies"]}


def _explained() -> set[str]:
    page = text_of("docs/dependencies.md")
    return set().union(
        *(first_column(page, below=f"## {title}") for title in ("Running", "Developing", "In the browser"))
    )


def test_every_dependency_has_its_line() -> None:
    assert _declared() - _explained() == set()


def test_every_line_is_of_a_library_that_is_installed() -> None:
    pinned = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.glob("requirements*.txt"))
    installed = set(re.findall(r"^([A-Za-z0-9._-]+)==", pinned, re.MULTILINE))
    lock: dict[str, Any] = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    installed |= {path.removeprefix("node_modules/") for path in lock["packages"]}
    assert {_plain(name) for name in _explained()} <= {_plain(name) for name in installed}


def test_every_library_that_is_imported_has_its_line() -> None:
    distributions = importlib.metadata.packages_distributions()
    files = [ROOT / "hookspecs.py", *(file for folder in CODE_FOLDERS for file in (ROOT / folder).rglob("*.py"))]
    imported = {name for file in files for name in _imports(file)} - OUR_PACKAGES - sys.stdlib_module_names
    needed = {_plain(distributions[name][0]) for name in imported if name in distributions}
    assert {PARTS.get(name, name) for name in needed} <= {_plain(name) for name in _explained()}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
