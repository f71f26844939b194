"""The lifecycle of an interaction: it begins, is held and resumed, and ends for a stated cause."""

from __future__ import annotations

from core import facts
from core.agents.settling import lock_agent, settle
from core.capabilities import WrapUpTime
from core.database.connection import execute, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict
from core.interactions.channels import require_channel, type_of
from core.interactions.rows import (
    InteractionView,
    get_interaction,
    lock_interaction,
    lock_waiting,
    move_interaction,
    move_offer,
    move_segment,
    open_segment,
    pending_offer,
)
from core.interactions.segments import begin_wrap_up, wrap_up_time
from core.interactions.states import Direction, InteractionState, OfferState, SegmentState
from core.jobs.registry import Event
from core.locale import gettext as _
from core.plugins.context import Context


class NotInTalk(Conflict):
    """The call is not in the state that this needs; it was ended, or is with another agent."""

    code = "not_in_talk"


async def create_interaction(
    ctx: Context,
    *,
    channel: str,
    direction: Direction = Direction.INBOUND,
    queue: str = "",
    priority: int = 0,
    contact_name: str = "",
    contact_number: str = "",
    subject: str = "",
    reference: str = "",
) -> InteractionView:
    """Begins an interaction; it waits for an agent from now on.

    Args:
        ctx: Where.
        channel: A channel that a plugin has registered, such as `voice`.
        direction: Who began it.
        queue: An opaque reference to the queue, such as `routing:queue:3`.
        priority: Higher ones are served first.
        contact_name: As the customer gave it.
        contact_number: E.164.
        subject: What it is about.
        reference: What of the plugin that brings it this is, such as `records:item:7`.

    Raises:
        NotFound: No plugin of the tenant has registered the channel.
    """
    require_channel(ctx, channel)
    async with transaction():
        interaction_id: int = await fetch_value(
            "INSERT INTO core_interaction (tenant_id, channel, direction, state, state_since, queue, priority, "
            "waiting_since, contact_name, contact_number, subject, cause, reference, created_at) "
            "VALUES ($1, $2, $3, 'waiting', now(), $4, $5, now(), $6, $7, $8, '', $9, now()) RETURNING id",
            ctx.tenant.id,
            channel,
            str(direction),
            queue,
            priority,
            contact_name,
            contact_number,
            subject,
            reference,
        )
        await facts.record(
            ctx, "interaction", old="", new="waiting", cause="created", interaction_id=interaction_id,
            detail={"channel": channel, "direction": str(direction), "queue": queue},
        )  # fmt: skip
        await ctx.publish("queue")
        await ctx.emit(Event.INTERACTION_WAITING, interaction_id=interaction_id)
        interaction = await get_interaction(ctx, interaction_id)
        await ctx.notify("interaction_created", interaction=interaction)
    return interaction


async def move_to_queue(ctx: Context, interaction_id: int, queue: str, *, priority: int, cause: str) -> bool:
    """Lets a waiting interaction wait in another queue; it keeps the time since which it has waited.

    Args:
        ctx: Where.
        interaction_id: Which.
        queue: An opaque reference to the other queue.
        priority: With which it waits there.
        cause: Why, as a stable word such as `overflow`.

    Returns:
        Whether it waited and has been moved; one that is being offered stays with the agent who is asked.
    """
    async with transaction():
        interaction = await lock_waiting(ctx, interaction_id, wait=True)
        if interaction is None or interaction.queue == queue:
            return False
        await execute(
            "UPDATE core_interaction SET queue = $3, priority = $4 WHERE tenant_id = $1 AND id = $2",
            ctx.tenant.id,
            interaction_id,
            queue,
            priority,
        )
        await facts.record(
            ctx, "interaction", old="waiting", new="waiting", cause=cause, interaction_id=interaction_id,
            detail={"from": interaction.queue, "queue": queue},
        )  # fmt: skip
        await ctx.publish("queue", f"interaction:{interaction_id}")
        await ctx.emit(Event.INTERACTION_WAITING, interaction_id=interaction_id)
    return True


async def hold(ctx: Context, interaction_id: int, agent_id: int) -> None:
    """The agent puts the customer on hold.

    Raises:
        NotInTalk: The interaction is not an active one of this agent.
    """
    await _in_talk(ctx, interaction_id, agent_id, InteractionState.ACTIVE, InteractionState.HELD, "held")


