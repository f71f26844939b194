"""Record queues, for programs: what agents and supervisors do on the pages, below `/api/v1/records`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get, post, put
from litestar.params import JSONBody
from pydantic import Field

from plugins.records.models import QueueKind
from plugins.records.permissions import IMPORT, MANAGE, SEE, SUPERVISE, WORK
from plugins.records.services import acting, supervising
from plugins.records.services.adding import Queues
from plugins.records.services.finding import see_item
from plugins.records.services.items import ItemView, ListKey, Shown, Wanted, find_items, get_item, items_of
from plugins.records.services.queues import (
    HIGHEST,
    QueueValues,
    all_queues,
    create_queue,
    delete_queue,
    find_queue,
    get_queue,
    queues_of,
    save_queue,
    works_in,
)
from plugins.records.services.taking import next_record, open_item
from switchroom import Context
from switchroom.api import (
    Answer,
    Cursor,
    Flag,
    Given,
    Id,
    Limit,
    Page,
    Reference,
    Time,
    Whole,
    page_of,
    read_cursor,
)
from switchroom.capabilities import QueuedRecord
from switchroom.errors import InvalidInput, NotFound
from switchroom.locale import gettext as _
from switchroom.web import SignedIn

Text = Annotated[str, Field(max_length=300)]


class Counters(Answer):
    """How much lies in a queue."""

    waiting: int
    """What can be taken; beyond 10,000 it is not counted further."""
    in_work: int
    postponed: int
    kept: int
    done_today: int
    """In the organisation's time zone."""


class Queue(Answer):
    """A record queue."""

    id: int
    name: str
    kind: QueueKind
    """`open`: agents take any item from its list. `closed`: they take the next one."""
    priority: int
    teams: list[int]
    """Ids of the teams whose agents work in it; empty for every team."""
    columns: list[str]
    """Names of the fields that its list shows."""
    active: bool
    counters: Counters


class QueueList(Answer):
    """Record queues, the highest priority first."""

    items: list[Queue]


class ChangedQueue(Given):
    """What a queue is to be."""

    name: Annotated[str, Field(max_length=100)]
    kind: QueueKind
    priority: Whole = 0
    """-1000 to 1000."""
    teams: Annotated[list[Reference], Field(max_length=500)] = Field(default_factory=list)
    columns: Annotated[list[Text], Field(max_length=50)] = Field(default_factory=list)
    active: Flag = True


class Item(Answer):
    """A record's place in a queue."""

    id: int
    queue_id: int
    reference: str
    """What of which plugin the record is, such as `records:record:12`."""
    url: str
    title: str
    contact_name: str
    contact_number: str
    """E.164."""
    cells: dict[str, str]
    """Fields of the record: name → text."""
    priority: int
    shown: Shown
    """What people see of it. `due`: postponed, and the time has come."""
    next_at: Time | None
    """When a postponed item comes back."""
    transfers: int
    """How often it was moved to the end."""
    owner_id: int | None
    """The user who has it."""
    owner: str
    taken_at: Time | None
    interaction_id: int | None
    """Of the work that is going on."""
    version: int
    """Give it with each action: on an item that has changed since, an action is a conflict."""
    outcome: str
    """`done`, `assigned` or `closed`; empty before."""
    done_at: Time | None
    created_at: Time


class ItemList(Answer):
    """What an agent has: in work, due, postponed, kept, in this order."""

    items: list[Item]


class Seen(Given):
    """The item as it was seen."""

    version: Reference


class Postponed(Seen):
    """Until when."""

    at: Time


class Reasoned(Seen):
    """Why."""

    reason: Text


class GivenTo(Reasoned):
    """Who gets it."""

    agent_id: Reference


class MovedTo(Reasoned):
    """Where it goes."""

    queue_id: Reference


class NewItem(Given):
    """A record that is put into a queue."""

    reference: Annotated[str, Field(min_length=1, max_length=120)]
    """What the record is called where it is kept. Sent twice, the item is brought up to date."""
    title: Annotated[str, Field(min_length=1, max_length=200)]
    url: Annotated[str, Field(max_length=500)] = ""
    contact_name: Annotated[str, Field(max_length=200)] = ""
    contact_number: Annotated[str, Field(max_length=32)] = ""
    cells: Annotated[dict[str, str], Field(max_length=100)] = Field(default_factory=dict)
    priority: Whole = 0


