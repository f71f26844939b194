"""A plugin that is at fault is put aside with its reason, and harms no other."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

import hookspecs
from core.cli.root import root
from core.plugins.context import Context
from core.plugins.contracts import Deprecation, Scope, hookspec
from core.plugins.discovery import PluginState, discover
from core.plugins.manifest import RESERVED
from core.plugins.registry import FOLDER_PACKAGE, PluginRegistry
from core.site import _core_handlers
from core.vendor import pages as vendor_pages
from tests.conftest import ROOT

WORKING = """
    from switchroom import hookimpl
    from switchroom.contributions import Permission

    class Working:
        @hookimpl
        def register_permissions(self):
            return [Permission("{name}.see", "See it")]

    plugin = Working()
"""


def write_plugin(folder: Path, name: str, code: str = WORKING, **manifest: Any) -> None:
    """Writes a plugin into a folder of plugins."""
    home = folder / name
    home.mkdir()
    values = {"name": name, "version": "1.0.0", "api": "'>=1.0,<2'", "summary": "A plugin.", **manifest}
    (home / "manifest.yaml").write_text("".join(f"{key}: {value}\n" for key, value in values.items()))
    (home / "plugin.py").write_text(textwrap.dedent(code).replace("{name}", name))


def hook(function: str, options: str = "") -> str:
    """The code of a plugin with one implementation of a hook."""
    return (
        "from switchroom import Job, hookimpl\nfrom switchroom.contributions import *\n"
        "from switchroom.jobs import Schedule\n"
        f"class P:\n    @hookimpl({options})\n    {function}\nplugin = P()\n"
    )


def registry_of(folder: Path, specifications: Any = hookspecs) -> PluginRegistry:
    """Loads a folder of plugins."""
    records = discover([(folder, f"{FOLDER_PACKAGE}{folder.name}")])
    registry = PluginRegistry(
        specifications, [record for record in records if record.module.startswith(FOLDER_PACKAGE)]
    )
    registry.load()
    registry.mark_ready()
    return registry


def load(folder: Path) -> dict[str, tuple[PluginState, str]]:
    """Loads a folder of plugins; gives state and reason by name."""
    registry = registry_of(folder)
    ours = [record for record in registry.records if record.module.startswith(FOLDER_PACKAGE)]
    return {record.name: (record.state, record.reason) for record in ours}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("broken = object()", "must hold an object named 'plugin'"),
        (
            """
            from switchroom import hookimpl
            class P:
                @hookimpl
                def agent_panels(self, ctx): return []
            plugin = P()
            """,
            "must be async def",
        ),
        (
            """
            from switchroom import hookimpl
            class P:
                @hookimpl
                async def register_jobs(self): return []
            plugin = P()
            """,
            "must be a plain def",
        ),
        (
            """
            from switchroom import hookimpl
            class P:
                @hookimpl
                def no_such_hook(self): return []
            plugin = P()
            """,
            "no_such_hook",
        ),
        (
            """
            from switchroom import hookimpl
            class P:
                @hookimpl
                async def agent_panels(self, ctx, colour): return []
            plugin = P()
            """,
            "colour",
        ),
        (
            """
            from switchroom import hookimpl
            class P:
                @hookimpl
                def register_permissions(self): return ["everything"]
            plugin = P()
            """,
            "must give Permission objects",
        ),
        (
            """
            from switchroom import hookimpl
            from switchroom.contributions import Permission
            class P:
                @hookimpl
                def register_permissions(self): return [Permission("core.everything", "All")]
            plugin = P()
            """,
            "must start with 'faulty.'",
        ),
        (
            """
            from litestar import get
            from switchroom import hookimpl
            from switchroom.contributions import Routes
            @get("/open")
            async def open_to_all() -> str: return ""
            class P:
                @hookimpl
                def register_routes(self): return Routes(pages=[open_to_all])
            plugin = P()
            """,
            "names no permission",
        ),
        (
            """
            from litestar import get
            from switchroom import hookimpl
            from switchroom.contributions import Routes
            @get("/x", permission="faulty.see")
            async def unresolvable(data: "Nothing") -> str: return ""
            class P:
                @hookimpl
                def register_routes(self): return Routes(pages=[unresolvable])
            plugin = P()
            """,
            "Nothing",
        ),
    ],
)
def test_a_faulty_plugin_is_broken_with_its_reason_and_the_others_are_ready(
    tmp_path: Path, code: str, reason: str
) -> None:
    write_plugin(tmp_path, "faulty", code)
    write_plugin(tmp_path, "working")
    states = load(tmp_path)
    assert states["faulty"][0] is PluginState.BROKEN
    assert reason in states["faulty"][1]
    assert states["working"] == (PluginState.READY, "")


def test_a_plugin_is_blocked_while_what_it_needs_is_not_ready(tmp_path: Path) -> None:
    write_plugin(tmp_path, "base", "import nothing_of_that_name")
    write_plugin(tmp_path, "addon", requires="[base]")
    assert load(tmp_path)["addon"] == (PluginState.BLOCKED, "It needs the plugin 'base', which is broken.")


def test_plugins_that_need_each_other_are_broken_and_name_the_circle(tmp_path: Path) -> None:
    write_plugin(tmp_path, "one", requires="[two]")
    write_plugin(tmp_path, "two", requires="[one]")
    states = load(tmp_path)
    assert {state for state, _reason in states.values()} == {PluginState.BROKEN}
    assert "one → two → one" in states["one"][1]


def test_a_plugin_for_another_api_is_incompatible(tmp_path: Path) -> None:
    write_plugin(tmp_path, "older", api="'>=0.1,<1'")
    assert load(tmp_path)["older"][0] is PluginState.INCOMPATIBLE


def test_a_manifest_with_an_unknown_key_names_it(tmp_path: Path) -> None:
    write_plugin(tmp_path, "faulty", requirse="[telephony]")
    state, reason = load(tmp_path)["faulty"]
    assert state is PluginState.BROKEN
    assert "requirse" in reason


# --- Needs, order and names ------------------------------------------------------------------------------------------


def test_a_plugin_may_require_a_range_of_versions(tmp_path: Path) -> None:
    write_plugin(tmp_path, "base", version="2.1.0")
    write_plugin(tmp_path, "fits", requires="['base>=2,<3']")
    write_plugin(tmp_path, "newer", requires="['base>=3']")
    write_plugin(tmp_path, "alone", requires="[nobody]")
    states = load(tmp_path)
    assert states["fits"] == (PluginState.READY, "")
    assert states["newer"] == (PluginState.BLOCKED, "It needs the plugin 'base>=3'; installed is 2.1.0.")
    assert states["alone"] == (PluginState.BLOCKED, "It needs the plugin 'nobody', which is not installed.")


@pytest.mark.parametrize(
    "need", ["base[extra]", "base @ https://example.com", "Base", "base>=x", "base; python_version>'3'"]
)
def test_a_need_that_cannot_be_read_is_refused(tmp_path: Path, need: str) -> None:
    write_plugin(tmp_path, "faulty", requires=f'["{need}"]')
    state, reason = load(tmp_path)["faulty"]
    assert state is PluginState.BROKEN
    assert "is not the name of a plugin" in reason


def test_a_version_that_is_none_is_refused(tmp_path: Path) -> None:
    write_plugin(tmp_path, "faulty", version="latest")
    assert "is not a version" in load(tmp_path)["faulty"][1]


def test_every_member_of_a_circle_is_broken_and_who_needs_one_is_blocked(tmp_path: Path) -> None:
    for name, needed in (("one", "two"), ("two", "three"), ("three", "one"), ("four", "one"), ("own", "own")):
        write_plugin(tmp_path, name, requires=f"[{needed}]")
    states = load(tmp_path)
    assert states["two"] == (
        PluginState.BROKEN,
        "Plugins need each other in a circle: two → three → one → two.",
    )
    assert states["own"][1].endswith("own → own.")
    assert {states[name][0] for name in ("one", "two", "three", "own")} == {PluginState.BROKEN}
    assert states["four"] == (PluginState.BLOCKED, "It needs the plugin 'one', which is broken.")


def test_wishes_for_an_order_are_kept_where_they_can_be(tmp_path: Path) -> None:
    write_plugin(tmp_path, "aa", after="[zz, nobody]")
    write_plugin(tmp_path, "bb", after="[cc]")
    write_plugin(tmp_path, "cc", after="[bb]")
    write_plugin(tmp_path, "zz")
    registry = registry_of(tmp_path)
    assert [record.name for record in registry.ready] == ["zz", "aa", "cc", "bb"]
    late = registry.get("cc")
    assert late is not None
    assert late.warnings == ["It cannot come after 'bb', which has to come after it."]


def test_a_plugin_of_the_name_of_a_bundled_one_harms_it_not(tmp_path: Path) -> None:
    write_plugin(tmp_path, "routing")
    bundled = (ROOT / "plugins", "plugins")
    registry = PluginRegistry(hookspecs, discover([bundled, (tmp_path, f"{FOLDER_PACKAGE}{tmp_path.name}")]))
    registry.load()
    registry.mark_ready()
    ours = registry.get("routing")
    assert ours is not None
    assert ours.ready
    assert [(record.origin, record.reason) for record in registry.records if record.name == "routing"] == [
        (ours.origin, ""),
        (str(tmp_path / "routing"), "A plugin of Switchroom itself has this name. Choose another one."),
    ]


def test_two_plugins_of_one_name_are_both_out_and_named(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        write_plugin(tmp_path / folder, "twice")
    records = discover([(tmp_path / "first", "_switchroom_a"), (tmp_path / "second", "_switchroom_b")])
    (record,) = [record for record in records if record.name == "twice"]
    assert record.state is PluginState.BROKEN
    assert str(tmp_path / "first" / "twice") in record.reason
    assert str(tmp_path / "second" / "twice") in record.reason


@pytest.mark.parametrize("name", ["core", "api", "static", "vendor", "admin", "login", "fragments", "plugins"])
def test_a_reserved_name_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    write_plugin(tmp_path, name)
    state, reason = load(tmp_path)[name]
    assert state is PluginState.BROKEN
    assert f"{name!r} is reserved: " in reason


def test_a_reserved_public_prefix_is_refused(tmp_path: Path) -> None:
    write_plugin(tmp_path, "faulty", public_prefix="login")
    assert "'login' is reserved" in load(tmp_path)["faulty"][1]


def test_what_core_uses_is_reserved() -> None:
    pages = {
        path.strip("/").split("/")[0]
        for handler in [*_core_handlers(), *vendor_pages.HANDLERS]
        for path in handler.paths
    }
    folders = {
        path.name
        for home in ("web", "forms")
        for path in (ROOT / "core" / home / "templates").iterdir()
        if path.is_dir()
    }
    commands = set(root.list_commands(click.Context(root, info_name="switchroom")))
    assert {name for name in pages | folders | commands if name} <= RESERVED.keys()


# --- Implementations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("class P: pass\nplugin = P", "must be an object, not a class"),
        ("class P:\n    def __eq__(self, other): return True\nplugin = P()", "cannot be hashed"),
        (hook("async def agent_panels(self, ctx, *, colour=1): return []"), "'colour' is keyword-only"),
        (hook("async def agent_panels(self, *values): return []"), "takes any number of values"),
        (hook("async def agent_panels(self, **values): return []"), "takes any number of values"),
        (hook("async def agent_panels(self, ctx=None): return []"), "has a default"),
        (hook("async def agent_panels(self, ctx):\n        yield []"), "must return its answer, not yield it"),
        (hook("async def agent_panel(self, ctx): return []"), "Did you mean 'agent_panels'?"),
        (hook("async def agent_panel(self, ctx): return []", "optionalhook=True"), "There is no hook named"),
        (hook("async def agent_panels(self, ctx): return []", "specname='search'"), "specname is not allowed"),
        (hook("async def agent_panels(self, ctx): return []", "wrapper=True"), "wrapping other plugins"),
        (hook("def register_settings(self): return [PluginSettings(), PluginSettings()]"), "must give 1 object, not 2"),
        (hook("def register_lookups(self): return [Lookup('other.x', 'X')]"), "must start with 'faulty.'"),
        (hook("def register_assets(self): return [Asset('../../secret')]"), "must be a file of the plugin's static/"),
        (
            hook("def register_permissions(self): return 2 * [Permission('faulty.see', 'See')]"),
            "There are 2 permissions named 'faulty.see'",
        ),
        (
            hook("def register_jobs(self): return [Schedule(Job('other.work', None), '* * * * *')]"),
            "'other.work' must start with 'faulty.'",
        ),
        (hook("def register_jobs(self): return [Schedule(Job('faulty.work', None), 'often')]"), "cannot be read"),
        (hook("def register_models(self): return Models(('nothing_of_that_name',), '')"), "nothing_of_that_name"),
    ],
)
def test_an_implementation_against_its_contract_breaks_the_plugin(tmp_path: Path, code: str, reason: str) -> None:
    write_plugin(tmp_path, "faulty", code)
    write_plugin(tmp_path, "working")
    states = load(tmp_path)
    assert states["faulty"][0] is PluginState.BROKEN
    assert reason in states["faulty"][1]
    assert states["working"] == (PluginState.READY, "")


def test_a_hook_without_its_marker_is_a_warning(tmp_path: Path) -> None:
    write_plugin(tmp_path, "forgetful", "class P:\n    async def agent_panels(self, ctx): return []\nplugin = P()")
    record = registry_of(tmp_path).get("forgetful")
    assert record is not None
    assert record.ready
    assert record.warnings == [
        "The function 'agent_panels' is named like a hook and not marked with @hookimpl, so it is never called."
    ]


class Changing:
    """Hooks of which one will go, and one argument of the other."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, deprecated=Deprecation("1.1", "2.0", "Use `new_words`."))
    async def old_words(ctx: Context) -> list[str]:
        """Gives words."""

    @staticmethod
    @hookspec(
        scope=Scope.TENANT,
        deprecated_arguments={"colour": Deprecation("1.2", "3.0", "The style sheet says it.")},
    )
    async def new_words(ctx: Context, colour: str) -> list[str]:
        """Gives words."""


