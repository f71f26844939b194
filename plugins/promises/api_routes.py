"""Promises, for programs: what the pages show and do, below `/api/v1/promises`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar import get, post, put
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from plugins.promises import ledger, reading
from plugins.promises.permissions import KEEP, MANAGE
from plugins.promises.reading import PromiseView, Wanted
from plugins.promises.routes import SETTLED_DAYS, reachable
from plugins.promises.states import State, What
from plugins.promises.typed import read_contact_number
from switchroom import Context
from switchroom.api import Answer, Cursor, Flag, Given, Id, Limit, Page, Reference, Time, page_of, read_cursor
from switchroom.capabilities import Fallback, NewPromise
from switchroom.web import SignedIn

Reason = Annotated[str, Field(max_length=500)]
Everybody = Annotated[bool, QueryParameter(description="Those of everybody; takes the right to manage promises.")]
Nobodys = Annotated[bool, QueryParameter(description="Only those that nobody owns.")]
Settled = Annotated[bool, QueryParameter(description="Those settled in the last 7 days, the latest first.")]


class Promise(Answer):
    """Something that is owed at a time."""

    id: int
    kind: str
    """Such as `callback`, `next_attempt`, `postponed_record`."""
    state: State
    """`open`, `due`, then `kept`, `withdrawn` or `released`, which is back in its queue."""
    owner_id: int | None
    """Null where nobody owns it."""
    owner: str
    subject: str
    reference: str
    """What it is of the plugin that made it; empty for one made by a person."""
    url: str
    """The page where it is kept."""
    contact_name: str
    contact_number: str
    """E.164."""
    contact_zone: str
    """The customer's time zone; empty where only the number tells of it."""
    interaction_id: int | None
    fallback: Fallback
    """Where it goes when the owner is absent: `supervisor` or `queue`."""
    due_at: Time
    settled_at: Time | None
    created_at: Time
    same_number: int
    """How many other promises are open to the same number."""


class Step(Answer):
    """A line of the history."""

    at: Time
    actor: str
    """A name; empty where the clock did it."""
    what: What
    why: str
    owner: str
    """Who owns it from here on."""
    due_at: Time


class History(Answer):
    """What has happened to a promise, from the beginning."""

    items: list[Step]


class GivenPromise(Given):
    """A callback that is promised."""

    due: Time
    contact_number: Annotated[str, Field(max_length=40)] = ""
    """With its country code; a number or a name is needed."""
    contact_name: Annotated[str, Field(max_length=200)] = ""
    contact_zone: Annotated[str, Field(max_length=64)] = ""
    """An IANA name; empty leaves it to the number."""
    subject: Annotated[str, Field(max_length=500)] = ""
    also: Flag = False
    """Whether to promise it although something is promised to that number; without it that is a conflict."""


class GivenTime(Given):
    """When a promise is due instead."""

    due: Time
    why: Reason = ""


class GivenReason(Given):
    """Why."""

    why: Reason = ""
    """Needed to withdraw a promise, and to say of somebody else's that it is kept."""


class GivenOwner(Given):
    """Who gets a promise."""

    owner_id: Reference
    why: Reason = ""


class GivenZone(Given):
    """In which time zone the customer is."""

    zone: Annotated[str, Field(max_length=64)]
    """An IANA name; empty leaves it to the number."""


@get("/promises", permission=KEEP, tags=["promises"])
async def list_promises(
    ctx: Context,
    user: SignedIn,
    everybody: Everybody = False,
    unowned: Nobodys = False,
    settled: Settled = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Promise]:
    """Lists one's own promises that are still owed, by their time. Those of others are given to who may see them."""
    sees_all = user.may(MANAGE) and (everybody or unowned)
    wanted = Wanted(
        owner_id=None if sees_all else user.id,
        unowned=unowned and sees_all,
        settled_since=datetime.now(UTC) - timedelta(days=SETTLED_DAYS) if settled else None,
    )
    key = read_cursor(cursor, int, int)
    after = (_moment(key[0]), key[1]) if key else None
    found = await reading.promises(ctx, wanted, after=after, limit=limit + 1)
    return page_of(Promise, found, limit, lambda item: (_microseconds(item, settled), item.id))


