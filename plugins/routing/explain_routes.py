"""Why an interaction waits, and why an agent is not asked: pages for supervisors, and for an agent his own."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import Parameter, QueryParameter

from plugins.routing.explain import Stage, count_stages, heads_for, past_decisions, verdicts
from plugins.routing.explain_words import CAUSES, OUTCOMES, funnel, reason, stages_of
from plugins.routing.models import Queue, id_of
from plugins.routing.permissions import SEE_QUEUES
from switchroom import Context
from switchroom.agents import all_reasons, view
from switchroom.errors import NotFound
from switchroom.interactions import InteractionView, get_interaction, type_of
from switchroom.locale import gettext as _
from switchroom.web import SIGNED_IN, STATUS_LABELS, SignedIn, fragment, page

SHOWN = 60

Id = Annotated[int, Parameter(ge=1, le=2**63 - 1)]
Text = Annotated[str, QueryParameter(name="q", max_length=100)]
Chosen = Annotated[str, QueryParameter(name="filter", max_length=20)]


@get("/why/interaction/{interaction_id:int}", permission=SEE_QUEUES)
async def why_interaction(ctx: Context, interaction_id: Id) -> Response[Any]:
    """The page; its picture loads by itself."""
    interaction = await get_interaction(ctx, interaction_id)
    return await page("routing/why_interaction.html", title=_("Why"), interaction=interaction)


@get("/why/interaction/{interaction_id:int}/now", permission=SEE_QUEUES)
async def why_interaction_now(ctx: Context, interaction_id: Id, text: Text = "", chosen: Chosen = "") -> Response[Any]:
    """What the interaction asks, who comes how far, and what was decided before."""
    interaction = await get_interaction(ctx, interaction_id)
    return fragment("routing/why_interaction_now.html", **await _of_interaction(ctx, interaction, text, chosen))


@get("/why/interaction/{interaction_id:int}/tab", permission=SEE_QUEUES)
async def why_tab(ctx: Context, interaction_id: Id) -> Response[Any]:
    """The same without the list of agents, for the card."""
    interaction = await get_interaction(ctx, interaction_id)
    return fragment("routing/why_tab.html", **await _of_interaction(ctx, interaction, "", "free"))


async def _of_interaction(ctx: Context, interaction: InteractionView, text: str, chosen: str) -> dict[str, Any]:
    counts = await count_stages(ctx, interaction.queue, interaction.channel)
    found = await verdicts(
        ctx, interaction.queue, interaction.channel, stages=stages_of(chosen), text=text, limit=SHOWN + 1
    )
    reasons = await all_reasons(ctx)
    queue = await Queue.get_or_none(id=id_of(interaction.queue))
    return {
        "interaction": interaction,
        "channel": type_of(ctx, interaction.channel),
        "queue": queue,
        "cause": _(CAUSES[queue.strategy]) if queue else "",
        "waits": interaction.state in ("waiting", "offered"),
        "total": sum(counts.values()),
        "steps": funnel(counts),
        "free": counts.get(Stage.FREE, 0),
        "chosen": chosen,
        "lines": [(verdict, reason(verdict, reasons, ctx)) for verdict in found[:SHOWN]],
        "more": len(found) > SHOWN,
        "decisions": [
            (past, _(CAUSES.get(past.cause, past.cause)), *_outcome(past.outcome))
            for past in await past_decisions(ctx, interaction.id)
        ],
    }


def _outcome(state: str) -> tuple[str, str]:
    text, tone = OUTCOMES.get(state, ("", ""))
    return (_(text) if text else ""), tone


@get("/why/agent/{user_id:int}", permission=SIGNED_IN)
async def why_agent(ctx: Context, user: SignedIn, user_id: Id) -> Response[Any]:
    """The page of an agent: for supervisors, and for himself."""
    agent = await _readable(ctx, user, user_id)
    return await page("routing/why_agent.html", title=_("Why"), agent=agent, own=user.id == user_id)


@get("/why/agent/{user_id:int}/now", permission=SIGNED_IN)
async def why_agent_now(ctx: Context, user: SignedIn, user_id: Id) -> Response[Any]:
    """What he does, his queues with what is next in each, and why that is not his."""
    agent = await _readable(ctx, user, user_id)
    reasons = await all_reasons(ctx)
    heads = await heads_for(ctx, user_id)
    return fragment(
        "routing/why_agent_now.html",
        agent=agent,
        status=_(STATUS_LABELS[agent.status]),
        own=user.id == user_id,
        may_look=user.may(SEE_QUEUES),
        heads=[(head, reason(head.verdict, reasons, ctx), type_of(ctx, head.channel)) for head in heads],
    )


async def _readable(ctx: Context, user: SignedIn, user_id: int) -> Any:
    """The agent, for whoever may look: to others there is none."""
    agent = await view(ctx, user_id) if user.id == user_id or user.may(SEE_QUEUES) else None
    if agent is None:
        raise NotFound(_("There is no such agent."))
    return agent


WHY_PAGES = [why_interaction, why_interaction_now, why_tab, why_agent, why_agent_now]
