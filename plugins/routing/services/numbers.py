"""What happens in queues now, and has happened today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugins.routing.hours import is_open, next_closing, next_opening
from plugins.routing.models import Queue, reference_of
from plugins.routing.room import hours_of, now
from plugins.routing.services.queues import all_queues, queue_of
from switchroom import Context
from switchroom.database import fetch


@dataclass(frozen=True)
class QueueView:
    """A queue with what happens in it now and has happened today.

    Attributes:
        longest_since: Since when the first in line has waited.
        in_time: Of the calls answered today, how many within the target.
        agents: How many agents serve it.
        at_work: Of these, how many are there and take calls from queues.
        open: Whether it is open now.
        changes_at: When it opens or closes next; None when it does not.
    """

    id: int
    name: str
    target_seconds: int
    channels: list[str]
    open: bool
    changes_at: datetime | None
    waiting: int
    longest_since: datetime | None
    in_talk: int
    answered: int
    lost: int
    in_time: int
    agents: int
    at_work: int

    @property
    def reference(self) -> str:
        """How interactions name this queue."""
        return reference_of(self.id)

    @property
    def service_level(self) -> int | None:
        """The share of today's calls answered in time, in per cent; None before the first."""
        total = self.answered + self.lost
        return round(100 * self.in_time / total) if total else None


# Waiting and talking now come from the state; what happened today from the facts, by index core_fact_interaction. Also
# indexes core_interaction_in_queue, core_interaction_of_queue, and of pools the unique one (tenant_id, pool, user_id).
_OVERVIEW = """
WITH today AS (
    SELECT interaction.id, interaction.created_at, interaction.state,
        (SELECT min(fact.at) FROM core_fact AS fact WHERE fact.tenant_id = interaction.tenant_id
         AND fact.interaction_id = interaction.id AND fact.subject = 'segment' AND fact.new = 'active') AS answered_at
    FROM core_interaction AS interaction
    WHERE interaction.tenant_id = $1 AND interaction.queue = $2 AND interaction.created_at >= $3
)
SELECT
    (SELECT count(*) FROM core_interaction WHERE tenant_id = $1 AND queue = $2 AND state IN ('waiting', 'offered'))
        AS waiting,
    (SELECT min(waiting_since) FROM core_interaction
     WHERE tenant_id = $1 AND queue = $2 AND state IN ('waiting', 'offered')) AS longest_since,
    (SELECT count(*) FROM core_interaction WHERE tenant_id = $1 AND queue = $2 AND state IN ('active', 'held'))
        AS in_talk,
    count(answered_at) AS answered,
    count(*) FILTER (WHERE answered_at IS NULL AND state IN ('ended', 'closed')) AS lost,
    count(*) FILTER (WHERE answered_at - created_at <= make_interval(secs => $4)) AS in_time,
    (SELECT count(*) FROM core_pool_member WHERE tenant_id = $1 AND pool = $2) AS agents,
    (SELECT count(*) FROM core_pool_member AS member JOIN core_agent AS agent ON agent.user_id = member.user_id
     WHERE member.tenant_id = $1 AND member.pool = $2 AND agent.intent = 'available' AND agent.connected_until > now())
        AS at_work
FROM today
"""


async def overview(ctx: Context) -> list[QueueView]:
    """Every queue of the tenant in its order, with its numbers of today (the day of the tenant's time zone)."""
    return [await _view(ctx, queue) for queue in await all_queues()]


async def get_queue(ctx: Context, queue_id: int) -> QueueView:
    """One queue, with its numbers of today.

    Raises:
        NotFound: The tenant has no such queue.
    """
    return await _view(ctx, await queue_of(queue_id))


async def _view(ctx: Context, queue: Queue) -> QueueView:
    midnight = datetime.now(ctx.tenant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = await fetch(_OVERVIEW, ctx.tenant.id, queue.reference, midnight, queue.target_seconds)
    hours, at = await hours_of(ctx, queue), await now(ctx)
    opened = is_open(hours, at)
    changes_at = next_closing(hours, at) if opened else next_opening(hours, at)
    return QueueView(
        queue.id, queue.name, queue.target_seconds, channels=queue.channels, open=opened, changes_at=changes_at,
        **rows[0],
    )  # fmt: skip


@dataclass(frozen=True)
class WaitingView:
    """One customer in the line.

    Attributes:
        queue: The name of the queue; empty for one that is not of this plugin.
    """

    id: int
    queue: str
    name: str
    number: str
    subject: str
    since: datetime
    offered: bool


async def waiting_line(ctx: Context, limit: int) -> list[WaitingView]:
    """The customers who wait, in the order in which they are served; at most `limit`."""
    rows = await fetch(
        "SELECT interaction.id, coalesce(queue.name, '') AS queue, contact_name AS name, contact_number AS number, "
        "subject, waiting_since AS since, state = 'offered' AS offered FROM core_interaction AS interaction "
        "LEFT JOIN routing_queue AS queue ON queue.tenant_id = $1 AND 'routing:queue:' || queue.id = interaction.queue "
        "WHERE interaction.tenant_id = $1 AND state IN ('waiting', 'offered') "
        "ORDER BY interaction.priority DESC, waiting_since, interaction.id LIMIT $2",
        ctx.tenant.id,
        limit,
    )
    return [WaitingView(**row) for row in rows]
