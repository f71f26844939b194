"""The agent's status: what follows from the three axes, settled in the transaction of whatever changed one of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from core import facts
from core.agents.reasons import begin_limit
from core.agents.states import OCCUPANCY, Intent, Occupancy, Status, status_of
from core.agents.team_rules import HOLDS_WHAT_IS_ALONE
from core.agents.views import get_agent
from core.database.connection import execute, fetch_row, fetch_value
from core.errors import NotFound
from core.jobs.registry import Event
from core.locale import gettext as _
from core.plugins.context import Context

GRACE_SECONDS = 4
"""How long after the last tab of all has closed an agent still counts as there: a reload comes back in time. Nothing is
offered meanwhile."""

FIRST_DAY = date(2020, 1, 1).toordinal()
"""Days are counted from here where the order of a pool begins with the day: small numbers leave room for fractions."""


async def lock_agent(ctx: Context, user_id: int) -> dict[str, Any]:
    """Locks the agent's row until the transaction ends, and gives it with the timing of the team.

    Whoever locks a team's or an interaction's row as well has locked that before.

    Raises:
        NotFound: The user is no agent.
    """
    row = await fetch_row(
        "SELECT agent.*, team.offer_seconds, team.no_answer_seconds, team.wrap_up_seconds, team.missed_limit "
        "FROM core_agent AS agent JOIN core_team AS team ON team.id = agent.team_id "
        "WHERE agent.tenant_id = $1 AND agent.user_id = $2 FOR NO KEY UPDATE OF agent",
        ctx.tenant.id,
        user_id,
    )
    if row is None:
        raise NotFound(_("This user is no agent."))
    return row


async def set_intent(ctx: Context, user_id: int, intent: Intent, reason: str = "") -> None:
    """Sets the intent of an agent whose row is locked; part of a transaction that settles the agent afterwards."""
    # Calls from queues come only while do-not-disturb is off, and who takes internal calls alone wants them.
    await execute(
        "UPDATE core_agent SET intent = $3::text, pause_reason = $4, missed_in_row = 0, "
        "do_not_disturb = do_not_disturb AND $3::text NOT IN ('available', 'ready') "
        "WHERE tenant_id = $1 AND user_id = $2",
        ctx.tenant.id,
        user_id,
        str(intent),
        reason if intent is Intent.PAUSE else "",
    )


_DERIVE = """
SELECT agent.team_id, agent.intent, agent.pause_reason, agent.occupancy, agent.status, agent.status_since, agent.taking,
    agent.work AS work_before, greatest(now(), agent.status_since) AS at,
    agent.connected_until > now() AS connected, agent.missed_until > now() AS missed,
    EXISTS (SELECT FROM core_offer WHERE agent_id = agent.user_id AND state = 'pending') AS offered,
    coalesce(hand.work, '{}') AS work, hand.exclusive, hand.wrap_up, hand.first
