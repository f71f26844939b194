"""Members, their points, and how many members each tier has."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from switchroom.models import TenantModel


class Tier(StrEnum):
    """What a member has earned lately."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Member(TenantModel):
    """A customer who takes part.

    Attributes:
        number: Ten digits, the last of which checks the others.
        phone: E.164; a customer is known by it.
        points: What can be spent: the sum of what remains of each entry.
        helped_by: The user id of the agent who helped last, if any.
    """

    number = fields.CharField(max_length=10)
    name = fields.CharField(max_length=200)
    phone = fields.CharField(max_length=16)
    tier = fields.CharField(max_length=8, default=Tier.BRONZE.value)
    points = fields.IntField(default=0)
    helped_by: int | None = fields.BigIntField(null=True)
    joined_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "loyalty_member"
        unique_together = (("tenant", "number"), ("tenant", "phone"))
        indexes = (Index(fields=("tenant_id", "joined_at"), name="loyalty_member_joined"),)


class Entry(TenantModel):
    """Points that a member was given, or that were taken.

    Attributes:
        points: Below zero when they were taken.
        remaining: What can be spent of it still; 0 of what was taken.
        reason: `joined`, `contact`, `correction` or `expired`.
        reference: What it is for, such as `core:segment:17`: points are given once for each.
        expires_at: When what is left expires; None for what was taken.
    """

    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField(
        "loyalty.Member", related_name=False, on_delete=fields.CASCADE
    )
    member_id: int
    points = fields.IntField()
    remaining = fields.IntField(default=0)
    reason = fields.CharField(max_length=12)
    reference = fields.CharField(max_length=80)
    note = fields.CharField(max_length=200, default="")
    at = fields.DatetimeField()
    expires_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "loyalty_entry"
        unique_together = (("member", "reason", "reference"),)
        indexes = (Index(fields=("member_id", "at"), name="loyalty_entry_of_member"),)


class Tally(TenantModel):
    """How many members of a tenant are in a tier: kept with every change, so that nobody counts all members."""

    tier = fields.CharField(max_length=8)
    members = fields.IntField(default=0)

    class Meta:
        table = "loyalty_tally"
        unique_together = (("tenant", "tier"),)
