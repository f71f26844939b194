"""The agent's pages: the bell, what he has promised, and what he does with it. Thin: what happens is in `ledger`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from plugins.promises import ledger, reading
from plugins.promises.permissions import KEEP, MANAGE
from plugins.promises.pictures import day_line
from plugins.promises.reading import PromiseView, Wanted
from plugins.promises.settings import PromisesSettings
from plugins.promises.typed import put_off_by, read_contact_number, read_due
from plugins.promises.words import (
    STATES,
    Shown,
    customer_words,
    day_title,
    kind_title,
    night_words,
    show,
    show_step,
    when,
)
from plugins.promises.zones import customer_time, is_zone, zones, zones_of
from switchroom import Context
from switchroom.capabilities import NewPromise
from switchroom.errors import InvalidInput, NotFound
from switchroom.interactions import get_interaction, handled_by
from switchroom.locale import gettext as _
from switchroom.web import SEE_INTERACTIONS, SignedIn, fragment, page, with_event, with_toast

SHOWN = 100
"""Of promises on one page."""
IN_BELL = 6
"""Of promises that hang on the bell."""
IN_SECTION = 5
"""Of promises in the single window."""
SETTLED_DAYS = 7
JUST_NOW = timedelta(minutes=15)
"""How long after its time a promise may still be said to be due now: a page may come back from sleep."""

PromiseId = Annotated[int, Parameter(ge=1, le=2**53 - 1)]
Answer = Response[Any]


@dataclass
class NewForm:
    """What somebody promises; `also` promises it although something is promised to that number."""

    number: str = ""
    name: str = ""
    subject: str = ""
    due: str = ""
    clock: str = ""
    zone: str = ""
    interaction: str = ""
    also: str = ""


@dataclass
class LaterForm:
    """How long to put something off: a word, or a time by one's own clock or the customer's."""

    by: str = ""
    due: str = ""
    clock: str = ""


@dataclass
class WhyForm:
    """A reason."""

    why: str = ""


@dataclass
class ZoneForm:
    """A time zone; empty leaves it to the number."""

    zone: str = ""


NewData = Annotated[NewForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
LaterData = Annotated[LaterForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
WhyData = Annotated[WhyForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
ZoneData = Annotated[ZoneForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/", permission=KEEP)
async def mine_page(ctx: Context, user: SignedIn) -> Answer:
    """What one has promised; the list loads by itself."""
    kinds = [(kind, kind_title(kind)) for kind in await reading.kinds(ctx)]
    return await page(
        "promises/mine.html", title=_("Promises"), kinds=kinds, topic=f"promises:{user.id}", may_manage=user.may(MANAGE)
    )


@get("/mine", permission=KEEP)
async def mine(ctx: Context, user: SignedIn, kind: str = "", words: str = "", settled: str = "") -> Answer:
    """The list of what one has promised: overdue, today with a picture of the day, later; or what one has settled."""
    now = datetime.now(UTC)
    since = now - timedelta(days=SETTLED_DAYS) if settled else None
    wanted = Wanted(owner_id=user.id, kind=kind[:40], words=words[:100], settled_since=since)
    found = await reading.promises(ctx, wanted, limit=SHOWN)
    filtered = bool(kind or words.strip())
    if settled:
        rows = rows_of(ctx, user, found, now)
        return fragment(
            "promises/settled.html", rows=rows, states=STATES, filtered=filtered, days=SETTLED_DAYS, base="settled"
        )
    return fragment(
        "promises/mine_list.html",
        groups=_groups(rows_of(ctx, user, found, now), now, user),
        line=day_line(found, now, user.zone),
        today=day_title(now, user.zone),
        filtered=filtered,
        more=len(found) == SHOWN,
        most=SHOWN,
    )


@get("/bell", permission=KEEP)
async def bell(ctx: Context, user: SignedIn) -> Answer:
    """The bell with the number of what is due, and what comes next."""
    now = datetime.now(UTC)
    found = await reading.promises(ctx, Wanted(owner_id=user.id), limit=IN_BELL)
    return fragment(
        "promises/bell.html",
        rows=rows_of(ctx, user, found, now),
        notices=rows_of(ctx, user, await reading.at_hand(ctx, user.id, now - JUST_NOW), now),
        late=await reading.late_of(ctx, user.id),
        unowned=await reading.unowned(ctx) if user.may(MANAGE) else None,
    )


@get("/section", permission=KEEP)
async def section(ctx: Context, user: SignedIn) -> Answer:
    """What is due now and next, for the single window."""
    now = datetime.now(UTC)
    found = await reading.promises(ctx, Wanted(owner_id=user.id), limit=IN_SECTION)
    return fragment("promises/section.html", rows=rows_of(ctx, user, found, now))


@get("/new", permission=KEEP)
async def new_form(ctx: Context, user: SignedIn, interaction: int | None = None) -> Answer:
    """The form for a callback, with what is known of the interaction where it is asked from one."""
    now = datetime.now(UTC)
    about = await get_interaction(ctx, interaction) if interaction is not None else None
    if about is not None and not user.may(SEE_INTERACTIONS) and not await handled_by(ctx, about.id, user.id):
        raise NotFound(_("There is no such interaction."))
    local = now.astimezone(user.zone)
    tomorrow = local.replace(hour=9, minute=0) + timedelta(days=1)
    shortcuts = [
        (_("in 15 min"), local + timedelta(minutes=15)),
        (_("in 1 h"), local + timedelta(hours=1)),
        (_("in 3 h"), local + timedelta(hours=3)),
        (_("tomorrow, 9:00"), tomorrow),
    ]
    return fragment(
        "promises/new.html",
        about=about,
        shortcuts=[(title, f"{at:%Y-%m-%dT%H:%M}") for title, at in shortcuts],
        zones=zones(),
    )


@get("/new/check", permission=KEEP)
async def check_new(
    ctx: Context, user: SignedIn, number: str = "", due: str = "", clock: str = "", zone: str = ""
) -> Answer:
    """What whoever promises should know: the time for both, what is promised already, how full that hour is."""
    settings: PromisesSettings = ctx.settings
    now = datetime.now(UTC)
    number, at = _number_or_none(number, settings), None
    zone = zone if is_zone(zone) else ""
    try:
        at = read_due(due, clock, user.zone, zone, number) if due else None
    except InvalidInput:
        at = None
    customer = customer_time(at or now, zone, number, settings)
    mine_then = (at or now).astimezone(user.zone)
    others = await reading.of_number(ctx, number) if number else []
    return fragment(
        "promises/check.html",
        at=at,
        when=when(at, now, user.zone) if at else "",
        customer=customer,
        customer_clock=customer_words(customer, mine_then),
        several=[] if zone else zones_of(number)[:6] if customer is not None and not customer.certain else [],
        night=night_words(customer) if at else "",
        others=rows_of(ctx, user, others, now),
        around=await reading.around(ctx, user.id, at) if at else 0,
    )


@post("/new", permission=KEEP, status_code=200)
async def make(ctx: Context, user: SignedIn, data: NewData) -> Answer:
    """Promises a callback.

    Raises:
        AlreadyPromised: Something is promised to that number, and nobody has said that it is all the same.
        InvalidInput: Something cannot be used: the page marks the field.
    """
    settings: PromisesSettings = ctx.settings
    number = read_contact_number(data.number, settings)
    if not number and not data.name.strip():
        problem = _("Enter a number or a name.")
        raise InvalidInput(problem, fields={"number": problem})
    due = read_due(data.due, data.clock, user.zone, data.zone, number)
    interaction_id = await _interaction(ctx, user, data.interaction, number)
    new = NewPromise(
        kind=ledger.CALLBACK,
        due=due,
        subject=data.subject,
        owner_id=user.id,
        url=f"/card/{interaction_id}" if interaction_id else "",
        contact_name=data.name,
        contact_number=number,
        contact_zone=data.zone,
        interaction_id=interaction_id,
    )
    await (ledger.Ledger().promise(ctx, new) if data.also else ledger.promise_once(ctx, new))
    return answer_done(_("Promised for %(time)s.") % {"time": when(due, datetime.now(UTC), user.zone)})


@get("/{promise_id:int}", permission=KEEP)
async def details(ctx: Context, user: SignedIn, promise_id: PromiseId) -> Answer:
    """All that is known of a promise, and its history."""
    promise, now = await reachable(ctx, user, promise_id), datetime.now(UTC)
    steps = [show_step(step, now, user.zone) for step in await reading.history(ctx, promise_id)]
    (row,) = rows_of(ctx, user, [promise], now)
    return fragment(
        "promises/details.html",
        row=row,
        state=_(STATES[promise.state]),
        steps=steps,
        zones=zones(),
        possible=zones_of(promise.contact_number),
        mine=promise.owner_id == user.id,
    )


@post("/{promise_id:int}/keep", permission=KEEP, status_code=200)
async def keep(ctx: Context, user: SignedIn, promise_id: PromiseId, data: WhyData) -> Answer:
    """It is done."""
    await reachable(ctx, user, promise_id)
    await ledger.keep(ctx, promise_id, data.why)
    return answer_done(_("Done."))


@get("/{promise_id:int}/later", permission=KEEP)
async def later_form(ctx: Context, user: SignedIn, promise_id: PromiseId) -> Answer:
    """The form for the time to which a promise is put off."""
    promise = await reachable(ctx, user, promise_id)
    soon = datetime.now(user.zone) + timedelta(hours=1)
    customer = customer_time(promise.due_at, promise.contact_zone, promise.contact_number, ctx.settings)
    return fragment(
        "promises/later.html",
        promise=promise,
        start=f"{max(promise.due_at.astimezone(user.zone), soon):%Y-%m-%dT%H:%M}",
        zone=customer.zone if customer else None,
    )


@post("/{promise_id:int}/put-off", permission=KEEP, status_code=200)
async def put_off(ctx: Context, user: SignedIn, promise_id: PromiseId, data: LaterData) -> Answer:
    """Puts a promise off.

    Raises:
        InvalidInput: The time cannot be used.
    """
    promise, now = await reachable(ctx, user, promise_id), datetime.now(UTC)
    if data.by:
        due = put_off_by(data.by, promise.due_at, now, user.zone)
    else:
        due = read_due(data.due, data.clock, user.zone, promise.contact_zone, promise.contact_number)
    await ledger.put_off(ctx, promise_id, due)
    customer = customer_time(due, promise.contact_zone, promise.contact_number, ctx.settings)
    said = _("Put off to %(time)s.") % {"time": when(due, now, user.zone)}
    warning = night_words(customer)
    return answer_done(f"{said} {warning}." if warning else said, warns=bool(warning))


@get("/{promise_id:int}/withdraw", permission=KEEP)
async def withdraw_form(ctx: Context, user: SignedIn, promise_id: PromiseId) -> Answer:
    """Asks why it is owed no more."""
    return fragment("promises/why.html", promise=await reachable(ctx, user, promise_id), deed="withdraw")


@post("/{promise_id:int}/withdraw", permission=KEEP, status_code=200)
async def withdraw(ctx: Context, user: SignedIn, promise_id: PromiseId, data: WhyData) -> Answer:
    """It is owed no more.

    Raises:
        InvalidInput: Nobody says why.
    """
    await reachable(ctx, user, promise_id)
    await ledger.withdraw(ctx, promise_id, data.why)
    return answer_done(_("Withdrawn."))


@post("/{promise_id:int}/zone", permission=KEEP, status_code=200)
async def change_zone(ctx: Context, user: SignedIn, promise_id: PromiseId, data: ZoneData) -> Answer:
    """Says in which zone the customer is.

    Raises:
        InvalidInput: There is no such zone.
    """
    await reachable(ctx, user, promise_id)
    await ledger.set_zone(ctx, promise_id, data.zone)
    return _changed(with_toast(Response(None, status_code=204), _("The time zone is saved.")))


async def reachable(ctx: Context, user: SignedIn, promise_id: int) -> PromiseView:
    """A promise that this user may touch: his own, or anybody's with the right to manage them.

    Raises:
        NotFound: There is none, or it is not for this user: both look the same.
    """
    promise = await reading.get(ctx, promise_id)
    if promise.owner_id != user.id and not user.may(MANAGE):
        raise NotFound(_("There is no such promise."))
    return promise


def rows_of(ctx: Context, user: SignedIn, found: Iterable[PromiseView], now: datetime) -> list[Shown]:
    """Promises as rows of a page of this user."""
    sees = user.may(SEE_INTERACTIONS)
    return [show(promise, ctx.settings, now, user.zone, sees_every_card=sees) for promise in found]


def _groups(rows: list[Shown], now: datetime, user: SignedIn) -> list[tuple[str, str, list[Shown]]]:
    today = now.astimezone(user.zone).date()
    late = [row for row in rows if row.late]
    on_time = [row for row in rows if not row.late]
    soon = [row for row in on_time if row.promise.due_at.astimezone(user.zone).date() == today]
    later = [row for row in on_time if row not in soon]
    groups = [("late", _("Overdue"), late), ("today", _("Today"), soon), ("later", _("Later"), later)]
    return [group for group in groups if group[2]]


def _number_or_none(typed: str, settings: PromisesSettings) -> str:
    try:
        return read_contact_number(typed, settings)
    except InvalidInput:
        return ""


async def _interaction(ctx: Context, user: SignedIn, typed: str, number: str) -> int | None:
    """The interaction that a callback is about: the one that was named, else the latest of that number."""
    if typed.isdecimal() and len(typed) < 17:
        interaction = await get_interaction(ctx, int(typed))
        if user.may(SEE_INTERACTIONS) or await handled_by(ctx, interaction.id, user.id):
            return interaction.id
    last = await reading.last_contact(ctx, number) if number else None
    return last[0] if last else None


def answer_done(text: str, *, warns: bool = False) -> Answer:
    """Closes the dialog, says something in passing, and lets the page load anew what shows promises."""
    done = with_event(Response(None, status_code=204), "switchroom:dialog-close", {})
    return _changed(with_toast(done, text, kind="warning" if warns else "success"))


def _changed(response: Answer) -> Answer:
    """Lets the page load anew what shows promises, also where its connection for live updates is lost."""
    return with_event(response, "promises:changed", {})


PAGES = [
    mine_page,
    mine,
    bell,
    section,
    new_form,
    check_new,
    make,
    details,
    keep,
    later_form,
    put_off,
    withdraw_form,
    withdraw,
    change_zone,
]
