"""Which plugins a tenant has switched on, and their settings."""

from __future__ import annotations

from tortoise import fields

from core.tenancy.models import TenantModel


class TenantPlugin(TenantModel):
    """One plugin of one tenant."""

    plugin = fields.CharField(max_length=32)
    enabled = fields.BooleanField(default=True)
    settings: dict[str, object] = fields.JSONField(default=dict)
    changed_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "core_tenant_plugin"
        unique_together = (("tenant", "plugin"),)
