"""Offers: an interaction is offered to one agent at a time, an agent is offered one interaction at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from core import facts
from core.agents.service import lock_agent, lock_first_free, settle
from core.database.connection import execute, fetch_row, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict
from core.interactions.rows import (
    OfferView,
    SegmentView,
    get_offer,
    get_segment,
    lock_interaction,
    move_interaction,
    move_offer,
    try_lock_waiting,
)
from core.interactions.states import InteractionState, OfferState, SegmentState
from core.jobs.registry import Event, job
from core.locale import gettext as _
from core.plugins.context import Context


class OfferGone(Conflict):
    """The offer is no longer this agent's to decide: it was decided, its time is up, or the caller has gone."""

    code = "offer_gone"


async def make_offer(ctx: Context, interaction_id: int, agent_ids: Sequence[int], *, cause: str) -> OfferView | None:
    """Offers a waiting interaction to the first of these agents who is free, in one transaction.

    Args:
        ctx: Where.
        interaction_id: What is offered.
        agent_ids: User ids, the most wanted first.
        cause: Why these agents, for the facts.

    Returns:
        The offer, or None when the interaction no longer waits or none of the agents is free: nothing has changed then.
    """
    async with transaction():
        interaction = await try_lock_waiting(ctx, interaction_id)
        if interaction is None:
            return None
        agent = await lock_first_free(ctx, agent_ids)
        if agent is None:
            return None
        row = await fetch_row(
            "INSERT INTO core_offer (tenant_id, interaction_id, agent_id, state, made_at, deadline) "
            "VALUES ($1, $2, $3, 'pending', now(), now() + make_interval(secs => $4)) RETURNING id, made_at, deadline",
            ctx.tenant.id,
            interaction_id,
            agent["user_id"],
            agent["offer_seconds"],
        )
        assert row is not None  # noqa: S101 - INSERT … RETURNING gives the row
        offer = OfferView(
            row["id"], interaction_id, agent["user_id"], OfferState.PENDING, row["made_at"], row["deadline"]
        )
        await facts.record(
            ctx, "offer", old="", new="pending", cause=cause, interaction_id=interaction_id, agent_id=offer.agent_id
        )
        await move_interaction(ctx, interaction, InteractionState.OFFERED, cause)
        await settle(ctx, offer.agent_id, "offered")
        await ctx.enqueue(expire_offer, at=offer.deadline, offer_id=offer.id)
        await ctx.emit(Event.OFFER_MADE, offer_id=offer.id)
    return offer


async def accept_offer(ctx: Context, offer_id: int, agent_id: int) -> SegmentView:
    """The agent takes the interaction; a segment begins.

    Raises:
        NotFound: The tenant has no such offer.
        OfferGone: It is another agent's, was decided, or its deadline has passed; nothing has changed.
    """
    async with transaction():
        offer = await _lock_pending(ctx, offer_id, agent_id)
        interaction = await lock_interaction(ctx, offer.interaction_id)
        await move_offer(ctx, offer, OfferState.ACCEPTED, "accepted")
        segment_id: int = await fetch_value(
            "INSERT INTO core_segment "
            "(tenant_id, interaction_id, agent_id, state, started_at, extensions, outcome, comment) "
            "VALUES ($1, $2, $3, 'active', now(), 0, '', '') RETURNING id",
            ctx.tenant.id,
            offer.interaction_id,
            agent_id,
        )
        await facts.record(
            ctx,
            "segment",
            old="",
            new=SegmentState.ACTIVE,
            cause="accepted",
            interaction_id=offer.interaction_id,
            segment_id=segment_id,
            agent_id=agent_id,
        )
        await move_interaction(ctx, interaction, InteractionState.ACTIVE, "accepted")
        await settle(ctx, agent_id, "accepted")
        return await get_segment(ctx, segment_id)


async def reject_offer(ctx: Context, offer_id: int, agent_id: int) -> None:
    """The agent does not take it; the interaction keeps its place and the agent gets nothing for a while.

    Raises:
        NotFound: The tenant has no such offer.
        OfferGone: It is not this agent's to decide any more.
    """
    async with transaction():
        offer = await _lock_pending(ctx, offer_id, agent_id)
        await _put_back(ctx, offer, OfferState.REJECTED, "rejected")


@job("core.expire_offer")
async def expire_offer(ctx: Context, offer_id: int) -> None:
    """The deadline of an offer: the agent has missed it, and the interaction waits again in its old place."""
    async with transaction():
        offer = await get_offer(ctx, offer_id)
        await lock_interaction(ctx, offer.interaction_id)
        await lock_agent(ctx, offer.agent_id)
        offer = await get_offer(ctx, offer_id)
        if offer.state is OfferState.PENDING:
            await _put_back(ctx, offer, OfferState.EXPIRED, "not_answered")


@job("core.end_missed")
async def end_missed(ctx: Context, user_id: int) -> None:
    """The no-answer delay is over: the agent is what he chose to be."""
    async with transaction():
        await lock_agent(ctx, user_id)
        await settle(ctx, user_id, "delay_over")


async def _lock_pending(ctx: Context, offer_id: int, agent_id: int) -> OfferView:
    offer = await get_offer(ctx, offer_id)
    await lock_interaction(ctx, offer.interaction_id)
    await lock_agent(ctx, offer.agent_id)
    offer = await get_offer(ctx, offer_id)
    if offer.agent_id != agent_id:
        raise OfferGone(_("This call is not offered to you."))
    if offer.state is OfferState.RESCINDED:
        raise OfferGone(_("The caller has hung up."))
    if offer.state is OfferState.ACCEPTED:
        raise OfferGone(_("This call was answered already."))
    if offer.state is not OfferState.PENDING or offer.deadline <= await fetch_value("SELECT clock_timestamp()"):
        raise OfferGone(_("The time to answer is over; the call goes to somebody else."))
    return offer


async def _put_back(ctx: Context, offer: OfferView, new: OfferState, cause: str) -> None:
    interaction = await lock_interaction(ctx, offer.interaction_id)
    agent = await lock_agent(ctx, offer.agent_id)
    await move_offer(ctx, offer, new, cause)
    missed_until: datetime = await fetch_value("SELECT now()") + timedelta(seconds=agent["no_answer_seconds"])
    await execute(
        "UPDATE core_agent SET missed_until = $3 WHERE tenant_id = $1 AND user_id = $2",
        ctx.tenant.id,
        offer.agent_id,
        missed_until,
    )
    await settle(ctx, offer.agent_id, cause)
    await ctx.enqueue(end_missed, at=missed_until, user_id=offer.agent_id)
    await move_interaction(ctx, interaction, InteractionState.WAITING, cause)
    await ctx.emit(Event.INTERACTION_WAITING)
