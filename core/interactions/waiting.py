"""What is next in the queues that an agent serves."""

from __future__ import annotations

from dataclasses import dataclass

from core.database.connection import fetch
from core.plugins.context import Context

# Indexes core_pool_of_agent, and core_interaction_waiting (tenant_id, queue, channel, priority DESC, waiting_since, id)
# WHERE state = 'waiting': the first of each queue and channel is found at once, however many wait.
_NEXT = """
SELECT head.id, member.pool AS queue, channels.channel
FROM core_pool_member AS member CROSS JOIN unnest($3::text[]) AS channels (channel)
CROSS JOIN LATERAL (
    SELECT id, priority, waiting_since FROM core_interaction WHERE tenant_id = $1 AND queue = member.pool
    AND channel = channels.channel AND state = 'waiting' ORDER BY priority DESC, waiting_since, id LIMIT $4
) AS head WHERE member.tenant_id = $1 AND member.user_id = $2
ORDER BY head.priority DESC, head.waiting_since, head.id
"""


@dataclass(frozen=True)
class Next:
    """An interaction that is among the next of a queue on a channel."""

    id: int
    queue: str
    channel: str


async def next_for(ctx: Context, user_id: int, each: int = 1) -> list[Next]:
    """The interactions that are next in an agent's queues.

    The highest, and of these the one that has waited longest, comes first. Whether he has room for them is not asked.

    Args:
        ctx: Where.
        user_id: The agent.
        each: How many of each queue and channel.
    """
    return [Next(**row) for row in await fetch(_NEXT, ctx.tenant.id, user_id, list(ctx.known_channels), each)]
