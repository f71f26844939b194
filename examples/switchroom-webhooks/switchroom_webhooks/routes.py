"""The pages of the administration. Thin: what happens is in the services."""

from __future__ import annotations

import json
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import PathParameter, QueryParameter

from switchroom import Context
from switchroom.locale import gettext as _
from switchroom.web import SignedIn, fragment, page, with_toast
from switchroom_webhooks import endpoints, log
from switchroom_webhooks.collecting import ping
from switchroom_webhooks.events import EVERYTHING, GROUPS
from switchroom_webhooks.models import DeliveryState, Endpoint, EndpointState
from switchroom_webhooks.permissions import MANAGE, SEE
from switchroom_webhooks.problems import pause_text, problem_text

AnyRequest = Request[Any, Any, Any]
Id = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
OptionalId = Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)]


@get("/", permission=SEE)
async def overview_page(user: SignedIn) -> Response[Any]:
    """The endpoints, and how the last day went."""
    return await page("webhooks/overview.html", title=_("Webhooks"), may_manage=user.may(MANAGE))


@get("/overview", permission=SEE)
async def overview(ctx: Context, user: SignedIn) -> Response[Any]:
    """The part of it that changes."""
    return fragment(
        "webhooks/endpoints.html",
        figures=await log.figures(ctx),
        endpoints=await endpoints.all_endpoints(),
        may_manage=user.may(MANAGE),
        everything=EVERYTHING,
        pause_text=pause_text,
    )


@get("/endpoints/new", permission=MANAGE)
async def new_page() -> Response[Any]:
    """The form of an endpoint that is to be added."""
    return await page("webhooks/new.html", title=_("Add an endpoint"), **_form(None))


@post("/endpoints", permission=MANAGE, status_code=200)
async def add(request: AnyRequest, ctx: Context) -> Response[Any]:
    """Adds it, and shows the secret this once.

    Raises:
        InvalidInput: The page marks the field.
    """
    added = await endpoints.add_endpoint(ctx, *await _posted(request))
    return fragment("webhooks/secret.html", endpoint=added.endpoint, secret=added.secret, is_new=True)


@get("/endpoints/{endpoint_id:int}", permission=SEE)
async def endpoint_page(user: SignedIn, endpoint_id: Id) -> Response[Any]:
    """One endpoint."""
    endpoint = await endpoints.get_endpoint(endpoint_id)
    return await page(
        "webhooks/endpoint.html",
        title=_("Endpoint"),
        may_manage=user.may(MANAGE),
        **_form(endpoint),
    )


@get("/endpoints/{endpoint_id:int}/state", permission=SEE)
async def endpoint_state(ctx: Context, user: SignedIn, endpoint_id: Id) -> Response[Any]:
    """How it fares, and its last deliveries."""
    return await _state(ctx, user, endpoint_id)


@post("/endpoints/{endpoint_id:int}", permission=MANAGE, status_code=200)
async def change(request: AnyRequest, ctx: Context, endpoint_id: Id) -> Response[Any]:
    """Saves it.

    Raises:
        InvalidInput: The page marks the field.
    """
    endpoint = await endpoints.change_endpoint(ctx, endpoint_id, *await _posted(request))
    return with_toast(fragment("webhooks/form.html", **_form(endpoint)), _("The endpoint is saved."))


@post("/endpoints/{endpoint_id:int}/ping", permission=MANAGE, status_code=200)
async def send_ping(ctx: Context, user: SignedIn, endpoint_id: Id) -> Response[Any]:
    """Sends a test."""
    await ping(ctx, endpoint_id)
    return with_toast(await _state(ctx, user, endpoint_id), _("A test is on its way."))


@post("/endpoints/{endpoint_id:int}/secret", permission=MANAGE, status_code=200)
async def replace_secret(ctx: Context, endpoint_id: Id) -> Response[Any]:
    """Makes a new secret, and shows it this once."""
    replaced = await endpoints.replace_secret(ctx, endpoint_id)
    return fragment("webhooks/secret.html", endpoint=replaced.endpoint, secret=replaced.secret, is_new=False)


@post("/endpoints/{endpoint_id:int}/off", permission=MANAGE, status_code=200)
async def switch_off(ctx: Context, user: SignedIn, endpoint_id: Id) -> Response[Any]:
    """Switches it off."""
    await endpoints.switch_off(ctx, endpoint_id)
    return with_toast(await _state(ctx, user, endpoint_id), _("The endpoint is off."))


