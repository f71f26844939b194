"""Interactions, the offers made of them, and the segments in which agents handle them."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index

from core.accounts.models import User
from core.tenancy.models import TenantModel


class Interaction(TenantModel):
    """One contact on one channel.

    Attributes:
        queue: An opaque reference to the queue that it waits in, such as `routing:queue:3`.
        waiting_since: Its place in the queue, kept when an offer comes to nothing.
        cause: Why it ended; empty until then.
        reference: What it is about, for the plugin that brought it, such as `records:item:7`; empty for nothing.
    """

    channel = fields.CharField(max_length=20)
    direction = fields.CharField(max_length=12)
    state = fields.CharField(max_length=12)
    state_since = fields.DatetimeField()
    queue = fields.CharField(max_length=60, default="")
    priority = fields.IntField(default=0)
    waiting_since = fields.DatetimeField()
    contact_name = fields.CharField(max_length=200, default="")
    contact_number = fields.CharField(max_length=32, default="")
    subject = fields.CharField(max_length=300, default="")
    cause = fields.CharField(max_length=40, default="")
    reference = fields.CharField(max_length=80, default="", db_default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "core_interaction"
        indexes = (Index(fields=("tenant_id", "created_at"), name="core_interaction_day"),)


class Offer(TenantModel):
    """An interaction offered to one agent, with a deadline. Unique indexes: one pending each way.

    Attributes:
        auto_answer: Whether it is accepted without the agent.
    """

    interaction: fields.ForeignKeyRelation[Interaction] = fields.ForeignKeyField("core.Interaction", related_name=False)
    interaction_id: int
    agent: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    agent_id: int
    state = fields.CharField(max_length=12)
    made_at = fields.DatetimeField()
    deadline = fields.DatetimeField()
    decided_at = fields.DatetimeField(null=True)
    auto_answer = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "core_offer"


class Segment(TenantModel):
    """The part of an interaction that one agent handles, with the after-contact work that follows.

    Attributes:
        wrap_up_until: When the after-contact work ends by itself.
        clock_shown: Whether people see that time run down, or it is only a limit.
        extensions: How often that was put off.
        channel: The interaction's.
        exclusive: Whether it takes the whole agent: a channel where nothing else goes beside it.
    """

    interaction: fields.ForeignKeyRelation[Interaction] = fields.ForeignKeyField("core.Interaction", related_name=False)
    interaction_id: int
    agent: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    agent_id: int
    state = fields.CharField(max_length=12)
    started_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    wrap_up_until = fields.DatetimeField(null=True)
    clock_shown = fields.BooleanField(default=True, db_default=True)
    extensions = fields.IntField(default=0)
    channel = fields.CharField(max_length=20, default="voice", db_default="voice")
    exclusive = fields.BooleanField(default=True, db_default=True)
    closed_at = fields.DatetimeField(null=True)
    outcome = fields.CharField(max_length=40, default="")
    comment = fields.TextField(default="")

    class Meta:
        table = "core_segment"


class Fact(TenantModel):
    """One change, as it was. Rows are only added; ids are plain so that history outlives what it tells of."""

    at = fields.DatetimeField()
    subject = fields.CharField(max_length=16)
    interaction_id: int | None = fields.BigIntField(null=True)
    segment_id: int | None = fields.BigIntField(null=True)
    agent_id: int | None = fields.BigIntField(null=True)
    old = fields.CharField(max_length=16)
    new = fields.CharField(max_length=16)
    cause = fields.CharField(max_length=40)
    actor = fields.CharField(max_length=40)
    detail: dict[str, object] = fields.JSONField(default=dict)

    class Meta:
        table = "core_fact"
        indexes = (
            Index(fields=("tenant_id", "agent_id", "at"), name="core_fact_agent"),
            Index(fields=("tenant_id", "interaction_id"), name="core_fact_interaction"),
        )
