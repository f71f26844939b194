"""What has happened to an interaction, who may see it, and what the same contact wanted before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from core.database.connection import fetch, fetch_row, fetch_value
from core.facts import Fact, facts_of_interaction
from core.interactions.rows import InteractionView
from core.plugins.context import Context

SHORTEST_SEARCH = 3
"""Characters from which on interactions are searched: with fewer no index helps."""


@dataclass(frozen=True)
class Step:
    """One thing that has happened, with the name of the agent concerned, if any."""

    fact: Fact
    agent: str


@dataclass(frozen=True)
class Times:
    """How long an interaction has taken, up to now while it goes on.

    Attributes:
        waiting: Until it was answered, or came to its end; None when it did not wait.
        talking: Of all agents together, holding included; None before it was answered.
        wrap_up: After-contact work of all agents together; None before it began.
    """

    waiting: float | None
    talking: float | None
    wrap_up: float | None


@dataclass(frozen=True)
class Contact:
    """An interaction among others.

    Attributes:
        agent: Who handled it last; empty when nobody did.
        open: Whether the reader may open its card.
    """

    id: int
    channel: str
    direction: str
    state: str
    created_at: datetime
    contact_name: str
    contact_number: str
    subject: str
    agent: str
    outcome: str
    comment: str
    open: bool


async def handled_by(ctx: Context, interaction_id: int, user_id: int) -> bool:
    """Whether the user handles the interaction, has done so, or was offered it."""
    # Indexes core_segment_interaction and core_offer_interaction.
    found: bool = await fetch_value(
        "SELECT EXISTS (SELECT FROM core_segment WHERE tenant_id = $1 AND interaction_id = $2 AND agent_id = $3) "
        "OR EXISTS (SELECT FROM core_offer WHERE tenant_id = $1 AND interaction_id = $2 AND agent_id = $3)",
        ctx.tenant.id,
        interaction_id,
        user_id,
    )
    return found


async def steps_of(ctx: Context, interaction: InteractionView) -> list[Step]:
    """All that has happened to the interaction, in order."""
    facts = await facts_of_interaction(ctx, interaction.id, since=interaction.created_at)
    ids = sorted({fact.agent_id for fact in facts if fact.agent_id is not None})
    rows = await fetch(
        "SELECT id, name FROM core_user WHERE tenant_id = $1 AND id = ANY($2::bigint[])", ctx.tenant.id, ids
    )
    names = {row["id"]: row["name"] for row in rows}
    return [Step(fact, names.get(fact.agent_id, "")) for fact in facts]


# From facts alone. Index core_fact_interaction.
_TIMES = """
WITH mine AS (
    SELECT segment_id, subject, new, at FROM core_fact WHERE tenant_id = $1 AND interaction_id = $2
), segments AS (
    SELECT min(at) FILTER (WHERE new = 'active') AS answered_at,
        min(at) FILTER (WHERE new IN ('wrap_up', 'closed')) AS talk_ended_at,
        min(at) FILTER (WHERE new = 'wrap_up') AS wrap_up_at,
        min(at) FILTER (WHERE new = 'closed') AS closed_at
    FROM mine WHERE subject = 'segment' GROUP BY segment_id
), began AS (
    SELECT min(at) AS at, min(at) FILTER (WHERE new = 'ended') AS ended_at FROM mine WHERE subject = 'interaction'
)
SELECT
    extract(epoch FROM coalesce((SELECT min(answered_at) FROM segments), ended_at, now()) - began.at)::float8
        AS waiting,
    (SELECT sum(extract(epoch FROM coalesce(talk_ended_at, now()) - answered_at))::float8 FROM segments) AS talking,
    (SELECT sum(extract(epoch FROM coalesce(closed_at, now()) - wrap_up_at))::float8 FROM segments) AS wrap_up
FROM began
"""


async def times_of(ctx: Context, interaction_id: int) -> Times:
    """How long it has waited, been talked and been worked on."""
    row = await fetch_row(_TIMES, ctx.tenant.id, interaction_id)
    return Times(**row) if row else Times(None, None, None)


_CONTACT = """
SELECT interaction.id, interaction.channel, interaction.direction, interaction.state, interaction.created_at,
    interaction.contact_name, interaction.contact_number, interaction.subject, coalesce(agent.name, '') AS agent,
    coalesce(last.outcome, '') AS outcome, coalesce(last.comment, '') AS comment,
    ($2::boolean OR EXISTS (SELECT FROM core_segment AS seen WHERE seen.tenant_id = $1
        AND seen.interaction_id = interaction.id AND seen.agent_id = $3)
     OR EXISTS (SELECT FROM core_offer AS seen WHERE seen.tenant_id = $1
        AND seen.interaction_id = interaction.id AND seen.agent_id = $3)) AS open
FROM core_interaction AS interaction
LEFT JOIN LATERAL (
    SELECT agent_id, outcome, comment FROM core_segment
    WHERE tenant_id = $1 AND interaction_id = interaction.id ORDER BY id DESC LIMIT 1
) AS last ON true
LEFT JOIN core_user AS agent ON agent.tenant_id = $1 AND agent.id = last.agent_id
WHERE interaction.tenant_id = $1
"""

# Index core_interaction_of_number, from its end.
_EARLIER = (
    _CONTACT
    + """
AND interaction.contact_number = $4 AND interaction.contact_number <> '' AND interaction.id < $5
ORDER BY interaction.id DESC LIMIT $6
"""
)

# Index core_interaction_words: trigrams of name and number within the tenant.
_BY_NAME = f"SELECT * FROM ({_CONTACT} AND lower(interaction.contact_name) LIKE $4) AS found"  # noqa: S608 - constants
_BY_NUMBER = f"SELECT * FROM ({_CONTACT} AND interaction.contact_number LIKE $4) AS found"  # noqa: S608 - constants
_OPEN = " WHERE open ORDER BY id DESC LIMIT $5"


async def earlier_contacts(
    ctx: Context, interaction: InteractionView, user_id: int, *, sees_all: bool, limit: int = 20
) -> list[Contact]:
    """What came from the same number before, the latest first.

    Args:
        ctx: Where.
        interaction: Before which.
        user_id: Who reads.
        sees_all: Whether the reader may open every card, not only those of interactions of his own.
        limit: How many.
    """
    if not interaction.contact_number:
        return []
    rows = await fetch(_EARLIER, ctx.tenant.id, sees_all, user_id, interaction.contact_number, interaction.id, limit)
    return [Contact(**row) for row in rows]


async def find_interactions(ctx: Context, words: str, user_id: int, *, sees_all: bool, limit: int) -> list[Contact]:
    """Interactions whose contact's name or number holds the words, the latest first; only what the reader may open.

    Args:
        ctx: Where.
        words: A part of a name, or of a number however it is written.
        user_id: Who reads.
        sees_all: Whether the reader may open every card.
        limit: How many.
    """
    is_number = re.fullmatch(r"[\d\s+()./-]+", words) is not None
    part = re.sub(r"\D", "", words) if is_number else _literal(" ".join(words.casefold().split()))
    if len(part) < SHORTEST_SEARCH:
        return []
    statement = _BY_NUMBER if is_number else _BY_NAME
    rows = await fetch(statement + _OPEN, ctx.tenant.id, sees_all, user_id, f"%{part}%", limit)
    return [Contact(**row) for row in rows]


def _literal(text: str) -> str:
    """The text for `LIKE`, where it stands for itself alone."""
    return re.sub(r"([\\%_])", r"\\\1", text)
