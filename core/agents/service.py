"""The agent's status: what follows from the three axes, settled in the transaction of whatever changed one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import facts
from core.agents.states import OCCUPANCY, Intent, Occupancy, Status, status_of
from core.database.connection import execute, fetch, fetch_row
from core.database.transaction import transaction
from core.errors import NotFound
from core.jobs.registry import Event
from core.locale import gettext as _
from core.plugins.context import Context

GRACE_SECONDS = 4
"""How long after the last tab of all has closed an agent still counts as there: a reload comes back in time. Nothing is
offered meanwhile."""


@dataclass(frozen=True)
class AgentView:
    """An agent as people see him.

    Attributes:
        until: When the present state ends by itself: of wrap-up and `Missed`.
        next_intent: What the agent will do after the present work, while there is some.
    """

    user_id: int
    name: str
    team: str
    status: Status
    since: datetime
    until: datetime | None
    intent: Intent
    next_intent: Intent | None
    do_not_disturb: bool


_VIEW = """
SELECT agent.user_id, person.name, team.name AS team, agent.status, agent.status_since, agent.intent,
    agent.occupancy,
    agent.do_not_disturb,
    CASE WHEN agent.status = 'missed' THEN agent.missed_until ELSE segment.wrap_up_until END AS until
FROM core_agent AS agent
JOIN core_user AS person ON person.id = agent.user_id
JOIN core_team AS team ON team.id = agent.team_id
LEFT JOIN core_segment AS segment ON segment.agent_id = agent.user_id AND segment.state = 'wrap_up'
WHERE agent.tenant_id = $1
"""


async def view(ctx: Context, user_id: int) -> AgentView | None:
    """The agent as people see him, or None when the user is no agent."""
    row = await fetch_row(f"{_VIEW} AND agent.user_id = $2", ctx.tenant.id, user_id)
    return _as_view(row) if row else None


async def all_agents(ctx: Context) -> list[AgentView]:
    """Every agent of the tenant, by name."""
    return [_as_view(row) for row in await fetch(f"{_VIEW} ORDER BY person.name", ctx.tenant.id)]


def _as_view(row: dict[str, Any]) -> AgentView:
    intent = Intent(row["intent"])
    return AgentView(
        user_id=row["user_id"],
        name=row["name"],
        team=row["team"],
        status=Status(row["status"]),
        since=row["status_since"],
        until=row["until"],
        intent=intent,
        next_intent=None if row["occupancy"] == Occupancy.FREE else intent,
        do_not_disturb=row["do_not_disturb"],
    )


async def choose_intent(ctx: Context, user_id: int, intent: Intent, *, cause: str = "chosen") -> AgentView:
    """Sets what the agent wants to do. Work in hand goes on; the choice then shows once it is done.

    Raises:
        NotFound: The user is no agent.
    """
    async with transaction():
        await lock_agent(ctx, user_id)
        await set_intent(ctx, user_id, intent)
        await settle(ctx, user_id, cause)
        await ctx.publish(f"user:{user_id}")
    return await _must_view(ctx, user_id)


async def set_intent(ctx: Context, user_id: int, intent: Intent) -> None:
    """Sets the intent of an agent whose row is locked; part of a transaction that settles the agent afterwards."""
    await execute(
        "UPDATE core_agent SET intent = $3 WHERE tenant_id = $1 AND user_id = $2", ctx.tenant.id, user_id, str(intent)
    )


async def set_do_not_disturb(ctx: Context, user_id: int, on: bool) -> AgentView:
    """Refuses internal calls, or takes them again; work from queues is not concerned.

    Raises:
        NotFound: The user is no agent.
    """
    async with transaction():
        await lock_agent(ctx, user_id)
        await execute(
            "UPDATE core_agent SET do_not_disturb = $3 WHERE tenant_id = $1 AND user_id = $2",
            ctx.tenant.id,
            user_id,
            on,
        )
        await ctx.publish(f"user:{user_id}", "agents")
    return await _must_view(ctx, user_id)


async def _must_view(ctx: Context, user_id: int) -> AgentView:
    found = await view(ctx, user_id)
    if found is None:
        raise NotFound(_("This user is no agent."))
    return found


async def lock_agent(ctx: Context, user_id: int) -> dict[str, Any]:
    """Locks the agent's row until the transaction ends. An interaction's row, if any, must have been locked before.

    Raises:
        NotFound: The user is no agent.
    """
    row = await fetch_row(
        "SELECT agent.*, team.offer_seconds, team.no_answer_seconds, team.wrap_up_seconds FROM core_agent AS agent "
        "JOIN core_team AS team ON team.id = agent.team_id "
        "WHERE agent.tenant_id = $1 AND agent.user_id = $2 FOR NO KEY UPDATE OF agent",
        ctx.tenant.id,
        user_id,
    )
    if row is None:
        raise NotFound(_("This user is no agent."))
    return row


# Index core_agent_waiting (tenant_id, status_since) WHERE status = 'waiting': cost does not grow with agents online.
_LONGEST_WAITING = """
SELECT user_id FROM core_agent
WHERE tenant_id = $1 AND status = 'waiting' AND connected_until > now() + make_interval(secs => $3)
ORDER BY status_since, id LIMIT $2
"""


async def longest_waiting(ctx: Context, limit: int) -> list[int]:
    """User ids of agents who can take work now, the one who has waited longest first."""
    rows = await fetch(_LONGEST_WAITING, ctx.tenant.id, limit, GRACE_SECONDS)
    return [row["user_id"] for row in rows]


async def lock_first_free(ctx: Context, agent_ids: Sequence[int]) -> dict[str, Any] | None:
    """Locks the first of these agents who is free and whom nobody else is about to give work; None if there is none."""
    return await fetch_row(
        "SELECT agent.user_id, team.offer_seconds FROM core_agent AS agent JOIN core_team AS team "
        "ON team.id = agent.team_id WHERE agent.tenant_id = $1 AND agent.user_id = ANY($2::bigint[]) "
        "AND agent.status = 'waiting' AND agent.connected_until > now() + make_interval(secs => $3) "
        "ORDER BY array_position($2::bigint[], agent.user_id) LIMIT 1 FOR NO KEY UPDATE OF agent SKIP LOCKED",
        ctx.tenant.id,
        list(agent_ids),
        GRACE_SECONDS,
    )


_DERIVE = """
SELECT agent.intent, agent.occupancy, agent.status, agent.status_since,
    agent.connected_until > now() AS connected, agent.missed_until > now() AS missed,
    EXISTS (SELECT FROM core_offer WHERE agent_id = agent.user_id AND state = 'pending') AS offered,
    (SELECT CASE WHEN segment.state = 'wrap_up' THEN 'wrap_up'
                 WHEN interaction.state = 'held' THEN 'hold' ELSE 'busy' END
     FROM core_segment AS segment JOIN core_interaction AS interaction ON interaction.id = segment.interaction_id
     WHERE segment.agent_id = agent.user_id AND segment.state <> 'closed') AS work
