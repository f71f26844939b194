"""What the pages do, for programs: `/api/v1/webhooks/…`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import QueryParameter
from pydantic import Field

from switchroom import Context
from switchroom.api import Answer, Cursor, Given, Id, Limit, Page, page_of, read_cursor
from switchroom_webhooks import endpoints, log
from switchroom_webhooks.addresses import LONGEST_URL
from switchroom_webhooks.collecting import ping
from switchroom_webhooks.models import DeliveryState, Endpoint, EndpointState
from switchroom_webhooks.permissions import MANAGE, SEE


class EndpointGiven(Given):
    """What an endpoint is made of."""

    url: Annotated[str, Field(max_length=LONGEST_URL)]
    """Where webhooks are sent."""
    description: Annotated[str, Field(max_length=endpoints.LONGEST_DESCRIPTION)] = ""
    """For people."""
    events: Annotated[list[str], Field(max_length=100)]
    """The event types that it is told of; `*` for all."""


class EndpointAnswer(Answer):
    """An endpoint. Its secret is told once, by the request that makes it."""

    id: int
    url: str
    description: str
    events: list[str]
    state: EndpointState
    state_reason: str
    """Why it is paused: `gone` or `failing`; else empty."""
    failing_since: datetime | None
    """When the first of the failures came that no success has followed."""
    created_at: datetime


class SecretAnswer(Answer):
    """A new secret."""

    secret: str
    """What deliveries are signed with from now on; it is not told again."""


class DeliveryAnswer(Answer):
    """An event for one endpoint."""

    id: int
    endpoint_id: int
    event: str
    message_id: str
    """The header `webhook-id`, the same in every attempt."""
    state: DeliveryState
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    status: int | None
    """The HTTP status of the last answer."""
    problem: str
    """Why the last attempt failed: `no_address`, `inside`, `connection`, `timeout` or `status`; else empty."""
    detail: str
    """What belongs to the problem, such as the reason why there was no connection."""


class AttemptAnswer(Answer):
    """One time that a delivery was sent."""

    number: int
    at: datetime
    status: int | None
    milliseconds: int | None
    """How long it took; null until it is over."""
    problem: str
    """Why it failed: `no_address`, `inside`, `connection`, `timeout` or `status`; else empty."""
    detail: str
    """What belongs to the problem."""
    answer: str
    """The beginning of the answer's body."""


class DeliveryDetail(Answer):
    """A delivery with what was sent, and each attempt."""

    delivery: DeliveryAnswer
    body: str
    """Exactly what was sent."""
    attempts: list[AttemptAnswer]


class ReplayAnswer(Answer):
    """What is sent again."""

    deliveries: int
    """How many."""


class FiguresAnswer(Answer):
    """How the last 24 hours went, and what is to be done."""

    delivered: int
    """Attempts that arrived."""
    failed: int
    """Attempts that did not."""
    waiting: int
    """Deliveries that wait now."""
    dead: int
    """Deliveries that nobody has sent again."""
    median_milliseconds: int | None


@get("/endpoints", permission=SEE)
async def list_endpoints() -> list[EndpointAnswer]:
    """All endpoints, the oldest first."""
    return [_endpoint(endpoint) for endpoint in await endpoints.all_endpoints()]


@post("/endpoints", permission=MANAGE, idempotent=True)
async def add_endpoint(ctx: Context, data: EndpointGiven) -> EndpointAnswer:
    """Adds an endpoint. Ask `/secret` for its secret: the answer to this request is kept for repetitions."""
    added = await endpoints.add_endpoint(ctx, data.url, data.description, set(data.events))
    return _endpoint(added.endpoint)


@get("/endpoints/{endpoint_id:int}", permission=SEE)
async def get_endpoint(endpoint_id: Id) -> EndpointAnswer:
    """One endpoint."""
    return _endpoint(await endpoints.get_endpoint(endpoint_id))


@put("/endpoints/{endpoint_id:int}", permission=MANAGE)
async def change_endpoint(ctx: Context, endpoint_id: Id, data: EndpointGiven) -> EndpointAnswer:
    """Changes an endpoint."""
    return _endpoint(await endpoints.change_endpoint(ctx, endpoint_id, data.url, data.description, set(data.events)))


