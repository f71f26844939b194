"""Media nodes, the legs of calls, and the count of calls per address."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from switchroom.models import GlobalModel, TenantModel


class Node(GlobalModel):
    """A media server that carries legs; every process reaches it by this row.

    Attributes:
        epoch: Changes with every start; who holds another one has been replaced.
        capacity: Legs that it carries at most.
        seen_at: When its controller last found it alive.
    """

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=100, unique=True)
    epoch = fields.CharField(max_length=32)
    host = fields.CharField(max_length=255, default="")
    port = fields.IntField(default=0)
    capacity = fields.IntField()
    seen_at = fields.DatetimeField()

    class Meta:
        table = "telephony_node"


class Leg(TenantModel):
    """One party's audio in a call. The row says how it shall be; the provider is made to follow.

    Attributes:
        leg: The name that the provider knows it by.
        node: The name of the node that carries it.
        held: The party hears hold music.
        muted: The party is not heard.
        token_digest: Of a caller: the digest of the secret by which the caller's page proves to be the caller's.
    """

    leg = fields.CharField(max_length=32, unique=True)
    interaction: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("core.Interaction", related_name=False)
    interaction_id: int
    side = fields.CharField(max_length=8)
    user: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField("core.User", related_name=False, null=True)
    user_id: int | None
    node = fields.CharField(max_length=100)
    state = fields.CharField(max_length=12)
    held = fields.BooleanField(default=False)
    muted = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()
    connected_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    end_cause = fields.CharField(max_length=20, default="")
    token_digest = fields.CharField(max_length=64, null=True, unique=True)

    class Meta:
        table = "telephony_leg"
        indexes = (Index(fields=("interaction_id",), name="telephony_leg_interaction"),)


class CallRate(TenantModel):
    """Calls that one address has begun within one minute; `address` is a digest."""

    address = fields.CharField(max_length=64)
    minute = fields.DatetimeField()
    calls = fields.IntField()

    class Meta:
        table = "telephony_call_rate"
        unique_together = (("tenant", "address", "minute"),)
        indexes = (Index(fields=("minute",), name="telephony_call_rate_minute"),)
