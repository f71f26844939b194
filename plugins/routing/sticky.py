"""Who handled a returning customer last."""

from __future__ import annotations

from switchroom import Context
from switchroom.database import fetch_value
from switchroom.interactions import InteractionView


async def last_agent(ctx: Context, interaction: InteractionView, hours: int) -> int | None:
    """The user id of the agent who last handled this number on the same channel within so many hours, if any.

    Of those alone who serve the queue: one who has left it, or lacks by now what it asks for, is passed over.
    """
    if not interaction.contact_number:
        return None
    # Indexes core_interaction_of_number and core_segment_interaction, and the unique one of core_pool_member.
    found: int | None = await fetch_value(
        "SELECT segment.agent_id FROM core_interaction AS earlier "
        "JOIN core_segment AS segment ON segment.interaction_id = earlier.id "
        "JOIN core_pool_member AS member ON member.tenant_id = earlier.tenant_id AND member.pool = $6 "
        "AND member.user_id = segment.agent_id "
        "WHERE earlier.tenant_id = $1 AND earlier.contact_number = $2 AND earlier.channel = $3 AND earlier.id < $4 "
        "AND earlier.created_at > now() - make_interval(hours => $5) ORDER BY earlier.id DESC, segment.id DESC LIMIT 1",
        ctx.tenant.id,
        interaction.contact_number,
        interaction.channel,
        interaction.id,
        hours,
        interaction.queue,
    )
    return found