FROM core_agent AS agent
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(channel, number) AS work, bool_or(exclusive) AS exclusive, bool_or(wrap_up) AS wrap_up,
        (array_agg(first ORDER BY exclusive DESC, first))[1] AS first
    FROM (
        SELECT segment.channel, count(*) AS number, bool_or(segment.exclusive) AS exclusive,
            bool_or(segment.state = 'wrap_up') AS wrap_up,
            min(CASE WHEN segment.state = 'wrap_up' THEN 'wrap_up'
                     WHEN interaction.state = 'held' THEN 'hold' ELSE 'busy' END) AS first
        FROM core_segment AS segment JOIN core_interaction AS interaction ON interaction.id = segment.interaction_id
        WHERE segment.agent_id = agent.user_id AND segment.state <> 'closed' GROUP BY segment.channel
    ) AS channels
) AS hand ON true
WHERE agent.tenant_id = $1 AND agent.user_id = $2
"""


async def settle(ctx: Context, user_id: int, cause: str, *, anew: bool = False) -> Status:
    """Derives occupancy and status anew and stores them, with a fact when the status has changed.

    Called last in each transaction that touches one of the axes; the agent's row is locked by then. An agent takes new
    work while he wants it, has a connection, and neither an offer, nor a channel that takes all of him, nor
    after-contact work, nor a missed offer stands against it; each change of that is told to those who match.

    Args:
        ctx: Where, and who caused it.
        user_id: The agent.
        cause: Why, as a stable word for the facts.
        anew: Whether the status begins again although it has not changed.

    Raises:
        IllegalTransition: The new occupancy cannot follow the old one; the transaction must not commit.
    """
    row = await fetch_row(_DERIVE, ctx.tenant.id, user_id)
    if row is None:
        raise NotFound(_("This user is no agent."))
    occupancy, before = _occupancy(row), Occupancy(row["occupancy"])
    if occupancy is not before:
        OCCUPANCY.check(before, occupancy)
    intent, connected = Intent(row["intent"]), bool(row["connected"])
    status = status_of(intent, connected, occupancy)
    taking = intent is Intent.AVAILABLE and connected and _has_room(row)
    work, work_before = json.loads(row["work"]), json.loads(row["work_before"])
    changed = anew or status != row["status"]
    if changed or occupancy is not before or taking != row["taking"] or work != work_before:
        values = (occupancy, status, taking, json.dumps(work), changed, row["at"])
        if taking != row["taking"] or (taking and work != work_before):
            await execute(_STORE_AND_RANK, *_ranking(ctx, user_id, taking), *values)
        else:
            await execute(_STORE, ctx.tenant.id, user_id, *values)
    if taking and (not row["taking"] or any(work.get(channel, 0) < number for channel, number in work_before.items())):
        await ctx.emit(Event.AGENT_FREE, user_id=user_id)
    if changed:
        await _tell(ctx, user_id, row, status, cause)
    elif work != work_before:
        await ctx.publish(f"user:{user_id}", "agents")
    return status


async def _tell(ctx: Context, user_id: int, row: dict[str, Any], status: Status, cause: str) -> None:
    at: datetime = row["at"]
    reason = row["pause_reason"] if status is Status.PAUSED else ""
    await facts.record(
        ctx, "agent", old=row["status"], new=status, cause=cause, agent_id=user_id, at=at,
        detail={"intent": row["intent"], **({"reason": reason} if reason else {})},
    )  # fmt: skip
    if status is Status.PAUSED:
        await begin_limit(ctx, user_id, reason, at)
    await ctx.publish(f"user:{user_id}", "agents", f"agent:{user_id}", f"team:{row['team_id']}")
    if ctx.listened("agent_status_changed"):
        agent = await get_agent(ctx, user_id)
        await ctx.notify("agent_status_changed", agent=agent, old=row["status"], cause=cause)


# The order among the free of a pool is reckoned when one of them becomes free, so that an index can hold it. What
# counts by the day begins with the day, so that whoever is free since yesterday comes before all who have done
# something today; among equals the longest idle is first. A member is free while he has room for a channel of the pool
# ($5 the channels, $6 their capacities): one who is full does not stand in the way of those behind him. Indexes
# core_segment_agent for the day of the agent, core_pool_of_agent.
_RANK = """
WITH agent AS ({agent}), today AS (
    SELECT count(*) FILTER (WHERE started_at >= $4) AS calls,
        coalesce(sum(extract(epoch FROM coalesce(ended_at, now()) - greatest(started_at, $4))), 0) AS talk
    FROM core_segment WHERE tenant_id = $1 AND agent_id = $2 AND started_at >= $4 - interval '1 day'
    AND coalesce(ended_at, now()) > $4
), taken AS (
    SELECT coalesce(jsonb_agg(kind.name), '[]') AS channels
    FROM agent CROSS JOIN unnest($5::text[], $6::int[]) AS kind (name, capacity)
    LEFT JOIN core_team_channel AS rule ON rule.team_id = agent.team_id AND rule.channel = kind.name
    WHERE kind.capacity > 0 AND coalesce((agent.work->>kind.name)::int, 0) >= coalesce(rule.capacity, kind.capacity)
    OR coalesce(rule.alone, false) AND agent.work <> '{{}}'
    OR {holds_what_is_alone}
)
UPDATE core_pool_member AS member
SET free = $3 AND (member.channels = '[]' OR NOT member.channels <@ taken.channels),
    rank = CASE WHEN NOT $3 OR NOT member.pool = ANY(coalesce($8::text[], ARRAY[member.pool]::text[])) THEN member.rank
    ELSE CASE strategy
        WHEN 'fewest_calls' THEN $7::int * 1e5 + today.calls + (agent.idle - extract(epoch FROM $4::timestamptz)) / 1e6
        WHEN 'least_talk' THEN $7::int * 1e7 + today.talk + (agent.idle - extract(epoch FROM $4::timestamptz)) / 1e6
        WHEN 'best_skill' THEN agent.idle - member.level * 1e10
        WHEN 'round_robin' THEN agent.last_offer
        WHEN 'random' THEN random()
        ELSE agent.idle
    END END
