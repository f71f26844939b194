"""What an agent works on at this moment, on all channels, with what is being offered to him."""

from __future__ import annotations

from dataclasses import dataclass

from core.interactions.rows import (
    InteractionView,
    OfferView,
    SegmentView,
    get_interactions,
    open_segments,
    pending_offer,
)
from core.interactions.states import SegmentState
from core.plugins.context import Context


@dataclass(frozen=True)
class Work:
    """One interaction that an agent has in hand, or is asked to take.

    Attributes:
        segment: His part of it; None while it is offered to him.
        offer: None when he has taken it.
    """

    interaction: InteractionView
    segment: SegmentView | None = None
    offer: OfferView | None = None


async def work_of(ctx: Context, agent_id: int) -> list[Work]:
    """What is offered first, then what takes the whole agent, then after-contact work, then the rest by age."""
    offer = await pending_offer(ctx, agent_id=agent_id)
    segments = await open_segments(ctx, agent_id)
    ids = {segment.interaction_id for segment in segments} | ({offer.interaction_id} if offer else set())
    interactions = await get_interactions(ctx, ids)
    offered = [Work(interactions[offer.interaction_id], offer=offer)] if offer else []
    segments.sort(key=lambda each: (not each.exclusive, each.state is not SegmentState.WRAP_UP, each.id))
    return [*offered, *(Work(interactions[segment.interaction_id], segment=segment) for segment in segments)]
