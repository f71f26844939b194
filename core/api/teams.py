"""Teams and agents."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, patch, post, put
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from core.accounts.permissions import MANAGE_AGENTS, MANAGE_TEAMS, SEE_AGENTS
from core.agents import teams
from core.agents.changes import last_changes
from core.agents.reasons import Setter
from core.agents.states import Status
from core.agents.supervising import log_out_agent, set_intent_of
from core.agents.team_rules import RULE_LIMITS, ChannelRule, TeamRules
from core.agents.teams import LIMITS, all_teams
from core.agents.views import find_agents, get_agent
from core.api.paging import Cursor, Limit, Page, page_of, read_cursor
from core.api.shapes import LARGEST_ID, Answer, Flag, Given, Id, Reference, Time, Whole
from core.api.work import AgentStatus, ChosenIntent, PauseReasons, pause_reasons
from core.database.transaction import transaction
from core.plugins.context import Context

RULES = (*RULE_LIMITS, "auto_answer")


class TeamChannel(Answer):
    """What a team says of a channel, where it differs from the usual."""

    channel: str
    offer_seconds: int | None
    """How long an agent may take to answer an offer; null is what the team has."""
    capacity: int
    """How many an agent may have in hand at once; without meaning on a channel that takes the whole agent."""
    alone: bool
    """Whether it is offered only to agents who have nothing else in hand."""


class GivenTeamChannel(Given):
    """What a team is to say of a channel."""

    channel: Annotated[str, Field(max_length=20)]
    """The name of a channel, such as `voice`."""
    offer_seconds: Whole | None = None
    """5 to 300; null is what the team has."""
    capacity: Whole = 1
    """1 to 50."""
    alone: Flag = False


class Team(Answer):
    """A group of agents with shared timing."""

    id: int
    name: str
    offer_seconds: int
    """How long an agent may take to answer an offer."""
    no_answer_seconds: int
    """How long an agent who did not answer gets no work."""
    wrap_up_seconds: int
    """How long after-contact work may take."""
    missed_limit: int
    """After how many offers missed in a row an agent goes on a break by himself; 0 is never."""
    least_available: int
    """An agent is refused a break when fewer than this would be available without him."""
    auto_answer: bool
    """Whether what is offered is accepted without the agent."""
    channels: list[TeamChannel]
    agents: int
    """How many agents are in it."""


class Teams(Answer):
    """All teams, by name."""

    items: list[Team]


class NewTeam(Given):
    """A team to make."""

    name: Annotated[str, Field(max_length=100)]
    """Unlike that of any other team."""
    offer_seconds: Whole = 20
    """5 to 300."""
    no_answer_seconds: Whole = 10
    """1 to 600."""
    wrap_up_seconds: Whole = 60
    """0 to 3600."""
    missed_limit: Whole = 0
    """0 to 20."""
    least_available: Whole = 0
    """0 to 999."""
    auto_answer: Flag = False
    channels: Annotated[list[GivenTeamChannel], Field(max_length=50)] = Field(default_factory=list)
    """Channels that are left out are as usual."""


class ChangedTeam(Given):
    """What is to be changed of a team; what is left out stays as it is."""

    name: Annotated[str, Field(max_length=100)] = Field(default_factory=str)
    offer_seconds: Whole = Field(default_factory=int)
    no_answer_seconds: Whole = Field(default_factory=int)
    wrap_up_seconds: Whole = Field(default_factory=int)
    missed_limit: Whole = Field(default_factory=int)
    least_available: Whole = Field(default_factory=int)
    auto_answer: Flag = Field(default_factory=bool)
    channels: Annotated[list[GivenTeamChannel], Field(max_length=50)] = Field(default_factory=list)
    """All that differs from the usual; channels that are not in it are as usual."""


class ImposedIntent(ChosenIntent):
    """What an agent is to do."""

    comment: Annotated[str, Field(max_length=300)]
    """Why: the agent reads it."""


class Explained(Given):
    """Why something is done to an agent."""

    comment: Annotated[str, Field(max_length=300)]
    """The agent reads it when he is back."""


class AgentChange(Answer):
    """One change of what an agent wanted or did."""

    at: Time
    subject: str
    """`intent` for a choice, `agent` for the status that people see."""
    old: str
    new: str
    reason: str
    """The code of the reason of a break, or empty."""
    cause: str
    """Why, as a stable word, such as `set_by_supervisor`."""
    comment: str
    """Why, in the words of whoever chose for the agent."""
    actor_id: int | None
    """The user who did it; null when nobody did."""
    actor_name: str


class AgentChanges(Answer):
    """The last changes, the latest first."""

    items: list[AgentChange]


class TeamOfAgent(Given):
    """The team that an agent is put into."""

    team_id: Reference


@get("/teams", permission=MANAGE_TEAMS, tags=["teams"])
async def list_teams(ctx: Context) -> Teams:
    """Lists all teams."""
    return Teams(items=[Team.model_validate(team) for team in await all_teams(ctx)])


@post("/teams", permission=MANAGE_TEAMS, idempotent=True, tags=["teams"])
async def create_team(ctx: Context, data: JSONBody[NewTeam]) -> Team:
    """Makes a team without agents."""
    async with transaction():
        team_id = await teams.create_team(
            ctx,
            name=data.name,
            timing={key: getattr(data, key) for key in LIMITS},
            rules=TeamRules(**{key: getattr(data, key) for key in RULES}),
            channels=[ChannelRule(**channel.model_dump()) for channel in data.channels],
        )
        return await _shown(ctx, team_id)


@get("/teams/{team_id:int}", permission=MANAGE_TEAMS, tags=["teams"])
async def get_team(ctx: Context, team_id: Id) -> Team:
    """Gives one team."""
    return await _shown(ctx, team_id)


@patch("/teams/{team_id:int}", permission=MANAGE_TEAMS, tags=["teams"])
async def change_team(ctx: Context, team_id: Id, data: JSONBody[ChangedTeam]) -> Team:
    """Changes a team; new times hold from the next offer, miss and wrap-up on."""
    async with transaction():
        team = await teams.get_team(ctx, team_id)
        names = ("name", *LIMITS, *RULES)
        given = {name: getattr(data if name in data.model_fields_set else team, name) for name in names}
        channels = [ChannelRule(**channel.model_dump()) for channel in data.channels]
        await teams.save_team(
            ctx,
            team_id,
            name=given["name"],
            timing={key: given[key] for key in LIMITS},
            rules=TeamRules(**{key: given[key] for key in RULES}),
            channels=channels if "channels" in data.model_fields_set else None,
        )
        return await _shown(ctx, team_id)


@delete("/teams/{team_id:int}", permission=MANAGE_TEAMS, tags=["teams"])
async def delete_team(ctx: Context, team_id: Id) -> None:
    """Deletes a team that nobody is in."""
    await teams.delete_team(ctx, team_id)


@get("/agents", permission=SEE_AGENTS, tags=["agents"])
async def list_agents(
    ctx: Context,
    status: Annotated[Status | None, QueryParameter(description="What the agents do.")] = None,
    team_id: Annotated[int | None, QueryParameter(ge=1, le=LARGEST_ID, description="Of one team.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AgentStatus]:
    """Lists the agents with what each does at this moment, in the order in which they became agents."""
    after = read_cursor(cursor, int)
    found = await find_agents(ctx, status=status, team_id=team_id, after=after[0] if after else 0, limit=limit + 1)
    return page_of(AgentStatus, found, limit, lambda agent: (agent.user_id,))


@get("/agents/{user_id:int}", permission=SEE_AGENTS, tags=["agents"])
async def get_one_agent(ctx: Context, user_id: Id) -> AgentStatus:
    """Gives one agent, with what he does at this moment."""
    return AgentStatus.model_validate(await get_agent(ctx, user_id))


@put("/agents/{user_id:int}/intent", permission=MANAGE_AGENTS, tags=["agents"])
async def set_intent_of_agent(ctx: Context, user_id: Id, data: JSONBody[ImposedIntent]) -> AgentStatus:
    """Sets what an agent is to do; during work it takes effect afterwards. The agent is told who did it and why."""
    agent = await set_intent_of(ctx, user_id, data.intent, reason=data.reason, comment=data.comment)
    return AgentStatus.model_validate(agent)


@get("/agents/{user_id:int}/reasons", permission=MANAGE_AGENTS, tags=["agents"])
async def list_reasons_of_agent(ctx: Context, user_id: Id) -> PauseReasons:
    """Lists the reasons of a break that may be set for an agent, with what he has used of each today."""
    agent = await get_agent(ctx, user_id)
    return PauseReasons(items=await pause_reasons(ctx, user_id, agent.team_id, Setter.SUPERVISOR))


@get("/agents/{user_id:int}/changes", permission=MANAGE_AGENTS, tags=["agents"])
async def list_changes_of_agent(ctx: Context, user_id: Id) -> AgentChanges:
    """Lists the last 50 changes of an agent's choices and status, with who and why."""
    await get_agent(ctx, user_id)
    return AgentChanges(items=[AgentChange.model_validate(each) for each in await last_changes(ctx, user_id, 50)])


@post("/agents/{user_id:int}/log-out", permission=MANAGE_AGENTS, status_code=200, tags=["agents"])
async def log_agent_out(ctx: Context, user_id: Id, data: JSONBody[Explained]) -> AgentStatus:
    """Ends every login of an agent: he is offline, or will be once what he has in hand is over."""
    return AgentStatus.model_validate(await log_out_agent(ctx, user_id, comment=data.comment))


@put("/agents/{user_id:int}/team", permission=MANAGE_TEAMS, status_code=204, tags=["agents"])
async def move_agent(ctx: Context, user_id: Id, data: JSONBody[TeamOfAgent]) -> None:
    """Puts an agent into a team; an offer that is out keeps its time."""
    await teams.move_agents(ctx, [user_id], data.team_id)


HANDLERS = [
    list_teams,
    create_team,
    get_team,
    change_team,
    delete_team,
    list_agents,
    get_one_agent,
    set_intent_of_agent,
    list_reasons_of_agent,
    list_changes_of_agent,
    log_agent_out,
    move_agent,
]


async def _shown(ctx: Context, team_id: int) -> Team:
    return Team.model_validate(await teams.get_team(ctx, team_id))
