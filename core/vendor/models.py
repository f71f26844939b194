"""People of the vendor, their logins, what tenants have used, and the processes of the installation."""

from __future__ import annotations

from tortoise import fields

from core.tenancy.models import GlobalModel, TenantModel


class Operator(GlobalModel):
    """A person of the vendor, who may use the console."""

    id = fields.BigIntField(primary_key=True)
    username = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=200)
    password_hash = fields.CharField(max_length=200)
    language = fields.CharField(max_length=12, null=True)
    theme = fields.CharField(max_length=8, default="auto")
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_operator"


class OperatorSession(GlobalModel):
    """A login of an operator, known to the browser by a random token of which only a digest is stored."""

    id = fields.BigIntField(primary_key=True)
    token_digest = fields.CharField(max_length=64, unique=True)
    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField("core.Operator", related_name=False)
    operator_id: int
    created_at = fields.DatetimeField(auto_now_add=True)
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "core_operator_session"


class UsageDay(TenantModel):
    """What a tenant used on one day (UTC), measured once a day and again whenever the console asks for today.

    Attributes:
        interactions: That began on the day.
        agents: Who handled at least one.
        jobs: That were executed.
        storage_bytes: Of all its rows, estimated from samples, and of its files.
    """

    day = fields.DateField()
    interactions = fields.IntField(default=0)
    agents = fields.IntField(default=0)
    jobs = fields.IntField(default=0)
    storage_bytes = fields.BigIntField(default=0)

    class Meta:
        table = "core_usage_day"
        unique_together = (("tenant", "day"),)


class Process(GlobalModel):
    """A process of the installation, believed in while it says that it lives.

    Attributes:
        roles: What it does, as words with blanks between.
    """

    id = fields.CharField(primary_key=True, max_length=36)
    host = fields.CharField(max_length=255)
    pid = fields.IntField()
    roles = fields.CharField(max_length=80)
    version = fields.CharField(max_length=40)
    started_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()

    class Meta:
        table = "core_process"


class ProcessPlugin(GlobalModel):
    """How far a plugin has come in one process: what one could not load may be ready in another."""

    id = fields.BigIntField(primary_key=True)
    process: fields.ForeignKeyRelation[Process] = fields.ForeignKeyField("core.Process", related_name=False)
    process_id: str
    plugin = fields.CharField(max_length=64)
    version = fields.CharField(max_length=40)
    state = fields.CharField(max_length=20)
    reason = fields.TextField(default="")
    since = fields.DatetimeField()

    class Meta:
        table = "core_process_plugin"
        unique_together = (("process", "plugin"),)
