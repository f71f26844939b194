"""Interactions that came while there was no directory of queues: they get one, so that somebody has them."""

from __future__ import annotations

from plugins.routing.models import Queue
from switchroom import Context
from switchroom.interactions import InteractionView, move_to_queue


async def adopt(ctx: Context, interaction: InteractionView) -> bool:
    """Lets an interaction that has no queue wait in the first one of its channel, else in the first; tells whether.

    Nobody asks whether that is open or full: the customer has been taken already.
    """
    # Index routing_queue_in_order.
    queues = await Queue.all().order_by("position", "id")
    if not queues:
        return False
    queue = next((queue for queue in queues if interaction.channel in queue.channels), queues[0])
    return await move_to_queue(
        ctx, interaction.id, queue.reference, priority=interaction.priority + queue.priority, cause="adopted"
    )