class Added(Answer):
    """The item of the record."""

    id: int


@get("/queues", permission=SEE, tags=["record queues"])
async def list_queues(ctx: Context, user: SignedIn) -> QueueList:
    """Lists the queues that one works in; all of them for who may see everybody's records."""
    found = await all_queues(ctx) if user.may(SUPERVISE) else await queues_of(ctx, user.id)
    return QueueList(items=[Queue.model_validate(queue) for queue in found])


@post("/queues", permission=MANAGE, tags=["record queues"], idempotent=True)
async def add_queue(ctx: Context, data: JSONBody[ChangedQueue]) -> Queue:
    """Makes a queue."""
    return Queue.model_validate(await get_queue(ctx, await create_queue(ctx, _values(data))))


@put("/queues/{queue_id:int}", permission=MANAGE, tags=["record queues"])
async def change_queue(ctx: Context, queue_id: Id, data: JSONBody[ChangedQueue]) -> Queue:
    """Changes a queue."""
    await save_queue(ctx, queue_id, _values(data))
    return Queue.model_validate(await get_queue(ctx, queue_id))


@post("/queues/{queue_id:int}/delete", permission=MANAGE, status_code=204, tags=["record queues"])
async def remove_queue(ctx: Context, queue_id: Id) -> None:
    """Removes a queue in which nothing is left to do; else that is a conflict."""
    await delete_queue(ctx, queue_id)


@get("/queues/{queue_id:int}/items", permission=SEE, tags=["record queues"])
async def list_items(
    ctx: Context, user: SignedIn, queue_id: Id, cursor: Cursor = None, limit: Limit = 50, words: str = ""
) -> Page[Item]:
    """Lists what is not done in a queue, in the order in which it is taken: what waits, and one's own.

    Of a closed queue one's own alone, unless one may see everybody's.
    """
    queue = await find_queue(queue_id)
    sees_all = user.may(SUPERVISE)
    if not sees_all and not (queue.active and await works_in(ctx, user.id, queue)):
        raise NotFound(_("There is no such record queue."))
    after = _key(cursor)
    is_open = queue.kind == QueueKind.OPEN
    wanted = Wanted(words=words[:100].replace("\0", ""), user_id=None if sees_all else user.id, nobodys=is_open)
    found = await find_items(ctx, queue_id, wanted, after=after, limit=limit + 1)
    return page_of(Item, found, limit, lambda item: (item.priority, item.placed_at.isoformat(), item.id))


@post("/queues/{queue_id:int}/items", permission=IMPORT, status_code=200, tags=["record queues"])
async def add_item(ctx: Context, queue_id: Id, data: JSONBody[NewItem]) -> Added:
    """Puts a record into a queue; one that is in a queue stays there and is brought up to date."""
    record = QueuedRecord(**data.model_dump())
    return Added(id=await Queues().add(ctx, f"records:queue:{queue_id}", record))


@post("/queues/{queue_id:int}/next", permission=WORK, status_code=200, tags=["records in work"])
async def take_next_of(ctx: Context, user: SignedIn, queue_id: Id) -> Item:
    """Takes the next record of a closed queue into work."""
    return _item(await next_record(ctx, user.id, queue_id))


@post("/next", permission=WORK, status_code=200, tags=["records in work"])
async def take_next(ctx: Context, user: SignedIn) -> Item:
    """Takes the next record of any closed queue that one works in."""
    return _item(await next_record(ctx, user.id))


@get("/items/mine", permission=WORK, tags=["records in work"])
async def list_mine(ctx: Context, user: SignedIn) -> ItemList:
    """Lists what one has."""
    return ItemList(items=[_item(item) for item in await items_of(ctx, user.id)])


@get("/items/{item_id:int}", permission=SEE, tags=["records in work"])
async def get_one_item(ctx: Context, user: SignedIn, item_id: Id) -> Item:
    """Gives an item that one may see."""
    return _item(await see_item(ctx, item_id, user.id, sees_all=user.may(SUPERVISE)))


@post("/items/{item_id:int}/open", permission=WORK, status_code=200, tags=["records in work"])
async def take_item(ctx: Context, user: SignedIn, item_id: Id) -> Item:
    """Takes an item of an open queue into work, or takes up one's own that was put aside."""
    return _item(await open_item(ctx, item_id, user.id))


