"""The outbox table."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index

from core.tenancy.models import GlobalModel


class JobRow(GlobalModel):
    """One piece of work: due, sent to a worker, or dead. A finished one is deleted.

    The row carries the tenant but is not scoped by it: the scheduler serves all tenants.
    """

    id = fields.BigIntField(primary_key=True)
    tenant_id: int | None = fields.BigIntField(null=True)
    name = fields.CharField(max_length=80)
    arguments: dict[str, object] = fields.JSONField(default=dict)
    key = fields.CharField(max_length=120, null=True)
    due_at = fields.DatetimeField()
    state = fields.CharField(max_length=8, default="due")
    attempt = fields.IntField(default=0)
    lease_until = fields.DatetimeField(null=True)
    started = fields.BooleanField(default=False)
    error = fields.TextField(default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_job"
        indexes = (Index(fields=("state", "due_at"), name="core_job_due"),)
