"""Where what comes in waits, and what is said to those for whom there is no place."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_location

from plugins.routing.hours import is_open, next_opening
from plugins.routing.models import Queue, id_of
from plugins.routing.room import hours_of, now, queue_with_room
from plugins.routing.services.estimate import estimated_wait
from plugins.routing.services.queues import all_queues, ensure_queue
from switchroom import Context
from switchroom.capabilities import Admission, NamedQueue
from switchroom.locale import active_language
from switchroom.locale import gettext as _


class QueueService:
    """The capability `QueueDirectory`: where a new interaction waits."""

    async def admit(self, ctx: Context, channel: str) -> Admission:
        """The first queue of the channel, or the one that it overflows to when it is full."""
        await ensure_queue(ctx)
        queue = next((queue for queue in await all_queues() if channel in queue.channels), None)
        if queue is None:
            return Admission("", refusal=_("Nobody can be reached in this way at the moment."))
        at = await now(ctx)
        hours = await hours_of(ctx, queue)
        if not is_open(hours, at):
            reopens = next_opening(hours, at)
            return Admission("", refusal=_closed(ctx, queue, reopens), reopens_at=reopens)
        found = await queue_with_room(ctx, queue, at)
        if found is None:
            return Admission("", refusal=_("So many people are waiting that we cannot take one more just now."))
        return Admission(found.reference, found.priority)

    async def queues(self, ctx: Context) -> list[NamedQueue]:
        """Every queue, in the order that the administrator has given them."""
        return [NamedQueue(queue.reference, queue.name) for queue in await all_queues()]

    async def title(self, ctx: Context, queue: str) -> str:
        """What people call a queue."""
        number = id_of(queue)
        found = await Queue.get_or_none(id=number) if number is not None else None
        return found.name if found else ""

    async def estimated_wait(self, ctx: Context, interaction_id: int) -> int | None:
        """Seconds that it will probably still wait; see `plugins.routing.services.estimate`."""
        return await estimated_wait(ctx, interaction_id)


def _closed(ctx: Context, queue: Queue, reopens: datetime | None) -> str:
    if reopens is None:
        return _("We are closed.")
    zone = ZoneInfo(queue.timezone) if queue.timezone else ctx.tenant.zone
    language = active_language()
    moment = format_datetime(reopens.astimezone(zone), "EEEE, d MMMM, HH:mm", locale=language)
    place = get_timezone_location(zone, locale=language, return_city=True)
    return _("We are closed now. We open again on %(moment)s (%(place)s time).") % {"moment": moment, "place": place}