@post("/endpoints/{endpoint_id:int}/resume", permission=MANAGE, status_code=200)
async def resume(ctx: Context, user: SignedIn, endpoint_id: Id) -> Response[Any]:
    """Sends to it again."""
    await endpoints.resume(ctx, endpoint_id)
    return with_toast(await _state(ctx, user, endpoint_id), _("The endpoint is active."))


@post("/endpoints/{endpoint_id:int}/replay", permission=MANAGE, status_code=200)
async def replay_dead(ctx: Context, user: SignedIn, endpoint_id: Id) -> Response[Any]:
    """Sends what is dead again."""
    count = await log.replay_dead(ctx, endpoint_id)
    text = _("%(count)d deliveries are sent again.") % {"count": count}
    return with_toast(await _state(ctx, user, endpoint_id), text)


@post("/endpoints/{endpoint_id:int}/remove", permission=MANAGE, status_code=200)
async def remove(ctx: Context, endpoint_id: Id) -> Response[Any]:
    """Removes it with its log."""
    await endpoints.remove_endpoint(ctx, endpoint_id)
    return Response(b"", status_code=200, headers={"HX-Redirect": "/p/webhooks/"})


@get("/deliveries", permission=SEE)
async def deliveries_page(
    ctx: Context,
    chosen: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
    endpoint: OptionalId = None,
    before: OptionalId = None,
) -> Response[Any]:
    """The log."""
    return await page(
        "webhooks/deliveries.html",
        title=_("Deliveries"),
        found=await log.deliveries(ctx, state=chosen, endpoint_id=endpoint, before=before),
        endpoints=await endpoints.all_endpoints(),
        state=chosen,
        endpoint_id=endpoint,
        before=before,
        problem_text=problem_text,
    )


@get("/deliveries/{delivery_id:int}", permission=SEE)
async def delivery_page(user: SignedIn, delivery_id: Id) -> Response[Any]:
    """One delivery; its parts load by themselves."""
    return await page("webhooks/delivery.html", title=_("Delivery"), delivery_id=delivery_id)


@get("/deliveries/{delivery_id:int}/state", permission=SEE)
async def delivery_state(ctx: Context, user: SignedIn, delivery_id: Id) -> Response[Any]:
    """What has become of it."""
    return await _delivery(ctx, user, delivery_id)


@post("/deliveries/{delivery_id:int}/replay", permission=MANAGE, status_code=200)
async def replay(ctx: Context, user: SignedIn, delivery_id: Id) -> Response[Any]:
    """Sends it again."""
    await log.replay(ctx, delivery_id)
    return with_toast(await _delivery(ctx, user, delivery_id), _("It is sent again."))


async def _state(ctx: Context, user: SignedIn, endpoint_id: int) -> Response[Any]:
    endpoint = await endpoints.get_endpoint(endpoint_id)
    return fragment(
        "webhooks/endpoint_state.html",
        endpoint=endpoint,
        state=EndpointState(endpoint.state),
        found=await log.deliveries(ctx, endpoint_id=endpoint_id, limit=10),
        dead=(await log.deliveries(ctx, endpoint_id=endpoint_id, state=DeliveryState.DEAD, limit=1)).items,
        problem_text=problem_text,
        pause_text=pause_text,
        may_manage=user.may(MANAGE),
    )


async def _delivery(ctx: Context, user: SignedIn, delivery_id: int) -> Response[Any]:
    delivery, body, attempts = await log.get_delivery(ctx, delivery_id)
    return fragment(
        "webhooks/delivery_state.html",
        delivery=delivery,
        body=_readable(body),
        attempts=attempts,
        problem_text=problem_text,
        may_manage=user.may(MANAGE),
    )


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def _form(endpoint: Endpoint | None) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "chosen": set(endpoint.events) if endpoint else {"interaction.ended"},
        "groups": GROUPS,
        "everything": EVERYTHING,
    }


async def _posted(request: AnyRequest) -> tuple[str, str, set[str]]:
    form = await request.form()
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    given = dict(texts)
    events = {value for name, value in texts if name == "events"}
    return given.get("url", "").strip(), given.get("description", ""), events


PAGES = [
    overview_page,
    overview,
    new_page,
    add,
    endpoint_page,
    endpoint_state,
    change,
    send_ping,
    replace_secret,
    switch_off,
    resume,
    replay_dead,
    remove,
    deliveries_page,
    delivery_page,
    delivery_state,
    replay,
]
