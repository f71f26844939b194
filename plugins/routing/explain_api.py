"""Why an interaction waits, and why an agent is not asked, for programs: below `/api/v1/routing/why`."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from plugins.routing.explain import Stage, Verdict, count_stages, heads_for, past_decisions, verdicts
from plugins.routing.explain_words import reason
from plugins.routing.permissions import SEE_QUEUES
from switchroom import Context
from switchroom.agents import Reason, all_reasons, view
from switchroom.api import Answer, Cursor, Id, Limit, Page, Time, page_of, read_cursor
from switchroom.errors import NotFound
from switchroom.interactions import get_interaction
from switchroom.locale import gettext as _
from switchroom.web import SIGNED_IN, SignedIn

Text = Annotated[str, QueryParameter(name="q", max_length=100, description="Only agents whose names hold it.")]


class StoppedAgent(Answer):
    """How far an agent comes for an interaction."""

    number: int
    """Its place in this list, from 1 on."""
    user_id: int
    name: str
    team: str
    stage: Stage
    """The filter at which he stops; `free` for none."""
    reason: str
    """The same in words, in the language of the caller."""
    place: int | None
    """Among those who are free, 1 being the next to be asked; null for who is not."""


class StageCount(Answer):
    """How many agents stop at a filter."""

    stage: Stage
    agents: int


class Decided(Answer):
    """A decision of the matcher, and what became of it."""

    at: Time
    agent_id: int
    agent: str
    cause: str
    """A strategy, `sticky` for the customer's last agent, or `routed` for one whom a plugin has chosen."""
    outcome: str
    """The state of the offer now."""
    candidates: list[str]
    """The names of those who were free, the most wanted first."""


class WhyWaits(Answer):
    """What an interaction asks, how many agents stop at each filter, and what was decided before."""

    interaction_id: int
    state: str
    queue: str
    channel: str
    waiting_since: Time
    stages: list[StageCount]
    decisions: list[Decided]


class NextInQueue(Answer):
    """A queue with what is next in it on one channel, and how far the agent comes for that."""

    queue_id: int
    queue: str
    channel: str
    waiting: int
    """At most 1000 are counted."""
    interaction_id: int | None
    since: Time | None
    stage: Stage
    reason: str
    place: int | None


class WhyNotMe(Answer):
    """Every queue, for one agent."""

    items: list[NextInQueue]


def _stopped(verdict: Verdict, number: int, reasons: dict[str, Reason], ctx: Context) -> StoppedAgent:
    return StoppedAgent(
        number=number,
        user_id=verdict.user_id,
        name=verdict.name,
        team=verdict.team,
        stage=verdict.stage,
        reason=reason(verdict, reasons, ctx),
        place=verdict.place,
    )


@get("/why/interactions/{interaction_id:int}", permission=SEE_QUEUES, tags=["queues"])
async def why_interaction(ctx: Context, interaction_id: Id) -> WhyWaits:
    """Says why an interaction waits: how many agents each filter holds, and who was asked before."""
    interaction = await get_interaction(ctx, interaction_id)
    counts = await count_stages(ctx, interaction.queue, interaction.channel)
    return WhyWaits(
        interaction_id=interaction.id,
        state=interaction.state,
        queue=interaction.queue,
        channel=interaction.channel,
        waiting_since=interaction.waiting_since,
        stages=[StageCount(stage=stage, agents=counts.get(stage, 0)) for stage in Stage],
        decisions=[Decided.model_validate(past) for past in await past_decisions(ctx, interaction.id)],
    )


@get("/why/interactions/{interaction_id:int}/agents", permission=SEE_QUEUES, tags=["queues"])
async def why_agents(
    ctx: Context, interaction_id: Id, text: Text = "", limit: Limit = 50, cursor: Cursor = None
) -> Page[StoppedAgent]:
    """Lists all agents, those who are free first, each with the first filter that holds him for this interaction."""
    interaction = await get_interaction(ctx, interaction_id)
    (after,) = read_cursor(cursor, int) or (0,)
    found = await verdicts(ctx, interaction.queue, interaction.channel, text=text, after=after, limit=limit + 1)
    reasons = await all_reasons(ctx)
    shown = [_stopped(verdict, after + place, reasons, ctx) for place, verdict in enumerate(found, start=1)]
    return page_of(StoppedAgent, shown, limit, lambda agent: (agent.number,))


@get("/why/agents/{user_id:int}", permission=SIGNED_IN, tags=["queues"])
async def why_agent(ctx: Context, user: SignedIn, user_id: Id) -> WhyNotMe:
    """Says why an agent gets nothing: what is next in each queue, and the first filter that holds him.

    An agent may ask for himself; for others it takes the right to see queues.
    """
    allowed = user.id == user_id or user.may(SEE_QUEUES)
    if not allowed or await view(ctx, user_id) is None:
        raise NotFound(_("There is no such agent."))
    reasons = await all_reasons(ctx)
    return WhyNotMe(
        items=[
            NextInQueue(
                queue_id=head.queue_id,
                queue=head.queue,
                channel=head.channel,
                waiting=head.waiting,
                interaction_id=head.interaction_id,
                since=head.since,
                stage=head.verdict.stage,
                reason=reason(head.verdict, reasons, ctx),
                place=head.verdict.place,
            )
            for head in await heads_for(ctx, user_id)
        ]
    )


WHY_API = [why_interaction, why_agents, why_agent]
