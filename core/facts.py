"""Fact rows: every change of an interaction, an offer, a segment or an agent's status, with who, cause and when.

Reports and journals are built from these alone. Rows are only ever added.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.database.connection import fetch, fetch_row
from core.database.transaction import batch_until_commit, in_one, transaction
from core.errors import NotFound
from core.jobs.registry import Event

if TYPE_CHECKING:
    from core.plugins.context import Context


@dataclass(frozen=True)
class Fact:
    """One change; see `record` for what the values mean."""

    id: int
    at: datetime
    subject: str
    interaction_id: int | None
    segment_id: int | None
    agent_id: int | None
    old: str
    new: str
    cause: str
    actor: str
    detail: dict[str, Any]


_FACT = (
    "SELECT id, at, subject, interaction_id, segment_id, agent_id, old, new, cause, actor, detail FROM core_fact "
    "WHERE tenant_id = $1"
)


async def get_fact(ctx: Context, fact_id: int) -> Fact:
    """One fact of the tenant.

    Raises:
        NotFound: The tenant has none of that id.
    """
    row = await fetch_row(f"{_FACT} AND id = $2", ctx.tenant.id, fact_id)
    if row is None:
        raise NotFound("There is no such fact.")
    return _fact(row)


async def facts_of_interaction(ctx: Context, interaction_id: int, *, since: datetime, after: int = 0) -> list[Fact]:
    """The facts of an interaction, with those of its offers and segments, in the order in which they happened.

    Whoever changes an interaction has it locked until the commit. So facts of one interaction are committed in the
    order of their ids: when one can be seen, so can all before it.

    Args:
        ctx: Whose.
        interaction_id: Which.
        since: Only facts from this time on.
        after: Only facts with a higher id.
    """
    # Index core_fact_interaction.
    rows = await fetch(
        f"{_FACT} AND interaction_id = $2 AND at >= $3 AND id > $4 ORDER BY id",
        ctx.tenant.id,
        interaction_id,
        since,
        after,
    )
    return [_fact(row) for row in rows]


async def facts_of_agent(ctx: Context, agent_id: int, *, since: datetime, after: int = 0) -> list[Fact]:
    """The changes of an agent's status, in the order in which they happened; see `facts_of_interaction`."""
    # Index core_fact_agent.
    rows = await fetch(
        f"{_FACT} AND agent_id = $2 AND at >= $3 AND id > $4 AND subject = 'agent' ORDER BY id",
        ctx.tenant.id,
        agent_id,
        since,
        after,
    )
    return [_fact(row) for row in rows]


def _fact(row: dict[str, Any]) -> Fact:
    return Fact(**{**row, "detail": json.loads(row["detail"])})


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
    at: datetime | None = None,
) -> None:
    """Adds one fact to the current transaction; its time is the transaction's, so all facts of one change agree.

    It is written with the others right before the commit, and cannot be read earlier.

    Args:
        ctx: Where it happened, and who did it.
        subject: `interaction`, `offer`, `segment`, `agent` for a status, or `intent` for an agent's choice.
        old: The state before; empty when the thing is new.
        new: The state after.
        cause: Why, as a stable word such as `caller_hung_up`.
        interaction_id: The interaction concerned.
        segment_id: The segment concerned.
        agent_id: The user id of the agent concerned.
        detail: More that reports need, as JSON values.
        at: When, where the transaction's time is not it: an agent's status never changes before it has begun.
    """
    if not in_one():
        async with transaction():
            await record(
                ctx, subject, old=old, new=new, cause=cause, interaction_id=interaction_id, segment_id=segment_id,
                agent_id=agent_id, detail=detail, at=at,
            )  # fmt: skip
        return
    values = (ctx.tenant.id, at, subject, interaction_id, segment_id, agent_id, str(old), str(new), cause)
    batch_until_commit("facts", _write).append((ctx, (*values, str(ctx.actor), json.dumps(detail or {}))))


# All facts of a transaction at once, in their order: the ids say which came first.
_INSERT = """
INSERT INTO core_fact
    (tenant_id, at, subject, interaction_id, segment_id, agent_id, old, new, cause, actor, detail)
SELECT tenant_id, coalesce(at, now()), subject, interaction_id, segment_id, agent_id, old, new, cause, actor,
    detail::jsonb
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
    AS fact (tenant_id, at, subject, interaction_id, segment_id, agent_id, old, new, cause, actor, detail, place)
ORDER BY place RETURNING id
"""


async def _write(recorded: list[tuple[Context, tuple[Any, ...]]]) -> None:
    rows = await fetch(_INSERT, *(list(column) for column in zip(*(values for _ctx, values in recorded), strict=True)))
    for (ctx, _values), row in zip(recorded, rows, strict=True):
        await ctx.emit(Event.FACT_RECORDED, fact_id=row["id"])
