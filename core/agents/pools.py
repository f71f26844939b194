"""Pools: who serves which queue, and who of them takes work now, the most wanted first.

Whoever keeps queues says who serves each and by what strategy; the order among those who are free is reckoned when an
agent becomes free. So the first of a pool is found by an index, however many agents there are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.agents.settling import GRACE_SECONDS, lock_agent, rank_again
from core.agents.team_rules import HOLDS_WHAT_IS_ALONE
from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.database.transaction import transaction
from core.jobs.registry import Event
from core.plugins.context import Context
from core.plugins.contributions import ChannelType


class Strategy(StrEnum):
    """Who of the free agents of a pool comes first."""

    LONGEST_IDLE = "longest_idle"
    FEWEST_CALLS = "fewest_calls"
    """Of the tenant's day."""
    LEAST_TALK = "least_talk"
    """The least time in talk of the tenant's day."""
    BEST_SKILL = "best_skill"
    """The highest level; among equals the longest idle."""
    ROUND_ROBIN = "round_robin"
    """To whom something was offered the longest ago."""
    RANDOM = "random"


@dataclass(frozen=True)
class Place:
    """How an agent serves a queue.

    Attributes:
        strategy: Who of its free agents comes first.
        level: How well he suits it, the higher the better.
        channels: Names of the channels that wait there; empty for any. An agent who has room for none of them does not
            count as free there.
    """

    strategy: Strategy
    level: int = 0
    channels: Sequence[str] = ()


@dataclass(frozen=True)
class Candidate:
    """An agent of a pool who takes work."""

    user_id: int
    rank: float
    level: int


# Who is as he was stays untouched, and keeps his place.
_UNLESS_SAME = """
ON CONFLICT (tenant_id, pool, user_id) DO UPDATE
SET level = excluded.level, strategy = excluded.strategy, channels = excluded.channels
WHERE (member.level, member.strategy, member.channels) <> (excluded.level, excluded.strategy, excluded.channels)
RETURNING member.user_id, member.pool
"""

_PUT_IN_POOL = f"""
INSERT INTO core_pool_member AS member (tenant_id, pool, user_id, level, strategy, channels, rank, free)
SELECT $1::bigint, $2::text, agent.user_id, wanted.level, $5::text, $6::text::jsonb, 0, false
FROM unnest($3::bigint[], $4::int[]) AS wanted (user_id, level)
JOIN core_agent AS agent ON agent.user_id = wanted.user_id AND agent.tenant_id = $1 {_UNLESS_SAME}
"""  # noqa: S608 - constants

_PUT_AGENT = f"""
INSERT INTO core_pool_member AS member (tenant_id, pool, user_id, level, strategy, channels, rank, free)
SELECT $1::bigint, wanted.pool, $2::bigint, wanted.level, wanted.strategy, wanted.channels::jsonb, 0, false
FROM unnest($3::text[], $4::text[], $5::int[], $6::text[]) AS wanted (pool, strategy, level, channels) {_UNLESS_SAME}
"""  # noqa: S608 - constants


async def set_pool(
    ctx: Context, pool: str, strategy: Strategy, members: Mapping[int, int], *, channels: Sequence[str] = ()
) -> None:
    """Says who serves a queue; those who were in the pool and are not named leave it.

    Args:
        ctx: Where.
        pool: An opaque reference to the queue, as interactions have it.
        strategy: Who of the free comes first.
        members: User id of an agent → how well he suits it, the higher the better.
        channels: As in `Place`.
    """
    async with transaction():
        # Whoever settles an agent has his row first and those of his pools after it.
        await fetch(
            "SELECT FROM core_agent WHERE tenant_id = $1 AND (user_id = ANY($3::bigint[]) OR user_id IN "
            "(SELECT user_id FROM core_pool_member WHERE tenant_id = $1 AND pool = $2)) ORDER BY id FOR NO KEY UPDATE",
            ctx.tenant.id,
            pool,
            list(members),
        )
        await execute(
            "DELETE FROM core_pool_member WHERE tenant_id = $1 AND pool = $2 AND NOT user_id = ANY($3::bigint[])",
            ctx.tenant.id,
            pool,
            list(members),
        )
        changed = await fetch(
            _PUT_IN_POOL,
            ctx.tenant.id,
            pool,
            list(members),
            list(members.values()),
            str(strategy),
            json.dumps(list(channels)),
        )
        for user_id in sorted(row["user_id"] for row in changed):
            if await rank_again(ctx, user_id, [pool]):
                await ctx.emit(Event.AGENT_FREE, user_id=user_id)
        await ctx.publish("agents")


async def place_agent(ctx: Context, user_id: int, pools: Mapping[str, Place]) -> None:
    """Says which queues an agent serves; he leaves the others. What he has room for is found anew as well.

    Args:
        ctx: Where.
        user_id: Of the agent.
        pools: Reference to a queue → how he serves it.

    Raises:
        NotFound: The user is no agent.
    """
    async with transaction():
        await lock_agent(ctx, user_id)
        left = await fetch(
            "DELETE FROM core_pool_member WHERE tenant_id = $1 AND user_id = $2 AND NOT pool = ANY($3::text[]) "
            "RETURNING pool",
            ctx.tenant.id,
            user_id,
            list(pools),
        )
        places = pools.values()
        changed = await fetch(
            _PUT_AGENT,
            ctx.tenant.id,
            user_id,
            list(pools),
            [str(place.strategy) for place in places],
            [place.level for place in places],
            [json.dumps(list(place.channels)) for place in places],
        )
        # Another team may have given him more room, even where he serves what he did.
        if await rank_again(ctx, user_id, [row["pool"] for row in changed]):
            await ctx.emit(Event.AGENT_FREE, user_id=user_id)
        if changed or left:
            await ctx.publish("agents")


