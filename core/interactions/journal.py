"""An agent's day: the calls and a few numbers, all from fact rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.agents.day import day_begins, day_of, today_of
from core.database.connection import fetch, fetch_row, fetch_value
from core.plugins.context import Context

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class JournalEntry:
    """One call of the day, or one that the agent did not answer.

    Attributes:
        missed: Offered to the agent and not answered in time.
        started_at: When the customer began to wait.
        talking_since: Since when they have been talking; None before and afterwards.
        wrapping_up_since: Since when the agent has been working on what the call left; None before and afterwards.
        waiting_seconds: Until the agent answered, or until the offer was over.
        wrap_up_seconds: After-contact work; up to now while it goes on.
        outcome: The coded outcome, empty when there is none.
        disposition: What people call the outcome; empty where nobody has chosen one.
        cause: Why the call ended, empty while it goes on.
    """

    interaction_id: int
    number: str
    name: str
    direction: str
    missed: bool
    started_at: datetime
    talking_since: datetime | None
    wrapping_up_since: datetime | None
    waiting_seconds: int
    talk_seconds: int
    wrap_up_seconds: int
    outcome: str
    comment: str
    disposition: str
    cause: str


@dataclass(frozen=True)
class DayNumbers:
    """The agent's day in numbers.

    Attributes:
        average_talk_seconds: Of the talks that are over; None before the first.
        waiting_now: Interactions that wait in the tenant's queues at this moment.
        on_line_seconds: Time in every status but break and offline; see `core.agents.day`.
        break_seconds: Time in a break.
    """

    answered: int
    missed: int
    average_talk_seconds: int | None
    waiting_now: int
    on_line_seconds: int
    break_seconds: int


# One row per segment of the agent and per offer not answered. Uses index core_fact_agent for the agent's facts of the
# day, core_fact_interaction for the few facts of each of those interactions.
_CALLS = """
WITH mine AS (
    SELECT id, interaction_id, segment_id, subject, new, cause, at, detail FROM core_fact
    WHERE tenant_id = $1 AND agent_id = $2 AND at >= $3 AND subject IN ('segment', 'offer')
), handled AS (
    SELECT interaction_id, segment_id, false AS missed,
        min(at) FILTER (WHERE new = 'active') AS answered_at,
        min(at) FILTER (WHERE new IN ('wrap_up', 'closed')) AS talk_ended_at,
        min(at) FILTER (WHERE new = 'wrap_up') AS wrap_up_at,
        min(at) FILTER (WHERE new = 'closed') AS closed_at,
        (array_agg(detail ->> 'outcome' ORDER BY at DESC, id DESC) FILTER (WHERE detail ? 'outcome'))[1] AS outcome,
        (array_agg(detail ->> 'comment' ORDER BY at DESC, id DESC) FILTER (WHERE detail ? 'outcome'))[1] AS comment,
        (array_agg(coalesce(detail ->> 'disposition', '') ORDER BY at DESC, id DESC)
            FILTER (WHERE detail ? 'outcome'))[1] AS disposition
    FROM mine WHERE subject = 'segment' GROUP BY interaction_id, segment_id
), unanswered AS (
    SELECT interaction_id, NULL::bigint AS segment_id, true AS missed, at AS answered_at, at AS talk_ended_at,
        NULL::timestamptz AS wrap_up_at, at AS closed_at, NULL AS outcome, NULL AS comment, NULL AS disposition
    FROM mine WHERE subject = 'offer' AND new = 'expired'
), calls AS (
    SELECT * FROM handled WHERE answered_at IS NOT NULL UNION ALL SELECT * FROM unanswered
)
SELECT calls.*, interaction.contact_number, interaction.contact_name, interaction.direction,
    began.at AS started_at, coalesce(ended.cause, '') AS cause
FROM calls
JOIN core_interaction AS interaction ON interaction.id = calls.interaction_id
JOIN LATERAL (
    SELECT at FROM core_fact WHERE tenant_id = $1 AND interaction_id = calls.interaction_id
    AND subject = 'interaction' ORDER BY id LIMIT 1
) AS began ON true
LEFT JOIN LATERAL (
    SELECT cause FROM core_fact WHERE tenant_id = $1 AND interaction_id = calls.interaction_id
    AND subject = 'interaction' AND new = 'ended' LIMIT 1
) AS ended ON true
ORDER BY calls.answered_at DESC
"""


async def todays_calls(ctx: Context, user_id: int) -> list[JournalEntry]:
    """The agent's calls since midnight in the tenant's zone, the latest first."""
    now: datetime = await fetch_value("SELECT now()")
    midnight = day_begins(ctx.tenant.zone, now.astimezone(ctx.tenant.zone).date())
    rows = await fetch(_CALLS, ctx.tenant.id, user_id, midnight)
    return [
        JournalEntry(
            interaction_id=row["interaction_id"],
            number=row["contact_number"],
            name=row["contact_name"],
            direction=row["direction"],
            missed=row["missed"],
            started_at=row["started_at"],
            talking_since=None if row["talk_ended_at"] else row["answered_at"],
            wrapping_up_since=None if row["closed_at"] else row["wrap_up_at"],
            waiting_seconds=_seconds(row["started_at"], row["answered_at"]),
            talk_seconds=_seconds(row["answered_at"], row["talk_ended_at"] or now),
            wrap_up_seconds=_seconds(row["wrap_up_at"], row["closed_at"] or now) if row["wrap_up_at"] else 0,
            outcome=row["outcome"] or "",
            comment=row["comment"] or "",
            disposition=row["disposition"] or "",
            cause=row["cause"],
        )
        for row in rows
    ]


async def todays_numbers(ctx: Context, user_id: int) -> DayNumbers:
    """The agent's numbers since midnight in the tenant's zone."""
    calls = await todays_calls(ctx, user_id)
    answered = [call for call in calls if not call.missed]
    talks = [call.talk_seconds for call in answered if call.talking_since is None]
    day = await day_of(ctx, user_id, await today_of(ctx))
    waiting = await fetch_row(
        "SELECT count(*) AS count FROM core_interaction WHERE tenant_id = $1 AND state IN ('waiting', 'offered')",
        ctx.tenant.id,
    )
    return DayNumbers(
        answered=len(answered),
        missed=sum(call.missed for call in calls),
        average_talk_seconds=round(sum(talks) / len(talks)) if talks else None,
        waiting_now=waiting["count"] if waiting else 0,
        on_line_seconds=day.on_line // SECOND,
        break_seconds=day.paused // SECOND,
    )


def _seconds(start: datetime, end: datetime) -> int:
    return max(round((end - start) / SECOND), 0)