@delete("/endpoints/{endpoint_id:int}", permission=MANAGE)
async def remove_endpoint(ctx: Context, endpoint_id: Id) -> None:
    """Removes an endpoint with its log."""
    await endpoints.remove_endpoint(ctx, endpoint_id)


@post("/endpoints/{endpoint_id:int}/secret", permission=MANAGE, status_code=200)
async def replace_secret(ctx: Context, endpoint_id: Id) -> SecretAnswer:
    """Makes a new secret. For 24 hours deliveries are signed with the one before as well."""
    return SecretAnswer(secret=(await endpoints.replace_secret(ctx, endpoint_id)).secret)


@post("/endpoints/{endpoint_id:int}/off", permission=MANAGE, status_code=200)
async def switch_off(ctx: Context, endpoint_id: Id) -> EndpointAnswer:
    """Switches an endpoint off: what happens from now on is not for it."""
    return _endpoint(await endpoints.switch_off(ctx, endpoint_id))


@post("/endpoints/{endpoint_id:int}/resume", permission=MANAGE, status_code=200)
async def resume(ctx: Context, endpoint_id: Id) -> EndpointAnswer:
    """Sends to an endpoint again that was paused or off."""
    return _endpoint(await endpoints.resume(ctx, endpoint_id))


@post("/endpoints/{endpoint_id:int}/ping", permission=MANAGE, status_code=200)
async def send_ping(ctx: Context, endpoint_id: Id) -> DeliveryAnswer:
    """Sends a test, once."""
    delivery, _body, _attempts = await log.get_delivery(ctx, await ping(ctx, endpoint_id))
    return DeliveryAnswer.model_validate(delivery)


@post("/endpoints/{endpoint_id:int}/replay", permission=MANAGE, status_code=200)
async def replay_dead(ctx: Context, endpoint_id: Id) -> ReplayAnswer:
    """Sends all dead deliveries of an endpoint again."""
    return ReplayAnswer(deliveries=await log.replay_dead(ctx, endpoint_id))


@get("/deliveries", permission=SEE)
async def list_deliveries(
    ctx: Context,
    limit: Limit = log.PAGE,
    cursor: Cursor = None,
    chosen: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
    endpoint: Annotated[int | None, QueryParameter(ge=1, le=2**53 - 1)] = None,
) -> Page[DeliveryAnswer]:
    """What was sent, the newest first."""
    key = read_cursor(cursor, int)
    found = await log.deliveries(
        ctx, state=chosen, endpoint_id=endpoint, before=key[0] if key else None, limit=limit + 1
    )
    return page_of(DeliveryAnswer, found.items, limit, lambda item: (item.id,))


@get("/deliveries/{delivery_id:int}", permission=SEE)
async def get_delivery(ctx: Context, delivery_id: Id) -> DeliveryDetail:
    """One delivery."""
    delivery, body, attempts = await log.get_delivery(ctx, delivery_id)
    return DeliveryDetail(
        delivery=DeliveryAnswer.model_validate(delivery),
        body=body,
        attempts=[AttemptAnswer.model_validate(attempt) for attempt in attempts],
    )


@post("/deliveries/{delivery_id:int}/replay", permission=MANAGE, status_code=200)
async def replay(ctx: Context, delivery_id: Id) -> ReplayAnswer:
    """Sends a delivery again that was delivered or is dead."""
    await log.replay(ctx, delivery_id)
    return ReplayAnswer(deliveries=1)


@get("/figures", permission=SEE)
async def get_figures(ctx: Context) -> FiguresAnswer:
    """How the last 24 hours went."""
    return FiguresAnswer.model_validate(await log.figures(ctx))


def _endpoint(endpoint: Endpoint) -> EndpointAnswer:
    return EndpointAnswer(
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        events=sorted(endpoint.events),
        state=EndpointState(endpoint.state),
        state_reason=endpoint.state_reason,
        failing_since=endpoint.failing_since,
        created_at=endpoint.created_at,
    )


API = [
    list_endpoints,
    add_endpoint,
    get_endpoint,
    change_endpoint,
    remove_endpoint,
    replace_secret,
    switch_off,
    resume,
    send_ping,
    replay_dead,
    list_deliveries,
    get_delivery,
    replay,
    get_figures,
]
