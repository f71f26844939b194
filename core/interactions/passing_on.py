"""An interaction goes on with another agent: he has a segment of his own, and so the one before him keeps his."""

from __future__ import annotations

from core import facts
from core.agents.settling import lock_agent, settle
from core.database.connection import fetch_row
from core.database.transaction import transaction
from core.errors import Conflict
from core.interactions.channels import require_channel
from core.interactions.lifecycle import NotInTalk
from core.interactions.rows import (
    SegmentView,
    as_segment,
    get_segment,
    lock_interaction,
    move_interaction,
    move_segment,
    open_segment,
    open_segments,
    pending_offer,
)
from core.interactions.segments import begin_wrap_up, wrap_up_time
from core.interactions.states import InteractionState, SegmentState
from core.locale import gettext as _
from core.plugins.context import Context


class CannotTakeOver(Conflict):
    """The agent to whom it should go has other work, or it is his already."""

    code = "cannot_take_over"


_BEGIN = """
WITH segment AS (
    INSERT INTO core_segment (tenant_id, interaction_id, agent_id, state, started_at, extensions, channel, exclusive,
        outcome, comment)
    VALUES ($1, $2, $3, 'active', now(), 0, $4, $5, '', '')
    RETURNING id, interaction_id, agent_id, state, started_at, ended_at, wrap_up_until, clock_shown, extensions,
        channel, exclusive
), offer AS (
    INSERT INTO core_offer (tenant_id, interaction_id, agent_id, state, made_at, deadline, decided_at)
    VALUES ($1, $2, $3, 'accepted', now(), now(), now())
)
SELECT * FROM segment
"""


async def pass_on(ctx: Context, interaction_id: int, *, agent_id: int, to_agent_id: int) -> SegmentView:
    """Passes a talk on to an agent who has agreed to take it; the after-contact work of the one before begins.

    Args:
        ctx: Where, and who passes it on.
        interaction_id: What.
        agent_id: The agent who talks.
        to_agent_id: The agent who talks from now on.

    Returns:
        The segment of the other agent.

    Raises:
        NotFound: The tenant has no such interaction, or no such agent.
        NotInTalk: The interaction is not in the hands of `agent_id`, or not any more.
        CannotTakeOver: The other one has work that keeps him from it; nothing has changed.
    """
    time = await wrap_up_time(ctx, interaction_id)
    async with transaction():
        interaction = await lock_interaction(ctx, interaction_id)
        segment = await open_segment(ctx, interaction_id=interaction_id)
        in_talk = interaction.state in (InteractionState.ACTIVE, InteractionState.HELD)
        if not in_talk or segment is None or segment.agent_id != agent_id or segment.state is not SegmentState.ACTIVE:
            raise NotInTalk(_("This call has ended or is not yours."))
        for each in sorted({agent_id, to_agent_id}):
            await lock_agent(ctx, each)
        kind = require_channel(ctx, interaction.channel)
        await _require_room(ctx, agent_id, to_agent_id, exclusive=kind.exclusive)
        if interaction.state is InteractionState.HELD:
            await move_interaction(ctx, interaction, InteractionState.ACTIVE, "passed_on")
        if kind.wrap_up and time.seconds:
            await begin_wrap_up(ctx, segment, time, "passed_on")
        else:
            await move_segment(ctx, segment, SegmentState.CLOSED, "passed_on")
        row = await fetch_row(_BEGIN, ctx.tenant.id, interaction_id, to_agent_id, interaction.channel, kind.exclusive)
        assert row is not None  # noqa: S101 - INSERT … RETURNING gives the row
        taken = as_segment(row)
        await facts.record(
            ctx, "segment", old="", new=SegmentState.ACTIVE, cause="passed_on", interaction_id=interaction_id,
            segment_id=taken.id, agent_id=to_agent_id, detail={"from": agent_id},
        )  # fmt: skip
        await ctx.publish(f"user:{to_agent_id}", f"journal:{to_agent_id}", f"interaction:{interaction_id}")
        for each in sorted({agent_id, to_agent_id}):
            await settle(ctx, each, "passed_on")
    return await get_segment(ctx, taken.id)


async def _require_room(ctx: Context, agent_id: int, to_agent_id: int, *, exclusive: bool) -> None:
    if agent_id == to_agent_id:
        raise CannotTakeOver(_("This call is with this agent already."))
    if await pending_offer(ctx, agent_id=to_agent_id) is not None:
        raise CannotTakeOver(_("Other work is being offered to this agent."))
    if exclusive and any(segment.exclusive for segment in await open_segments(ctx, to_agent_id)):
        raise CannotTakeOver(_("This agent has a call, or work after one."))
