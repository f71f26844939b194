"""Switches plugins on and off for a tenant, by the services that the product uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core import plugin_lifecycle
from core.plugins.context import Platform
from core.plugins.discovery import PluginRecord
from core.plugins.registry import PluginRegistry
from core.tenancy.context import TenantRef


async def switch_on(
    platform: Platform, tenant: TenantRef, plugin: str, settings: Mapping[str, Any] | None = None
) -> TenantRef:
    """Switches a plugin on with all that it requires, and stores its settings; gives the tenant as it is afterwards.

    Raises:
        LookupError: There is no such plugin, or it is not ready; says why.
    """
    ready(platform.registry, plugin)
    async with platform.context(tenant) as ctx:
        await plugin_lifecycle.enable_with_requirements(platform, ctx, plugin, settings=settings)
    return await platform.tenant(tenant_id=tenant.id)


async def switch_off(platform: Platform, tenant: TenantRef, plugin: str) -> TenantRef:
    """Switches a plugin off; gives the tenant as it is afterwards."""
    async with platform.context(tenant) as ctx:
        await plugin_lifecycle.disable_plugin(platform, ctx, plugin)
    return await platform.tenant(tenant_id=tenant.id)


def with_requirements(registry: PluginRegistry, plugin: str) -> Iterator[PluginRecord]:
    """The plugins without which one cannot be used, those first that others need, and itself."""
    record = ready(registry, plugin)
    for name in record.manifest.required if record.manifest else ():
        yield from with_requirements(registry, name)
    yield record


def ready(registry: PluginRegistry, plugin: str) -> PluginRecord:
    """The plugin of that name.

    Raises:
        LookupError: There is none, or it is not ready; says why.
    """
    record = registry.get(plugin)
    if record is None:
        found = ", ".join(sorted(other.name for other in registry.records)) or "none"
        raise LookupError(f"There is no plugin {plugin!r}. Found: {found}.")
    if not record.ready:
        raise LookupError(f"The plugin {plugin!r} is {record.state.value}: {record.reason}")
    return record
