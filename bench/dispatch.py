"""What a hook costs that 12 plugins implement: core's call loop, against a bare loop over the same awaits.

The loop of core gives each plugin its own context, ends what hangs, checks the answer, and catches what is raised. The
reference does nothing of that. The plugins answer at once, as most do, with one entry each; `empty` is the same with
plugins that do nothing at all, and `waiting` with such as wait once.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import hookspecs
from core.plugins.context import SYSTEM, Context, Platform
from core.plugins.contracts import hookimpl
from core.plugins.contributions import NavItem
from core.plugins.dispatch import Dispatcher
from core.plugins.enablement import Enablement
from core.plugins.registry import PluginRegistry
from core.tenancy.context import TenantRef

PLUGINS = 12
TENANTS = 1000
SETS = 50
ROUNDS = 7
CALLS = 4000
WAITING_CALLS = 400


class Answering:
    """Gives one entry."""

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return [NavItem(f"{ctx.plugin}.page", "Page", f"/p/{ctx.plugin}/", "home")]


class Empty:
    """Gives nothing."""

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return []


class Waiting:
    """Waits once, as for a database that has the answer ready."""

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        await asyncio.sleep(0)
        return []


def platform_of(kind: type, count: int) -> Platform:
    """The services of a process with so many plugins, as far as hooks need them."""
    registry = PluginRegistry(hookspecs, [])
    for number in range(count):
        name = f"plugin{number}"
        registry.manager.register(kind(), name=name)
        registry.records.append(cast(Any, SimpleNamespace(name=name, ready=True)))
    return cast(Platform, SimpleNamespace(dispatcher=Dispatcher(registry), registry=registry))


def context_of(platform: Platform, number: int, plugins: frozenset[str]) -> Context:
    """The context of a tenant with these plugins."""
    return Context(platform, TenantRef(number, f"tenant{number}", "Tenant"), SYSTEM, Enablement(plugins))


async def bare(implementations: list[Callable[..., Awaitable[Any]]], contexts: list[Context]) -> list[Any]:
    """The same awaits, and nothing around them."""
    answers: list[Any] = []
    for implementation, ctx in zip(implementations, contexts, strict=True):
        answer = await implementation(ctx)
        if answer is not None:
            answers += answer
    return answers


async def seconds_of(call: Callable[[], Awaitable[Any]], times: int) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    for _ in range(times):
        await call()
    return (time.perf_counter() - started) / times


async def against_bare(kind: type, times: int) -> tuple[float, float]:
    """Core's loop and the bare one, seconds of a call each, medians of alternating rounds."""
    platform = platform_of(kind, PLUGINS)
    ctx = context_of(platform, 1, frozenset(f"plugin{number}" for number in range(PLUGINS)))
    plugins = [platform.registry.manager.get_plugin(f"plugin{number}") for number in range(PLUGINS)]
    implementations = [cast(Any, plugin).navigation_items for plugin in plugins]
    contexts = [ctx.for_plugin(f"plugin{number}") for number in range(PLUGINS)]
    assert await ctx.collect("navigation_items") == await bare(implementations, contexts)
    ours, reference = [], []
    for _ in range(ROUNDS):
        ours.append(await seconds_of(lambda: ctx.collect("navigation_items"), times))
        reference.append(await seconds_of(lambda: bare(implementations, contexts), times))
    return statistics.median(ours), statistics.median(reference)


async def many_tenants(times: int) -> tuple[float, float]:
    """A call for 1,000 tenants in turn, with 50 different sets of plugins, and one for one tenant.

    Each set has 12 of 16 plugins. The one tenant has as many contexts, as it has in as many requests: what is measured
    is whether its plan is found as quickly, not how much memory the processor has at hand.
    """
    platform = platform_of(Answering, 16)
    names = [f"plugin{number}" for number in range(16)]
    sets = [frozenset(chosen) for chosen in itertools.islice(itertools.combinations(names, PLUGINS), SETS)]
    contexts = [context_of(platform, number, sets[number % SETS]) for number in range(TENANTS)]
    same = [context_of(platform, 1, sets[0]) for _ in range(TENANTS)]
    for ctx in (*contexts, *same):
        await ctx.collect("navigation_items")
    turn, turn_of_one = itertools.cycle(contexts), itertools.cycle(same)
    ours, reference = [], []
    for _ in range(ROUNDS):
        ours.append(await seconds_of(lambda: next(turn).collect("navigation_items"), times))
        reference.append(await seconds_of(lambda: next(turn_of_one).collect("navigation_items"), times))
    return statistics.median(ours), statistics.median(reference)


async def _run() -> dict[str, Any]:
    ours, reference = await against_bare(Answering, CALLS)
    empty = await against_bare(Empty, CALLS)
    waiting = await against_bare(Waiting, WAITING_CALLS)
    thousand, one = await many_tenants(CALLS)
    return {
        "name": "dispatch",
        "ours": round(ours * 1e6, 2),
        "reference": round(reference * 1e6, 2),
        "ratio": round(ours / reference, 2),
        "unit": f"microseconds per call of a hook that {PLUGINS} plugins implement; the reference is a bare loop",
        "n": ROUNDS,
        "ratio_empty": round(empty[0] / empty[1], 2),
        "ratio_waiting": round(waiting[0] / waiting[1], 2),
        "tenants": {
            "ours": round(thousand * 1e6, 2),
            "reference": round(one * 1e6, 2),
            "ratio": round(thousand / one, 2),
            "unit": f"microseconds per call, {TENANTS} tenants with {SETS} sets; the reference is one tenant",
        },
    }


def run() -> dict[str, Any]:
    """Measure in alternating rounds."""
    return asyncio.run(_run())
