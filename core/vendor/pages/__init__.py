"""Every handler below `/vendor`."""

from __future__ import annotations

from typing import Any

from core.vendor.pages import audit, health, login, overview, plugins, tenant_actions, tenants, usage

HANDLERS: list[Any] = [
    *login.HANDLERS,
    *overview.HANDLERS,
    *tenants.HANDLERS,
    *tenant_actions.HANDLERS,
    *plugins.HANDLERS,
    *usage.HANDLERS,
    *health.HANDLERS,
    *audit.HANDLERS,
]
