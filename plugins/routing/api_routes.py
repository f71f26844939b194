"""Queues, for programs: what the queue page shows and changes, below `/api/v1/routing`."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, patch, post, put
from litestar.params import JSONBody
from pydantic import Field

from plugins.routing.api_shapes import ChangedQueue, NewQueue, QueueSettings, settings_of, values_of
from plugins.routing.api_skills import SKILLS_API
from plugins.routing.explain_api import WHY_API
from plugins.routing.holding import hold_settings
from plugins.routing.permissions import MANAGE_QUEUES, SEE_QUEUES
from plugins.routing.services import queues
from plugins.routing.services.numbers import get_queue, overview, waiting_line
from plugins.routing.services.queues import read_values
from plugins.routing.services.values import QueueValues
from plugins.routing.services.warnings import warnings_of
from switchroom import Context
from switchroom.api import Answer, Given, Id, Limit, Reference, Time
from switchroom.database import transaction


class Queue(Answer):
    """Where interactions wait, with what happens in it now and has happened today."""

    id: int
    reference: str
    """How interactions name it, such as `routing:queue:3`."""
    name: str
    target_seconds: int
    """The service level target: calls should be answered within this time."""
    channels: list[str]
    """Names of the channels that wait here."""
    open: bool
    """Whether it is open now."""
    changes_at: Time | None
    """When it closes or opens next; null when it does not."""
    agents: int
    """How many agents serve it."""
    at_work: int
    """How many of them are there and take calls from queues."""
    waiting: int
    longest_since: Time | None
    """Since when the first in line has waited."""
    in_talk: int
    answered: int
    """Today, in the organisation's time zone."""
    lost: int
    """Today: ended before anybody answered."""
    in_time: int
    """Of those answered today, how many within the target."""
    service_level: int | None
    """The share of today's calls that were answered in time, in per cent; null before the first."""


class Queues(Answer):
    """All queues, in their order."""

    items: list[Queue]


class Order(Given):
    """The order of the queues."""

    ids: Annotated[list[Reference], Field(max_length=10_000)]
    """Of all queues, each once. Of several queues of one channel, new customers wait in the first."""


class Target(Given):
    """Another queue."""

    queue_id: Reference


class Moved(Answer):
    """What was moved."""

    moved: int
    """How many wait in the other queue now. What rings at an agent stays where it is."""


class WaitingCustomer(Answer):
    """A customer in the line."""

    id: int
    """Of the interaction."""
    queue: str
    """The name of the queue."""
    name: str
    number: str
    """E.164."""
    subject: str
    since: Time
    offered: bool
    """Whether it rings at an agent just now."""


class WaitingLine(Answer):
    """The customers who wait, in the order in which they are served."""

    items: list[WaitingCustomer]


@get("/queues", permission=SEE_QUEUES, tags=["queues"])
async def list_queues(ctx: Context) -> Queues:
    """Lists all queues with their numbers."""
    return Queues(items=[Queue.model_validate(queue) for queue in await overview(ctx)])


@get("/queues/{queue_id:int}", permission=SEE_QUEUES, tags=["queues"])
async def get_one_queue(ctx: Context, queue_id: Id) -> Queue:
    """Gives one queue with its numbers."""
    return Queue.model_validate(await get_queue(ctx, queue_id))


@get("/queues/{queue_id:int}/settings", permission=SEE_QUEUES, tags=["queues"])
async def get_queue_settings(ctx: Context, queue_id: Id) -> QueueSettings:
    """Gives all that is set of a queue."""
    return await _settings(ctx, queue_id)


@post("/queues", permission=MANAGE_QUEUES, idempotent=True, tags=["queues"])
async def create_queue(ctx: Context, data: JSONBody[NewQueue]) -> QueueSettings:
    """Makes a queue behind all others."""
    async with transaction():
        return await _settings(ctx, await queues.create_queue(ctx, values_of(data, QueueValues(data.name))))


@patch("/queues/{queue_id:int}", permission=MANAGE_QUEUES, tags=["queues"])
async def change_queue(ctx: Context, queue_id: Id, data: JSONBody[ChangedQueue]) -> QueueSettings:
    """Changes a queue; it holds at once, also for those who wait in it."""
    async with transaction():
        await hold_settings(ctx)
        await queues.change_queue(ctx, queue_id, values_of(data, await read_values(queue_id)))
        return await _settings(ctx, queue_id)


@delete("/queues/{queue_id:int}", permission=MANAGE_QUEUES, tags=["queues"])
async def delete_queue(ctx: Context, queue_id: Id) -> None:
    """Deletes a queue in which nobody waits."""
    await queues.delete_queue(ctx, queue_id)


@post("/queues/{queue_id:int}/move", permission=MANAGE_QUEUES, status_code=200, tags=["queues"])
async def move_waiting(ctx: Context, queue_id: Id, data: JSONBody[Target]) -> Moved:
    """Lets all that waits in a queue wait in another one; each keeps the time since which it has waited."""
    return Moved(moved=await queues.move_waiting(ctx, queue_id, data.queue_id))


@put("/queues/order", permission=MANAGE_QUEUES, status_code=204, tags=["queues"])
async def order_queues(ctx: Context, data: JSONBody[Order]) -> None:
    """Puts the queues in another order."""
    await queues.order_queues(ctx, data.ids)


@get("/waiting", permission=SEE_QUEUES, tags=["queues"])
async def list_waiting(ctx: Context, limit: Limit = 50) -> WaitingLine:
    """Lists those who wait at this moment, the next one first.

    There is no next page: the line moves on while one reads.
    """
    return WaitingLine(items=[WaitingCustomer.model_validate(each) for each in await waiting_line(ctx, limit)])


async def _settings(ctx: Context, queue_id: int) -> QueueSettings:
    return settings_of(queue_id, await read_values(queue_id), await warnings_of(ctx, queue_id))


API = [
    list_queues,
    create_queue,
    get_one_queue,
    get_queue_settings,
    change_queue,
    delete_queue,
    move_waiting,
    order_queues,
    list_waiting,
    *SKILLS_API,
    *WHY_API,
]
