"""The supervisor's pages: everybody's promises, and who keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from plugins.promises import ledger, reading
from plugins.promises.permissions import KEEP, MANAGE
from plugins.promises.pictures import kept_days
from plugins.promises.reading import Wanted
from plugins.promises.routes import SETTLED_DAYS, SHOWN, Answer, PromiseId, answer_done, rows_of
from plugins.promises.settings import PromisesSettings
from plugins.promises.words import STATES, kind_title
from switchroom import Context
from switchroom.agents import all_agents, people_who_may
from switchroom.locale import gettext as _
from switchroom.web import STATUS_LABELS, SignedIn, fragment, page

NEXT_HOUR = timedelta(hours=1)


@dataclass
class GiveForm:
    """Who gets it."""

    owner: str = ""
    why: str = ""


GiveData = Annotated[GiveForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/all", permission=MANAGE)
async def all_page(ctx: Context, show: str = "") -> Answer:
    """Everybody's promises; the parts load by themselves."""
    kinds = [(kind, kind_title(kind)) for kind in await reading.kinds(ctx)]
    owners = [load for load in await reading.loads(ctx) if load.owner_id is not None]
    return await page("promises/all.html", title=_("All promises"), kinds=kinds, owners=owners, show=show)


@get("/all/picture", permission=MANAGE)
async def picture(ctx: Context, user: SignedIn) -> Answer:
    """How well promises were kept on the last days, and who owes what now."""
    now = datetime.now(UTC)
    settings: PromisesSettings = ctx.settings
    loads = await reading.loads(ctx)
    return fragment(
        "promises/picture.html",
        kept=await kept_days(ctx, now, user.zone),
        minutes=settings.in_time_minutes,
        loads=loads,
        most=max((load.owed for load in loads), default=0),
        late=sum(load.late for load in loads),
        unowned=sum(load.owed for load in loads if load.owner_id is None),
        soon=await reading.due_between(ctx, now, now + NEXT_HOUR),
    )


@get("/all/list", permission=MANAGE)
async def all_list(
    ctx: Context, user: SignedIn, show: str = "", owner: str = "", kind: str = "", words: str = ""
) -> Answer:
    """Promises of everybody, of one owner or of nobody, overdue ones, or what was settled."""
    now = datetime.now(UTC)
    settled = show == "settled"
    wanted = Wanted(
        owner_id=int(owner) if owner.isdecimal() and len(owner) < 17 else None,
        unowned=show == "unowned",
        settled_since=now - timedelta(days=SETTLED_DAYS) if settled else None,
        due_before=now if show == "late" else None,
        kind=kind[:40],
        words=words[:100],
    )
    rows = rows_of(ctx, user, await reading.promises(ctx, wanted, limit=SHOWN), now)
    filtered = bool(show or owner or kind or words.strip())
    if settled:
        return fragment(
            "promises/settled.html", rows=rows, states=STATES, filtered=False, days=SETTLED_DAYS, base="all"
        )
    more = len(rows) == SHOWN
    return fragment("promises/all_list.html", rows=rows, filtered=filtered, more=more, most=SHOWN, show=show)


@post("/{promise_id:int}/take", permission=MANAGE, status_code=200)
async def take(ctx: Context, promise_id: PromiseId) -> Answer:
    """Whoever asks owns it from now on."""
    await ledger.take(ctx, promise_id)
    return answer_done(_("It is yours now."))


@get("/{promise_id:int}/give", permission=MANAGE)
async def give_form(ctx: Context, promise_id: PromiseId) -> Answer:
    """Asks who is to get it, with what they do at the moment and what they owe already."""
    promise = await reading.get(ctx, promise_id)
    people = await people_who_may(ctx, KEEP)
    agents = {agent.user_id: agent for agent in await all_agents(ctx)}
    owed = {load.owner_id: load.owed for load in await reading.loads(ctx)}
    choices = [
        (user_id, name, agents.get(user_id), owed.get(user_id, 0))
        for user_id, name in people.items()
        if user_id != promise.owner_id
    ]
    return fragment("promises/give.html", promise=promise, choices=choices, labels=STATUS_LABELS)


@post("/{promise_id:int}/give", permission=MANAGE, status_code=200)
async def give(ctx: Context, promise_id: PromiseId, data: GiveData) -> Answer:
    """Gives it to somebody.

    Raises:
        InvalidInput: He may not keep promises, or has gone.
    """
    owner = int(data.owner) if data.owner.isdecimal() and len(data.owner) < 17 else 0
    await ledger.give(ctx, promise_id, owner, data.why)
    promise = await reading.get(ctx, promise_id)
    return answer_done(_("Given to %(owner)s.") % {"owner": promise.owner})


@get("/{promise_id:int}/keep", permission=MANAGE)
async def keep_form(ctx: Context, promise_id: PromiseId) -> Answer:
    """Asks how a promise of somebody else was kept."""
    return fragment("promises/why.html", promise=await reading.get(ctx, promise_id), deed="keep")


PAGES = [all_page, picture, all_list, take, give_form, give, keep_form]
