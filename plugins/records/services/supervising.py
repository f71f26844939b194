"""What a supervisor does with anybody's items: each with a reason, each in the audit log."""

from __future__ import annotations

from plugins.records.models import Aside, Item, ItemState, reference_of
from plugins.records.services.adding import tell_processed
from plugins.records.services.changing import (
    change,
    check_agent,
    check_version,
    end_work,
    lock_item,
    put_back,
    settle_promise,
)
from plugins.records.services.queues import find_queue
from plugins.records.services.steps import names_of
from switchroom import Context
from switchroom.audit import record
from switchroom.database import fetch, fetch_value, transaction
from switchroom.errors import Conflict, InvalidInput
from switchroom.locale import gettext as _

LONGEST_REASON = 300


async def release(ctx: Context, item_id: int, version: int, reason: str) -> None:
    """Puts an item that an agent has back into its queue, for anybody.

    Raises:
        NotFound: The tenant has no such item.
        NotYours: Something has happened to it meanwhile.
        Conflict: Nobody has it.
        InvalidInput: There is no reason.
    """
    reason = _reason(reason)
    async with transaction():
        item = await _as_seen(ctx, item_id, version)
        await settle_promise(ctx, item_id, kept=False)
        if item.owner_id is None:
            raise Conflict(_("Nobody has this record: it waits in the queue."))
        before = await _owner(ctx, item)
        await put_back(ctx, item, "released", reason=reason)
        await _audit(ctx, item, "records.item_released", reason, {"owner": before}, {"owner": ""})


async def give(ctx: Context, item_id: int, version: int, user_id: int, reason: str) -> None:
    """Gives an item to an agent, for whom it waits without a date.

    Raises:
        NotFound: The tenant has no such item.
        NotYours: Something has happened to it meanwhile.
        InvalidInput: There is no reason, or the agent does not work in the queue.
    """
    reason = _reason(reason)
    async with transaction():
        item = await _as_seen(ctx, item_id, version)
        await settle_promise(ctx, item_id, kept=False)
        await check_agent(ctx, user_id, item.queue_id, field="agent")
        before, interaction_id = await _owner(ctx, item), item.interaction_id
        names = await names_of(ctx, {user_id})
        await change(
            ctx, item, "given", detail={"reason": reason, "to": names[user_id]}, state=ItemState.IN_WORK.value,
            owner_id=user_id, aside=Aside.KEPT.value, next_at=None, interaction_id=None,
        )  # fmt: skip
        await end_work(ctx, interaction_id, "given")
        await _audit(ctx, item, "records.item_given", reason, {"owner": before}, {"owner": names[user_id]})


async def move(ctx: Context, item_id: int, version: int, queue_id: int, reason: str) -> None:
    """Moves an item into another queue, where it waits for anybody.

    Raises:
        NotFound: The tenant has no such item.
        NotYours: Something has happened to it meanwhile.
        InvalidInput: There is no reason, or it is in that queue already.
    """
    reason = _reason(reason)
    async with transaction():
        item = await _as_seen(ctx, item_id, version)
        await settle_promise(ctx, item_id, kept=False)
        if item.queue_id == queue_id:
            raise InvalidInput(_("The record was not moved."), fields={"queue": _("Choose another queue.")})
        old, new = await find_queue(item.queue_id), await find_queue(queue_id)
        interaction_id = item.interaction_id
        await change(
            ctx, item, "moved", detail={"reason": reason, "to": new.name}, state=ItemState.WAITING.value,
            owner_id=None, aside=Aside.NO.value, next_at=None, interaction_id=None, queue_id=queue_id,
            placed_at=await fetch_value("SELECT clock_timestamp()"),
        )  # fmt: skip
        await end_work(ctx, interaction_id, "moved")
        await _audit(ctx, item, "records.item_moved", reason, {"queue": old.name}, {"queue": new.name})


async def close(ctx: Context, item_id: int, version: int, reason: str) -> None:
    """Takes an item out of its queue for good, without its having been worked on.

    Raises:
        NotFound: The tenant has no such item.
        NotYours: Something has happened to it meanwhile.
        InvalidInput: There is no reason.
    """
    reason = _reason(reason)
    async with transaction():
        item = await _as_seen(ctx, item_id, version)
        await settle_promise(ctx, item_id, kept=False)
        interaction_id = item.interaction_id
        await change(
            ctx, item, "closed", detail={"reason": reason}, state=ItemState.DONE.value, outcome="closed",
            done_at=await fetch_value("SELECT now()"), next_at=None, aside=Aside.NO.value, interaction_id=None,
        )  # fmt: skip
        await end_work(ctx, interaction_id, "closed")
        await _audit(ctx, item, "records.item_closed", reason, {}, {})
        await ctx.enqueue(tell_processed, item_id=item_id)


async def agents_of(ctx: Context, queue_id: int) -> list[tuple[int, str]]:
    """Ids and names of the agents who work in a queue and whose accounts are on, by name."""
    queue = await find_queue(queue_id)
    rows = await fetch(
        "SELECT person.id, person.name FROM core_agent AS agent JOIN core_user AS person ON person.id = agent.user_id "
        "WHERE agent.tenant_id = $1 AND person.active AND ($2::bigint[] = '{}' OR agent.team_id = ANY($2::bigint[])) "
        "ORDER BY lower(person.name), person.id LIMIT 500",
        ctx.tenant.id,
        queue.teams,
    )
    return [(row["id"], row["name"]) for row in rows]


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > LONGEST_REASON:
        problem = _("Give a reason of at most %(count)s characters.") % {"count": LONGEST_REASON}
        raise InvalidInput(_("Nothing was changed."), fields={"reason": problem})
    return reason


async def _as_seen(ctx: Context, item_id: int, version: int) -> Item:
    item = await lock_item(item_id)
    await check_version(ctx, item, version)
    if item.state == ItemState.DONE:
        raise Conflict(_("This record is done already."))
    return item


async def _owner(ctx: Context, item: Item) -> str:
    return (await names_of(ctx, {item.owner_id})).get(item.owner_id, "") if item.owner_id else ""


async def _audit(
    ctx: Context, item: Item, action: str, reason: str, before: dict[str, str], after: dict[str, str]
) -> None:
    await record(
        ctx, action, subject=reference_of(item.id), subject_name=item.title, before=before,
        after={**after, "reason": reason},
    )  # fmt: skip
