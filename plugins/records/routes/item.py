"""The page of an item: the record, and what its agent does with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from litestar import get, post
from litestar.datastructures import FormMultiDict

from plugins.records.permissions import SEE, SUPERVISE, WORK
from plugins.records.routes.posted import AnyRequest, Page, RowId, at_address, edit_of, moment, text, whole
from plugins.records.services import acting
from plugins.records.services.finding import see_item
from plugins.records.services.items import ItemView, Shown, item_of_record
from plugins.records.services.own_records import (
    Edit,
    get_record,
    may_edit,
    record_behind,
    reference_of_record,
    save_record,
)
from plugins.records.services.queues import all_queues
from plugins.records.services.steps import steps_of
from plugins.records.services.supervising import agents_of
from plugins.records.services.taking import open_item
from switchroom import Context
from switchroom.errors import Conflict, NotFound
from switchroom.locale import gettext as _
from switchroom.web import SignedIn, fragment, page, with_toast

Act = Callable[[Context, int, int, int, Edit | None], Awaitable[None]]

MORNING = 9
"""The hour of tomorrow to which a record is postponed with one press."""


@get("/items/{item_id:int}", permission=SEE)
async def show_item(ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """An item with its record."""
    return await item_page(ctx, user, item_id)


@get("/items/{item_id:int}/state", permission=SEE)
async def item_state(ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """How the item is now, and what can be done with it; loaded again whenever something happens to it."""
    try:
        item = await see_item(ctx, item_id, user.id, sees_all=user.may(SUPERVISE))
    except NotFound:
        return fragment("records/gone.html")
    return fragment("records/state.html", item=item, mine=_in_work_with(item, user), supervises=user.may(SUPERVISE))


@get("/items/{item_id:int}/history", permission=SEE)
async def item_history(ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """What has happened to the item."""
    await see_item(ctx, item_id, user.id, sees_all=user.may(SUPERVISE))
    return fragment("records/history.html", steps=await steps_of(ctx, item_id))


@post("/items/{item_id:int}/open", permission=WORK, status_code=200)
async def take_item(ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """Takes an item of an open queue into work, or takes up one's own again."""
    try:
        await open_item(ctx, item_id, user.id)
    except Conflict as error:
        return await _told(ctx, user, item_id, error)
    return at_address(await item_page(ctx, user, item_id), f"/p/records/items/{item_id}")


