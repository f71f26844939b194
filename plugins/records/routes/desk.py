"""The agent's desk: his queues, what he has in work, and what he has put aside."""

from __future__ import annotations

from litestar import get, post

from plugins.records.permissions import WORK
from plugins.records.routes.item import item_page
from plugins.records.routes.posted import AnyResponse, Page, RowId, at_address
from plugins.records.services.items import items_of
from plugins.records.services.own_records import my_records
from plugins.records.services.queues import queues_of
from plugins.records.services.taking import next_record, why_not_next
from switchroom import Context
from switchroom.errors import Conflict
from switchroom.locale import gettext as _
from switchroom.web import SignedIn, fragment, page, with_toast


@get("/desk", permission=WORK)
async def desk() -> Page:
    """The page; its parts load by themselves."""
    return await desk_page()


async def desk_page() -> Page:
    """The page of the desk, also after an action."""
    return await page("records/desk.html", title=_("Records"))


@get("/section", permission=WORK)
async def section(ctx: Context, user: SignedIn) -> Page:
    """The agent's queues and items as they are now."""
    queues = await queues_of(ctx, user.id)
    return fragment(
        "records/section.html",
        queues=queues,
        reasons=await why_not_next(ctx, user.id, queues),
        items=await items_of(ctx, user.id),
    )


@get("/mine", permission=WORK)
async def mine(ctx: Context, user: SignedIn) -> Page:
    """The records that the agent has assigned to himself."""
    return await page("records/mine.html", title=_("My records"), records=await my_records(ctx, user.id))


@post("/next", permission=WORK, status_code=200)
async def take_next(ctx: Context, user: SignedIn) -> Page:
    """Takes the next record of any of the agent's closed queues."""
    return await _next(ctx, user, None)


@post("/queues/{queue_id:int}/next", permission=WORK, status_code=200)
async def take_next_of(ctx: Context, user: SignedIn, queue_id: RowId) -> Page:
    """Takes the next record of one closed queue."""
    return await _next(ctx, user, queue_id)


async def _next(ctx: Context, user: SignedIn, queue_id: int | None) -> Page:
    try:
        item = await next_record(ctx, user.id, queue_id)
    except Conflict as error:
        return refused(await desk_page(), error, "/p/records/desk")
    return at_address(await item_page(ctx, user, item.id), f"/p/records/items/{item.id}")


def refused(response: AnyResponse, error: Conflict, path: str) -> AnyResponse:
    """A page that shows how things are, with what has come between."""
    return with_toast(at_address(response, path), str(error), kind="warning")


HANDLERS = [desk, section, mine, take_next, take_next_of]