@post("/promises", permission=KEEP, status_code=201, idempotent=True, tags=["promises"])
async def make_promise(ctx: Context, user: SignedIn, data: JSONBody[GivenPromise]) -> Promise:
    """Promises a callback, owned by whoever asks. 409 when something is promised to that number already."""
    new = NewPromise(
        kind=ledger.CALLBACK,
        due=data.due,
        subject=data.subject,
        owner_id=user.id,
        contact_name=data.contact_name,
        contact_number=read_contact_number(data.contact_number, ctx.settings),
        contact_zone=data.contact_zone,
    )
    made = await (ledger.Ledger().promise(ctx, new) if data.also else ledger.promise_once(ctx, new))
    return Promise.model_validate(await reading.get(ctx, made))


@get("/promises/{promise_id:int}", permission=KEEP, tags=["promises"])
async def get_promise(ctx: Context, user: SignedIn, promise_id: Id) -> Promise:
    """Gives one promise."""
    return Promise.model_validate(await reachable(ctx, user, promise_id))


@get("/promises/{promise_id:int}/history", permission=KEEP, tags=["promises"])
async def get_history(ctx: Context, user: SignedIn, promise_id: Id) -> History:
    """Gives what has happened to a promise."""
    await reachable(ctx, user, promise_id)
    return History(items=[Step.model_validate(step) for step in await reading.history(ctx, promise_id)])


@post("/promises/{promise_id:int}/keep", permission=KEEP, status_code=200, tags=["promises"])
async def keep_promise(ctx: Context, user: SignedIn, promise_id: Id, data: JSONBody[GivenReason]) -> Promise:
    """What was promised is done. 409 when it was settled before."""
    await reachable(ctx, user, promise_id)
    await ledger.keep(ctx, promise_id, data.why)
    return Promise.model_validate(await reading.get(ctx, promise_id))


@post("/promises/{promise_id:int}/put-off", permission=KEEP, status_code=200, tags=["promises"])
async def put_off_promise(ctx: Context, user: SignedIn, promise_id: Id, data: JSONBody[GivenTime]) -> Promise:
    """Puts a promise off, or forward."""
    await reachable(ctx, user, promise_id)
    await ledger.put_off(ctx, promise_id, data.due, data.why)
    return Promise.model_validate(await reading.get(ctx, promise_id))


@post("/promises/{promise_id:int}/withdraw", permission=KEEP, status_code=200, tags=["promises"])
async def withdraw_promise(ctx: Context, user: SignedIn, promise_id: Id, data: JSONBody[GivenReason]) -> Promise:
    """What was promised is owed no more; the reason is kept."""
    await reachable(ctx, user, promise_id)
    await ledger.withdraw(ctx, promise_id, data.why)
    return Promise.model_validate(await reading.get(ctx, promise_id))


@put("/promises/{promise_id:int}/zone", permission=KEEP, tags=["promises"])
async def set_zone(ctx: Context, user: SignedIn, promise_id: Id, data: JSONBody[GivenZone]) -> Promise:
    """Says in which time zone the customer is."""
    await reachable(ctx, user, promise_id)
    await ledger.set_zone(ctx, promise_id, data.zone)
    return Promise.model_validate(await reading.get(ctx, promise_id))


@post("/promises/{promise_id:int}/take", permission=MANAGE, status_code=200, tags=["promises"])
async def take_promise(ctx: Context, promise_id: Id) -> Promise:
    """Makes whoever asks the owner."""
    await ledger.take(ctx, promise_id)
    return Promise.model_validate(await reading.get(ctx, promise_id))


@post("/promises/{promise_id:int}/give", permission=MANAGE, status_code=200, tags=["promises"])
async def give_promise(ctx: Context, promise_id: Id, data: JSONBody[GivenOwner]) -> Promise:
    """Gives a promise to somebody who may keep promises."""
    await ledger.give(ctx, promise_id, data.owner_id, data.why)
    return Promise.model_validate(await reading.get(ctx, promise_id))


API = [
    list_promises,
    make_promise,
    get_promise,
    get_history,
    keep_promise,
    put_off_promise,
    withdraw_promise,
    set_zone,
    take_promise,
    give_promise,
]


_FARTHEST = 10**17


def _microseconds(promise: PromiseView, settled: bool) -> int:
    """The time by which the list is ordered, exactly."""
    moment = (promise.settled_at or promise.due_at) if settled else promise.due_at
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    microseconds = max(0, min(microseconds, _FARTHEST))
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
