"""Queues, what they ask of agents and when they are open, skills, and the decisions of the matcher."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from switchroom.models import TenantModel


class Queue(TenantModel):
    """Where interactions wait.

    Attributes:
        target_seconds: The service level target: calls should be answered within this time.
        channels: Names of the channels that wait here; of several queues of one channel, the first by `position` is
            where a new interaction waits unless somebody says otherwise.
        priority: Added to the interactions that begin here: of an agent's queues the highest is served first.
        strategy: Who of the free agents comes first: a `switchroom.agents.Strategy`.
        sticky_hours: For how long a returning customer is offered to his last agent first; 0 is not at all.
        teams: Ids of the teams whose agents serve it; empty for every team.
        timezone: IANA; empty is the tenant's. In it the hours are meant.
        always_open: Whether it has no hours.
        overflow_queue: Where an interaction goes that has waited for `overflow_seconds`; 0 seconds is never.
        longest_wait_seconds: After which an interaction ends; 0 is never.
        most_waiting: With so many waiting it takes no more; 0 is without a limit.
    """

    name = fields.CharField(max_length=100)
    target_seconds = fields.IntField(default=30)
    position = fields.IntField(default=0, db_default=0)
    channels: list[str] = fields.JSONField(default=list, db_default=[])
    priority = fields.IntField(default=0, db_default=0)
    strategy = fields.CharField(max_length=20, default="longest_idle", db_default="longest_idle")
    sticky_hours = fields.IntField(default=0, db_default=0)
    teams: list[int] = fields.JSONField(default=list, db_default=[])
    timezone = fields.CharField(max_length=60, default="", db_default="")
    always_open = fields.BooleanField(default=True, db_default=True)
    overflow_queue: fields.ForeignKeyNullableRelation[Queue] = fields.ForeignKeyField(
        "routing.Queue", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    overflow_queue_id: int | None
    overflow_seconds = fields.IntField(default=0, db_default=0)
    longest_wait_seconds = fields.IntField(default=0, db_default=0)
    most_waiting = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "routing_queue"
        unique_together = (("tenant", "name"),)

    @property
    def reference(self) -> str:
        """How interactions name this queue."""
        return reference_of(self.id)


class OpenHours(TenantModel):
    """A span of each week in which a queue is open, by the clock of its zone.

    Attributes:
        weekday: 0 is Monday.
        opens: Minutes after midnight, 0 to 1439.
        closes: Minutes after midnight, more than `opens`; 1440 is the end of the day.
    """

    queue: fields.ForeignKeyRelation[Queue] = fields.ForeignKeyField("routing.Queue", related_name=False)
    queue_id: int
    weekday = fields.IntField()
    opens = fields.IntField()
    closes = fields.IntField()

    class Meta:
        table = "routing_open_hours"


class Holiday(TenantModel):
    """A day on which a queue keeps other hours than its week says: none, or one span."""

    queue: fields.ForeignKeyRelation[Queue] = fields.ForeignKeyField("routing.Queue", related_name=False)
    queue_id: int
    day = fields.DateField()
    name = fields.CharField(max_length=100, default="")
    opens = fields.IntField(null=True)
    closes = fields.IntField(null=True)

    class Meta:
        table = "routing_holiday"
        unique_together = (("queue", "day"),)


class Skill(TenantModel):
    """A named ability."""

    name = fields.CharField(max_length=100)

    class Meta:
        table = "routing_skill"
        unique_together = (("tenant", "name"),)


class AgentSkill(TenantModel):
    """How well an agent has a skill: 1 to 10."""

    user: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    skill: fields.ForeignKeyRelation[Skill] = fields.ForeignKeyField("routing.Skill", related_name=False)
    skill_id: int
    level = fields.IntField()

    class Meta:
        table = "routing_agent_skill"
        unique_together = (("user", "skill"),)


class QueueSkill(TenantModel):
    """What a queue asks of the agents who serve it."""

    queue: fields.ForeignKeyRelation[Queue] = fields.ForeignKeyField("routing.Queue", related_name=False)
    queue_id: int
    skill: fields.ForeignKeyRelation[Skill] = fields.ForeignKeyField(
        "routing.Skill", related_name=False, on_delete=fields.RESTRICT
    )
    skill_id: int
    level = fields.IntField(default=1)

    class Meta:
        table = "routing_queue_skill"
        unique_together = (("queue", "skill"),)


class Decision(TenantModel):
    """Why an interaction was offered to an agent. Kept for a month.

    Attributes:
        detail: Strategy, cause, and the candidates with rank and level, the most wanted first.
    """

    at = fields.DatetimeField(auto_now_add=True)
    interaction_id = fields.BigIntField()
    offer_id = fields.BigIntField()
    agent_id = fields.BigIntField()
    detail: dict[str, Any] = fields.JSONField(default=dict)

    class Meta:
        table = "routing_decision"


def reference_of(queue_id: int) -> str:
    """How interactions name a queue."""
    return f"routing:queue:{queue_id}"


def id_of(reference: str) -> int | None:
    """The queue that a reference names; None for what is none of ours."""
    prefix, _colon, number = reference.rpartition(":")
    return int(number) if prefix == "routing:queue" and number.isdecimal() else None
