"""The one place that decides which plugins are on for a tenant, and with which settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from core.database.connection import execute, fetch
from core.database.transaction import transaction
from core.errors import NotFound
from core.plugins.discovery import PluginRecord
from core.plugins.registry import PluginRegistry
from core.tenancy.context import TenantRef

CACHED_TENANTS = 10_000


@dataclass(frozen=True)
class Enablement:
    """What is on for one tenant, at one version of its choice."""

    plugins: frozenset[str]
    settings: Mapping[str, Mapping[str, Any]]


class EnablementCache:
    """Reads a tenant's choice once per version; the version travels with the tenant, so all processes agree."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry
        self._known: dict[int, tuple[int, Enablement]] = {}

    async def of(self, tenant: TenantRef) -> Enablement:
        """The plugins that are enabled, ready, and have all that they require."""
        known = self._known.get(tenant.id)
        if known is not None and known[0] == tenant.enablement_version:
            return known[1]
        rows = await fetch(
            "SELECT plugin, settings FROM core_tenant_plugin WHERE tenant_id = $1 AND enabled", tenant.id
        )
        chosen = {row["plugin"]: json.loads(row["settings"]) for row in rows}
        enabled: set[str] = set()
        for record in self._registry.ready:
            requires = record.manifest.requires if record.manifest else ()
            if record.name in chosen and enabled.issuperset(requires):
                enabled.add(record.name)
        result = Enablement(frozenset(enabled), MappingProxyType(chosen))
        if len(self._known) >= CACHED_TENANTS:
            self._known.clear()
        self._known[tenant.id] = (tenant.enablement_version, result)
        return result


def tenant_settings(record: PluginRecord, enablement: Enablement) -> BaseModel | None:
    """The plugin's settings for the tenant: the schema's defaults, then what the tenant has set."""
    schema = record.contributions.settings.tenant
    return schema.model_validate(enablement.settings.get(record.name, {})) if schema else None


async def enable_plugins(tenant_id: int, names: Iterable[str]) -> None:
    """Switches plugins on for a tenant; those that are on stay as they are."""
    async with transaction():
        for name in names:
            await execute(
                "INSERT INTO core_tenant_plugin (tenant_id, plugin, enabled, settings, changed_at) "
                "VALUES ($1, $2, true, '{}', now()) ON CONFLICT (tenant_id, plugin) DO UPDATE SET enabled = true",
                tenant_id,
                name,
            )
        await _changed(tenant_id)


async def disable_plugin(tenant_id: int, name: str) -> None:
    """Switches a plugin off for a tenant; its data stays."""
    async with transaction():
        await execute(
            "UPDATE core_tenant_plugin SET enabled = false, changed_at = now() WHERE tenant_id = $1 AND plugin = $2",
            tenant_id,
            name,
        )
        await _changed(tenant_id)


async def save_settings(record: PluginRecord, tenant_id: int, settings: BaseModel) -> None:
    """Stores a tenant's settings of a plugin; live in all processes with the next request.

    Raises:
        NotFound: The tenant has never enabled the plugin.
    """
    async with transaction():
        touched = await execute(
            "UPDATE core_tenant_plugin SET settings = $3::text::jsonb, changed_at = now() "
            "WHERE tenant_id = $1 AND plugin = $2",
            tenant_id,
            record.name,
            settings.model_dump_json(),
        )
        if not touched:
            raise NotFound(f"The plugin {record.name!r} is not enabled.")
        await _changed(tenant_id)


async def _changed(tenant_id: int) -> None:
    await execute("UPDATE core_tenant SET enablement_version = enablement_version + 1 WHERE id = $1", tenant_id)
