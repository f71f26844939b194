"""How long one waits in a queue: after a while one goes on to another queue, or is let go.

Both times count from when the interaction came into the queue, as the facts say; that it has been offered to somebody
meanwhile makes them no longer. While it is being offered it stays: it is the agent's to take.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from plugins.routing.models import Queue, id_of, reference_of
from plugins.routing.room import now, queue_with_room
from switchroom import Context, Event, job
from switchroom.database import fetch, fetch_row, fetch_value, transaction
from switchroom.interactions import InteractionState, end_interaction, get_interaction, move_to_queue

OVERFLOW = "overflow"
WAITED_TOO_LONG = "waited_too_long"
"""Causes, as facts have them."""
NO_ROOM_SECONDS = 30
"""When the queue that one would go on to is closed or full, it is tried again after this time."""


@job("routing.set_deadlines", on=(Event.INTERACTION_WAITING,))
async def set_deadlines(ctx: Context, interaction_id: int) -> None:
    """Notes until when an interaction that waits may wait in its queue."""
    interaction = await get_interaction(ctx, interaction_id)
    queue = await _queue(interaction.queue)
    if queue is None or interaction.state is not InteractionState.WAITING:
        return
    if not (queue.overflow_seconds or queue.longest_wait_seconds):
        return
    came = await _came(ctx, interaction_id, interaction.queue) or interaction.waiting_since
    key = f"{interaction_id}:{queue.id}"
    async with transaction():
        if queue.overflow_seconds and queue.overflow_queue_id:
            at = came + timedelta(seconds=queue.overflow_seconds)
            await ctx.enqueue(overflow, at=at, key=key, interaction_id=interaction_id, queue_id=queue.id)
        if queue.longest_wait_seconds:
            at = came + timedelta(seconds=queue.longest_wait_seconds)
            await ctx.enqueue(end_wait, at=at, key=key, interaction_id=interaction_id, queue_id=queue.id)


@job("routing.set_deadlines_of_queue")
async def set_deadlines_of_queue(ctx: Context, queue_id: int) -> None:
    """The times of a queue have changed: they hold for those as well who wait in it."""
    # Index core_interaction_waiting.
    rows = await fetch(
        "SELECT id FROM core_interaction WHERE tenant_id = $1 AND queue = $2 AND state = 'waiting' ORDER BY id",
        ctx.tenant.id,
        reference_of(queue_id),
    )
    for row in rows:
        await set_deadlines.function(ctx, interaction_id=row["id"])


@job("routing.overflow")
async def overflow(ctx: Context, interaction_id: int, queue_id: int) -> None:
    """Somebody has waited so long in a queue that he goes on to the next one, if that is open and has room."""
    async with transaction():
        queue = await Queue.get_or_none(id=queue_id)
        if queue is None or not (queue.overflow_seconds and queue.overflow_queue_id):
            return
        target = await Queue.get_or_none(id=queue.overflow_queue_id)
        found = await queue_with_room(ctx, target, await now(ctx)) if target else None
        # Rooms before interactions, as those do who come in.
        priority = await _still_waits(ctx, interaction_id, queue_id)
        if priority is None:
            return
        due = await _due(ctx, interaction_id, queue_id, queue.overflow_seconds)
        if due is None and found is not None:
            new = priority - queue.priority + found.priority
            await move_to_queue(ctx, interaction_id, found.reference, priority=new, cause=OVERFLOW)
            return
        at = due or await now(ctx) + timedelta(seconds=NO_ROOM_SECONDS)
        key = f"{interaction_id}:{queue_id}"
        await ctx.enqueue(overflow, at=at, key=key, interaction_id=interaction_id, queue_id=queue_id)


@job("routing.end_wait")
async def end_wait(ctx: Context, interaction_id: int, queue_id: int) -> None:
    """Somebody has waited as long as a queue allows."""
    async with transaction():
        queue = await Queue.get_or_none(id=queue_id)
        if queue is None or not queue.longest_wait_seconds:
            return
        if await _still_waits(ctx, interaction_id, queue_id) is None:
            return
        due = await _due(ctx, interaction_id, queue_id, queue.longest_wait_seconds)
        if due is not None:
            key = f"{interaction_id}:{queue_id}"
            await ctx.enqueue(end_wait, at=due, key=key, interaction_id=interaction_id, queue_id=queue_id)
            return
        await end_interaction(ctx, interaction_id, WAITED_TOO_LONG)


async def _queue(reference: str) -> Queue | None:
    number = id_of(reference)
    return await Queue.get_or_none(id=number) if number is not None else None


async def _still_waits(ctx: Context, interaction_id: int, queue_id: int) -> int | None:
    """Locks an interaction that waits in this queue, and gives its priority; None when it does so no more."""
    row = await fetch_row(
        "SELECT priority FROM core_interaction WHERE tenant_id = $1 AND id = $2 AND queue = $3 AND state = 'waiting' "
        "FOR NO KEY UPDATE",
        ctx.tenant.id,
        interaction_id,
        reference_of(queue_id),
    )
    return row["priority"] if row else None


async def _due(ctx: Context, interaction_id: int, queue_id: int, seconds: int) -> datetime | None:
    """When so many seconds in the queue are over; None when they are."""
    came = await _came(ctx, interaction_id, reference_of(queue_id))
    due = came + timedelta(seconds=seconds) if came else None
    return due if due and due > await now(ctx) else None


async def _came(ctx: Context, interaction_id: int, queue: str) -> datetime | None:
    """When an interaction came into a queue: the fact that names the queue."""
    # Index core_fact_interaction.
    moment: datetime | None = await fetch_value(
        "SELECT max(at) FROM core_fact WHERE tenant_id = $1 AND interaction_id = $2 AND subject = 'interaction' "
        "AND new = 'waiting' AND detail->>'queue' = $3",
        ctx.tenant.id,
        interaction_id,
        queue,
    )
    return moment