FROM core_agent AS agent WHERE agent.tenant_id = $1 AND agent.user_id = $2
"""


async def settle(ctx: Context, user_id: int, cause: str) -> Status:
    """Derives occupancy and status anew and stores them, with a fact when the status has changed.

    Called last in each transaction that touches one of the axes; the agent's row is locked by then.

    Raises:
        IllegalTransition: The new occupancy cannot follow the old one; the transaction must not commit.
    """
    row = await fetch_row(_DERIVE, ctx.tenant.id, user_id)
    if row is None:
        raise NotFound(_("This user is no agent."))
    occupancy = _occupancy(row)
    before = Occupancy(row["occupancy"])
    if occupancy is not before:
        OCCUPANCY.check(before, occupancy)
    status = status_of(Intent(row["intent"]), bool(row["connected"]), occupancy)
    if status == row["status"] and occupancy is before:
        return status
    await execute(
        "UPDATE core_agent SET occupancy = $3, status = $4::text, "
        "status_since = CASE WHEN status = $4::text THEN status_since ELSE now() END "
        "WHERE tenant_id = $1 AND user_id = $2",
        ctx.tenant.id,
        user_id,
        occupancy,
        status,
    )
    if status != row["status"]:
        await facts.record(
            ctx, "agent", old=row["status"], new=status, cause=cause, agent_id=user_id, detail={"intent": row["intent"]}
        )
        await ctx.publish(f"user:{user_id}", "agents")
        if status is Status.WAITING:
            await ctx.emit(Event.AGENT_FREE)
    return status


def _occupancy(row: dict[str, Any]) -> Occupancy:
    if row["work"]:
        return Occupancy(row["work"])
    if row["offered"]:
        return Occupancy.OFFERED
    return Occupancy.MISSED if row["missed"] else Occupancy.FREE
