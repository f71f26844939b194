"""Brings waiting interactions and free agents together, one claim after another.

Nothing is scanned: an interaction that comes to wait is offered to the first free agent of its queue, an agent who
becomes free gets the first of what waits in his queues; each is found by an index. Both are told by durable events, so
none is forgotten when a process dies, and any number of processes may do this at once: each claim is one transaction
that takes rows which nobody else has. Where one finds a row taken, it waits for the other's decision, since the other
may have looked before what this one knows.

However it begins, a match is made for an agent: he is given what is next in all of his queues, the highest and then the
oldest. So what has just come to one queue does not overtake what has waited in another one for longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from plugins.routing.adopting import adopt
from plugins.routing.decisions import note_decision
from plugins.routing.models import Queue, id_of
from plugins.routing.sticky import last_agent
from plugins.routing.turns import turn
from switchroom import Context, Event, job
from switchroom.agents import free_in_pool
from switchroom.database import transaction
from switchroom.interactions import InteractionState, InteractionView, get_interaction, make_offer, next_for, type_of

CANDIDATES = 10
"""How many free agents one step looks at: several, since other processes may just be taking the first."""
CANDIDATES_FOR_PLUGINS = 100
"""How many of them plugins are shown that choose among them."""
NEXT = 5
"""How many of each queue one step looks at, for the same reason."""
ATTEMPTS = 10
"""How often one job tries at once while others take its rows away; after that it is put behind what else is due."""


class Step(Enum):
    """What came of looking for an agent for one interaction."""

    OFFERED = "offered"
    NOBODY = "nobody"
    """It waits, and nobody who is free has room for it."""
    TAKEN = "taken"
    """Somebody else has it, or is at it, or was faster with everybody who was free."""


@job("routing.match_interaction", on=(Event.INTERACTION_WAITING,))
async def match_interaction(ctx: Context, interaction_id: int) -> None:
    """Lets the free agents of an interaction's queue have what is next for them, until it is offered or all have."""
    for _attempt in range(ATTEMPTS):
        async with turn(ctx):
            if not await _match(ctx, interaction_id):
                return
    await ctx.enqueue(match_interaction, interaction_id=interaction_id)


async def _match(ctx: Context, interaction_id: int) -> bool:
    """Lets the first free agent have what is next for him; tells whether the interaction may still find somebody."""
    interaction = await get_interaction(ctx, interaction_id)
    if interaction.state is not InteractionState.WAITING:
        return False
    if not interaction.queue and await adopt(ctx, interaction):
        return False
    free = await free_in_pool(ctx, interaction.queue, type_of(ctx, interaction.channel), 1)
    if not free:
        return False
    return await _serve(ctx, free[0].user_id) or await _offer(ctx, interaction_id) is Step.TAKEN


@job("routing.match_agent", on=(Event.AGENT_FREE,))
async def match_agent(ctx: Context, user_id: int) -> None:
    """Offers what waits in an agent's queues, until he has something or nothing waits that he could take."""
    for _attempt in range(ATTEMPTS):
        async with turn(ctx):
            if not await _serve(ctx, user_id):
                return
    await ctx.enqueue(match_agent, user_id=user_id)


async def _serve(ctx: Context, user_id: int) -> bool:
    """Offers the first that waits in an agent's queues, to whom its queue wants; tells whether there may be more.

    What others are at is passed over at first: they offer it before long. What is next on a channel for which nobody
    has room does not keep up what is next on another one.
    """
    passed_over: list[int] = []
    hopeless: set[tuple[str, str]] = set()
    for waiting in await next_for(ctx, user_id, NEXT):
        if (waiting.queue, waiting.channel) in hopeless:
            continue
        step = await _offer(ctx, waiting.id, wait=False)
        if step is Step.OFFERED:
            return True
        if step is Step.NOBODY:
            hopeless.add((waiting.queue, waiting.channel))
        else:
            passed_over.append(waiting.id)
    # They may have looked for an agent before this one became free. So what they decide is waited for.
    return bool(passed_over) and await _offer(ctx, passed_over[0]) is not Step.NOBODY


async def _offer(ctx: Context, interaction_id: int, *, wait: bool = True) -> Step:
    """Offers one interaction to the first who is free; waits, or not, for those who have locked what it needs."""
    interaction = await get_interaction(ctx, interaction_id)
    if interaction.state is not InteractionState.WAITING:
        return Step.TAKEN
    most = CANDIDATES_FOR_PLUGINS if ctx.listened("interaction_route") else CANDIDATES
    candidates = await free_in_pool(ctx, interaction.queue, type_of(ctx, interaction.channel), most)
    if not candidates:
        return Step.NOBODY
    agents = [candidate.user_id for candidate in candidates]
    queue = await Queue.get_or_none(id=id_of(interaction.queue))
    preference = await _preference(ctx, interaction, queue, agents)
    async with transaction():
        offer = None
        if preference is not None:
            offer = await make_offer(ctx, interaction_id, [preference.user_id], cause=preference.cause)
        cause = preference.cause if offer and preference else queue.strategy if queue else "longest_idle"
        if offer is None:
            offer = await make_offer(ctx, interaction_id, agents, cause=cause, wait=wait)
        if offer is None:
            return Step.TAKEN
        await note_decision(ctx, offer, candidates, cause)
    return Step.OFFERED


@dataclass(frozen=True)
class _Preference:
    """One agent who comes before the others if he is free, and why."""

    user_id: int
    cause: str


async def _preference(
    ctx: Context, interaction: InteractionView, queue: Queue | None, agents: list[int]
) -> _Preference | None:
    """Whom a plugin, or the customer's last contact, wants before the others."""
    if ctx.listened("interaction_route"):
        chosen = await ctx.first("interaction_route", interaction=interaction, candidates=agents)
        if chosen in agents:
            return _Preference(chosen, "routed")
    if queue and queue.sticky_hours:
        last = await last_agent(ctx, interaction, queue.sticky_hours)
        if last is not None:
            return _Preference(last, "sticky")
    return None