def test_what_is_deprecated_is_a_warning_that_names_removal_and_replacement(tmp_path: Path) -> None:
    write_plugin(tmp_path, "older", hook("async def old_words(self, ctx): return []"))
    write_plugin(tmp_path, "painter", hook("async def new_words(self, ctx, colour): return []"))
    write_plugin(tmp_path, "newer", hook("async def new_words(self, ctx): return []"))
    for name, value in vars(hookspecs).items():
        if hasattr(value, "contract"):
            setattr(Changing, name, staticmethod(value))
    registry = registry_of(tmp_path, Changing)
    warnings = {record.name: record.warnings for record in registry.records}
    assert warnings == {
        "older": ["The hook 'old_words' is deprecated since 1.1 and will be gone in 2.0. Use `new_words`."],
        "painter": [
            "The argument 'colour' of the hook 'new_words' is deprecated since 1.2 and will be gone in 3.0. "
            "The style sheet says it."
        ],
        "newer": [],
    }


def test_the_state_of_a_plugin_has_a_time(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    write_plugin(tmp_path, "faulty", "raise SystemExit(3)")
    record = registry_of(tmp_path).get("faulty")
    assert record is not None
    assert before <= record.since <= datetime.now(UTC)
    assert record.reason == "SystemExit: 3. It happened in plugin.py, line 1."
