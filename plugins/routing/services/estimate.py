"""How long somebody who waits will probably still wait.

The place in the line, times how long the last ones were worked on, shared among the agents who are at work:

    place × mean of the last 20 (conversation and wrap-up) ÷ agents of the queue who are there and take work

Nothing is said before three have been served, or while nobody is at work. Agents who serve several queues count in full
in each, so a queue that shares its agents is slower than this says.
"""

from __future__ import annotations

import math

from plugins.routing.models import id_of
from switchroom import Context
from switchroom.database import fetch_row
from switchroom.interactions import get_interaction, position

FEWEST = 3
"""So many must have been served before anything is said."""

# Indexes core_interaction_of_queue and core_segment_interaction; of pools the primary order (tenant_id, pool, user_id).
# At most 100 interactions are looked at, however many nobody has answered.
_PACE = """
SELECT served.number, served.seconds, (
    SELECT count(*) FROM core_pool_member AS member JOIN core_agent AS agent ON agent.user_id = member.user_id
    WHERE member.tenant_id = $1 AND member.pool = $2 AND agent.intent = 'available' AND agent.connected_until > now()
) AS agents
FROM (
    SELECT count(*) AS number, avg(extract(epoch FROM worked.closed_at - worked.started_at))::float AS seconds FROM (
        SELECT segment.started_at, segment.closed_at FROM (
            SELECT id FROM core_interaction WHERE tenant_id = $1 AND queue = $2 ORDER BY created_at DESC, id DESC
            LIMIT 100
        ) AS last JOIN core_segment AS segment ON segment.interaction_id = last.id
        WHERE segment.closed_at IS NOT NULL ORDER BY segment.closed_at DESC LIMIT 20
    ) AS worked
) AS served
"""


async def estimated_wait(ctx: Context, interaction_id: int) -> int | None:
    """Seconds that an interaction will probably still wait; None when nothing can be said."""
    place = await position(ctx, interaction_id)
    if place is None:
        return None
    interaction = await get_interaction(ctx, interaction_id)
    if id_of(interaction.queue) is None:
        return None
    pace = await fetch_row(_PACE, ctx.tenant.id, interaction.queue)
    if pace is None or pace["number"] < FEWEST or not pace["agents"]:
        return None
    seconds: int = math.ceil(place * pace["seconds"] / pace["agents"])
    return seconds
