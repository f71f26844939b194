"""The administration of record queues."""

from __future__ import annotations

from litestar import get, post
from litestar.datastructures import FormMultiDict

from plugins.records.permissions import MANAGE
from plugins.records.routes.posted import AnyRequest, Page, RowId, at_address, signed, text, texts, whole
from plugins.records.services.queues import (
    HIGHEST,
    MOST_COLUMNS,
    QueueValues,
    all_queues,
    create_queue,
    delete_queue,
    get_queue,
    left_in,
    move_everything,
    save_queue,
)
from switchroom import Context
from switchroom.agents import all_teams
from switchroom.locale import gettext as _
from switchroom.locale import ngettext
from switchroom.web import page, with_toast


@get("/manage", permission=MANAGE)
async def manage(ctx: Context) -> Page:
    """All queues, to be changed."""
    return await _manage(ctx)


@get("/manage/new", permission=MANAGE)
async def new_queue(ctx: Context) -> Page:
    """The form for a queue."""
    return await page(
        "records/queue_new.html", title=_("Add a record queue"), teams=await all_teams(ctx), highest=HIGHEST
    )


@post("/manage", permission=MANAGE, status_code=200)
async def create(request: AnyRequest, ctx: Context) -> Page:
    """Makes a queue.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    queue_id = await create_queue(ctx, _values(await request.form()))
    shown = at_address(await _queue_page(ctx, queue_id), f"/p/records/manage/{queue_id}")
    return with_toast(shown, _("The queue is ready."))


@get("/manage/{queue_id:int}", permission=MANAGE)
async def one_queue(ctx: Context, queue_id: RowId) -> Page:
    """One queue, to be changed."""
    return await _queue_page(ctx, queue_id)


@post("/manage/{queue_id:int}", permission=MANAGE, status_code=200)
async def save(request: AnyRequest, ctx: Context, queue_id: RowId) -> Page:
    """Saves a queue.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    await save_queue(ctx, queue_id, _values(await request.form()))
    return with_toast(await _queue_page(ctx, queue_id), _("The queue is saved."))


@post("/manage/{queue_id:int}/move", permission=MANAGE, status_code=200)
async def move_all(request: AnyRequest, ctx: Context, queue_id: RowId) -> Page:
    """Moves all that is not done to another queue.

    Raises:
        InvalidInput: No other queue was chosen.
    """
    count = await move_everything(ctx, queue_id, whole(await request.form(), "target"))
    said = ngettext("%(count)s record is moved.", "%(count)s records are moved.", count) % {"count": count}
    return with_toast(await _queue_page(ctx, queue_id), said)


@post("/manage/{queue_id:int}/delete", permission=MANAGE, status_code=200)
async def delete(ctx: Context, queue_id: RowId) -> Page:
    """Removes a queue in which nothing is left to do.

    Raises:
        Conflict: Records are left in it.
    """
    await delete_queue(ctx, queue_id)
    return with_toast(at_address(await _manage(ctx), "/p/records/manage"), _("The queue is deleted."))


async def _manage(ctx: Context) -> Page:
    return await page("records/manage.html", title=_("Record queues"), queues=await all_queues(ctx))


async def _queue_page(ctx: Context, queue_id: int) -> Page:
    queue = await get_queue(ctx, queue_id)
    return await page(
        "records/queue_edit.html",
        title=queue.name,
        queue=queue,
        teams=await all_teams(ctx),
        others=[other for other in await all_queues(ctx) if other.id != queue_id],
        left=await left_in(ctx, queue_id),
        highest=HIGHEST,
        most_columns=MOST_COLUMNS,
    )


def _values(form: FormMultiDict) -> QueueValues:
    return QueueValues(
        name=text(form, "name"),
        kind=text(form, "kind"),
        priority=signed(form, "priority"),
        teams=tuple(int(value) for value in texts(form, "teams") if value.isdecimal() and len(value) < 19),
        columns=tuple(text(form, "columns").replace("\0", "").splitlines()),
        active=text(form, "active") == "yes",
    )


HANDLERS = [manage, new_queue, create, one_queue, save, move_all, delete]
