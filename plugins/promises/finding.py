"""What a search finds among promises."""

from __future__ import annotations

from datetime import UTC, datetime

from plugins.promises import reading
from plugins.promises.permissions import KEEP, MANAGE
from plugins.promises.reading import Wanted
from plugins.promises.words import kind_title, when
from switchroom import Context
from switchroom.contributions import SearchHit
from switchroom.locale import gettext as _
from switchroom.web import visitor_may


async def find_promises(ctx: Context, query: str, limit: int) -> list[SearchHit]:
    """Promises that are still owed; of other people's only those that the reader may see."""
    sees_all = visitor_may(MANAGE)
    if ctx.actor.user_id is None or not (sees_all or visitor_may(KEEP)):
        return []
    wanted = Wanted(owner_id=None if sees_all else ctx.actor.user_id, words=query)
    now, zone = datetime.now(UTC), ctx.tenant.zone
    hits = []
    for promise in await reading.promises(ctx, wanted, limit=limit):
        page = "/p/promises/" if promise.owner_id == ctx.actor.user_id else "/p/promises/all"
        anchor = "mine" if promise.owner_id == ctx.actor.user_id else "all"
        detail = ", ".join(part for part in (when(promise.due_at, now, zone), promise.owner, promise.subject) if part)
        hits.append(
            SearchHit(
                promise.who or promise.subject,
                f"{page}#{anchor}-{promise.id}",
                kind_title(promise.kind) if promise.kind else _("Promise"),
                "bell",
                detail,
            )
        )
    return hits
