"""The audit log: rows are only ever added."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index

from core.tenancy.models import GlobalModel


class AuditEntry(GlobalModel):
    """One change that somebody made.

    Global, since the vendor's own deeds belong to no tenant, and what was done to a tenant outlives it. Pages of a
    tenant see its rows alone.

    Attributes:
        actor: Who, as in facts: `user:5`, `operator:1`, `system`.
        actor_name: The person's name at that time.
        action: A stable word, `<plugin or core>.<what>`, such as `core.user_created`.
        subject: An opaque reference to what was changed, such as `core:user:5`.
        subject_name: What people call it.
        before: The values that have changed, as they were; no secret is among them.
        after: The same values as they are now.
    """

    id = fields.BigIntField(primary_key=True)
    tenant_id: int | None = fields.BigIntField(null=True)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=40)
    actor_name = fields.CharField(max_length=200, default="")
    action = fields.CharField(max_length=80)
    subject = fields.CharField(max_length=80, default="")
    subject_name = fields.CharField(max_length=200, default="")
    before: dict[str, object] = fields.JSONField(default=dict)
    after: dict[str, object] = fields.JSONField(default=dict)

    class Meta:
        table = "core_audit"
        indexes = (Index(fields=("tenant_id", "id"), name="core_audit_of_tenant"),)
