"""Finds interactions, and tells who may see one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.database.connection import fetch, fetch_value
from core.interactions.rows import INTERACTION_COLUMNS, InteractionView, as_interaction
from core.plugins.context import Context


@dataclass(frozen=True)
class Wanted:
    """Which interactions are wanted; what is None is not asked for.

    Attributes:
        queue: A reference, such as `routing:queue:3`.
        agent_id: The user id of an agent who has handled it, or to whom it was offered.
        since: Begun at this moment or later.
        until: Begun before this moment.
    """

    state: str | None = None
    channel: str | None = None
    direction: str | None = None
    queue: str | None = None
    agent_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


# An agent took part by an offer: every segment begins with one. Index core_offer_interaction.
_CONDITIONS = {
    "state": "state = ${}",
    "channel": "channel = ${}",
    "direction": "direction = ${}",
    "queue": "queue = ${}",
    "agent_id": "EXISTS (SELECT FROM core_offer AS offer WHERE offer.interaction_id = interaction.id "
    "AND offer.tenant_id = $1 AND offer.agent_id = ${})",
    "since": "created_at >= ${}",
    "until": "created_at < ${}",
}


async def find_interactions(
    ctx: Context, wanted: Wanted, *, before_id: int | None = None, limit: int = 50
) -> list[InteractionView]:
    """Interactions that fit, the newest first, from the one before `before_id` on."""
    values: list[Any] = [ctx.tenant.id, limit]
    conditions = ["tenant_id = $1"]
    for condition, value in [
        *((text, getattr(wanted, name)) for name, text in _CONDITIONS.items()),
        ("id < ${}", before_id),
    ]:
        if value is not None:
            values.append(value)
            conditions.append(condition.format(len(values)))
    # The unique index over tenant and id gives them in order; what does not fit is passed over.
    rows = await fetch(
        f"SELECT {INTERACTION_COLUMNS} FROM core_interaction AS interaction "  # noqa: S608 - constants
        f"WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT $2",
        *values,
    )
    return [as_interaction(row) for row in rows]


async def took_part(ctx: Context, interaction_id: int, user_id: int) -> bool:
    """Whether an interaction was handled by this agent, or offered to him."""
    found: bool = await fetch_value(
        "SELECT EXISTS (SELECT FROM core_offer WHERE tenant_id = $1 AND interaction_id = $2 AND agent_id = $3)",
        ctx.tenant.id,
        interaction_id,
        user_id,
    )
    return found
