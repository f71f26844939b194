"""*My queues*, a section of the single window: what waits in the queues that an agent serves, and who is free there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get

from plugins.routing.models import Queue, id_of
from switchroom import Context
from switchroom.agents import pools_of
from switchroom.contributions import WorkspaceSection
from switchroom.database import fetch
from switchroom.locale import gettext as _
from switchroom.web import HANDLE_INTERACTIONS, SignedIn, fragment

COUNTED = 1000
"""Up to so many are counted: beyond it nobody asks how many more there are, and the count stays cheap."""

PRIORITIES = 100
"""In the longest wait, so many priorities of one queue are looked at."""


@dataclass(frozen=True)
class MyQueue:
    """A queue that the agent serves.

    Attributes:
        waiting: How many wait, `COUNTED` + 1 for more than that.
        longest_since: Since when the first of all has waited; None when nobody does.
        free: How many agents take work from it now, counted like `waiting`.
    """

    name: str
    target_seconds: int
    waiting: int
    longest_since: datetime | None
    free: int


# However many wait, a few entries of an index are read for each queue: as many as are counted, and the first of each
# priority, one after the other. Indexes core_interaction_in_queue (tenant_id, queue, -priority, waiting_since, id)
# WHERE state IN ('waiting', 'offered'), and core_pool_free (tenant_id, pool, …) WHERE free.
_QUEUES = """
WITH RECURSIVE mine AS (
    SELECT queue FROM unnest($2::text[]) AS mine (queue)
), heads AS (
    SELECT mine.queue, head.rank, head.waiting_since, 1 AS number FROM mine CROSS JOIN LATERAL (
        SELECT -priority AS rank, waiting_since FROM core_interaction
        WHERE tenant_id = $1 AND queue = mine.queue AND state IN ('waiting', 'offered')
        ORDER BY (-priority), waiting_since, id LIMIT 1
    ) AS head
    UNION ALL
    SELECT heads.queue, head.rank, head.waiting_since, heads.number + 1 FROM heads CROSS JOIN LATERAL (
        SELECT -priority AS rank, waiting_since FROM core_interaction
        WHERE tenant_id = $1 AND queue = heads.queue AND state IN ('waiting', 'offered') AND (-priority) > heads.rank
        ORDER BY (-priority), waiting_since, id LIMIT 1
    ) AS head WHERE heads.number < $4
)
SELECT mine.queue, (SELECT min(waiting_since) FROM heads WHERE heads.queue = mine.queue) AS longest_since,
    (SELECT count(*) FROM (SELECT FROM core_interaction WHERE tenant_id = $1 AND queue = mine.queue
        AND state IN ('waiting', 'offered') ORDER BY (-priority), waiting_since, id LIMIT $3) AS counted) AS waiting,
    (SELECT count(*) FROM (SELECT FROM core_pool_member WHERE tenant_id = $1 AND pool = mine.queue AND free
        LIMIT $3) AS counted) AS free
FROM mine
"""


async def my_queues(ctx: Context, user_id: int) -> list[MyQueue]:
    """The queues that an agent serves: those first in which somebody has waited the longest, measured by the target."""
    ids = [queue_id for pool in await pools_of(ctx, user_id) if (queue_id := id_of(pool)) is not None]
    queues = {queue.reference: queue for queue in await Queue.filter(id__in=ids)} if ids else {}
    rows = await fetch(_QUEUES, ctx.tenant.id, list(queues), COUNTED + 1, PRIORITIES) if queues else []
    found = [
        MyQueue(
            name=queues[row["queue"]].name,
            target_seconds=queues[row["queue"]].target_seconds,
            waiting=row["waiting"],
            longest_since=row["longest_since"],
            free=row["free"],
        )
        for row in rows
    ]
    now = datetime.now(ctx.tenant.zone)
    return sorted(found, key=lambda queue: (-_share(queue, now), queue.name))


def _share(queue: MyQueue, now: datetime) -> float:
    """How much of the target has gone by."""
    return (now - queue.longest_since).total_seconds() / queue.target_seconds if queue.longest_since else -1.0


@get("/mine", permission=HANDLE_INTERACTIONS)
async def mine(ctx: Context, user: SignedIn) -> Response[Any]:
    """The section."""
    return fragment("routing/mine.html", queues=await my_queues(ctx, user.id), counted=COUNTED, own_id=user.id)


def section() -> WorkspaceSection:
    """The section, for the page."""
    return WorkspaceSection(
        "queues",
        _("My queues"),
        "/p/routing/mine",
        "users-group",
        topics=("queue",),
        permission=HANDLE_INTERACTIONS,
        order=20,
    )


WORKSPACE_PAGES = [mine]
