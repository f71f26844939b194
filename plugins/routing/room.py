"""Whether a queue takes anything at this moment: whether it is open, and whether there is room in it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from plugins.routing.hours import Hours, Span, is_open
from plugins.routing.models import Holiday, OpenHours, Queue
from switchroom import Context
from switchroom.database import execute, fetch, fetch_value


async def hours_of(ctx: Context, queue: Queue) -> Hours:
    """When a queue is open."""
    week: dict[int, list[Span]] | None = None
    if not queue.always_open:
        week = defaultdict(list)
        # Index routing_open_hours_of_queue.
        for row in await OpenHours.filter(queue_id=queue.id).order_by("weekday", "opens"):
            week[row.weekday].append(Span(row.opens, row.closes))
    holidays: dict[date, tuple[Span, ...]] = {}
    for each in await Holiday.filter(queue_id=queue.id):
        holidays[each.day] = () if each.opens is None or each.closes is None else (Span(each.opens, each.closes),)
    return Hours(ZoneInfo(queue.timezone) if queue.timezone else ctx.tenant.zone, week, holidays)


async def now(ctx: Context) -> datetime:
    """The database's clock, which is everybody's."""
    moment: datetime = await fetch_value("SELECT now()")
    return moment


async def queue_with_room(ctx: Context, queue: Queue, at: datetime) -> Queue | None:
    """The queue itself, or the first one that it overflows to, that is open and takes one more; None if there is none.

    Part of the transaction in which something comes to wait there: of a queue that takes no more than so many, others
    who come wait for its end, and nobody deletes it meanwhile.
    """
    seen: set[int] = set()
    candidate: Queue | None = queue
    while candidate is not None and candidate.id not in seen:
        seen.add(candidate.id)
        if await has_room(ctx, candidate) and is_open(await hours_of(ctx, candidate), at):
            return candidate
        candidate = await Queue.get_or_none(id=candidate.overflow_queue_id) if candidate.overflow_queue_id else None
    return None


async def has_room(ctx: Context, queue: Queue) -> bool:
    """Whether one more may wait in a queue that is still there; see `queue_with_room`."""
    there = await fetch(
        "SELECT FROM routing_queue WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE", ctx.tenant.id, queue.id
    )
    if not there or not queue.most_waiting:
        return bool(there)
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('routing:room', $1))", queue.id)
    # Index core_interaction_in_queue.
    waiting: int = await fetch_value(
        "SELECT count(*) FROM core_interaction WHERE tenant_id = $1 AND queue = $2 AND state IN ('waiting', 'offered')",
        ctx.tenant.id,
        queue.reference,
    )
    return waiting < queue.most_waiting
