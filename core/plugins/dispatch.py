"""The call loop of hooks: pluggy registers and orders, this calls, under the contract of each hook.

pluggy cannot await, and stops at the first plugin that raises. Here each implementation of an enabled plugin is called
with its own context, awaited under a timeout, timed and caught, and the others still run.
"""

from __future__ import annotations

import asyncio
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog

from core.plugins.contracts import Fail, contract_of
from core.plugins.registry import PluginRegistry

if TYPE_CHECKING:
    from core.plugins.context import Context

log = structlog.get_logger(__name__)


class HookFailed(Exception):
    """An implementation of a hook that must not fail has failed."""


class Dispatcher:
    """Calls the hooks of one application instance."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry
        self._plan = lru_cache(maxsize=2048)(self._make_plan)

    async def collect(self, hook: str, ctx: Context, **arguments: Any) -> list[Any]:
        """All answers of the tenant's enabled plugins, lists flattened, in plugin order."""
        contract = contract_of(getattr(self._registry.manager.hook, hook))
        answers: list[Any] = []
        for name, impl in self._plan(hook, ctx.enabled_plugins):
            started = time.monotonic()
            values = {"ctx": ctx.for_plugin(name), **arguments}
            try:
                answer = impl.function(*(values[argument] for argument in impl.argnames))
                if contract.asynchronous:
                    async with asyncio.timeout(contract.timeout):
                        answer = await answer
            except (Exception, SystemExit) as error:
                log.exception(
                    "hook_failed", hook=hook, plugin=name, tenant=ctx.tenant.slug, seconds=time.monotonic() - started
                )
                if contract.fail is Fail.CLOSED:
                    raise HookFailed(f"The plugin {name!r} failed in {hook!r}.") from error
                continue
            if answer is not None:
                answers += answer if isinstance(answer, list) else [answer]
        return answers

    async def notify(self, hook: str, ctx: Context, **arguments: Any) -> None:
        """Tells the tenant's enabled plugins what has happened."""
        await self.collect(hook, ctx, **arguments)

    def _make_plan(self, hook: str, enabled: frozenset[str]) -> tuple[tuple[str, Any], ...]:
        order = {record.name: number for number, record in enumerate(self._registry.ready)}
        implementations = getattr(self._registry.manager.hook, hook).get_hookimpls()
        chosen = [(impl.plugin_name, impl) for impl in implementations if impl.plugin_name in enabled & order.keys()]
        return tuple(sorted(chosen, key=lambda pair: order[pair[0]]))
