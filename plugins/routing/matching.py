"""One claim after another: the longest waiting interaction, offered to the agent who has waited longest.

A match run ends when nobody waits or nobody is free. Whatever changes that enqueues another run in its own transaction,
so none is missed; two runs at once only take different rows.
"""

from __future__ import annotations

from plugins.routing.models import Queue
from switchroom import Context, Event, job
from switchroom.agents import longest_waiting
from switchroom.interactions import make_offer, next_waiting

CANDIDATES = 5
"""How many interactions and agents one step looks at: several, since another run may just have taken the first."""


@job("routing.match", on=(Event.INTERACTION_WAITING, Event.AGENT_FREE), coalesce=True)
async def match(ctx: Context) -> None:
    """Makes offers until nobody waits or nobody is free."""
    for queue in await Queue.all().order_by("id"):
        while await _offer_next(ctx, queue):
            pass


async def _offer_next(ctx: Context, queue: Queue) -> bool:
    waiting = await next_waiting(ctx, queue.reference, CANDIDATES)
    agents = await longest_waiting(ctx, CANDIDATES) if waiting else []
    for interaction_id in waiting if agents else []:
        if await make_offer(ctx, interaction_id, agents, cause="longest_waiting"):
            return True
    return False
