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
        missed_limit: After how many offers in a row that an agent has missed he goes on a break by himself; 0 is never.
        least_available: A break is refused to an agent of whose colleagues fewer than this would be left.
        auto_answer: Whether what is offered is accepted at once, without the agent.
    """

    name = fields.CharField(max_length=100)
    offer_seconds = fields.IntField(default=20)
    no_answer_seconds = fields.IntField(default=10)
    wrap_up_seconds = fields.IntField(default=60)
    missed_limit = fields.IntField(default=0, db_default=0)
    least_available = fields.IntField(default=0, db_default=0)
    auto_answer = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "core_team"
        unique_together = (("tenant", "name"),)


class TeamChannel(TenantModel):
    """What holds for one channel in one team, where it differs from the usual.

    Attributes:
        offer_seconds: How long an agent may take to answer; None is what the team has.
        capacity: How many interactions an agent may have in hand at once; without meaning on a channel that takes the
            whole agent.
        alone: Only for agents who have nothing else in hand, and who take nothing else beside it.
    """

    team: fields.ForeignKeyRelation[Team] = fields.ForeignKeyField("core.Team", related_name=False)
    team_id: int
    channel = fields.CharField(max_length=20)
    offer_seconds = fields.IntField(null=True)
    capacity = fields.IntField(default=1)
    alone = fields.BooleanField(default=False)

    class Meta:
        table = "core_team_channel"
        unique_together = (("team", "channel"),)


class Agent(TenantModel):
    """What is known of a user who handles work.

    `intent` and `do_not_disturb` are what the agent chose, `connected_until` what the server saw. `occupancy` and
    `status` are derived from these, from offers and from segments by `core.agents.service.settle`, and stored beside
    them so that a matcher finds who is free by an index.

    Attributes:
        pause_reason: The code of the reason that was chosen with the break; an entry of `core.pause_reasons`, or empty.
        pause_limit_at: When the present break has lasted as long as its reason allows in a day.
        work: Channel → how many interactions are in hand there: talked, held or worked on afterwards.
        taking: Whether new work may be offered, as far as the agent goes: see `core.agents.service.settle`.
        missed_in_row: Offers missed since the last one that was accepted, or since the agent last chose something.
        last_offer_at: When something was last offered.
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
    pause_reason = fields.CharField(max_length=60, default="", db_default="")
    pause_limit_at = fields.DatetimeField(null=True)
    missed_until = fields.DatetimeField(null=True)
    missed_in_row = fields.IntField(default=0, db_default=0)
    last_offer_at = fields.DatetimeField(null=True)
    work: dict[str, int] = fields.JSONField(default=dict, db_default={})
    taking = fields.BooleanField(default=False, db_default=False)
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


class PoolMember(TenantModel):
    """An agent among those who serve one queue.

    Attributes:
        pool: An opaque reference to the queue, as interactions have it.
        level: How well the agent suits it, the higher the better.
        strategy: By what the free members are put in order.
        rank: The place in that order, the smallest first; reckoned whenever the agent becomes free.
        channels: Names of the channels that wait there; empty for any.
        free: Whether the agent takes work and has room for one of these, so that one index gives the first of a pool.
    """

    pool = fields.CharField(max_length=60)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("core.User", related_name=False)
    user_id: int
    level = fields.IntField(default=0)
    strategy = fields.CharField(max_length=20)
    channels: list[str] = fields.JSONField(default=list, db_default=[])
    rank = fields.FloatField(default=0)
    free = fields.BooleanField(default=False)

    class Meta:
        table = "core_pool_member"
        unique_together = (("tenant", "pool", "user"),)
