"""Who may see which item, and what the search of the top bar finds."""

from __future__ import annotations

from plugins.records.models import QueueKind
from plugins.records.permissions import SUPERVISE, WORK
from plugins.records.services.items import ItemView, Shown, get_item, search_items
from plugins.records.services.queues import find_queue, works_in
from switchroom import Context
from switchroom.contributions import SearchHit
from switchroom.errors import NotFound
from switchroom.locale import gettext as _
from switchroom.web import visitor_may


async def see_item(ctx: Context, item_id: int, user_id: int, *, sees_all: bool) -> ItemView:
    """An item, if the user may see it: one of his own, one that waits in an open queue of his, or any.

    Args:
        ctx: Where.
        item_id: Which.
        user_id: Who looks.
        sees_all: Whether he may see the items of everybody.

    Raises:
        NotFound: The tenant has no such item, or none that he may see.
    """
    item = await get_item(ctx, item_id)
    if sees_all or item.owner_id == user_id:
        return item
    waits = item.shown is Shown.WAITING and item.queue_kind is QueueKind.OPEN and item.queue_active
    if waits and await works_in(ctx, user_id, await find_queue(item.queue_id)):
        return item
    raise NotFound(_("There is no such record in a queue."))


async def found_items(ctx: Context, query: str, limit: int) -> list[SearchHit]:
    """What the search finds: of an agent's own, or of everybody's for those who may see that."""
    sees_all = visitor_may(SUPERVISE)
    if not sees_all and not visitor_may(WORK):
        return []
    found = await search_items(ctx, query, limit, user_id=None if sees_all else ctx.actor.user_id)
    return [
        SearchHit(item.title, f"/p/records/items/{item.id}", _("Records in queues"), "list-details", item.queue)
        for item in found
    ]
