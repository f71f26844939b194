"""The pages on which queues are set up."""

from __future__ import annotations

from typing import Any

from babel.dates import get_day_names
from litestar import Request, Response, get, post

from plugins.routing.form_reading import ids, number, read_queue, text
from plugins.routing.holding import hold_settings
from plugins.routing.models import Queue
from plugins.routing.permissions import MANAGE_QUEUES
from plugins.routing.services import queues
from plugins.routing.services.numbers import overview
from plugins.routing.services.queues import all_queues, count_waiting, queue_of, read_values
from plugins.routing.services.skills import all_skills
from plugins.routing.services.values import LIMITS, MOST_SPANS, QueueValues, clock
from plugins.routing.services.warnings import warnings_of
from plugins.routing.wording import STRATEGIES, zones
from switchroom import Context
from switchroom.agents import all_teams
from switchroom.database import transaction
from switchroom.locale import active_language, ngettext
from switchroom.locale import gettext as _
from switchroom.web import fragment, page, with_toast

AnyRequest = Request[Any, Any, Any]
Page = Response[Any]
LIST = "/p/routing/queues/settings"


@get("/queues/settings", permission=MANAGE_QUEUES)
async def settings_page(ctx: Context) -> Page:
    """All queues in their order."""
    return await _list(ctx)


@post("/queues/order", permission=MANAGE_QUEUES, status_code=204)
async def order(request: AnyRequest, ctx: Context) -> None:
    """Keeps the order that the page shows."""
    await queues.order_queues(ctx, ids(await request.form(), "code"))


@get("/queues/new", permission=MANAGE_QUEUES)
async def new_queue(ctx: Context) -> Page:
    """The form for a queue."""
    channels = ("voice",) if "voice" in ctx.channels else tuple(ctx.channels)[:1]
    return await _editor(ctx, None, QueueValues("", channels=channels))


@post("/queues", permission=MANAGE_QUEUES, status_code=200)
async def create(request: AnyRequest, ctx: Context) -> Page:
    """Makes a queue.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    queue_id = await queues.create_queue(ctx, read_queue(await request.form(), QueueValues("")))
    shown = await _editor(ctx, await queue_of(queue_id), await read_values(queue_id))
    shown.headers["HX-Push-Url"] = f"/p/routing/queues/{queue_id}"
    return with_toast(shown, _("The queue is ready."))


@get("/queues/{queue_id:int}", permission=MANAGE_QUEUES)
async def queue_page(ctx: Context, queue_id: int) -> Page:
    """One queue."""
    return await _editor(ctx, await queue_of(queue_id), await read_values(queue_id))


@post("/queues/{queue_id:int}", permission=MANAGE_QUEUES, status_code=200)
async def save(request: AnyRequest, ctx: Context, queue_id: int) -> Page:
    """Saves what was sent of a queue.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    async with transaction():
        await hold_settings(ctx)
        await queues.change_queue(ctx, queue_id, read_queue(form, await read_values(queue_id)))
    shown = await _editor(ctx, await queue_of(queue_id), await read_values(queue_id))
    return with_toast(shown, _("The queue is saved. It holds at once."))


@get("/queues/{queue_id:int}/waiting", permission=MANAGE_QUEUES)
async def waiting(ctx: Context, queue_id: int) -> Page:
    """What waits in a queue, and the way to move or delete."""
    return await _waiting(ctx, queue_id)


@post("/queues/{queue_id:int}/move", permission=MANAGE_QUEUES, status_code=200)
async def move(request: AnyRequest, ctx: Context, queue_id: int) -> Page:
    """Lets what waits in a queue wait in another one."""
    moved = await queues.move_waiting(ctx, queue_id, number(text(await request.form(), "target")))
    said = ngettext("%(count)d customer is moved.", "%(count)d customers are moved.", moved) % {"count": moved}
    return with_toast(await _waiting(ctx, queue_id), said)


@post("/queues/{queue_id:int}/delete", permission=MANAGE_QUEUES, status_code=200)
async def delete(ctx: Context, queue_id: int) -> Page:
    """Removes a queue in which nobody waits.

    Raises:
        Conflict: Somebody waits in it, or it is the only one.
    """
    await queues.delete_queue(ctx, queue_id)
    shown = await _list(ctx)
    shown.headers["HX-Push-Url"] = LIST
    return with_toast(shown, _("The queue is deleted."))


async def _list(ctx: Context) -> Page:
    names = {queue.id: queue.name for queue in await all_queues()}
    rows = []
    for view in await overview(ctx):
        values = await read_values(view.id)
        rows.append((view, values, names.get(values.overflow_queue_id or 0), await warnings_of(ctx, view.id)))
    shown: dict[str, Any] = {"rows": rows, "channels": ctx.known_channels, "strategies": STRATEGIES}
    return await page("routing/queue_list.html", title=_("Set up queues"), **shown)


async def _editor(ctx: Context, queue: Queue | None, values: QueueValues) -> Page:
    return await page(
        "routing/queue.html",
        title=queue.name if queue else _("Add a queue"),
        queue=queue,
        values=values,
        warnings=await warnings_of(ctx, queue.id) if queue else [],
        others=[other for other in await all_queues() if queue is None or other.id != queue.id],
        teams=await all_teams(ctx),
        skills=await all_skills(ctx),
        channels=[channel for name, channel in ctx.known_channels.items() if name in {*ctx.channels, *values.channels}],
        strategies=STRATEGIES,
        limits=LIMITS,
        zones=zones(),
        days=get_day_names("wide", locale=active_language()),
        clock=clock,
        most_spans=MOST_SPANS,
    )


async def _waiting(ctx: Context, queue_id: int) -> Page:
    queue = await queue_of(queue_id)
    others = [other for other in await all_queues() if other.id != queue_id]
    return fragment("routing/queue_waiting.html", queue=queue, waiting=await count_waiting(ctx, queue), others=others)


SETTINGS_PAGES = [settings_page, order, new_queue, create, queue_page, save, waiting, move, delete]
