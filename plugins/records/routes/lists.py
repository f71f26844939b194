"""The list of a queue, with its filters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from plugins.records.models import queue_reference
from plugins.records.permissions import EXPORT, SEE, SUPERVISE, WORK
from plugins.records.routes.posted import AnyRequest, Page, RowId
from plugins.records.services.exporting import MEDIA_TYPES, Exported, Format, export_items
from plugins.records.services.items import PAGE, ItemView, ListKey, Shown, Wanted, find_items
from plugins.records.services.queues import QueueView, find_queue, get_queue, works_in
from plugins.records.services.taking import why_not_next
from switchroom import Context
from switchroom.audit import record
from switchroom.errors import NotFound
from switchroom.locale import gettext as _
from switchroom.web import SignedIn, fragment, page

LONGEST_SEARCH = 100
EXPORT_SECONDS = 900


@get("/queues/{queue_id:int}", permission=SEE)
async def queue_page(request: AnyRequest, ctx: Context, user: SignedIn, queue_id: RowId) -> Page:
    """A queue with its list; the list loads by itself."""
    queue = await _visible(ctx, user, queue_id)
    return await page(
        "records/queue.html",
        title=queue.name,
        queue=queue,
        values=_values(request),
        supervises=user.may(SUPERVISE),
    )


@get("/queues/{queue_id:int}/figures", permission=SEE)
async def queue_figures(ctx: Context, user: SignedIn, queue_id: RowId) -> Page:
    """The counters of a queue, and the button for its next record."""
    queue = await _visible(ctx, user, queue_id)
    works = user.may(WORK) and await works_in(ctx, user.id, await find_queue(queue_id))
    reasons = await why_not_next(ctx, user.id, [queue]) if works else {}
    return fragment("records/figures.html", queue=queue, reason=reasons.get(queue_id, ""), works=works)


@get("/queues/{queue_id:int}/items", permission=SEE)
async def queue_items(request: AnyRequest, ctx: Context, user: SignedIn, queue_id: RowId) -> Page:
    """The items that fit the filter, from the key of the last one shown on."""
    queue = await _visible(ctx, user, queue_id)
    values, supervises = _values(request), user.may(SUPERVISE)
    wanted = _wanted(values, user, queue)
    after = _key(request)
    found = await find_items(ctx, queue_id, wanted, after=after, limit=PAGE + 1)
    return fragment(
        "records/items.html",
        queue=queue,
        items=found[:PAGE],
        more=_next(queue_id, values, found) if len(found) > PAGE else "",
        first=after is None,
        filtered=bool(values["words"] or values["state"]),
        supervises=supervises,
        works=user.may(WORK) and await works_in(ctx, user.id, await find_queue(queue_id)),
        exports=_exports(queue_id, values) if user.may(EXPORT) and after is None else {},
    )


@get("/queues/{queue_id:int}/export", permission=EXPORT, time_limit=EXPORT_SECONDS)
async def export(
    request: AnyRequest,
    ctx: Context,
    user: SignedIn,
    queue_id: RowId,
    form: Annotated[Format, QueryParameter(name="format")],
) -> Stream:
    """Everything that fits the filter, as a file; who has loaded it is noted in the audit log."""
    queue = await _visible(ctx, user, queue_id)
    values = _values(request)
    asked = {"format": form.value, **{name: value for name, value in values.items() if value}}
    await record(ctx, "records.queue_exported", subject=queue_reference(queue_id), subject_name=queue.name, after=asked)
    exported = Exported(queue, _wanted(values, user, queue), user.zone, owners=user.may(SUPERVISE))
    name = f"records-{queue_id}-{datetime.now(user.zone).date()}.{form.value}"
    return Stream(
        export_items(ctx, exported, form),
        media_type=MEDIA_TYPES[form],
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _wanted(values: dict[str, str], user: SignedIn, queue: QueueView) -> Wanted:
    shown = Shown(values["state"]) if values["state"] else None
    # What waits in a closed queue is taken in its order, and not seen before.
    return Wanted(shown, values["words"], None if user.may(SUPERVISE) else user.id, nobodys=not queue.closed)


def _exports(queue_id: int, values: dict[str, str]) -> dict[str, str]:
    """The name of each format → the address of the file with what the filter lets through."""
    address = f"/p/records/queues/{queue_id}/export?"
    return {form.name: address + urlencode({**values, "format": form.value}) for form in Format}


async def _visible(ctx: Context, user: SignedIn, queue_id: int) -> QueueView:
    queue = await get_queue(ctx, queue_id)
    if user.may(SUPERVISE) or (queue.active and await works_in(ctx, user.id, await find_queue(queue_id))):
        return queue
    raise NotFound(_("There is no such record queue."))


def _values(request: AnyRequest) -> dict[str, str]:
    query = request.query_params
    state = query.get("state", "")
    words = query.get("words", "")[:LONGEST_SEARCH].replace("\0", "")
    return {"words": words, "state": state if state in set(Shown) else ""}


def _key(request: AnyRequest) -> ListKey | None:
    query = request.query_params
    priority, last = query.get("priority", ""), query.get("last", "")
    place = query.get("place", "")
    if (
        not (priority.removeprefix("-").isdecimal() and last.isdecimal() and priority.isascii())
        or len(priority) > 6
        or len(last) > 18
    ):
        return None
    try:
        return ListKey(int(priority), datetime.fromisoformat(place).isoformat(), int(last))
    except ValueError:
        return None


def _next(queue_id: int, values: dict[str, str], found: list[ItemView]) -> str:
    last = found[PAGE - 1]
    key = {"priority": last.priority, "place": last.placed_at.isoformat(), "last": last.id}
    return f"/p/records/queues/{queue_id}/items?" + urlencode({**values, **key})


HANDLERS = [queue_page, queue_figures, queue_items, export]
