"""What brings items back: a time that has come, an absent owner, an account that is off, work that has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plugins.records.models import Aside, Item, ItemState, item_of
from plugins.records.services.changing import change, check_agent, put_back, settle_promise
from plugins.records.services.steps import names_of
from plugins.records.settings import RecordSettings
from switchroom import Context, Event, job
from switchroom.database import fetch, fetch_value, transaction
from switchroom.interactions import InteractionState, get_interaction

# The owner is there when his account is on and he is at work with an open page.
_THERE = """
SELECT EXISTS (SELECT FROM core_agent AS agent JOIN core_user AS person ON person.id = agent.user_id
    WHERE agent.tenant_id = $1 AND agent.user_id = $2 AND person.active AND agent.connected_until > now())
"""

# Index records_item_of_owner.
_OF_NOBODY = """
SELECT item.id, 'owner_gone' AS action FROM records_item AS item
WHERE item.tenant_id = $1 AND item.owner_id IS NOT NULL AND item.state <> 'done'
AND NOT EXISTS (SELECT FROM core_user AS person JOIN core_agent AS agent ON agent.user_id = person.id
    WHERE person.tenant_id = $1 AND person.id = item.owner_id AND person.active)
UNION
SELECT item.id, 'interrupted' FROM records_item AS item
JOIN core_interaction AS work ON work.tenant_id = $1 AND work.id = item.interaction_id
WHERE item.tenant_id = $1 AND item.interaction_id IS NOT NULL AND work.state IN ('ended', 'closed')
ORDER BY 1
"""


@job("records.come_back")
async def come_back(ctx: Context, item_id: int, version: int) -> None:
    """The time of a postponed item has come: its agent sees it, and if he does not come, others get it in the end."""
    if await _is_due(ctx, item_id, version):
        await _look_again(ctx, item_id, version)


@job("records.look_for_owner")
async def look_for_owner(ctx: Context, item_id: int, version: int) -> None:
    """Puts back a postponed item whose agent is not there; looks again later while he is."""
    if not await _is_due(ctx, item_id, version):
        return
    item = await Item.get(id=item_id)
    if await fetch_value(_THERE, ctx.tenant.id, item.owner_id):
        await _look_again(ctx, item_id, version)
        return
    async with transaction():
        locked = await _locked(item_id)
        if locked is None or locked.version != version:
            return  # The owner has come at this moment, and has settled the promise himself.
        await settle_promise(ctx, item_id, kept=False)
        await put_back(ctx, locked, "owner_absent")


async def _is_due(ctx: Context, item_id: int, version: int) -> bool:
    """Whether an item is still postponed as it was at this version, and its time has come; tells open pages."""
    item = await Item.get_or_none(id=item_id)
    if item is None or item.version != version or item.aside != Aside.POSTPONED or item.next_at is None:
        return False
    due: bool = await fetch_value("SELECT now() >= $1::timestamptz", item.next_at)
    if due:
        await ctx.publish("records", f"record:{item_id}", f"user:{item.owner_id}")
    return due


async def _look_again(ctx: Context, item_id: int, version: int) -> None:
    settings: RecordSettings = ctx.settings
    at = datetime.now(UTC) + timedelta(minutes=settings.absent_minutes)
    await ctx.enqueue(look_for_owner, at=at, key=f"{item_id}:{version}", item_id=item_id, version=version)


async def promise_given_up(ctx: Context, reference: str) -> bool:
    """Puts back the item of a promise whose owner is absent; False for a reference that is none of ours."""
    if item_of(reference) is None:
        return False
    async with transaction():
        item = await _postponed(reference)
        if item is not None:
            await put_back(ctx, item, "owner_absent")
    return True


async def promise_put_off(ctx: Context, reference: str, due: datetime) -> None:
    """The promise of a postponed item is due at another time: the item comes back then."""
    async with transaction():
        item = await _postponed(reference)
        if item is not None and item.next_at != due:
            await postpone_until(ctx, item, due)


async def promise_given(ctx: Context, reference: str, owner_id: int) -> None:
    """The promise of a postponed item is somebody else's now: so is the item.

    Raises:
        InvalidInput: He does not work in its queue.
    """
    async with transaction():
        item = await _postponed(reference)
        if item is None or item.owner_id == owner_id:
            return
        await check_agent(ctx, owner_id, item.queue_id, field="owner")
        names = await names_of(ctx, {owner_id})
        await change(ctx, item, "given", detail={"to": names.get(owner_id, "?")}, owner_id=owner_id)
        if item.next_at is not None:
            await ctx.enqueue(come_back, at=item.next_at, item_id=item.id, version=item.version)


async def promise_settled(ctx: Context, reference: str, *, kept: bool) -> None:
    """Nothing of a postponed item is owed at its time any more.

    Where the promise was kept the item comes back to its agent at once, who finishes it. Where it was withdrawn the
    item goes back into its queue.
    """
    async with transaction():
        item = await _postponed(reference)
        if item is None:
            return
        if not kept:
            await put_back(ctx, item, "promise_withdrawn")
            return
        now: datetime = await fetch_value("SELECT now()")
        if item.next_at is None or item.next_at > now:
            await postpone_until(ctx, item, now)


async def postpone_until(ctx: Context, item: Item, at: datetime) -> None:
    """Lets a locked item come back to its agent at a time, whether it is in work with him or was put aside."""
    await change(
        ctx, item, "postponed", detail={"at": at.astimezone(UTC).isoformat()}, aside=Aside.POSTPONED.value,
        next_at=at, interaction_id=None,
    )  # fmt: skip
    await ctx.enqueue(come_back, at=at, item_id=item.id, version=item.version)


@job("records.work_ended", on=(Event.INTERACTION_ENDED,))
async def work_ended(ctx: Context, interaction_id: int) -> None:
    """The interaction of an item has ended other than by an action on the item: it goes back into its queue."""
    if (await get_interaction(ctx, interaction_id)).state not in (InteractionState.ENDED, InteractionState.CLOSED):
        return
    # Index records_item_of_interaction.
    async with transaction():
        item = await Item.filter(interaction_id=interaction_id).select_for_update().first()
        if item is not None and item.state != ItemState.DONE:
            await put_back(ctx, item, "interrupted")


@job("records.put_back_of_nobody", coalesce=True)
async def put_back_of_nobody(ctx: Context) -> None:
    """Puts back items whose owner's account is off, and those whose interaction is over."""
    rows = await fetch(_OF_NOBODY, ctx.tenant.id)
    for row in rows:
        async with transaction():
            item = await _locked(row["id"])
            if item is not None and item.owner_id is not None and item.state != ItemState.DONE:
                await settle_promise(ctx, item.id, kept=False)
                await put_back(ctx, item, row["action"])


async def _postponed(reference: str) -> Item | None:
    """The item of a promise, locked; None of what is none of ours, or was taken up meanwhile."""
    item_id = item_of(reference)
    item = await _locked(item_id) if item_id is not None else None
    return item if item is not None and item.aside == Aside.POSTPONED and item.state != ItemState.DONE else None


async def _locked(item_id: int) -> Item | None:
    return await Item.filter(id=item_id).select_for_update().first()
