"""Long work on tenants."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index

from core.tenancy.models import GlobalModel


class TenantWork(GlobalModel):
    """Long work on a whole tenant: an export, or the deletion.

    Global, and without a foreign key: the row of a deletion outlives its tenant.

    Attributes:
        kind: `export` or `delete`.
        state: `waiting`, `running`, `done` or `failed`.
        actor: Who asked for it, as in facts.
        step: The table that is being worked on.
        done: Rows so far.
        total: Rows in all, estimated before the work began.
        counts: Table → rows so far.
        file: Of an export: the name of the file below `exports/` of the data folder.
        host: The machine that holds the file.
        expires_at: When the file is deleted.
    """

    id = fields.BigIntField(primary_key=True)
    tenant_id = fields.BigIntField()
    slug = fields.CharField(max_length=40)
    kind = fields.CharField(max_length=12)
    state = fields.CharField(max_length=12)
    actor = fields.CharField(max_length=40)
    actor_name = fields.CharField(max_length=200, default="")
    step = fields.CharField(max_length=80, default="")
    done = fields.BigIntField(default=0)
    total = fields.BigIntField(default=0)
    counts: dict[str, int] = fields.JSONField(default=dict)
    error = fields.TextField(default="")
    file = fields.CharField(max_length=120, default="")
    host = fields.CharField(max_length=255, default="")
    size = fields.BigIntField(default=0)
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "core_tenant_work"
        indexes = (Index(fields=("tenant_id", "id"), name="core_tenant_work_of"),)
