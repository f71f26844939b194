"""Starts and stops plugins in a process, and switches them on and off for tenants."""

from __future__ import annotations

from typing import Any

import structlog

from core.plugins.context import Platform
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.enablement import shown_settings
from core.plugins.faults import reason_of
from core.plugins.one_plugin import ask
from core.tenant_plugins.overview import TenantPluginView, overview
from core.tenant_plugins.purging import purge_plugin
from core.tenant_plugins.settings import save_plugin_settings
from core.tenant_plugins.switching_off import disable_plugin
from core.tenant_plugins.switching_on import enable_plugin, enable_what_can_be, enable_with_requirements

__all__ = [
    "TenantPluginView",
    "disable_plugin",
    "enable_plugin",
    "enable_what_can_be",
    "enable_with_requirements",
    "overview",
    "purge_plugin",
    "save_plugin_settings",
    "shown_settings",
    "start_plugins",
    "stop_plugins",
]

log = structlog.get_logger(__name__)


async def start_plugins(platform: Platform, *, media: bool) -> None:
    """Tells each plugin that the process has started; one that fails is broken and the others go on."""
    for record in platform.registry.ready:
        if unmet := platform.registry.unmet_need(record):
            record.fail(PluginState.BLOCKED, unmet)
            continue
        try:
            await _tell(platform, record, "plugin_startup", media=media)
        except TimeoutError as error:
            log.exception("plugin_startup_failed", plugin=record.name)
            record.fail(PluginState.BROKEN, f"It could not start in time. {reason_of(error, record.folder)}")
        except (Exception, SystemExit) as error:
            log.exception("plugin_startup_failed", plugin=record.name)
            record.fail(PluginState.BROKEN, f"It could not start. {reason_of(error, record.folder)}")


async def stop_plugins(platform: Platform) -> None:
    """Tells each plugin that the process is about to stop."""
    for record in reversed(platform.registry.ready):
        try:
            await _tell(platform, record, "plugin_shutdown")
        except (Exception, SystemExit):
            log.exception("plugin_shutdown_failed", plugin=record.name)


async def _tell(platform: Platform, record: PluginRecord, hook: str, **arguments: Any) -> None:
    await ask(platform.registry, record, hook, platform=platform, **arguments)
