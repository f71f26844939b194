"""The rows of legs. A row is written once its leg exists at the provider, and ends for good."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugins.telephony.provider import EndCause, LegId
from plugins.telephony.states import LEG, LegState, Side
from switchroom import Context
from switchroom.database import execute, fetch, fetch_row, fetch_value


@dataclass(frozen=True)
class LegView:
    """A leg as its row has it."""

    leg: LegId
    tenant_id: int
    interaction_id: int
    side: Side
    user_id: int | None
    node: str
    state: LegState
    held: bool
    muted: bool
    created_at: datetime
    connected_at: datetime | None

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.state not in LEG.final


def new_leg_id() -> LegId:
    """A name for a leg that no other has."""
    return LegId(uuid.uuid4().hex)


def digest(token: str) -> str:
    """What is stored of a caller's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


_SELECT = (
    "SELECT leg, tenant_id, interaction_id, side, user_id, node, state, held, muted, created_at, connected_at "
    "FROM telephony_leg WHERE "
)


def _view(row: dict[str, Any]) -> LegView:
    return LegView(**{**row, "leg": LegId(row["leg"]), "side": Side(row["side"]), "state": LegState(row["state"])})


async def add_leg(
    ctx: Context,
    leg: LegId,
    interaction_id: int,
    side: Side,
    node: str,
    *,
    user_id: int | None = None,
    token: str | None = None,
) -> None:
    """Writes the row of a leg that the provider has just made.

    Args:
        ctx: Where.
        leg: Its name at the provider.
        interaction_id: The call that it belongs to.
        side: Whose audio it is.
        node: The node that carries it.
        user_id: The agent, for the agent's side.
        token: The secret of the caller's page; only its digest is stored.
    """
    await execute(
        "INSERT INTO telephony_leg (tenant_id, leg, interaction_id, side, user_id, node, state, held, muted, "
        "created_at, end_cause, token_digest) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'connecting', false, false, now(), '', $7)",
        ctx.tenant.id,
        leg,
        interaction_id,
        str(side),
        user_id,
        node,
        digest(token) if token else None,
    )


async def live_legs(ctx: Context, interaction_id: int) -> dict[Side, LegView]:
    """The legs of a call that have not ended, by side."""
    rows = await fetch(
        f"{_SELECT} tenant_id = $1 AND interaction_id = $2 AND state <> 'ended'", ctx.tenant.id, interaction_id
    )
    return {view.side: view for view in map(_view, rows)}


async def lock_live_legs(ctx: Context, interaction_id: int) -> dict[Side, LegView]:
    """Like `live_legs`, and keeps others from changing them until the transaction ends."""
    rows = await fetch(
        f"{_SELECT} tenant_id = $1 AND interaction_id = $2 AND state <> 'ended' ORDER BY id FOR NO KEY UPDATE",
        ctx.tenant.id,
        interaction_id,
    )
    return {view.side: view for view in map(_view, rows)}


async def leg_of_token(ctx: Context, token: str) -> LegView | None:
    """The caller's leg, ended or not, that a page's secret stands for."""
    row = await fetch_row(f"{_SELECT} tenant_id = $1 AND token_digest = $2", ctx.tenant.id, digest(token))
    return _view(row) if row else None


async def set_held(ctx: Context, leg: LegId, held: bool) -> None:
    """Says that the party shall hear hold music, or its peer again."""
    await execute(
        "UPDATE telephony_leg SET held = $3 WHERE tenant_id = $1 AND leg = $2 AND state <> 'ended'",
        ctx.tenant.id,
        leg,
        held,
    )


async def set_muted(ctx: Context, leg: LegId, muted: bool) -> None:
    """Says that the party shall not be heard, or be heard again."""
    await execute(
        "UPDATE telephony_leg SET muted = $3 WHERE tenant_id = $1 AND leg = $2 AND state <> 'ended'",
        ctx.tenant.id,
        leg,
        muted,
    )


async def set_connected(ctx: Context, leg: LegId, at: datetime) -> bool:
    """Notes that audio flows; False when that was known, or the leg has ended."""
    return bool(
        await execute(
            "UPDATE telephony_leg SET state = 'connected', connected_at = $3 "
            "WHERE tenant_id = $1 AND leg = $2 AND state = 'connecting'",
            ctx.tenant.id,
            leg,
            at,
        )
    )


async def set_ended(ctx: Context, leg: LegId, cause: EndCause) -> bool:
    """Notes that the leg is gone; False when that was known. The first cause stays."""
    return bool(
        await execute(
            "UPDATE telephony_leg SET state = 'ended', ended_at = now(), end_cause = $3 "
            "WHERE tenant_id = $1 AND leg = $2 AND state <> 'ended'",
            ctx.tenant.id,
            leg,
            str(cause),
        )
    )


# The rest serves whoever looks after nodes, and a node carries legs of all tenants: so these statements name none, and
# each leg is then dealt with in the context of its own. They use index telephony_leg_alive.


async def find_leg(leg: LegId) -> LegView | None:
    """The leg of that name, of whatever tenant, unless it has ended."""
    row = await fetch_row(f"{_SELECT} leg = $1 AND state <> 'ended'", leg)
    return _view(row) if row else None


async def legs_on_node(node: str) -> list[LegView]:
    """The legs of all tenants that a node shall carry."""
    return [_view(row) for row in await fetch(f"{_SELECT} node = $1 AND state <> 'ended'", node)]


async def legs_of_ended_calls(node: str) -> list[LegId]:
    """The legs of all tenants that a node carries although their calls have ended."""
    rows = await fetch(
        "SELECT leg.leg FROM telephony_leg AS leg JOIN core_interaction AS call ON call.id = leg.interaction_id "
        "WHERE leg.node = $1 AND leg.state <> 'ended' AND call.state IN ('ended', 'closed')",
        node,
    )
    return [LegId(row["leg"]) for row in rows]


async def legs_without_node() -> list[LegView]:
    """The legs of all tenants whose node was given up."""
    given_up = "NOT EXISTS (SELECT FROM telephony_node AS it WHERE it.name = node)"
    rows = await fetch(f"{_SELECT} state <> 'ended' AND {given_up}")
    return [_view(row) for row in rows]


async def known_legs(legs: list[LegId]) -> set[LegId]:
    """Those of these legs whose rows have not ended."""
    rows = await fetch("SELECT leg FROM telephony_leg WHERE leg = ANY($1::text[]) AND state <> 'ended'", legs)
    return {LegId(row["leg"]) for row in rows}


async def count_waiting(ctx: Context) -> int:
    """The callers of the tenant who talk to nobody."""
    count: int = await fetch_value(
        "SELECT count(*) FROM telephony_leg AS caller WHERE tenant_id = $1 AND side = 'caller' AND state <> 'ended' "
        "AND NOT EXISTS (SELECT FROM telephony_leg AS agent WHERE agent.interaction_id = caller.interaction_id "
        "AND agent.side = 'agent' AND agent.state <> 'ended')",
        ctx.tenant.id,
    )
    return count
