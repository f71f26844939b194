"""Offers: an interaction is offered to one agent at a time, an agent is offered one interaction at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from core import facts
from core.agents.pools import lock_first_free
from core.agents.reasons import NOT_ANSWERING
from core.agents.settling import lock_agent, set_intent, settle
from core.agents.states import Intent
from core.database.connection import execute, fetch_row, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict
from core.interactions.channels import type_of
from core.interactions.rows import (
    OFFER_COLUMNS,
    SEGMENT_COLUMNS,
    InteractionView,
    OfferView,
    SegmentView,
    as_offer,
    as_segment,
    get_offer,
    lock_offered,
    lock_waiting,
    move_interaction,
    move_offer,
    tell_interaction,
    tell_offer,
)
from core.interactions.states import InteractionState, OfferState, SegmentState
from core.jobs.registry import Event, job
from core.locale import gettext as _
from core.plugins.context import Context


class OfferGone(Conflict):
    """The offer is no longer this agent's to decide: it was decided, its time is up, or the caller has gone."""

    code = "offer_gone"


# Each claim changes its rows in one statement: whoever wants the same ones waits for less.
_OFFER = f"""
WITH interaction AS (
    UPDATE core_interaction SET state = 'offered', state_since = now() WHERE tenant_id = $1 AND id = $2
), agent AS (
    UPDATE core_agent SET last_offer_at = now() WHERE tenant_id = $1 AND user_id = $3
)
INSERT INTO core_offer (tenant_id, interaction_id, agent_id, state, made_at, deadline, auto_answer)
VALUES ($1, $2, $3, 'pending', now(), now() + make_interval(secs => $4), $5) RETURNING {OFFER_COLUMNS}
"""  # noqa: S608 - constants

_ACCEPT = f"""
WITH offer AS (
    UPDATE core_offer SET state = 'accepted', decided_at = now() WHERE tenant_id = $1 AND id = $2
), interaction AS (
    UPDATE core_interaction SET state = 'active', state_since = now() WHERE tenant_id = $1 AND id = $3
), agent AS (
    UPDATE core_agent SET missed_in_row = 0 WHERE tenant_id = $1 AND user_id = $4 AND missed_in_row <> 0
)
INSERT INTO core_segment (tenant_id, interaction_id, agent_id, state, started_at, extensions, channel, exclusive,
    outcome, comment)
VALUES ($1, $3, $4, 'active', now(), 0, $5, $6, '', '') RETURNING {SEGMENT_COLUMNS}
"""  # noqa: S608 - constants


async def make_offer(
    ctx: Context, interaction_id: int, agent_ids: Sequence[int], *, cause: str, wait: bool = False
) -> OfferView | None:
    """Offers a waiting interaction to the first of these agents who has room for it, in one transaction.

    Args:
        ctx: Where.
        interaction_id: What is offered.
        agent_ids: User ids, the most wanted first.
        cause: Why these agents, for the facts.
        wait: Whether to wait for what somebody else has locked at this moment, rather than to pass it over.

    Returns:
        The offer, accepted already where the team answers by itself and nothing has to be brought up on the channel
        first; or None when the interaction no longer waits or none of the agents has room: nothing has changed
        then.
    """
    async with transaction():
        interaction = await lock_waiting(ctx, interaction_id, wait=wait)
        if interaction is None:
            return None
        kind = type_of(ctx, interaction.channel)
        agent = await lock_first_free(ctx, agent_ids, kind, wait=wait)
        if agent is None:
            return None
        row = await fetch_row(
            _OFFER, ctx.tenant.id, interaction_id, agent["user_id"], agent["offer_seconds"], agent["auto_answer"]
        )
        assert row is not None  # noqa: S101 - INSERT … RETURNING gives the row
        offer = as_offer(row)
        await facts.record(
            ctx, "offer", old="", new="pending", cause=cause, interaction_id=interaction_id, agent_id=offer.agent_id
        )
        await tell_interaction(ctx, interaction, InteractionState.OFFERED, cause)
        await settle(ctx, offer.agent_id, "offered")
        await ctx.enqueue(expire_offer, at=offer.deadline, offer_id=offer.id)
        await ctx.emit(Event.OFFER_MADE, offer_id=offer.id)
        if offer.auto_answer and not kind.media:
            # Nobody's page has to bring anything up first.
            await accept_offer(ctx, offer.id, offer.agent_id)
            offer = await get_offer(ctx, offer.id)
    return offer