async def resume(ctx: Context, interaction_id: int, agent_id: int) -> None:
    """The agent takes the customer back from hold.

    Raises:
        NotInTalk: The interaction is not a held one of this agent.
    """
    await _in_talk(ctx, interaction_id, agent_id, InteractionState.HELD, InteractionState.ACTIVE, "resumed")


async def _in_talk(
    ctx: Context, interaction_id: int, agent_id: int, old: InteractionState, new: InteractionState, cause: str
) -> None:
    async with transaction():
        interaction = await lock_interaction(ctx, interaction_id)
        segment = await open_segment(ctx, interaction_id=interaction_id)
        if interaction.state is not old or segment is None or segment.agent_id != agent_id:
            raise NotInTalk(_("This call has ended or is not yours."))
        await lock_agent(ctx, agent_id)
        await move_interaction(ctx, interaction, new, cause)
        await settle(ctx, agent_id, cause)
        await ctx.publish(f"user:{agent_id}")


async def end_interaction(ctx: Context, interaction_id: int, cause: str) -> bool:
    """Ends the contact; the agent's after-contact work begins where there is any.

    Safe to call at any time and more than once: whoever is first gives the cause.

    Args:
        ctx: Where, and who ends it.
        interaction_id: What ends.
        cause: A stable word, such as `caller_hung_up`, `agent_hung_up`, `caller_lost`, `media_lost`.

    Returns:
        Whether this call ended it.
    """
    ending = await get_interaction(ctx, interaction_id)
    while True:
        # How long it takes is for a plugin to say, which is not asked while rows are locked.
        segment = await open_segment(ctx, interaction_id=interaction_id)
        asked = segment is not None and type_of(ctx, ending.channel).wrap_up
        time = await wrap_up_time(ctx, interaction_id) if asked else WrapUpTime(0)
        try:
            return await _end(ctx, interaction_id, cause, segment.id if segment else None, time)
        except _TakenMeanwhile:
            continue


class _TakenMeanwhile(Exception):
    """An agent has taken the interaction since it was last looked at."""


async def _end(ctx: Context, interaction_id: int, cause: str, expected: int | None, time: WrapUpTime) -> bool:
    async with transaction():
        interaction = await lock_interaction(ctx, interaction_id)
        if interaction.state in (InteractionState.ENDED, InteractionState.CLOSED):
            return False
        offer = await pending_offer(ctx, interaction_id=interaction_id)
        segment = await open_segment(ctx, interaction_id=interaction_id)
        if segment is not None and segment.id != expected:
            raise _TakenMeanwhile
        agent_id = segment.agent_id if segment else offer.agent_id if offer else None
        if agent_id is not None:
            await lock_agent(ctx, agent_id)
        await move_interaction(ctx, interaction, InteractionState.ENDED, cause)
        if offer is not None:
            await move_offer(ctx, offer, OfferState.RESCINDED, cause)
        if segment is not None and time.seconds:
            await begin_wrap_up(ctx, segment, time, cause)
        else:
            if segment is not None:
                await move_segment(ctx, segment, SegmentState.CLOSED, cause)
            # An agent who has passed it on may still be at work on it.
            if await open_segment(ctx, interaction_id=interaction_id) is None:
                ended = await get_interaction(ctx, interaction_id)
                await move_interaction(ctx, ended, InteractionState.CLOSED, "no_wrap_up")
        if agent_id is not None:
            await settle(ctx, agent_id, cause)
        await ctx.emit(Event.INTERACTION_ENDED, interaction_id=interaction_id)
        await ctx.notify("interaction_ended", interaction=await get_interaction(ctx, interaction_id))
    return True


async def position(ctx: Context, interaction_id: int) -> int | None:
    """The place in the queue, 1 being next; None when it waits no more. One that is being offered keeps its place."""
    row: int | None = await fetch_value(
        "SELECT count(*) FROM core_interaction AS mine JOIN core_interaction AS other "
        "ON other.tenant_id = mine.tenant_id AND other.queue = mine.queue AND other.state IN ('waiting', 'offered') "
        "AND (-other.priority, other.waiting_since, other.id) <= (-mine.priority, mine.waiting_since, mine.id) "
        "WHERE mine.tenant_id = $1 AND mine.id = $2 AND mine.state IN ('waiting', 'offered')",
        ctx.tenant.id,
        interaction_id,
    )
    return row or None
