"""The one place that decides which plugins are on for a tenant, and with which settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import structlog
from pydantic import BaseModel

from core.database.connection import execute, fetch
from core.database.transaction import after_commit
from core.plugins.discovery import PluginRecord
from core.plugins.issues import parked_hooks
from core.plugins.registry import PluginRegistry
from core.plugins.settings import SECRET_UNSET, SettingsReader, UnusableSettings, masked, secrets_of, upgrade
from core.tenancy.context import TenantRef

log = structlog.get_logger(__name__)

CACHED_TENANTS = 10_000


@dataclass(frozen=True)
class Choice:
    """What a tenant has chosen of one plugin, as it is stored.

    Attributes:
        enabled: Whether it is to be on.
        draining: Whether it was switched off and stays until the interactions that it carries have ended.
        values: What the tenant has set, brought to the version that the plugin has now if that could be done; secrets
            are sealed.
    """

    enabled: bool
    draining: bool
    values: Mapping[str, Any]
    changed_at: datetime


@dataclass(frozen=True)
class Enablement:
    """What is on for one tenant, at one version of its choice.

    Attributes:
        plugins: Those that work: chosen, ready, with usable settings and with all that they require.
        settings: The settings of each ready plugin that has any, on or off, unless they are unusable.
        choices: What is stored, of each plugin that the tenant has ever chosen or set.
        suspended: Those that are chosen and ready and yet do not work, with the reason.
        draining: Those of `plugins` that are being switched off: what they carry goes on, nothing new begins.
        parked: Hooks that have failed too often, as (plugin, hook), and until when; see `core.plugins.issues`.
    """

    plugins: frozenset[str]
    settings: Mapping[str, BaseModel] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)
    suspended: Mapping[str, str] = field(default_factory=dict)
    draining: frozenset[str] = frozenset()
    parked: Mapping[tuple[str, str], datetime] = field(default_factory=dict)

    @property
    def chosen(self) -> frozenset[str]:
        """The plugins that the tenant wants on, whether they work or not."""
        return frozenset(name for name, choice in self.choices.items() if choice.enabled)


class EnablementCache:
    """Reads a tenant's choice once per version; the version travels with the tenant, so all processes agree."""

    def __init__(self, registry: PluginRegistry, reader: SettingsReader) -> None:
        self.reader = reader
        self._registry = registry
        self._known: dict[int, tuple[tuple[int, int], Enablement]] = {}
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    async def of(self, tenant: TenantRef) -> Enablement:
        """The plugins that are enabled, ready, and have all that they require."""
        version = (tenant.enablement_version, self._registry.generation)
        known = self._known.get(tenant.id)
        if known is not None and known[0] == version:
            return known[1]
        result = await self.read(tenant.id)
        if len(self._known) >= CACHED_TENANTS:
            self._known.clear()
            self._sets.clear()
        # Tenants with the same plugins share one set: the plans of hooks are found by it, and comparing two is slow.
        result = replace(result, plugins=self._sets.setdefault(result.plugins, result.plugins))
        self._known[tenant.id] = (version, result)
        return result

    async def read(self, tenant_id: int) -> Enablement:
        """The same, as the current transaction sees it, past the cache.

        Settings of an older version are brought to the plugin's; what could not be is suspended, with the reason.
        """
        rows = await fetch(
            "SELECT plugin, enabled, draining_since IS NOT NULL AS draining, settings, schema_version, "
            "suspended_reason, changed_at FROM core_tenant_plugin WHERE tenant_id = $1",
            tenant_id,
        )
        stored = {row["plugin"]: row for row in rows}
        draft = _Draft()
        for record in self._registry.ready:
            row = stored.pop(record.name, None)
            refusal = await self._add_settings(draft, tenant_id, record, row)
            if row is not None:
                draft.decide(record, row, refusal)
        for name, row in stored.items():
            draft.choices[name] = _choice(row, json.loads(row["settings"]))
        return replace(draft.finished(), parked=await parked_hooks(tenant_id))

    async def _add_settings(
        self, draft: _Draft, tenant_id: int, record: PluginRecord, row: dict[str, Any] | None
    ) -> str:
        """Reads a plugin's settings; gives why they cannot be used, or an empty text."""
        contributed = record.contributions.settings
        values: dict[str, Any] = json.loads(row["settings"]) if row else {}
        refusal, upgraded = "", values
        try:
            upgraded = upgrade(contributed, row["schema_version"], values) if row and values else values
            settings = self.reader.resolve(record, upgraded)
            if settings is not None:
                draft.settings[record.name] = settings
        except UnusableSettings as error:
            refusal, upgraded = str(error), values
        if row is not None:
            draft.choices[record.name] = _choice(row, upgraded)
            await self._keep(tenant_id, record, row, upgraded, refusal)
        return refusal

    async def _keep(
        self, tenant_id: int, record: PluginRecord, row: dict[str, Any], values: dict[str, Any], refusal: str
    ) -> None:
        """Stores what became of settings of another version, unless somebody has saved others since."""
        version = row["schema_version"] if refusal else record.contributions.settings.version
        if (row["schema_version"], row["suspended_reason"]) == (version, refusal):
            return

        async def store() -> None:
            await execute(
                "UPDATE core_tenant_plugin SET settings = $3::text::jsonb, schema_version = $4, suspended_reason = $5 "
                "WHERE tenant_id = $1 AND plugin = $2 AND changed_at = $6",
                tenant_id,
                record.name,
                json.dumps(values),
                version,
                refusal,
                row["changed_at"],
            )

        if refusal:
            log.warning("plugin_suspended", tenant=tenant_id, plugin=record.name, reason=refusal)
        # Not inside somebody else's transaction: it would hold the row until that ends.
        await after_commit(store)