async def accept_offer(ctx: Context, offer_id: int, agent_id: int) -> SegmentView:
    """The agent takes the interaction; a segment begins.

    Raises:
        NotFound: The tenant has no such offer.
        OfferGone: It is another agent's, was decided, or its deadline has passed; nothing has changed.
    """
    async with transaction():
        interaction, offer = await _lock_pending(ctx, offer_id, agent_id)
        exclusive = type_of(ctx, interaction.channel).exclusive
        row = await fetch_row(
            _ACCEPT, ctx.tenant.id, offer_id, interaction.id, agent_id, interaction.channel, exclusive
        )
        assert row is not None  # noqa: S101 - INSERT … RETURNING gives the row
        segment = as_segment(row)
        await tell_offer(ctx, offer, OfferState.ACCEPTED, "accepted")
        await facts.record(
            ctx, "segment", old="", new=SegmentState.ACTIVE, cause="accepted", interaction_id=interaction.id,
            segment_id=segment.id, agent_id=agent_id,
        )  # fmt: skip
        await tell_interaction(ctx, interaction, InteractionState.ACTIVE, "accepted")
        await settle(ctx, agent_id, "accepted")
        return segment


async def reject_offer(ctx: Context, offer_id: int, agent_id: int) -> None:
    """The agent does not take it; the interaction keeps its place and the agent gets nothing for a while.

    Raises:
        NotFound: The tenant has no such offer.
        OfferGone: It is not this agent's to decide any more.
    """
    async with transaction():
        interaction, offer = await _lock_pending(ctx, offer_id, agent_id)
        await _put_back(ctx, interaction, offer, OfferState.REJECTED, "rejected")


@job("core.expire_offer")
async def expire_offer(ctx: Context, offer_id: int) -> None:
    """The deadline of an offer: the agent has missed it, and the interaction waits again in its old place."""
    async with transaction():
        interaction, offer = await lock_offered(ctx, offer_id)
        if offer.state is OfferState.PENDING:
            await _put_back(ctx, interaction, offer, OfferState.EXPIRED, "not_answered")


@job("core.end_missed")
async def end_missed(ctx: Context, user_id: int) -> None:
    """The no-answer delay is over: the agent is what he chose to be."""
    async with transaction():
        await lock_agent(ctx, user_id)
        await settle(ctx, user_id, "delay_over")


async def _lock_pending(ctx: Context, offer_id: int, agent_id: int) -> tuple[InteractionView, OfferView]:
    interaction, offer = await lock_offered(ctx, offer_id)
    if offer.agent_id != agent_id:
        raise OfferGone(_("This call is not offered to you."))
    if offer.state is OfferState.RESCINDED:
        raise OfferGone(_("The caller has hung up."))
    if offer.state is OfferState.ACCEPTED:
        raise OfferGone(_("This call was answered already."))
    if offer.state is OfferState.REJECTED:
        raise OfferGone(_("This call was rejected already."))
    if offer.state is not OfferState.PENDING or offer.deadline <= await fetch_value("SELECT clock_timestamp()"):
        raise OfferGone(_("The time to answer is over; the call goes to somebody else."))
    return interaction, offer


async def _put_back(ctx: Context, interaction: InteractionView, offer: OfferView, new: OfferState, cause: str) -> None:
    agent = await lock_agent(ctx, offer.agent_id)
    await move_offer(ctx, offer, new, cause)
    missed_in_row = agent["missed_in_row"] + (new is OfferState.EXPIRED)
    if agent["missed_limit"] and missed_in_row >= agent["missed_limit"]:
        await set_intent(ctx, offer.agent_id, Intent.PAUSE, NOT_ANSWERING)
        await facts.record(
            ctx, "intent", old=agent["intent"], new=Intent.PAUSE, cause="missed_too_often", agent_id=offer.agent_id,
            detail={"reason": NOT_ANSWERING, "missed": missed_in_row},
        )  # fmt: skip
        missed_in_row = 0
    missed_until: datetime = await fetch_value("SELECT now()") + timedelta(seconds=agent["no_answer_seconds"])
    await execute(
        "UPDATE core_agent SET missed_until = $3, missed_in_row = $4 WHERE tenant_id = $1 AND user_id = $2",
        ctx.tenant.id,
        offer.agent_id,
        missed_until,
        missed_in_row,
    )
    await settle(ctx, offer.agent_id, cause)
    await ctx.enqueue(end_missed, at=missed_until, user_id=offer.agent_id)
    await move_interaction(ctx, interaction, InteractionState.WAITING, cause)
    await ctx.emit(Event.INTERACTION_WAITING, interaction_id=offer.interaction_id)
