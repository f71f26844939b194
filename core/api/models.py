"""Answers that are given again when a request is repeated."""

from __future__ import annotations

from tortoise import fields

from core.accounts.models import User
from core.tenancy.models import TenantModel


class IdempotentAnswer(TenantModel):
    """What a creating request with an idempotency key was answered.

    Attributes:
        key: The header `Idempotency-Key`.
        request_digest: SHA-256 of method, path and body: the same key with another request is refused.
        body: The answer, JSON.
    """

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    key = fields.CharField(max_length=80)
    request_digest = fields.CharField(max_length=64)
    status = fields.IntField()
    body = fields.TextField(default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_idempotent_answer"
        unique_together = (("tenant", "user", "key"),)