@post("/items/{item_id:int}/done", permission=WORK, status_code=200)
async def done(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """The record is dealt with."""
    return await _act(ctx, user, item_id, await request.form(), acting.done, _("The record is done."))


@post("/items/{item_id:int}/assign", permission=WORK, status_code=200)
async def assign(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """The record becomes the agent's own."""
    said = _("The record is yours now. You find it under My records.")
    return await _act(ctx, user, item_id, await request.form(), acting.assign_to_me, said)


@post("/items/{item_id:int}/end", permission=WORK, status_code=200)
async def move_to_end(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """The record goes behind the others."""
    said = _("The record is at the end of the queue.")
    return await _act(ctx, user, item_id, await request.form(), acting.move_to_end, said)


@post("/items/{item_id:int}/keep", permission=WORK, status_code=200)
async def keep(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """The record waits for the agent alone."""
    return await _act(ctx, user, item_id, await request.form(), acting.keep, _("The record is kept for you."))


@post("/items/{item_id:int}/postpone", permission=WORK, status_code=200)
async def postpone(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """The record comes back at a time.

    Raises:
        InvalidInput: It is no time that lies ahead: the dialog marks the field.
    """
    form = await request.form()
    at = _chosen(form, user)

    async def act(ctx: Context, item_id: int, user_id: int, version: int, edit: Edit | None) -> None:
        await acting.postpone(ctx, item_id, user_id, version, at, edit)

    return await _act(ctx, user, item_id, form, act, _("The record comes back to you at the time that you have set."))


@get("/records/{record_id:int}", permission=SEE)
async def show_record(ctx: Context, user: SignedIn, record_id: RowId) -> Page:
    """A record of our own: one's own, or one whose item one may see."""
    return await _record_page(ctx, user, record_id)


@post("/records/{record_id:int}", permission=WORK, status_code=200)
async def save_fields(request: AnyRequest, ctx: Context, user: SignedIn, record_id: RowId) -> Page:
    """Saves the fields, and gives the form anew with the version that it has now.

    Raises:
        InvalidInput: A text cannot be used: the page marks the field.
    """
    edit = edit_of(await request.form())
    await get_record(record_id)
    if edit is not None:
        await save_record(ctx, record_id, user.id, edit)
    record = await get_record(record_id)
    return with_toast(fragment("records/fields.html", record=record, editable=True), _("The fields are saved."))


async def item_page(ctx: Context, user: SignedIn, item_id: int, notice: str = "") -> Page:
    """The page of an item.

    Raises:
        NotFound: The tenant has no such item, or none that this user may see.
    """
    supervises = user.may(SUPERVISE)
    item = await see_item(ctx, item_id, user.id, sees_all=supervises)
    record = await record_behind(item)
    return await page(
        "records/item.html",
        title=item.title,
        item=item,
        mine=_in_work_with(item, user),
        record=record,
        editable=record is not None and await may_edit(ctx, record, user.id),
        supervises=supervises,
        queues=[queue for queue in await all_queues(ctx) if queue.id != item.queue_id] if supervises else [],
        agents=await agents_of(ctx, item.queue_id) if supervises else [],
        soonest=_typed(datetime.now(user.zone) + timedelta(minutes=1)),
        usual=_typed((datetime.now(user.zone) + timedelta(hours=2)).replace(minute=0)),
        notice=notice,
    )


async def _record_page(ctx: Context, user: SignedIn, record_id: int) -> Page:
    record = await get_record(record_id)
    item = await item_of_record(ctx, reference_of_record(record_id))
    if record.owner_id != user.id and not user.may(SUPERVISE):
        if item is None:
            raise NotFound(_("There is no such record."))
        await see_item(ctx, item.id, user.id, sees_all=False)
    return await page(
        "records/record.html",
        title=record.title,
        record=record,
        item=item,
        editable=await may_edit(ctx, record, user.id),
    )


async def _act(ctx: Context, user: SignedIn, item_id: int, form: FormMultiDict, act: Act, said: str) -> Page:
    """Does it and goes to the desk; when something has come between, shows the item as it is now and says what."""
    try:
        await act(ctx, item_id, user.id, whole(form, "version"), edit_of(form))
    except Conflict as error:
        return await _told(ctx, user, item_id, error)
    desk = await page("records/desk.html", title=_("Records"))
    return with_toast(at_address(desk, "/p/records/desk"), said)


async def _told(ctx: Context, user: SignedIn, item_id: int, error: Conflict) -> Page:
    try:
        shown = await item_page(ctx, user, item_id, notice=str(error))
    except NotFound:
        shown = await page("records/desk.html", title=_("Records"), notice=str(error))
        return at_address(shown, "/p/records/desk")
    return at_address(shown, f"/p/records/items/{item_id}")


def _in_work_with(item: ItemView, user: SignedIn) -> bool:
    return item.owner_id == user.id and item.shown is Shown.IN_WORK


def _chosen(form: FormMultiDict, user: SignedIn) -> datetime:
    """The time of a postponement: one of those that one press gives, or the one that was typed."""
    quick = text(form, "in")
    if quick == "tomorrow":
        day = (datetime.now(user.zone) + timedelta(days=1)).date()
        return moment(f"{day.isoformat()}T{MORNING:02}:00", user.zone, "at")
    if quick in ("15", "60", "180"):
        return datetime.now(UTC) + timedelta(minutes=int(quick))
    return moment(text(form, "at"), user.zone, "at")


def _typed(at: datetime) -> str:
    """A time as a field of a browser takes it."""
    return at.replace(tzinfo=None).isoformat(timespec="minutes")


HANDLERS = [
    show_item, item_state, item_history, take_item, done, assign, move_to_end, keep, postpone, show_record, save_fields,
]  # fmt: skip
