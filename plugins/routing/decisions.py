"""What the matcher has decided, kept for a month: who was free, who was asked, and why he."""

from __future__ import annotations

import json
from collections.abc import Sequence

from switchroom import Context, job
from switchroom.agents import Candidate
from switchroom.database import execute
from switchroom.interactions import OfferView
from switchroom.jobs import Schedule

KEPT_DAYS = 30
SHOWN_CANDIDATES = 20
"""How many of those who were free are kept with a decision."""


async def note_decision(ctx: Context, offer: OfferView, candidates: Sequence[Candidate], cause: str) -> None:
    """Keeps why an interaction was offered to this agent; in the transaction of the offer.

    Args:
        ctx: Where.
        offer: What was made.
        candidates: Who was free, the most wanted first.
        cause: A strategy, or `routed` or `sticky` for one whom a plugin or the customer's last contact preferred.
    """
    detail = {
        "cause": cause,
        "candidates": [
            {"agent": candidate.user_id, "rank": candidate.rank, "level": candidate.level}
            for candidate in candidates[:SHOWN_CANDIDATES]
        ],
    }
    await execute(
        "INSERT INTO routing_decision (tenant_id, at, interaction_id, offer_id, agent_id, detail) "
        "VALUES ($1, now(), $2, $3, $4, $5::text::jsonb)",
        ctx.tenant.id,
        offer.interaction_id,
        offer.id,
        offer.agent_id,
        json.dumps(detail),
    )


@job("routing.forget_decisions", coalesce=True)
async def forget_decisions(ctx: Context) -> None:
    """Deletes what is older than a month."""
    # Index routing_decision_by_age.
    await execute(
        "DELETE FROM routing_decision WHERE tenant_id = $1 AND at < now() - make_interval(days => $2)",
        ctx.tenant.id,
        KEPT_DAYS,
    )


FORGETTING = Schedule(forget_decisions, "20 3 * * *")