async def drop_pool(ctx: Context, pool: str) -> None:
    """Nobody serves this queue any more."""
    await execute("DELETE FROM core_pool_member WHERE tenant_id = $1 AND pool = $2", ctx.tenant.id, pool)


async def pools_of(ctx: Context, user_id: int) -> dict[str, int]:
    """The queues that an agent serves, each with how well he suits it."""
    rows = await fetch(
        "SELECT pool, level FROM core_pool_member WHERE tenant_id = $1 AND user_id = $2", ctx.tenant.id, user_id
    )
    return {row["pool"]: row["level"] for row in rows}


async def members_of(ctx: Context, pool: str) -> dict[int, int]:
    """The agents who serve a queue, each with how well he suits it."""
    rows = await fetch(
        "SELECT user_id, level FROM core_pool_member WHERE tenant_id = $1 AND pool = $2", ctx.tenant.id, pool
    )
    return {row["user_id"]: row["level"] for row in rows}


# Whether an agent who takes work takes some of this channel: $3 channel, $4 capacity where his team says nothing, $5
# seconds of grace. One that takes the whole agent has the capacity 0 here: with one in hand nobody takes anything.
_ROOM = f"""
agent.taking AND agent.connected_until > now() + make_interval(secs => $5)
AND ($4 = 0 OR coalesce((agent.work->>$3)::int, 0) < coalesce(rule.capacity, $4))
AND NOT (coalesce(rule.alone, false) AND agent.work <> '{{}}')
AND NOT {HOLDS_WHAT_IS_ALONE}
"""

# Index core_pool_free (tenant_id, pool, rank, user_id) WHERE free.
_FREE = f"""
SELECT member.user_id, member.rank, member.level FROM core_pool_member AS member
JOIN core_agent AS agent ON agent.user_id = member.user_id
LEFT JOIN core_team_channel AS rule ON rule.team_id = agent.team_id AND rule.channel = $3
WHERE member.tenant_id = $1 AND member.pool = $2 AND member.free AND {_ROOM}
ORDER BY member.rank, member.user_id LIMIT $6
"""  # noqa: S608 - constants

# What waits in a queue that is not meant for its channel: `free` says nothing of it, so all of the pool is looked at.
_FREE_FOR_ANOTHER = _FREE.replace("member.free", "member.channels <> '[]' AND NOT member.channels ? $3")

# Every member of a pool has its channels. The unique index of tenant, pool and user.
_MEANT_FOR = """
SELECT channels = '[]' OR channels ? $3 FROM core_pool_member WHERE tenant_id = $1 AND pool = $2 LIMIT 1
"""


async def free_in_pool(ctx: Context, pool: str, channel: ChannelType, limit: int) -> list[Candidate]:
    """Agents of a pool who can take an interaction of the channel now, the most wanted first."""
    values = (ctx.tenant.id, pool, channel.name, _capacity(channel), GRACE_SECONDS, limit)
    rows = await fetch(_FREE, *values)
    if not rows and await fetch_value(_MEANT_FOR, ctx.tenant.id, pool, channel.name) is False:
        rows = await fetch(_FREE_FOR_ANOTHER, *values)
    return [Candidate(**row) for row in rows]


_FIRST_FREE = f"""
SELECT agent.user_id, coalesce(rule.offer_seconds, team.offer_seconds) AS offer_seconds, team.auto_answer
FROM core_agent AS agent JOIN core_team AS team ON team.id = agent.team_id
LEFT JOIN core_team_channel AS rule ON rule.team_id = agent.team_id AND rule.channel = $3
WHERE agent.tenant_id = $1 AND agent.user_id = ANY($2::bigint[]) AND {_ROOM}
ORDER BY array_position($2::bigint[], agent.user_id) LIMIT 1
"""  # noqa: S608 - constants

# The agents' rows themselves say what they have in hand: what has changed while the statement waited is looked at anew.
_LOCK_FIRST = f"{_FIRST_FREE} FOR NO KEY UPDATE OF agent"


async def lock_first_free(
    ctx: Context, agent_ids: Sequence[int], channel: ChannelType, *, wait: bool = False
) -> dict[str, Any] | None:
    """Locks the first of these agents who has room for the channel; None if there is none.

    Args:
        ctx: Where.
        agent_ids: User ids, the most wanted first.
        channel: Of what he is to get.
        wait: Whether to wait where somebody else has locked all of them at this moment. None then says as well that the
            one who was waited for has no room any more; the others may have.
    """
    values = (channel.name, _capacity(channel), GRACE_SECONDS)
    locked = await fetch_row(f"{_LOCK_FIRST} SKIP LOCKED", ctx.tenant.id, list(agent_ids), *values)
    if locked is not None or not wait:
        return locked
    # For one alone: whoever waits for a second one while he has a first may wait for somebody who waits for him.
    first = await fetch_row(_FIRST_FREE, ctx.tenant.id, list(agent_ids), *values)
    return await fetch_row(_LOCK_FIRST, ctx.tenant.id, [first["user_id"]], *values) if first else None


def _capacity(channel: ChannelType) -> int:
    return 0 if channel.exclusive else channel.capacity
