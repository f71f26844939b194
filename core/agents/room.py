"""Room: how much of a channel an agent may take by himself, by the rules of his team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.agents.team_rules import usual_rule
from core.database.connection import fetch_row
from core.errors import NotFound
from core.locale import gettext as _
from core.plugins.context import Context


@dataclass(frozen=True)
class Room:
    """How much of a channel an agent has in hand, and may have.

    Attributes:
        in_hand: How many of the channel he has in hand.
        capacity: How many he may have at once.
        clashes: Whether he has in hand, or is being offered, what goes beside nothing else: because the channel is
            only for agents with empty hands, or because something of such a channel is there.
    """

    in_hand: int
    capacity: int
    clashes: bool


# The primary key of core_agent, the unique indexes of core_team_channel and of offers that are pending.
_ROOM = """
SELECT coalesce((agent.work->>$3)::int, 0) AS in_hand, rule.capacity,
    (agent.work <> '{}' OR offered.channel IS NOT NULL) AND (
        coalesce(rule.alone, false) OR EXISTS (
            SELECT FROM core_team_channel AS other WHERE other.team_id = agent.team_id AND other.alone
            AND (agent.work ? other.channel OR other.channel = offered.channel)
        )
    ) AS clashes
FROM core_agent AS agent
LEFT JOIN core_team_channel AS rule ON rule.team_id = agent.team_id AND rule.channel = $3
LEFT JOIN LATERAL (
    SELECT interaction.channel FROM core_offer AS offer
    JOIN core_interaction AS interaction ON interaction.id = offer.interaction_id
    WHERE offer.agent_id = agent.user_id AND offer.state = 'pending'
) AS offered ON true
WHERE agent.tenant_id = $1 AND agent.user_id = $2
"""


async def room_on(ctx: Context, user_id: int, channel: str) -> Room:
    """What room an agent has on a channel at this moment.

    Raises:
        NotFound: The user is no agent.
    """
    return _room(ctx, channel, await fetch_row(_ROOM, ctx.tenant.id, user_id, channel))


async def lock_room(ctx: Context, user_id: int, channel: str) -> Room:
    """The same, and nobody else gives him work or takes some from him until the transaction ends.

    Whoever locks an interaction as well has locked that before.

    Raises:
        NotFound: The user is no agent.
    """
    row = await fetch_row(f"{_ROOM} FOR NO KEY UPDATE OF agent", ctx.tenant.id, user_id, channel)
    return _room(ctx, channel, row)


def _room(ctx: Context, channel: str, row: dict[str, Any] | None) -> Room:
    if row is None:
        raise NotFound(_("This user is no agent."))
    capacity = row["capacity"]
    return Room(
        row["in_hand"], usual_rule(ctx, channel).capacity if capacity is None else capacity, bool(row["clashes"])
    )
