"""Fact rows: every change of an interaction, an offer, a segment or an agent's status, with who, cause and when.

Reports and journals are built from these alone. Rows are only ever added.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from core.database.connection import execute

if TYPE_CHECKING:
    from core.plugins.context import Context


async def record(
    ctx: Context,
    subject: str,
    *,
    old: str,
    new: str,
    cause: str,
    interaction_id: int | None = None,
    segment_id: int | None = None,
    agent_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Adds one fact to the current transaction; its time is the transaction's, so all facts of one change agree.

    Args:
        ctx: Where it happened, and who did it.
        subject: `interaction`, `offer`, `segment` or `agent`.
        old: The state before; empty when the thing is new.
        new: The state after.
        cause: Why, as a stable word such as `caller_hung_up`.
        interaction_id: The interaction concerned.
        segment_id: The segment concerned.
        agent_id: The user id of the agent concerned.
        detail: More that reports need, as JSON values.
    """
    await execute(
        "INSERT INTO core_fact (tenant_id, at, subject, interaction_id, segment_id, agent_id, old, new, cause, actor, "
        "detail) VALUES ($1, now(), $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb)",
        ctx.tenant.id,
        subject,
        interaction_id,
        segment_id,
        agent_id,
        old,
        new,
        cause,
        str(ctx.actor),
        json.dumps(detail or {}),
    )
