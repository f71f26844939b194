"""Why an interaction waits, and why an agent is not asked: the filters of the matcher, one after the other, for people.

What is said here is what the matcher sees, by the same rows: who serves the queue, and what each agent has in hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from plugins.routing.models import Queue, id_of
from switchroom import Context
from switchroom.agents import GRACE_SECONDS, HOLDS_WHAT_IS_ALONE
from switchroom.database import fetch
from switchroom.interactions import type_of


class Stage(StrEnum):
    """The filters, in the order in which an agent passes them; he stops at the first that holds him."""

    TEAM = "team"
    SKILL = "skill"
    OFFLINE = "offline"
    BREAK = "break"
    """Takes no work from queues: a break, outbound, or internal calls alone."""
    BUSY = "busy"
    WRAP_UP = "wrap_up"
    MISSED = "missed"
    OFFERED = "offered"
    FULL = "full"
    ALONE = "alone"
    """Has other work, and his team takes this channel only with nothing else in hand."""
    BESIDE_NOTHING = "beside_nothing"
    """Has something of a channel that his team takes only with nothing else in hand."""
    PLACING = "placing"
    """Serves the queue from this moment on."""
    FREE = "free"


@dataclass(frozen=True)
class Verdict:
    """How far one agent comes for one queue and channel, and what his place is if he is free.

    Attributes:
        place: Among those who are free, 1 being first; None for who is not.
        skill: The first that he lacks, with his level and the one asked for.
        capacity: How many of the channel he may have in hand; 0 where one takes all of him.
    """

    user_id: int
    name: str
    team: str
    stage: Stage
    place: int | None
    strategy: str | None
    rank: float | None
    level: int | None
    status_since: datetime
    intent: str
    pause_reason: str
    missed_until: datetime | None
    in_hand: int
    capacity: int
    skill: str | None
    skill_has: int | None
    skill_asked: int | None


# $2 queue as interactions have it, $3 its id, $4 channel, $5 its capacity (0: it takes the whole agent), $6 grace. The
# order of the filters is that of `Stage`. Indexes: the unique ones of core_pool_member, routing_queue_skill and
# routing_agent_skill, core_segment_open, core_offer_one_per_agent.
_VERDICTS = f"""
WITH queue AS (SELECT teams FROM routing_queue WHERE tenant_id = $1 AND id = $3),
seen AS (
    SELECT agent.user_id, person.name, team.name AS team, agent.status_since, agent.intent, agent.pause_reason,
        agent.missed_until, coalesce((agent.work->>$4)::int, 0) AS in_hand,
        CASE WHEN $5::int = 0 THEN 0 ELSE coalesce(rule.capacity, $5) END AS capacity,
        member.strategy, member.rank, member.level,
        lack.name AS skill, lack.has AS skill_has, lack.asked AS skill_asked,
        CASE
            WHEN member.user_id IS NULL AND queue.teams <> '[]' AND NOT queue.teams @> to_jsonb(agent.team_id)
                THEN 'team'
            WHEN member.user_id IS NULL AND lack.name IS NOT NULL THEN 'skill'
            WHEN coalesce(agent.connected_until <= now() + make_interval(secs => $6), true) THEN 'offline'
            WHEN agent.intent <> 'available' THEN 'break'
            WHEN hand.exclusive THEN 'busy'
            WHEN hand.wrap_up THEN 'wrap_up'
            WHEN agent.missed_until > now() THEN 'missed'
            WHEN EXISTS (SELECT FROM core_offer WHERE agent_id = agent.user_id AND state = 'pending') THEN 'offered'
            WHEN $5 > 0 AND coalesce((agent.work->>$4)::int, 0) >= coalesce(rule.capacity, $5) THEN 'full'
            WHEN coalesce(rule.alone, false) AND agent.work <> '{{}}' THEN 'alone'
            WHEN {HOLDS_WHAT_IS_ALONE} THEN 'beside_nothing'
            WHEN member.user_id IS NULL OR NOT agent.taking THEN 'placing'
            ELSE 'free'
        END AS stage
    FROM core_agent AS agent
    JOIN core_user AS person ON person.id = agent.user_id
    JOIN core_team AS team ON team.id = agent.team_id
    LEFT JOIN queue ON true
    LEFT JOIN core_team_channel AS rule ON rule.team_id = agent.team_id AND rule.channel = $4
    LEFT JOIN core_pool_member AS member
        ON member.tenant_id = $1 AND member.pool = $2 AND member.user_id = agent.user_id
    LEFT JOIN LATERAL (
        SELECT skill.name, coalesce(has.level, 0) AS has, asked.level AS asked
        FROM routing_queue_skill AS asked JOIN routing_skill AS skill ON skill.id = asked.skill_id
        LEFT JOIN routing_agent_skill AS has ON has.skill_id = asked.skill_id AND has.user_id = agent.user_id
        WHERE asked.tenant_id = $1 AND asked.queue_id = $3 AND coalesce(has.level, 0) < asked.level
        ORDER BY skill.name LIMIT 1
    ) AS lack ON true
    LEFT JOIN LATERAL (
        SELECT bool_or(exclusive AND state = 'active') AS exclusive, bool_or(state = 'wrap_up') AS wrap_up
        FROM core_segment AS segment WHERE segment.agent_id = agent.user_id AND segment.state <> 'closed'
    ) AS hand ON true
    WHERE agent.tenant_id = $1 AND person.active
), placed AS (
    SELECT seen.*, CASE WHEN stage = 'free' THEN row_number() OVER (PARTITION BY stage ORDER BY rank, user_id) END
        AS place FROM seen
)
"""  # noqa: S608 - constants

_COLUMNS = (
    "user_id, name, team, stage, place, strategy, rank, level, status_since, intent, pause_reason, missed_until, "
    "in_hand, capacity, skill, skill_has, skill_asked"
)


async def verdicts(
    ctx: Context,
    queue: str,
    channel: str,
    *,
    stages: Sequence[Stage] = (),
    text: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Verdict]:
    """How far each agent of the tenant comes: those who are free in their order, then the others by name.

    Args:
        ctx: Where.
        queue: As interactions have it.
        channel: The name of the channel.
        stages: Only those who stop at one of these; empty for all.
        text: Only those whose names hold it.
        after: How many to leave out at the beginning.
        limit: How many at most.
    """
    rows = await fetch(
        f"{_VERDICTS} SELECT {_COLUMNS} FROM placed WHERE ($7::text[] = '{{}}' OR stage = ANY($7)) "  # noqa: S608
        "AND strpos(lower(name), lower($8)) > 0 ORDER BY place NULLS LAST, lower(name), user_id OFFSET $9 LIMIT $10",
        *_values(ctx, queue, channel),
        [str(stage) for stage in stages],
        text.strip(),
        after,
        limit,
    )
    return [_verdict(row) for row in rows]


async def verdict_of(ctx: Context, queue: str, channel: str, user_id: int) -> Verdict | None:
    """How far one agent comes; None of somebody who is none."""
    rows = await fetch(
        f"{_VERDICTS} SELECT {_COLUMNS} FROM placed WHERE user_id = $7",  # noqa: S608 - constants
        *_values(ctx, queue, channel),
        user_id,
    )
    return _verdict(rows[0]) if rows else None


async def count_stages(ctx: Context, queue: str, channel: str) -> dict[Stage, int]:
    """How many agents stop at each filter."""
    rows = await fetch(
        f"{_VERDICTS} SELECT stage, count(*) AS number FROM placed GROUP BY stage",  # noqa: S608 - constants
        *_values(ctx, queue, channel),
    )
    return {Stage(row["stage"]): row["number"] for row in rows}


def _values(ctx: Context, queue: str, channel: str) -> tuple[Any, ...]:
    kind = type_of(ctx, channel)
    return (ctx.tenant.id, queue, id_of(queue), channel, 0 if kind.exclusive else kind.capacity, GRACE_SECONDS)


def _verdict(row: dict[str, Any]) -> Verdict:
    return Verdict(**{**row, "stage": Stage(row["stage"])})


@dataclass(frozen=True)
class Past:
    """A decision, and what became of it.

    Attributes:
        cause: A strategy, `sticky` or `routed`.
        outcome: The state of the offer now.
        candidates: Names of those who were free, the most wanted first.
    """

    at: datetime
    agent_id: int
    agent: str
    cause: str
    outcome: str
    decided_at: datetime | None
    candidates: tuple[str, ...]


# Index routing_decision_of_interaction.
_DECISIONS = """
SELECT decision.at, decision.agent_id, person.name AS agent, decision.detail->>'cause' AS cause,
    coalesce(offer.state, '') AS outcome, offer.decided_at, ARRAY(
        SELECT free.name FROM jsonb_array_elements(decision.detail->'candidates') WITH ORDINALITY AS listed (who, place)
        JOIN core_user AS free ON free.id = (listed.who->>'agent')::bigint ORDER BY listed.place
    ) AS candidates
