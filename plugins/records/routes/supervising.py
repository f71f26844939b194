"""What supervisors see and do: all queues, records that were forgotten, and anybody's items."""

from __future__ import annotations

from collections.abc import Awaitable

from litestar import get, post

from plugins.records.permissions import SUPERVISE
from plugins.records.routes.item import item_page
from plugins.records.routes.posted import AnyRequest, Page, RowId, at_address, text, whole
from plugins.records.services import supervising
from plugins.records.services.items import forgotten
from plugins.records.services.queues import all_queues
from plugins.records.settings import RecordSettings
from switchroom import Context
from switchroom.locale import gettext as _
from switchroom.web import SignedIn, fragment, page, with_toast


@get("/queues", permission=SUPERVISE)
async def queues_page() -> Page:
    """All queues; the parts load by themselves."""
    return await page("records/queues.html", title=_("Record queues"))


@get("/queues/now", permission=SUPERVISE)
async def queues_now(ctx: Context) -> Page:
    """All queues as they are now, and what has been in work for long."""
    settings: RecordSettings = ctx.settings
    minutes = settings.long_in_work_minutes
    return fragment(
        "records/queues_now.html",
        queues=await all_queues(ctx),
        forgotten=await forgotten(ctx, minutes),
        minutes=minutes,
    )


@post("/items/{item_id:int}/release", permission=SUPERVISE, status_code=200)
async def release(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """Puts an agent's item back.

    Raises:
        InvalidInput: There is no reason: the dialog marks the field.
        Conflict: Something has come between.
    """
    form = await request.form()
    work = supervising.release(ctx, item_id, whole(form, "version"), text(form, "reason"))
    return await _after(ctx, user, item_id, work, _("The record is in the queue again."))


@post("/items/{item_id:int}/give", permission=SUPERVISE, status_code=200)
async def give(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """Gives an item to an agent; raises as `release`."""
    form = await request.form()
    work = supervising.give(ctx, item_id, whole(form, "version"), whole(form, "agent"), text(form, "reason"))
    return await _after(ctx, user, item_id, work, _("The agent has the record now."))


@post("/items/{item_id:int}/move", permission=SUPERVISE, status_code=200)
async def move(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """Moves an item to another queue; raises as `release`."""
    form = await request.form()
    work = supervising.move(ctx, item_id, whole(form, "version"), whole(form, "queue"), text(form, "reason"))
    return await _after(ctx, user, item_id, work, _("The record is in the other queue."))


@post("/items/{item_id:int}/close", permission=SUPERVISE, status_code=200)
async def close(request: AnyRequest, ctx: Context, user: SignedIn, item_id: RowId) -> Page:
    """Takes an item out of its queue; raises as `release`."""
    form = await request.form()
    work = supervising.close(ctx, item_id, whole(form, "version"), text(form, "reason"))
    return await _after(ctx, user, item_id, work, _("The record is closed."))


async def _after(ctx: Context, user: SignedIn, item_id: int, work: Awaitable[None], said: str) -> Page:
    await work
    return with_toast(at_address(await item_page(ctx, user, item_id), f"/p/records/items/{item_id}"), said)


HANDLERS = [queues_page, queues_now, release, give, move, close]
