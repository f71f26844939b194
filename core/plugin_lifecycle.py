"""Starts and stops plugins, process-wide and for a tenant."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from core.plugins.context import Context, Platform
from core.plugins.contracts import contract_of
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.enablement import enable_plugins

log = structlog.get_logger(__name__)


async def start_plugins(platform: Platform, *, media: bool) -> None:
    """Tells each plugin that the process has started; one that fails is broken and the others go on."""
    for record in platform.registry.ready:
        try:
            await _tell(platform, record, "plugin_startup", media=media)
        except (Exception, SystemExit) as error:
            log.exception("plugin_startup_failed", plugin=record.name)
            record.fail(PluginState.BROKEN, f"It could not start: {error}")


async def stop_plugins(platform: Platform) -> None:
    """Tells each plugin that the process is about to stop."""
    for record in reversed(platform.registry.ready):
        try:
            await _tell(platform, record, "plugin_shutdown")
        except (Exception, SystemExit):
            log.exception("plugin_shutdown_failed", plugin=record.name)


async def enable_for_tenant(platform: Platform, ctx: Context, names: list[str]) -> None:
    """Switches plugins on for the tenant of `ctx`, and lets each prepare itself there."""
    await enable_plugins(ctx.tenant.id, names)
    async with platform.context(await platform.tenant(tenant_id=ctx.tenant.id), ctx.actor) as fresh:
        for name in names:
            record = platform.registry.get(name)
            if record is not None and record.ready:
                await _tell(platform, record, "plugin_enabled", ctx=fresh.for_plugin(name))


async def _tell(platform: Platform, record: PluginRecord, hook: str, **arguments: Any) -> None:
    caller = getattr(platform.registry.manager.hook, hook)
    values = {"platform": platform, **arguments}
    for implementation in caller.get_hookimpls():
        if implementation.plugin is record.plugin:
            async with asyncio.timeout(contract_of(caller).timeout):
                await implementation.function(*(values[name] for name in implementation.argnames))
