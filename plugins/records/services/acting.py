"""What an agent does with an item that he has in work. Each action ends the interaction with its cause."""

from __future__ import annotations

from datetime import datetime, timedelta

from plugins.records.models import Aside, Item, ItemState, Record, record_of, reference_of
from plugins.records.services.adding import tell_processed
from plugins.records.services.changing import change, end_work, lock_own
from plugins.records.services.coming_back import postpone_until
from plugins.records.services.own_records import Edit, apply_edit
from switchroom import Context
from switchroom.capabilities import Fallback, NewPromise, PromiseLedger
from switchroom.database import fetch_value, transaction
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _

LONGEST_POSTPONED = timedelta(days=366)


async def done(ctx: Context, item_id: int, user_id: int, version: int, edit: Edit | None = None) -> None:
    """The record is dealt with: its item leaves the queue.

    Args:
        ctx: Where.
        item_id: Which item.
        user_id: The agent who has it in work.
        version: Of the item as he saw it.
        edit: What he has typed into the fields of a record of our own; saved with it.

    Raises:
        NotFound: The tenant has no such item.
        NotYours: It is not in work with him, or something has happened to it; nothing has changed.
        InvalidInput: A text cannot be used; names the field.
    """
    await _finish(ctx, item_id, user_id, version, edit, "done")


async def assign_to_me(ctx: Context, item_id: int, user_id: int, version: int, edit: Edit | None = None) -> None:
    """The record becomes the agent's own, to be worked on later; its item is done and leaves the queue.

    Takes and raises what `done` does.
    """
    await _finish(ctx, item_id, user_id, version, edit, "assigned")


async def postpone(
    ctx: Context, item_id: int, user_id: int, version: int, at: datetime, edit: Edit | None = None
) -> None:
    """Puts the item aside until a time, at which it comes back to the same agent; it stays his and in work.

    Takes and raises what `done` does, and `at`, which must lie ahead, within a year.
    """
    now: datetime = await fetch_value("SELECT now()")
    if at <= now:
        raise InvalidInput(_("The record was not postponed."), fields={"at": _("Choose a time that lies ahead.")})
    if at > now + LONGEST_POSTPONED:
        raise InvalidInput(_("The record was not postponed."), fields={"at": _("Choose a time within a year.")})
    async with transaction():
        item = await _own(ctx, item_id, user_id, version, edit)
        interaction_id = item.interaction_id
        await postpone_until(ctx, item, at)
        await _promise(ctx, item, user_id, at, interaction_id)
        await end_work(ctx, interaction_id, "postponed")


async def move_to_end(ctx: Context, item_id: int, user_id: int, version: int, edit: Edit | None = None) -> None:
    """Puts the item behind all others of its priority, for anybody.

    Takes and raises what `done` does.
    """
    async with transaction():
        item = await _own(ctx, item_id, user_id, version, edit)
        interaction_id = item.interaction_id
        # As in the source of this action the state stays: an item without an owner can be taken whatever it was.
        await change(
            ctx, item, "moved_to_end", owner_id=None, placed_at=await fetch_value("SELECT clock_timestamp()"),
            transfers=item.transfers + 1, interaction_id=None,
        )  # fmt: skip
        await end_work(ctx, interaction_id, "moved_to_end")


async def keep(ctx: Context, item_id: int, user_id: int, version: int, edit: Edit | None = None) -> None:
    """Puts the item aside without a date; it stays the agent's, and no other agent sees it.

    Takes and raises what `done` does.
    """
    async with transaction():
        item = await _own(ctx, item_id, user_id, version, edit)
        interaction_id = item.interaction_id
        await change(ctx, item, "kept", aside=Aside.KEPT.value, interaction_id=None)
        await end_work(ctx, interaction_id, "kept")


async def _finish(ctx: Context, item_id: int, user_id: int, version: int, edit: Edit | None, outcome: str) -> None:
    async with transaction():
        item = await _own(ctx, item_id, user_id, version, edit)
        interaction_id, record_id = item.interaction_id, record_of(item.reference)
        await change(
            ctx, item, outcome, state=ItemState.DONE.value, outcome=outcome,
            done_at=await fetch_value("SELECT now()"), interaction_id=None,
        )  # fmt: skip
        if outcome == "assigned" and record_id is not None:
            await Record.filter(id=record_id).update(owner_id=user_id)
        await end_work(ctx, interaction_id, outcome)
        await ctx.enqueue(tell_processed, item_id=item_id)


async def _own(ctx: Context, item_id: int, user_id: int, version: int, edit: Edit | None) -> Item:
    item = await lock_own(ctx, item_id, user_id, version)
    record_id = record_of(item.reference)
    if edit is not None and record_id is not None:
        await apply_edit(ctx, record_id, edit)
        await item.refresh_from_db()
    return item


async def _promise(ctx: Context, item: Item, user_id: int, at: datetime, interaction_id: int | None) -> None:
    ledger = ctx.capability(PromiseLedger)  # type: ignore[type-abstract]
    if ledger is None:
        return
    await ledger.promise(
        ctx,
        NewPromise(
            kind="postponed_record",
            due=at,
            subject=item.title,
            owner_id=user_id,
            reference=reference_of(item.id),
            url=f"/p/records/items/{item.id}",
            contact_name=item.contact_name,
            contact_number=item.contact_number,
            interaction_id=interaction_id,
            fallback=Fallback.QUEUE,
        ),
    )
