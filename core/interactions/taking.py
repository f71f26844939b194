"""Work that an agent takes himself, without an offer: the interaction begins with him."""

from __future__ import annotations

import json

from core import facts
from core.agents.settling import lock_agent, settle
from core.agents.states import Occupancy
from core.database.connection import fetch_row
from core.database.transaction import transaction
from core.errors import Conflict
from core.interactions.channels import require_channel
from core.interactions.rows import InteractionView, OfferView, SegmentView, get_interaction, pending_offer
from core.interactions.states import Direction, InteractionState, SegmentState
from core.locale import gettext as _
from core.plugins.context import Context


class AtCapacity(Conflict):
    """The agent has as many in hand as he may."""

    code = "at_capacity"


# One statement, since agents take work all day. Every segment has the offer that was accepted: whoever looks for an
# agent's work finds it there.
_BEGIN = """
WITH interaction AS (
    INSERT INTO core_interaction (tenant_id, channel, direction, state, state_since, queue, priority, waiting_since,
        contact_name, contact_number, subject, cause, reference, created_at)
    VALUES ($1, $2, $3, 'active', now(), $4, 0, now(), $5, $6, $7, '', $8, now()) RETURNING id
), segment AS (
    INSERT INTO core_segment (tenant_id, interaction_id, agent_id, state, started_at, extensions, channel, exclusive,
        outcome, comment)
    SELECT $1::bigint, id, $9::bigint, 'active', now(), 0, $2::text, $10::bool, '', '' FROM interaction RETURNING id
), offer AS (
    INSERT INTO core_offer (tenant_id, interaction_id, agent_id, state, made_at, deadline, decided_at)
    SELECT $1::bigint, id, $9::bigint, 'accepted', now(), now(), now() FROM interaction
)
SELECT interaction.id AS interaction_id, segment.id AS segment_id, now() AS now FROM interaction, segment
"""


async def begin_work(
    ctx: Context,
    agent_id: int,
    *,
    channel: str,
    at_most: int | None = None,
    direction: Direction = Direction.INBOUND,
    queue: str = "",
    contact_name: str = "",
    contact_number: str = "",
    subject: str = "",
    reference: str = "",
) -> SegmentView:
    """Begins an interaction in the hands of an agent. Part of the caller's transaction, where there is one.

    Args:
        ctx: Where.
        agent_id: The user id of the agent.
        channel: A channel that a plugin has registered and that does not take the whole agent, such as `record`.
        at_most: How many of the channel he may have in hand, this one with it; None asks nobody.
        direction: Who began it.
        queue: An opaque reference to the queue that it came from.
        contact_name: Of the customer.
        contact_number: E.164.
        subject: What it is about.
        reference: What of the plugin that brings it this is, such as `records:item:7`.

    Raises:
        NotFound: No plugin of the tenant has registered the channel, or the user is no agent.
        AtCapacity: He has `at_most` in hand, or the channel takes all of him and he has something in hand. What is
            being offered to him counts.
    """
    kind = require_channel(ctx, channel)
    async with transaction():
        agent = await lock_agent(ctx, agent_id)
        in_hand: dict[str, int] = json.loads(agent["work"])
        # The row that is locked says whether anything is being offered: what else has changed meanwhile is read later.
        offer = await pending_offer(ctx, agent_id=agent_id) if agent["occupancy"] == Occupancy.OFFERED else None
        number = in_hand.get(channel, 0)
        if at_most is not None and number >= at_most:
            raise AtCapacity(
                _("You have %(number)s in work already, which is the most.") % {"number": number},
                mend=_("Finish or put back one of them first."),
            )
        if kind.exclusive and in_hand:
            raise AtCapacity(_("You have work in hand."), mend=_("Finish it first."))
        if offer is not None and (kind.exclusive or await _fills(ctx, offer, channel, number, at_most)):
            raise AtCapacity(_("Other work is being offered to you."), mend=_("Accept or reject it first."))
        row = await fetch_row(
            _BEGIN,
            ctx.tenant.id,
            channel,
            str(direction),
            queue,
            contact_name,
            contact_number,
            subject,
            reference,
            agent_id,
            kind.exclusive,
        )
        assert row is not None  # noqa: S101 - INSERT … RETURNING gives the row
        interaction_id, segment_id, now = row["interaction_id"], row["segment_id"], row["now"]
        interaction = InteractionView(
            interaction_id, channel, str(direction), InteractionState.ACTIVE, now, queue, 0, now, contact_name,
            contact_number, subject, "", reference, now,
        )  # fmt: skip
        segment = SegmentView(
            segment_id, interaction_id, agent_id, SegmentState.ACTIVE, now, None, None, True, 0, channel, kind.exclusive
        )
        await facts.record(
            ctx, "interaction", old="", new="active", cause="taken", interaction_id=interaction_id,
            detail={"channel": channel, "direction": str(direction), "queue": queue},
        )  # fmt: skip
        await facts.record(
            ctx, "segment", old="", new=SegmentState.ACTIVE, cause="taken", interaction_id=interaction_id,
            segment_id=segment_id, agent_id=agent_id,
        )  # fmt: skip
        await ctx.publish(f"user:{agent_id}", f"journal:{agent_id}", f"interaction:{interaction_id}")
        await settle(ctx, agent_id, "taken")
        await ctx.notify("interaction_created", interaction=interaction)
        return segment


async def _fills(ctx: Context, offer: OfferView, channel: str, number: int, at_most: int | None) -> bool:
    """Whether the agent will have the most of a channel that he may have, should he accept what is offered to him."""
    if at_most is None or number + 1 < at_most:
        return False
    return (await get_interaction(ctx, offer.interaction_id)).channel == channel
