"""Teams and agents."""

from __future__ import annotations

from tortoise import fields

from core.accounts.models import User
from core.tenancy.models import TenantModel


class Team(TenantModel):
    """A group of agents with shared timing.

    Attributes:
        offer_seconds: How long an agent may take to answer an offer.
        no_answer_seconds: How long an agent who did not answer is `Missed` and gets no work.
        wrap_up_seconds: How long after-contact work may take.
    """

    name = fields.CharField(max_length=100)
    offer_seconds = fields.IntField(default=20)
    no_answer_seconds = fields.IntField(default=10)
    wrap_up_seconds = fields.IntField(default=60)

    class Meta:
        table = "core_team"
        unique_together = (("tenant", "name"),)


class Agent(TenantModel):
    """What is known of a user who handles work.

    `intent` and `do_not_disturb` are what the agent chose, `connected_until` what the server saw. `occupancy` and
    `status` are derived from these, from offers and from segments by `core.agents.service.settle`, and stored beside
    them so that a matcher finds who is free by an index.
    """

    user: fields.OneToOneRelation[User] = fields.OneToOneField("core.User", related_name=False)
    user_id: int
    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField(
        "core.Team", related_name=False, on_delete=fields.RESTRICT
    )
    team_id: int
    intent = fields.CharField(max_length=12, default="pause")
    do_not_disturb = fields.BooleanField(default=False)
    connected_until = fields.DatetimeField(null=True)
    missed_until = fields.DatetimeField(null=True)
    occupancy = fields.CharField(max_length=12, default="free")
    status = fields.CharField(max_length=12, default="offline")
    status_since = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_agent"


class AgentTabs(TenantModel):
    """The open tabs of an agent at one process, believed in until `alive_until`."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    process = fields.CharField(max_length=36)
    alive_until = fields.DatetimeField()

    class Meta:
        table = "core_agent_tabs"
        unique_together = (("user", "process"),)
