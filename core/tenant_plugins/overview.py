"""What a tenant has switched on, as people see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.plugins.discovery import PluginRecord
from core.plugins.enablement import Enablement, requirements
from core.tenant_plugins.choice import required_by


@dataclass(frozen=True)
class TenantPluginView:
    """One plugin as a tenant's administrator and the vendor see it.

    Attributes:
        state: How far it has come in this process, a value of `PluginState`; `missing` when it is not installed.
        reason: Why it is in a state other than `ready`.
        enabled: Whether the tenant has it switched on.
        on: Whether it works; False beside `enabled` when `reason` or `suspended_reason` says why.
        draining: Whether it was switched off, and stays on until the interactions that it carries have ended.
        suspended_reason: Why it does not work for this tenant although it is enabled and ready; else empty.
        restricted: Whether only the vendor may switch it on.
        requires: The plugins that must be on for it.
        required_by: The plugins that need it and are enabled: it cannot be switched off before them.
        has_settings: Whether there is something that the tenant may set.
        changed_at: When the tenant's choice or its settings changed last; None when there never was any.
    """

    name: str
    version: str
    summary: str
    state: str
    reason: str
    enabled: bool
    on: bool
    draining: bool
    suspended_reason: str
    restricted: bool
    requires: tuple[str, ...]
    required_by: tuple[str, ...]
    has_settings: bool
    changed_at: datetime | None


async def overview(platform: Platform, ctx: Context) -> list[TenantPluginView]:
    """All plugins that are installed, and those that the tenant has on although they are not, by name."""
    state = await platform.enablement.read(ctx.tenant.id)
    views = [_view(platform, state, record) for record in platform.registry.records]
    installed = {record.name for record in platform.registry.records}
    views += [_missing(platform, state, name) for name in state.chosen - installed]
    return sorted(views, key=lambda view: view.name)


def _view(platform: Platform, state: Enablement, record: PluginRecord) -> TenantPluginView:
    choice = state.choices.get(record.name)
    return TenantPluginView(
        name=record.name,
        version=record.version,
        summary=record.manifest.summary if record.manifest else "",
        state=record.state.value,
        reason=record.reason,
        enabled=record.name in state.chosen,
        on=record.name in state.plugins,
        draining=record.name in state.draining,
        suspended_reason=state.suspended.get(record.name, ""),
        restricted=bool(record.manifest and record.manifest.restricted),
        requires=requirements(record),
        required_by=required_by(platform, state, record.name),
        has_settings=record.contributions.settings.tenant is not None,
        changed_at=choice.changed_at if choice else None,
    )


def _missing(platform: Platform, state: Enablement, name: str) -> TenantPluginView:
    return TenantPluginView(
        name=name,
        version="",
        summary="",
        state="missing",
        reason=_("It is not installed."),
        enabled=True,
        on=False,
        draining=False,
        suspended_reason="",
        restricted=False,
        requires=(),
        required_by=required_by(platform, state, name),
        has_settings=False,
        changed_at=state.choices[name].changed_at,
    )
