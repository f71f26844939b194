"""Which plugins a tenant has switched on, and their settings."""

from __future__ import annotations

from tortoise import fields

from core.tenancy.models import TenantModel


class TenantPlugin(TenantModel):
    """One plugin of one tenant.

    Attributes:
        enabled: Whether it is on. A row with False keeps the settings of one that was switched off.
        draining_since: Since when it is being switched off: interactions of its channels that had begun go on, and it
            stays until they have ended. Null when it is simply on or off.
        settings: What the tenant has set. A secret is `{"encrypted": "…"}`.
        schema_version: Of the schema that the settings fit.
        suspended_reason: Why it is off although it is enabled, such as settings that a new version refuses; else empty.
    """

    plugin = fields.CharField(max_length=32)
    enabled = fields.BooleanField(default=True)
    settings: dict[str, object] = fields.JSONField(default=dict)
    schema_version = fields.IntField(default=1, db_default=1)
    suspended_reason = fields.TextField(default="", db_default="")
    draining_since = fields.DatetimeField(null=True)
    changed_by = fields.CharField(max_length=40, default="", db_default="")
    changed_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "core_tenant_plugin"
        unique_together = (("tenant", "plugin"),)


class PluginIssue(TenantModel):
    """Something of a plugin that has failed in a tenant, once or again and again.

    Attributes:
        kind: `hook`, `route`, `panel`, `job` or `settings`.
        place: The hook, the route or the job.
        incident: The number under which the log tells more of the last failure.
        failures: How often it has failed since `failing_since`; a circuit breaker opens after some.
        failing_since: When the first of these failures was; see `core.plugins.issues`.
        parked_until: Until when the plugin is not asked there, after which one call tries again; None when it is asked.
        dismissed: Whether the administrator has put it away; the next failure shows it again.
    """

    plugin = fields.CharField(max_length=32)
    kind = fields.CharField(max_length=12)
    place = fields.CharField(max_length=120)
    message = fields.TextField(default="")
    incident = fields.CharField(max_length=16, default="")
    count = fields.IntField(default=1)
    failures = fields.IntField(default=1)
    failing_since = fields.DatetimeField()
    first_seen = fields.DatetimeField()
    last_seen = fields.DatetimeField()
    parked_until = fields.DatetimeField(null=True)
    dismissed = fields.BooleanField(default=False)

    class Meta:
        table = "core_plugin_issue"
        unique_together = (("tenant", "plugin", "kind", "place"),)
