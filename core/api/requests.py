"""What every request of the API has to be, before its handler sees it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.exceptions import SerializationException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from core.api.idempotency import HEADER, answer_once
from core.errors import InvalidInput, SwitchroomError
from core.locale import gettext as _
from core.plugins.gate import current_visit

IDEMPOTENT = "idempotent"
"""The option of a handler that creates something, and may be asked twice with one `Idempotency-Key`."""


class NotJson(SwitchroomError):
    """The body is declared to be something else than JSON."""

    code = "unsupported_media_type"
    status = 415

    def __init__(self) -> None:
        super().__init__(
            _("The format of what was sent is not accepted here."),
            mend=_("Send JSON, with the header Content-Type: application/json."),
        )


class ApiRequests(ASGIMiddleware):
    """Refuses what no handler could use, and answers repeated requests with what was answered before."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Passes one request on, or refuses it."""
        if b"\0" in unquote_to_bytes(scope["query_string"]) or "\0" in scope["path"]:
            raise InvalidInput(_("There is a character in the address that cannot be stored."))
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        handler = scope["route_handler"]
        if _takes_json(handler):
            if not _is_json(request.headers.get("content-type")):
                raise NotJson()
            await _require_readable(request)
        visit = current_visit()
        if HEADER in request.headers and handler.opt.get(IDEMPOTENT) and visit.user and visit.ctx:
            role = visit.user.role.key if visit.user.role else ""
            await answer_once(next_app, request, send, visit.ctx, visit.user.id, role)
        else:
            await next_app(scope, receive, send)


class NotReadable(SwitchroomError):
    """The body is no JSON in UTF-8, or is nested too deeply."""

    code = "bad_request"

    def __init__(self) -> None:
        super().__init__(_("The request cannot be understood."))


async def _require_readable(request: Request[Any, Any, Any]) -> None:
    # What is read here is kept for the handler. The framework would take the last two for faults of our own.
    try:
        await request.json()
    except (SerializationException, UnicodeDecodeError, RecursionError) as error:
        raise NotReadable() from error


def body_of(handler: BaseRouteHandler) -> Any:
    """What a handler takes as its body, as the framework has understood it; None for nothing."""
    return handler.parsed_fn_signature.parameters.get("data")


def _takes_json(handler: BaseRouteHandler) -> bool:
    body = body_of(handler)
    if body is None:
        return False
    media_type = getattr(body.kwarg_definition, "media_type", None) or RequestEncodingType.JSON
    return media_type == RequestEncodingType.JSON


def _is_json(content_type: str | None) -> bool:
    # A body that is not there is refused for that.
    return content_type is None or content_type.partition(";")[0].strip().casefold() == "application/json"