FROM today, agent, taken WHERE member.tenant_id = $1 AND member.user_id = $2
"""

_AS_RANKED = """
    work, team_id, coalesce(extract(epoch FROM last_offer_at), 0) AS last_offer,
    extract(epoch FROM CASE WHEN status = 'waiting' THEN status_since ELSE now() END) AS idle
"""

_RANK_AGAIN = _RANK.format(
    holds_what_is_alone=HOLDS_WHAT_IS_ALONE,
    agent=f"SELECT {_AS_RANKED} FROM core_agent WHERE tenant_id = $1 AND user_id = $2",  # noqa: S608 - constants
)

_STORING = """
UPDATE core_agent SET occupancy = ${0}::text, status = ${1}::text, taking = ${2}::bool, work = ${3}::text::jsonb,
    status_since = CASE WHEN ${4}::bool THEN ${5} ELSE status_since END
WHERE tenant_id = $1 AND user_id = $2
"""

_STORE = _STORING.format(*range(3, 9))
_STORE_AND_RANK = _RANK.format(
    holds_what_is_alone=HOLDS_WHAT_IS_ALONE, agent=f"{_STORING.format(*range(9, 15))} RETURNING {_AS_RANKED}"
)


async def rank_again(ctx: Context, user_id: int, pools: Sequence[str]) -> bool:
    """Tells the pools of a locked agent whether he has room, and tells whether he takes work.

    Args:
        ctx: Where.
        user_id: The agent.
        pools: Those in which he gets a place anew; in the others he keeps his.
    """
    taking: bool = await fetch_value(
        "SELECT taking FROM core_agent WHERE tenant_id = $1 AND user_id = $2", ctx.tenant.id, user_id
    )
    await execute(_RANK_AGAIN, *_ranking(ctx, user_id, taking, pools))
    return taking


def _ranking(ctx: Context, user_id: int, free: bool, pools: Sequence[str] | None = None) -> tuple[Any, ...]:
    """The values of `_RANK`."""
    midnight = datetime.now(ctx.tenant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    channels = ctx.known_channels.values()
    return (
        ctx.tenant.id,
        user_id,
        free,
        midnight,
        [channel.name for channel in channels],
        [0 if channel.exclusive else channel.capacity for channel in channels],
        midnight.toordinal() - FIRST_DAY,
        list(pools) if pools is not None else None,
    )


def _occupancy(row: dict[str, Any]) -> Occupancy:
    """What takes the whole agent comes first, then what is offered, then the rest."""
    if row["exclusive"]:
        return Occupancy(row["first"])
    if row["offered"]:
        return Occupancy.OFFERED
    if row["first"]:
        return Occupancy(row["first"])
    return Occupancy.MISSED if row["missed"] else Occupancy.FREE


def _has_room(row: dict[str, Any]) -> bool:
    return not (row["exclusive"] or row["offered"] or row["wrap_up"] or row["missed"])
