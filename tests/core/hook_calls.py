"""Hooks and a call loop of tests: over plugins that are objects, without folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

from core.plugins.context import Context
from core.plugins.contracts import Fail, Mode, Scope, hookspec
from core.plugins.contributions import Block
from core.plugins.dispatch import Dispatcher
from core.plugins.enablement import Enablement
from core.plugins.registry import PluginRegistry

TIMEOUT = 0.05


class Specifications:
    """Hooks for the tests of the call loop."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, timeout=TIMEOUT)
    async def answers(ctx: Context, number: int) -> list[int]:
        """Gives numbers."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, timeout=TIMEOUT)
    async def words(ctx: Context, number: int, word: str) -> list[str | bytes]:
        """Gives words."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, mode=Mode.FIRST, timeout=TIMEOUT)
    async def choice(ctx: Context) -> int | None:
        """Gives a number."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, mode=Mode.VETO, timeout=TIMEOUT)
    async def may_happen(ctx: Context) -> Block | None:
        """Objects, or not."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, timeout=TIMEOUT)
    async def happened(ctx: Context) -> None:
        """Hears of something."""

    @staticmethod
    @hookspec(scope=Scope.TENANT, mode=Mode.NOTIFY, fail=Fail.CLOSED)
    async def must_not_fail(ctx: Context) -> None:
        """Stops what was asked for when it fails."""


def dispatcher(**plugins: object) -> Dispatcher:
    """A call loop over plugins that are all ready."""
    registry = PluginRegistry(Specifications, [])  # type: ignore[arg-type]
    for name, plugin in plugins.items():
        registry.manager.register(plugin, name=name)
        registry.records.append(SimpleNamespace(name=name, ready=True))  # type: ignore[arg-type]
    return Dispatcher(registry)


def enabled(ctx: Context, *names: str, parked: Mapping[tuple[str, str], datetime] | None = None) -> Context:
    """The context of a tenant with these plugins."""
    return replace(ctx, _enablement=Enablement(frozenset(names), parked=parked or {}))
