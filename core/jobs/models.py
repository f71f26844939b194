"""The outbox table."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index

from core.tenancy.models import GlobalModel


class JobRow(GlobalModel):
    """One piece of work: due, sent to a worker, dead, or skipped. A finished one is deleted.

    A skipped one was due for a tenant that is suspended, or whose plugin was switched off since; `error` says which.

    `presence` is the process that has begun it, where that could be seen.

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
    presence = fields.IntField(null=True)
    error = fields.TextField(default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_job"
        indexes = (Index(fields=("state", "due_at"), name="core_job_due"),)


class PresenceRow(GlobalModel):
    """A process that has work in hand, as long as the lock of this number is held."""

    id = fields.IntField(primary_key=True)
    since = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_presence"


class ScheduleRow(GlobalModel):
    """When a schedule is due next; one row for all tenants, made when a scheduler first knows it."""

    job = fields.CharField(max_length=80, primary_key=True)
    cron = fields.CharField(max_length=80)
    due_at = fields.DatetimeField()

    class Meta:
        table = "core_schedule"
