"""A plugin that is at fault is put aside with its reason, and harms no other."""

from __future__ import annotations

import asyncio
import textwrap
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hookspecs
from core.plugins.context import Context
from core.plugins.contracts import Fail, Scope, hookimpl, hookspec
from core.plugins.discovery import PluginState, discover
from core.plugins.dispatch import Dispatcher, HookFailed
from core.plugins.enablement import Enablement
from core.plugins.registry import FOLDER_PACKAGE, PluginRegistry

pytestmark = pytest.mark.anyio

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


def load(folder: Path) -> dict[str, tuple[PluginState, str]]:
    """Loads a folder of plugins; gives state and reason by name."""
    registry = PluginRegistry(hookspecs, discover([(folder, f"{FOLDER_PACKAGE}{folder.name}")]))
    registry.load()
    registry.mark_ready()
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
    assert load(tmp_path)["addon"] == (PluginState.BLOCKED, "It needs the plugin 'base', which is not ready.")


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


class Specifications:
    """Hooks for the tests of the call loop."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, timeout=0.05)
    async def answers(ctx: Context, number: int) -> list[int]:
        """Gives numbers."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, fail=Fail.CLOSED)
    async def must_not_fail(ctx: Context) -> None:
        """Stops what was asked for when it fails."""


class Good:
    @hookimpl
    async def answers(self, ctx: Context, number: int) -> list[int]:
        return [number, len(ctx.plugin)]


class Raising:
    @hookimpl
    async def answers(self) -> list[int]:
        raise SystemExit("from a library")

    @hookimpl
    async def must_not_fail(self) -> None:
        raise ValueError("it failed")


class Hanging:
    @hookimpl
    async def answers(self) -> list[int]:
        await asyncio.Event().wait()
        return [0]


def dispatcher(**plugins: object) -> Dispatcher:
    """A call loop over plugins that are all ready."""
    registry = PluginRegistry(Specifications, [])  # type: ignore[arg-type]
    for name, plugin in plugins.items():
        registry.manager.register(plugin, name=name)
        registry.records.append(SimpleNamespace(name=name, ready=True))  # type: ignore[arg-type]
    return Dispatcher(registry)


def enabled(ctx: Context, *names: str) -> Context:
    """The context of a tenant with these plugins."""
    return replace(ctx, _enablement=Enablement(frozenset(names), {}))


async def test_a_plugin_that_raises_or_hangs_does_not_keep_the_others_from_answering(ctx: Context) -> None:
    hooks = dispatcher(bad=Raising(), good=Good(), slow=Hanging(), other=Good())
    answers = await hooks.collect("answers", enabled(ctx, "bad", "good", "slow", "other"), number=7)
    assert answers == [7, len("good"), 7, len("other")]


async def test_a_plugin_that_is_off_for_the_tenant_is_not_called(ctx: Context) -> None:
    hooks = dispatcher(good=Good(), other=Good())
    assert await hooks.collect("answers", enabled(ctx, "other"), number=7) == [7, len("other")]
    assert await hooks.collect("answers", enabled(ctx), number=7) == []


async def test_a_hook_that_must_not_fail_stops_what_was_asked_for(ctx: Context) -> None:
    with pytest.raises(HookFailed):
        await dispatcher(bad=Raising()).collect("must_not_fail", enabled(ctx, "bad"))