@post("/items/{item_id:int}/done", permission=WORK, status_code=200, tags=["records in work"])
async def mark_done(ctx: Context, user: SignedIn, item_id: Id, data: JSONBody[Seen]) -> Item:
    """The record is dealt with."""
    await acting.done(ctx, item_id, user.id, data.version)
    return _item(await get_item(ctx, item_id))


@post("/items/{item_id:int}/assign-to-me", permission=WORK, status_code=200, tags=["records in work"])
async def assign_to_me(ctx: Context, user: SignedIn, item_id: Id, data: JSONBody[Seen]) -> Item:
    """The record becomes one's own, and leaves the queue."""
    await acting.assign_to_me(ctx, item_id, user.id, data.version)
    return _item(await get_item(ctx, item_id))


@post("/items/{item_id:int}/postpone", permission=WORK, status_code=200, tags=["records in work"])
async def postpone(ctx: Context, user: SignedIn, item_id: Id, data: JSONBody[Postponed]) -> Item:
    """The record comes back to the same agent at a time."""
    await acting.postpone(ctx, item_id, user.id, data.version, data.at)
    return _item(await get_item(ctx, item_id))


@post("/items/{item_id:int}/move-to-end", permission=WORK, status_code=200, tags=["records in work"])
async def move_to_end(ctx: Context, user: SignedIn, item_id: Id, data: JSONBody[Seen]) -> Item:
    """The record goes behind all others of its priority."""
    await acting.move_to_end(ctx, item_id, user.id, data.version)
    return _item(await get_item(ctx, item_id))


@post("/items/{item_id:int}/keep", permission=WORK, status_code=200, tags=["records in work"])
async def keep(ctx: Context, user: SignedIn, item_id: Id, data: JSONBody[Seen]) -> Item:
    """The record waits without a date, for oneself alone."""
    await acting.keep(ctx, item_id, user.id, data.version)
    return _item(await get_item(ctx, item_id))


@post("/items/{item_id:int}/release", permission=SUPERVISE, status_code=200, tags=["records of everybody"])
async def release(ctx: Context, item_id: Id, data: JSONBody[Reasoned]) -> Item:
    """Puts an item that an agent has back into its queue."""
    await supervising.release(ctx, item_id, data.version, data.reason)
    return _item(await get_item(ctx, item_id))


@post("/items/{item_id:int}/give", permission=SUPERVISE, status_code=200, tags=["records of everybody"])
async def give(ctx: Context, item_id: Id, data: JSONBody[GivenTo]) -> Item:
    """Gives an item to an agent."""
    await supervising.give(ctx, item_id, data.version, data.agent_id, data.reason)
    return _item(await get_item(ctx, item_id))


@post("/items/{item_id:int}/move", permission=SUPERVISE, status_code=200, tags=["records of everybody"])
async def move(ctx: Context, item_id: Id, data: JSONBody[MovedTo]) -> Item:
    """Moves an item into another queue."""
    await supervising.move(ctx, item_id, data.version, data.queue_id, data.reason)
    return _item(await get_item(ctx, item_id))


@post("/items/{item_id:int}/close", permission=SUPERVISE, status_code=200, tags=["records of everybody"])
async def close(ctx: Context, item_id: Id, data: JSONBody[Reasoned]) -> Item:
    """Takes an item out of its queue for good."""
    await supervising.close(ctx, item_id, data.version, data.reason)
    return _item(await get_item(ctx, item_id))


API = [
    list_queues,
    add_queue,
    change_queue,
    remove_queue,
    list_items,
    add_item,
    take_next_of,
    take_next,
    list_mine,
    get_one_item,
    take_item,
    mark_done,
    assign_to_me,
    postpone,
    move_to_end,
    keep,
    release,
    give,
    move,
    close,
]


def _item(item: ItemView) -> Item:
    return Item.model_validate(item)


def _values(data: ChangedQueue) -> QueueValues:
    return QueueValues(data.name, data.kind.value, data.priority, tuple(data.teams), tuple(data.columns), data.active)


def _key(cursor: str | None) -> ListKey | None:
    key = read_cursor(cursor, int, str, int)
    if key is None:
        return None
    try:
        return ListKey(
            key[0] if abs(key[0]) <= HIGHEST else HIGHEST, datetime.fromisoformat(key[1]).isoformat(), key[2]
        )
    except ValueError as error:
        problem = _("This is not the cursor of this list.")
        raise InvalidInput(problem, fields={"cursor": problem}) from error
