"""Taking items into work: the next of a closed queue, any of an open one, and one's own again."""

from __future__ import annotations

from datetime import UTC, datetime

from plugins.records.models import Aside, Item, ItemState, Queue, QueueKind, queue_reference, reference_of
from plugins.records.services.changing import NotYours, change, check_owner, lock_item, settle_promise
from plugins.records.services.items import ItemView, get_item
from plugins.records.services.queues import QueueView, find_queue, queues_of, works_in
from plugins.records.services.steps import names_of, note
from plugins.records.settings import RecordSettings
from switchroom import Context
from switchroom.agents import lock_room, room_on
from switchroom.database import fetch_value, transaction
from switchroom.errors import Conflict, Forbidden, NotFound
from switchroom.interactions import AtCapacity, begin_work
from switchroom.locale import gettext as _
from switchroom.locale import ngettext

CHANNEL = "record"


class NothingWaits(Conflict):
    """There is no record to take."""

    code = "nothing_waits"


# One statement decides: whoever comes at the same moment passes over the row. Index records_item_next.
_CLAIM = """
UPDATE records_item SET owner_id = $3, state = 'in_work', aside = '', next_at = NULL, taken_at = now(),
    version = version + 1
WHERE tenant_id = $1 AND owner_id IS NULL AND id = (
    SELECT id FROM records_item WHERE tenant_id = $1 AND queue_id = $2 AND owner_id IS NULL AND state <> 'done'
    AND EXISTS (SELECT FROM records_queue WHERE tenant_id = $1 AND id = $2 AND active)
    ORDER BY priority DESC, placed_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

# Index records_item_of_owner.
_OWN_DUE = """
SELECT id FROM records_item WHERE tenant_id = $1 AND owner_id = $2 AND state <> 'done' AND aside = 'postponed'
AND next_at <= now() AND queue_id = $3 ORDER BY next_at, id LIMIT 1
"""


async def next_record(ctx: Context, user_id: int, queue_id: int | None = None) -> ItemView:
    """Takes the next record of a closed queue, or of all the agent's closed queues, into work.

    What he has postponed and is due comes first, then the highest priority, then what has its place the longest.

    Raises:
        NotFound: The tenant has no such queue.
        Forbidden: The agent does not work in it.
        Conflict: The queue is open, or is switched off.
        AtCapacity: He has as many in work as he may.
        NothingWaits: There is nothing to take.
    """
    queues = await _closed_queues(ctx, user_id, queue_id)
    settings: RecordSettings = ctx.settings
    for queue in queues:
        due: int | None = await fetch_value(_OWN_DUE, ctx.tenant.id, user_id, queue.id)
        if due is not None:
            return await _take_up(ctx, due, user_id, settings.most_in_work)
    async with transaction():
        # Two tabs of one agent come one after the other, and nobody holds a row for a moment that he may not have, so
        # that others pass over it to find nothing. A claim waits for nobody: the agent may be locked before it.
        at_most = await _room_for(ctx, user_id, settings.most_in_work)
        for queue in queues:
            item_id: int | None = await fetch_value(_CLAIM, ctx.tenant.id, queue.id, user_id)
            if item_id is not None:
                await note(ctx, item_id, "taken")
                await _begin(ctx, item_id, user_id, at_most)
                return await get_item(ctx, item_id)
    raise NothingWaits(_("No record waits in this queue.") if queue_id else _("No record waits for you."))


async def open_item(ctx: Context, item_id: int, user_id: int) -> ItemView:
    """Takes an item of an open queue into work; one's own that was put aside, of any queue, is taken up again.

    Nothing happens to one that is in work with the agent already.

    Raises:
        NotFound: The tenant has no such item.
        Forbidden: The agent does not work in the queue.
        Conflict: The queue is closed or switched off.
        NotYours: Somebody else has it, or it is done.
        AtCapacity: He has as many in work as he may.
    """
    settings: RecordSettings = ctx.settings
    seen = await get_item(ctx, item_id)
    if seen.owner_id == user_id:
        return seen if seen.interaction_id else await _take_up(ctx, item_id, user_id, settings.most_opened)
    queue = await find_queue(seen.queue_id)
    if not await works_in(ctx, user_id, queue):
        raise Forbidden(_("You do not work in this queue."))
    _check_open(queue)
    async with transaction():
        item = await lock_item(item_id)
        if item.owner_id is not None or item.state == ItemState.DONE:
            await _tell_who(ctx, item)
        await change(
            ctx, item, "taken", owner_id=user_id, state=ItemState.IN_WORK.value, aside="", next_at=None,
            taken_at=datetime.now(UTC),
        )  # fmt: skip
        await _begin(ctx, item_id, user_id, await _room_for(ctx, user_id, settings.most_opened))
    return await get_item(ctx, item_id)


async def why_not_next(ctx: Context, user_id: int, queues: list[QueueView]) -> dict[int, str]:
    """Why the button *Next record* of each closed queue of an agent is off, in words; an empty text where it is on."""
    if not any(queue.closed for queue in queues):
        return {}
    settings: RecordSettings = ctx.settings
    room = await room_on(ctx, user_id, CHANNEL)
    number = room.in_hand
    reasons = {}
    for queue in queues:
        if not queue.closed:
            continue
        if room.clashes:
            reasons[queue.id] = _clash()
        elif number >= min(settings.most_in_work, room.capacity):
            reasons[queue.id] = ngettext(
                "You have %(count)s record in work, which is the most.",
                "You have %(count)s records in work, which is the most.",
                number,
            ) % {"count": number}
        elif not queue.counters.waiting and (await fetch_value(_OWN_DUE, ctx.tenant.id, user_id, queue.id) is None):
            reasons[queue.id] = _("No record waits in this queue.")
        else:
            reasons[queue.id] = ""
    return reasons


async def _take_up(ctx: Context, item_id: int, user_id: int, most: int) -> ItemView:
    async with transaction():
        item = await lock_item(item_id)
        await check_owner(ctx, item, user_id)
        await settle_promise(ctx, item_id, kept=True)
        if item.interaction_id is None:
            await change(ctx, item, "taken_up", aside=Aside.NO.value, next_at=None, taken_at=datetime.now(UTC))
            await _begin(ctx, item_id, user_id, await _room_for(ctx, user_id, most))
    return await get_item(ctx, item_id)


async def _begin(ctx: Context, item_id: int, user_id: int, at_most: int) -> None:
    """Begins the interaction of an item that is claimed and locked."""
    item = await get_item(ctx, item_id)
    segment = await begin_work(
        ctx,
        user_id,
        channel=CHANNEL,
        at_most=at_most,
        queue=queue_reference(item.queue_id),
        contact_name=item.contact_name,
        contact_number=item.contact_number,
        subject=item.title,
        reference=reference_of(item_id),
    )
    await Item.filter(id=item_id).update(interaction_id=segment.interaction_id)
    await ctx.publish("records", f"record:{item_id}", f"user:{user_id}")


async def _room_for(ctx: Context, user_id: int, most: int) -> int:
    """How many records an agent may have in work: as many as our settings say, or fewer if his team says so.

    He is locked, so that it stays so until the transaction ends.

    Raises:
        NotFound: The user is no agent.
        AtCapacity: He has no room for another one.
    """
    room = await lock_room(ctx, user_id, CHANNEL)
    if room.clashes:
        raise AtCapacity(_clash(), mend=_("Finish that first."))
    most = min(most, room.capacity)
    if room.in_hand >= most:
        raise AtCapacity(
            _("You have as many records in work as you may."), mend=_("Finish one of them first, or put it aside.")
        )
    return most


def _clash() -> str:
    return _("In your team this goes beside no other work, and you have some in hand.")


async def _closed_queues(ctx: Context, user_id: int, queue_id: int | None) -> list[QueueView]:
    if queue_id is not None:
        queue = await find_queue(queue_id)
        if queue.kind != QueueKind.CLOSED:
            raise Conflict(_("This queue is open."), mend=_("Open a record from its list."))
        if not queue.active:
            raise Conflict(_("This queue is switched off."), mend=_("Ask your administrator."))
    queues = [queue for queue in await queues_of(ctx, user_id) if queue.closed]
    if queue_id is None:
        return queues
    mine = [queue for queue in queues if queue.id == queue_id]
    if not mine:
        raise Forbidden(_("You do not work in this queue."))
    return mine


def _check_open(queue: Queue) -> None:
    if not queue.active:
        raise Conflict(_("This queue is switched off."), mend=_("Ask your administrator."))
    if queue.kind != QueueKind.OPEN:
        raise Conflict(
            _("This queue gives one record after the other."), mend=_("Take the next one with the button Next record.")
        )


async def _tell_who(ctx: Context, item: Item) -> None:
    if item.state == ItemState.DONE:
        raise NotYours(_("This record is done already."))
    if item.owner_id is None:
        raise NotFound(_("There is no such record in a queue."))
    names = await names_of(ctx, {item.owner_id})
    raise NotYours(_("%(name)s was faster: the record is in work already.") % {"name": names.get(item.owner_id, "?")})
