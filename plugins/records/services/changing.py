"""Changing an item: one order of locks, one way to see that it is still one's own, one way to put it back.

Every transaction locks the item first, then its promise, then the interaction and the agent, so that no two wait for
each other. Only who takes the next of a queue has the agent locked before: he waits for no item.
"""

from __future__ import annotations

from typing import Any

from plugins.records.models import ITEM, Aside, Item, ItemState, reference_of
from plugins.records.services.queues import find_queue, works_in
from plugins.records.services.steps import last_step, names_of, note
from switchroom import Context
from switchroom.capabilities import PromiseLedger
from switchroom.database import fetch_value
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.interactions import end_interaction
from switchroom.locale import gettext as _


class NotYours(Conflict):
    """The item is no longer in the hands of the agent who acts on it, or not as he sees it."""

    code = "not_yours"


async def lock_item(item_id: int) -> Item:
    """The item, which nobody else changes until the transaction ends.

    Raises:
        NotFound: The tenant has no such item.
    """
    item = await Item.filter(id=item_id).select_for_update().first()
    if item is None:
        raise NotFound(_("There is no such record in a queue."))
    return item


async def lock_own(ctx: Context, item_id: int, user_id: int, version: int) -> Item:
    """The item, locked, if it is in work with this agent and as he saw it.

    Raises:
        NotFound: The tenant has no such item.
        NotYours: It is not; says what has happened.
    """
    item = await lock_item(item_id)
    await check_owner(ctx, item, user_id)
    if item.aside:
        raise NotYours(_("You have put this record aside already."), mend=_("Take it up again first."))
    await check_version(ctx, item, version)
    return item


async def check_owner(ctx: Context, item: Item, user_id: int) -> None:
    """Whether a locked item is an agent's.

    Raises:
        NotYours: It is not; says whose it is.
    """
    seen = _("The page shows it as it is now.")
    if item.state == ItemState.DONE:
        raise NotYours(_("This record is done already."), mend=seen)
    if item.owner_id is None:
        raise NotYours(_("This record is in the queue again, and not with you."), mend=seen)
    if item.owner_id != user_id:
        names = await names_of(ctx, {item.owner_id})
        raise NotYours(_("This record is with %(name)s now.") % {"name": names.get(item.owner_id, "?")}, mend=seen)


async def check_version(ctx: Context, item: Item, version: int) -> None:
    """Whether a locked item is as somebody saw it.

    Raises:
        NotYours: It is not; says what has happened last.
    """
    if item.version == version:
        return
    last = await last_step(ctx, item.id)
    raise NotYours(
        _("Something has happened to this record meanwhile: %(what)s.") % {"what": last.text if last else "?"},
        mend=_("The page shows it as it is now."),
    )


async def check_agent(ctx: Context, user_id: int, queue_id: int, *, field: str) -> None:
    """Whether somebody may be given items of a queue: his account is on, and he works in it.

    Raises:
        InvalidInput: He may not; `field` is where he was chosen.
    """
    active = await fetch_value("SELECT active FROM core_user WHERE tenant_id = $1 AND id = $2", ctx.tenant.id, user_id)
    if not active or not await works_in(ctx, user_id, await find_queue(queue_id)):
        text = _("Choose an agent who works in this queue.")
        raise InvalidInput(_("The record was not given."), fields={field: text})


async def change(ctx: Context, item: Item, action: str, *, detail: dict[str, Any] | None = None, **values: Any) -> None:
    """Changes a locked item, raises its version, adds the step, and tells open pages."""
    owners = {item.owner_id, values.get("owner_id", item.owner_id)} - {None}
    if values.get("state", item.state) != item.state:
        ITEM.check(ItemState(item.state), ItemState(values["state"]))
    await Item.filter(id=item.id).update(**values, version=item.version + 1)
    item.update_from_dict({**values, "version": item.version + 1})
    await note(ctx, item.id, action, **(detail or {}))
    await ctx.publish("records", f"record:{item.id}", *(f"user:{owner}" for owner in sorted(owners)))


async def end_work(ctx: Context, interaction_id: int | None, cause: str) -> None:
    """Ends the interaction of a locked item, if there is one; the last of its transaction."""
    if interaction_id is not None:
        await end_interaction(ctx, interaction_id, cause)


async def put_back(ctx: Context, item: Item, action: str, **detail: Any) -> None:
    """Puts a locked item that somebody has back into its queue, at the place that it had there."""
    interaction_id = item.interaction_id
    await change(
        ctx, item, action, detail=detail, state=ItemState.WAITING.value, owner_id=None, aside=Aside.NO.value,
        next_at=None, interaction_id=None,
    )  # fmt: skip
    await end_work(ctx, interaction_id, action)


async def settle_promise(ctx: Context, item_id: int, *, kept: bool) -> None:
    """Tells the ledger, where there is one, that a locked item is owed no more."""
    ledger = ctx.capability(PromiseLedger)  # type: ignore[type-abstract]
    if ledger is not None:
        await ledger.settle(ctx, reference_of(item_id), kept=kept)