@dataclass
class _Draft:
    """An `Enablement` that is being put together, plugin after plugin, those that are required first."""

    enabled: set[str] = field(default_factory=set)
    draining: set[str] = field(default_factory=set)
    settings: dict[str, BaseModel] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    suspended: dict[str, str] = field(default_factory=dict)

    def decide(self, record: PluginRecord, row: dict[str, Any], refusal: str) -> None:
        """Whether a ready plugin is on."""
        if not (row["enabled"] or row["draining"]):
            return
        missing = [name for name in requirements(record) if name not in self.enabled]
        if refusal:
            self.suspended[record.name] = refusal
        elif missing:
            self.suspended[record.name] = f"It needs the plugin {missing[0]}, which is off."
        else:
            self.enabled.add(record.name)
            if row["draining"]:
                self.draining.add(record.name)

    def finished(self) -> Enablement:
        return Enablement(
            frozenset(self.enabled),
            MappingProxyType(self.settings),
            MappingProxyType(self.choices),
            MappingProxyType(self.suspended),
            frozenset(self.draining),
        )


def requirements(record: PluginRecord) -> tuple[str, ...]:
    """The plugins that must be on for this one to be on."""
    return record.manifest.required if record.manifest else ()


def tenant_settings(record: PluginRecord, enablement: Enablement) -> BaseModel | None:
    """The plugin's settings for the tenant; None when it has none, or they cannot be used."""
    return enablement.settings.get(record.name)


def shown_settings(record: PluginRecord, enablement: Enablement) -> dict[str, Any]:
    """The settings as a form or the API shows them, JSON; markers stand for secrets.

    Of settings that cannot be used, what is stored, so that it can be mended.
    """
    schema = record.contributions.settings.tenant
    if schema is None:
        return {}
    settings = enablement.settings.get(record.name)
    if settings is not None:
        values: dict[str, Any] = masked(settings)
        return values
    choice = enablement.choices.get(record.name)
    stored = masked(choice.values) if choice else {}
    return {name: SECRET_UNSET for name in secrets_of(schema)} | stored


async def store_choice(tenant_id: int, name: str, changed_by: str, *, enabled: bool) -> None:
    """Switches a plugin on or off in the current transaction; live in all processes once that has committed."""
    await execute(
        "INSERT INTO core_tenant_plugin (tenant_id, plugin, enabled, settings, changed_by, changed_at) "
        "VALUES ($1, $2, $3, '{}', $4, now()) ON CONFLICT (tenant_id, plugin) DO UPDATE "
        "SET enabled = $3, draining_since = NULL, suspended_reason = '', changed_by = $4, changed_at = now()",
        tenant_id,
        name,
        enabled,
        changed_by,
    )
    await changed(tenant_id)


async def store_settings(record: PluginRecord, tenant_id: int, values: Mapping[str, Any], changed_by: str) -> None:
    """Stores a tenant's settings of a plugin, sealed; of one that was never on, without switching it on."""
    await execute(
        "INSERT INTO core_tenant_plugin "
        "(tenant_id, plugin, enabled, settings, schema_version, changed_by, changed_at) "
        "VALUES ($1, $2, false, $3::text::jsonb, $4, $5, now()) ON CONFLICT (tenant_id, plugin) DO UPDATE "
        "SET settings = excluded.settings, schema_version = $4, suspended_reason = '', changed_by = $5, "
        "changed_at = now()",
        tenant_id,
        record.name,
        json.dumps(dict(values)),
        record.contributions.settings.version,
        changed_by,
    )
    await changed(tenant_id)


async def changed(tenant_id: int) -> None:
    """Tells all processes, with the next thing that they do for the tenant, to read its choice anew."""
    await execute("UPDATE core_tenant SET enablement_version = enablement_version + 1 WHERE id = $1", tenant_id)


def _choice(row: dict[str, Any], values: Mapping[str, Any]) -> Choice:
    return Choice(row["enabled"], row["draining"], values, row["changed_at"])
