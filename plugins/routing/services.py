"""Queues and team timing, as the administrator sees and changes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugins.routing.models import Queue
from switchroom import Context
from switchroom.database import fetch, transaction
from switchroom.errors import InvalidInput, NotFound
from switchroom.locale import gettext as _

LONGEST_TARGET_SECONDS = 3600


@dataclass(frozen=True)
class QueueView:
    """A queue with what happens in it now and has happened today.

    Attributes:
        longest_since: Since when the first in line has waited.
        in_time: Of the calls answered today, how many within the target.
    """

    id: int
    name: str
    target_seconds: int
    waiting: int
    longest_since: datetime | None
    in_talk: int
    answered: int
    lost: int
    in_time: int

    @property
    def service_level(self) -> int | None:
        """The share of today's calls answered in time, in per cent; None before the first."""
        total = self.answered + self.lost
        return round(100 * self.in_time / total) if total else None


class QueueService:
    """The capability `QueueDirectory`: where a new interaction waits."""

    async def default_queue(self, ctx: Context, channel: str) -> str:
        """The tenant's one queue, made if it is missing."""
        return (await ensure_queue(ctx)).reference


async def ensure_queue(ctx: Context) -> Queue:
    """The tenant's queue; each tenant has one."""
    queue = await Queue.all().order_by("id").first()
    if queue is None:
        queue, _created = await Queue.get_or_create(name="Main", tenant_id=ctx.tenant.id)
    return queue


# Waiting and talking now come from the state; what happened today from the facts, by index core_fact_interaction.
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
    count(*) FILTER (WHERE answered_at - created_at <= make_interval(secs => $4)) AS in_time
FROM today
"""


async def overview(ctx: Context) -> list[QueueView]:
    """Every queue of the tenant, with its numbers of today (the day of the tenant's time zone)."""
    midnight = datetime.now(ctx.tenant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    views = []
    for queue in await Queue.all().order_by("name"):
        rows = await fetch(_OVERVIEW, ctx.tenant.id, queue.reference, midnight, queue.target_seconds)
        views.append(QueueView(queue.id, queue.name, queue.target_seconds, **rows[0]))
    return views


@dataclass(frozen=True)
class WaitingView:
    """One customer in the line."""

    name: str
    number: str
    subject: str
    since: datetime
    offered: bool


async def waiting_line(ctx: Context, limit: int) -> list[WaitingView]:
    """The customers who wait, in the order in which they are served; at most `limit`."""
    rows = await fetch(
        "SELECT contact_name AS name, contact_number AS number, subject, waiting_since AS since, "
        "state = 'offered' AS offered FROM core_interaction WHERE tenant_id = $1 AND state IN ('waiting', 'offered') "
        "ORDER BY priority DESC, waiting_since, id LIMIT $2",
        ctx.tenant.id,
        limit,
    )
    return [WaitingView(**row) for row in rows]


async def save_queue(ctx: Context, queue_id: int, *, name: str, target_seconds: int) -> None:
    """Changes a queue.

    Raises:
        NotFound: The tenant has no such queue.
        InvalidInput: A value cannot be used; names the field.
    """
    problems: dict[str, str] = {}
    if not name.strip() or len(name) > 100:
        problems["name"] = _("Give the queue a name of at most 100 characters.")
    if not 1 <= target_seconds <= LONGEST_TARGET_SECONDS:
        text = _("Give a number of seconds between %(least)s and %(most)s.")
        problems["target_seconds"] = text % {"least": 1, "most": LONGEST_TARGET_SECONDS}
    if problems:
        raise InvalidInput(_("The queue was not saved."), fields=problems)
    async with transaction():
        queue = await Queue.get_or_none(id=queue_id)
        if queue is None:
            raise NotFound(_("There is no such queue."))
        queue.name, queue.target_seconds = name.strip(), target_seconds
        await queue.save()
        await ctx.publish("queue")