FROM routing_decision AS decision
JOIN core_user AS person ON person.id = decision.agent_id
LEFT JOIN core_offer AS offer ON offer.id = decision.offer_id
WHERE decision.tenant_id = $1 AND decision.interaction_id = $2 ORDER BY decision.id DESC LIMIT $3
"""


async def past_decisions(ctx: Context, interaction_id: int, limit: int = 20) -> list[Past]:
    """To whom an interaction has been offered by the matcher, the latest first."""
    rows = await fetch(_DECISIONS, ctx.tenant.id, interaction_id, limit)
    return [Past(**{**row, "candidates": tuple(row["candidates"])}) for row in rows]


@dataclass(frozen=True)
class Head:
    """What is next in a queue on one of its channels; without an interaction where nothing waits.

    Attributes:
        waiting: How many wait, at most `MOST_COUNTED`.
    """

    queue_id: int
    queue: str
    channel: str
    waiting: int
    interaction_id: int | None
    since: datetime | None
    verdict: Verdict


MOST_COUNTED = 1000

# Index core_interaction_waiting.
_HEAD = """
SELECT (SELECT count(*) FROM (
    SELECT FROM core_interaction WHERE tenant_id = $1 AND queue = $2 AND channel = $3 AND state = 'waiting' LIMIT $4
) AS few) AS waiting, head.id, head.waiting_since FROM (SELECT) AS one LEFT JOIN LATERAL (
    SELECT id, waiting_since FROM core_interaction WHERE tenant_id = $1 AND queue = $2 AND channel = $3
    AND state = 'waiting' ORDER BY priority DESC, waiting_since, id LIMIT 1
) AS head ON true
"""


async def heads_for(ctx: Context, user_id: int) -> list[Head]:
    """Every queue, with what is next in it and how far the agent comes for it; those that he serves come first."""
    found = []
    for queue in await Queue.all().order_by("position", "id"):
        for channel in queue.channels or sorted(ctx.channels):
            verdict = await verdict_of(ctx, queue.reference, channel, user_id)
            if verdict is None:
                return []
            row = (await fetch(_HEAD, ctx.tenant.id, queue.reference, channel, MOST_COUNTED))[0]
            found.append(Head(queue.id, queue.name, channel, row["waiting"], row["id"], row["waiting_since"], verdict))
    return sorted(found, key=lambda head: (head.verdict.stage in (Stage.TEAM, Stage.SKILL), not head.waiting))
