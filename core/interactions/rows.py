"""Locking and changing rows of the lifecycle: one order of locks, one way to change a state.

Every transaction locks the interaction first and the agent second, so two of them never wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import facts
from core.database.connection import execute, fetch, fetch_row
from core.errors import NotFound
from core.interactions.states import INTERACTION, OFFER, SEGMENT, InteractionState, OfferState, SegmentState
from core.locale import gettext as _
from core.plugins.context import Context


@dataclass(frozen=True)
class InteractionView:
    """An interaction as it is now: what hooks and pages get."""

    id: int
    channel: str
    direction: str
    state: InteractionState
    state_since: datetime
    queue: str
    priority: int
    waiting_since: datetime
    contact_name: str
    contact_number: str
    subject: str
    cause: str
    reference: str
    created_at: datetime


@dataclass(frozen=True)
class OfferView:
    """An offer as it is now."""

    id: int
    interaction_id: int
    agent_id: int
    state: OfferState
    made_at: datetime
    deadline: datetime
    auto_answer: bool


@dataclass(frozen=True)
class SegmentView:
    """A segment as it is now."""

    id: int
    interaction_id: int
    agent_id: int
    state: SegmentState
    started_at: datetime
    ended_at: datetime | None
    wrap_up_until: datetime | None
    clock_shown: bool
    extensions: int
    channel: str
    exclusive: bool


INTERACTION_COLUMNS = (
    "id, channel, direction, state, state_since, queue, priority, waiting_since, contact_name, contact_number, "
    "subject, cause, reference, created_at"
)
"""What `as_interaction` needs of a row."""

_INTERACTION = f"SELECT {INTERACTION_COLUMNS} FROM core_interaction WHERE tenant_id = $1 AND id = $2"  # noqa: S608
_LOCK_INTERACTION_OF = (
    f"SELECT {INTERACTION_COLUMNS} FROM core_interaction WHERE tenant_id = $1 "  # noqa: S608
    "AND id = (SELECT interaction_id FROM core_offer WHERE tenant_id = $1 AND id = $2) FOR NO KEY UPDATE"
)
OFFER_COLUMNS = "id, interaction_id, agent_id, state, made_at, deadline, auto_answer"
"""What `as_offer` needs of a row."""

_OFFER = f"SELECT {OFFER_COLUMNS} FROM core_offer WHERE tenant_id = $1"  # noqa: S608
_LOCK_AGENT_OF = (
    "SELECT offer.id, offer.interaction_id, offer.agent_id, offer.state, offer.made_at, offer.deadline, "
    "offer.auto_answer FROM core_offer AS offer JOIN core_agent AS agent ON agent.user_id = offer.agent_id "
    "WHERE offer.tenant_id = $1 AND offer.id = $2 FOR NO KEY UPDATE OF agent"
)
SEGMENT_COLUMNS = (
    "id, interaction_id, agent_id, state, started_at, ended_at, wrap_up_until, clock_shown, extensions, channel, "
    "exclusive"
)
"""What `as_segment` needs of a row."""

_SEGMENT = f"SELECT {SEGMENT_COLUMNS} FROM core_segment WHERE tenant_id = $1"  # noqa: S608


def as_interaction(row: dict[str, Any]) -> InteractionView:
    """The interaction of a row of `core_interaction`."""
    return InteractionView(**{**row, "state": InteractionState(row["state"])})


def as_offer(row: dict[str, Any]) -> OfferView:
    """The offer of a row of `core_offer`."""
    return OfferView(**{**row, "state": OfferState(row["state"])})


def as_segment(row: dict[str, Any]) -> SegmentView:
    """The segment of a row of `core_segment`."""
    return SegmentView(**{**row, "state": SegmentState(row["state"])})


async def get_interaction(ctx: Context, interaction_id: int) -> InteractionView:
    """The interaction as it is now.

    Raises:
        NotFound: The tenant has none of that id.
    """
    row = await fetch_row(_INTERACTION, ctx.tenant.id, interaction_id)
    if row is None:
        raise NotFound(_("There is no such interaction."))
    return as_interaction(row)


async def get_interactions(ctx: Context, ids: Collection[int]) -> dict[int, InteractionView]:
    """Interactions by their ids, as they are now; those that the tenant does not have are left out."""
    rows = await fetch(
        f"SELECT {INTERACTION_COLUMNS} FROM core_interaction WHERE tenant_id = $1 AND id = ANY($2::bigint[])",  # noqa: S608
        ctx.tenant.id,
        list(ids),
    )
    return {row["id"]: as_interaction(row) for row in rows}


async def lock_interaction(ctx: Context, interaction_id: int) -> InteractionView:
    """Like `get_interaction`, and keeps everybody else from changing it until the transaction ends."""
    row = await fetch_row(f"{_INTERACTION} FOR NO KEY UPDATE", ctx.tenant.id, interaction_id)
    if row is None:
        raise NotFound(_("There is no such interaction."))
    return as_interaction(row)


async def lock_offered(ctx: Context, offer_id: int) -> tuple[InteractionView, OfferView]:
    """Locks the interaction of an offer and the agent to whom it was made; both views are as of then.

    Raises:
        NotFound: The tenant has no such offer.
    """
    row = await fetch_row(_LOCK_INTERACTION_OF, ctx.tenant.id, offer_id)
    # Whoever decides an offer has its interaction locked, so from here on nobody does.
    offer = await fetch_row(_LOCK_AGENT_OF, ctx.tenant.id, offer_id) if row else None
    if row is None or offer is None:
        raise NotFound(_("There is no such offer."))
    return as_interaction(row), as_offer(offer)


async def lock_waiting(ctx: Context, interaction_id: int, *, wait: bool = False) -> InteractionView | None:
    """Locks the interaction if it waits.

    Args:
        ctx: Where.
        interaction_id: Which.
        wait: Whether to wait for somebody else who is at it, rather than to pass it over.
    """
    skip = "" if wait else " SKIP LOCKED"
    row = await fetch_row(
        f"{_INTERACTION} AND state = 'waiting' FOR NO KEY UPDATE{skip}", ctx.tenant.id, interaction_id
    )
    return as_interaction(row) if row else None


async def get_offer(ctx: Context, offer_id: int) -> OfferView:
    """The offer as it is now.

    Raises:
        NotFound: The tenant has none of that id.
    """
    row = await fetch_row(f"{_OFFER} AND id = $2", ctx.tenant.id, offer_id)
    if row is None:
        raise NotFound(_("There is no such offer."))
    return as_offer(row)


async def pending_offer(
    ctx: Context, *, interaction_id: int | None = None, agent_id: int | None = None
) -> OfferView | None:
    """The offer that waits for a decision: of an interaction, or else to an agent."""
    # Unique indexes core_offer_one_per_interaction and core_offer_one_per_agent.
    whose = "agent_id" if interaction_id is None else "interaction_id"
    row = await fetch_row(
        f"{_OFFER} AND state = 'pending' AND {whose} = $2",
        ctx.tenant.id,
        agent_id if interaction_id is None else interaction_id,
    )
    return as_offer(row) if row else None


async def get_segment(ctx: Context, segment_id: int) -> SegmentView:
    """The segment as it is now.

    Raises:
        NotFound: The tenant has none of that id.
    """
    row = await fetch_row(f"{_SEGMENT} AND id = $2", ctx.tenant.id, segment_id)
    if row is None:
        raise NotFound(_("There is no such segment."))
    return as_segment(row)


async def open_segment(
    ctx: Context, *, interaction_id: int | None = None, agent_id: int | None = None
) -> SegmentView | None:
    """The segment that is not closed: of an interaction, or else of an agent.

    Of several of an interaction that was passed on, the one that talks. Of several that an agent has in hand, the one
    that takes all of him, else the one that is worked on afterwards.
    """
    # Indexes core_segment_open and core_segment_interaction.
    whose, first = ("agent_id", "exclusive DESC, state DESC") if interaction_id is None else ("interaction_id", "state")
    row = await fetch_row(
        f"{_SEGMENT} AND state <> 'closed' AND {whose} = $2 ORDER BY {first}, id LIMIT 1",
        ctx.tenant.id,
        agent_id if interaction_id is None else interaction_id,
    )
    return as_segment(row) if row else None


async def open_segments(ctx: Context, agent_id: int) -> list[SegmentView]:
    """All that an agent has in hand, the oldest first."""
    # Index core_segment_open.
    rows = await fetch(f"{_SEGMENT} AND agent_id = $2 AND state <> 'closed' ORDER BY id", ctx.tenant.id, agent_id)
    return [as_segment(row) for row in rows]


async def move_interaction(ctx: Context, row: InteractionView, new: InteractionState, cause: str) -> None:
    """Changes the state of a locked interaction and adds the fact.

    Raises:
        IllegalTransition: The table of transitions does not allow it.
    """
    await execute(
        "UPDATE core_interaction SET state = $3::text, state_since = now(), "
        "cause = CASE WHEN $3::text = 'ended' THEN $4 ELSE cause END "
        "WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        row.id,
        str(new),
        cause,
    )
    await tell_interaction(ctx, row, new, cause)


async def tell_interaction(ctx: Context, row: InteractionView, new: InteractionState, cause: str) -> None:
    """Adds the fact that a locked interaction has changed its state, and tells those who want to know.

    Raises:
        IllegalTransition: The table of transitions does not allow it; the transaction must not commit.
    """
    INTERACTION.check(row.state, new)
    await facts.record(ctx, "interaction", old=row.state, new=new, cause=cause, interaction_id=row.id)
    await ctx.publish("queue", f"interaction:{row.id}")
    if ctx.listened("interaction_state_changed"):
        await ctx.notify(
            "interaction_state_changed", interaction=await get_interaction(ctx, row.id), old=str(row.state)
        )


async def move_offer(ctx: Context, row: OfferView, new: OfferState, cause: str) -> None:
    """Decides an offer whose interaction is locked, and adds the fact."""
    await execute(
        "UPDATE core_offer SET state = $3::text, decided_at = now() WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        row.id,
        str(new),
    )
    await tell_offer(ctx, row, new, cause)


async def tell_offer(ctx: Context, row: OfferView, new: OfferState, cause: str) -> None:
    """Adds the fact that an offer was decided, and tells those who see it; see `tell_interaction`."""
    OFFER.check(row.state, new)
    await facts.record(
        ctx, "offer", old=row.state, new=new, cause=cause, interaction_id=row.interaction_id, agent_id=row.agent_id
    )
    await ctx.publish(f"user:{row.agent_id}", f"journal:{row.agent_id}", f"interaction:{row.interaction_id}")


async def move_segment(
    ctx: Context, row: SegmentView, new: SegmentState, cause: str, *, detail: dict[str, Any] | None = None
) -> None:
    """Changes the state of a segment whose interaction is locked, and adds the fact."""
    SEGMENT.check(row.state, new)
    await execute(
        "UPDATE core_segment SET state = $3::text, ended_at = coalesce(ended_at, now()), "
        "closed_at = CASE WHEN $3::text = 'closed' THEN now() END WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        row.id,
        str(new),
    )
    await facts.record(
        ctx,
        "segment",
        old=row.state,
        new=new,
        cause=cause,
        interaction_id=row.interaction_id,
        segment_id=row.id,
        agent_id=row.agent_id,
        detail=detail,
    )
    await ctx.publish(f"user:{row.agent_id}", f"journal:{row.agent_id}", f"interaction:{row.interaction_id}")
