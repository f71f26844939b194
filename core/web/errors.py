"""The one place where an error becomes an answer: a page, a fragment for htmx, or problem+json for programs."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlencode, urlsplit

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.response import Redirect, Template
from tortoise.exceptions import DBConnectionError

from core.accounts.sessions import NotSignedIn, RoleNotChosen
from core.errors import InvalidInput, SwitchroomError
from core.locale import gettext as _
from core.plugins.gate import current_visit
from core.plugins.issues import Kind
from core.web.rendering import fragment, public_page
from core.web.security import safe_path
from core.web.time_limit import TooSlow

log = structlog.get_logger(__name__)

PROBLEM_HEADER = "Switchroom-Problem"
"""The problem as JSON, for scripts that show it as a message or beside the fields of a form."""

_MISSING = re.compile(r"missing required field `(\w+)`")
_LONGEST = re.compile(r"String should have at most (\d+) character")
_UNREACHABLE = (DBConnectionError, asyncpg.PostgresConnectionError, asyncpg.TooManyConnectionsError, ConnectionError)


class Wanted(Enum):
    """What the client can use."""

    PAGE = "page"
    PART = "part"
    """The main area of a page that is open."""
    FRAGMENT = "fragment"
    DATA = "data"


@dataclass(frozen=True)
class Problem:
    """What went wrong, as a person or a program is told.

    Attributes:
        status: The HTTP status.
        code: A stable name.
        title: One sentence: what is wrong, and where.
        mend: One sentence on how to mend it, or empty.
        fields: What is wrong with each field of a form.
        incident: The number under which the log tells more; empty when there is no more to tell.
        retry_after: Seconds until another try makes sense.
    """

    status: int
    code: str
    title: str
    mend: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    incident: str = ""
    retry_after: int | None = None


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answers with an error, as the client can use it."""
    wanted = _wanted(request)
    if isinstance(error, NotSignedIn | RoleNotChosen) and wanted is not Wanted.DATA:
        return _go_to(_place_for(error, request), request, wanted)
    problem = describe(error, request)
    response = _as_wanted(problem, request, wanted)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401 and wanted is Wanted.DATA:
        response.headers["WWW-Authenticate"] = 'Bearer realm="switchroom"'
    if isinstance(error, HTTPException) and error.headers and "allow" in error.headers:
        response.headers["Allow"] = error.headers["allow"]
    return response


def describe(error: Exception, request: Request[Any, Any, Any]) -> Problem:
    """What to say of an error; one that nobody foresaw is logged under a number, and nothing else of it is said."""
    if isinstance(error, ValidationException):
        title = _("Something in the input cannot be used.")
        return Problem(error.status_code, "invalid_input", title, fields=dict(map(_field, _details(error))))
    if isinstance(error, HTTPException):
        status = 400 if _has_gone(error) else error.status_code
        if status < 500:
            return Problem(status, *_of_status(status))
    if isinstance(error, SwitchroomError) and error.status not in (500, 504):
        return Problem(
            error.status,
            error.code,
            _(error.message),
            _(error.mend),
            error.fields if isinstance(error, InvalidInput) else {},
            # Also of a conflict that is soon over.
            retry_after=getattr(error, "retry_after", None),
        )
    incident = secrets.token_hex(4)
    log.error("request_failed", incident=incident, method=request.method, path=request.url.path, exc_info=error)
    _tell_administrator(error, incident, request)
    if isinstance(error, TooSlow):
        return Problem(error.status, error.code, error.message, error.mend, incident=incident, retry_after=5)
    if isinstance(error, _UNREACHABLE):
        title = _("The database cannot be reached just now.")
        return Problem(
            503, "database_unreachable", title, _("Try again in a moment."), incident=incident, retry_after=5
        )
    title, mend = (
        _("Something went wrong on the server."),
        _("Try again. If it stays, give this number to your support."),
    )
    return Problem(500, "internal_error", title, mend, incident=incident)


def _tell_administrator(error: Exception, incident: str, request: Request[Any, Any, Any]) -> None:
    """A fault of a plugin's page is listed with what else has failed in that plugin, for the tenant concerned."""
    try:
        visit = current_visit()
    except LookupError:
        return
    if visit.plugin is None or visit.ctx is None or isinstance(error, _UNREACHABLE):
        return
    handler: Any = dict(request.scope).get("route_handler")
    path = min(handler.paths, default="/") if handler is not None else request.url.path
    is_part = request.method == "GET" and _wanted(request) is Wanted.FRAGMENT
    visit.ctx.note_issue(Kind.PANEL if is_part else Kind.ROUTE, f"{request.method} {path}", error, incident)


def _details(error: ValidationException) -> list[Mapping[str, Any]]:
    return [item for item in error.extra if isinstance(item, Mapping)] if isinstance(error.extra, list) else []


def _field(detail: Mapping[str, Any]) -> tuple[str, str]:
    """The name of a field and what is wrong with it, in words for a person where the framework's are known."""
    key, message = str(detail.get("key", "")), str(detail.get("message", ""))
    if missing := _MISSING.search(message):
        return missing[1], _("This is missing.")
    if message.startswith(("Expected `int`", "Expected `int | null`", "Input should be a valid integer")):
        return key, _("Enter a whole number.")
    if message.startswith("Invalid enum value") or (message.startswith("Input should be '") and " or '" in message):
        return key, _("This is none of the choices.")
    if key == "data" and message == "'data'":
        return "body", _("This is missing.")
    if message.startswith("Value error, "):
        return key or "body", _(message.removeprefix("Value error, "))
    if longest := _LONGEST.match(message):
        return key, _("Use at most %(most)s characters.") % {"most": longest[1]}
    known = {
        "Field required": _("This is missing."),
        "String should have at least 1 character": _("This is missing."),
        "Extra inputs are not permitted": _("There is no such field."),
    }
    return key or "body", known.get(message, message)


def _has_gone(error: HTTPException) -> bool:
    """Whether the client went before all of what it wanted to send was there, for which the framework has no type."""
    return isinstance(error, InternalServerException) and error.detail == "client disconnected prematurely"


def _of_status(status: int) -> tuple[str, str, str]:
    """Code, sentence and remedy of what the framework refuses by itself."""
    match status:
        case 401 | 403:
            return "forbidden", _("You may not do this."), ""
        case 404:
            return "not_found", _("This page does not exist."), _("Check the address, or start from the home page.")
        case 405:
            return "method_not_allowed", _("This address cannot be used in this way."), ""
        case 413:
            return "too_large", _("More was sent than is accepted here."), _("Send less, or a smaller file.")
        case 415:
            return "unsupported_media_type", _("The format of what was sent is not accepted here."), ""
        case _:
            return "bad_request", _("The request cannot be understood."), ""


def _wanted(request: Request[Any, Any, Any]) -> Wanted:
    headers = request.headers
    if f"{request.scope['path']}/".startswith("/api/"):
        return Wanted.DATA
    if headers.get("hx-request") == "true":
        moves = headers.get("hx-boosted") == "true" or headers.get("hx-history-restore-request") == "true"
        return Wanted.PART if moves and request.method == "GET" else Wanted.FRAGMENT
    return Wanted.PAGE if "text/html" in headers.get("accept", "") else Wanted.DATA


def _place_for(error: NotSignedIn | RoleNotChosen, request: Request[Any, Any, Any]) -> str:
    if isinstance(error, RoleNotChosen):
        return "/role"
    path = request.scope["path"]
    return "/vendor/login" if path == "/vendor" or path.startswith("/vendor/") else "/login"


def _go_to(place: str, request: Request[Any, Any, Any], wanted: Wanted) -> Response[Any]:
    """Sends the browser where the user can mend it, and back afterwards."""
    if wanted is Wanted.PAGE:
        back = _path_of(str(request.url)) if request.method == "GET" else "/"
        return Redirect(_with_next(place, back), status_code=303)
    current = str(request.url) if wanted is Wanted.PART else request.headers.get("hx-current-url", "")
    return Response(b"", status_code=200, headers={"HX-Redirect": _with_next(place, _path_of(current))})


def _with_next(place: str, back: str) -> str:
    return place if back == "/" else f"{place}?{urlencode({'next': back})}"


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return safe_path(parts.path + (f"?{parts.query}" if parts.query else ""))


def _as_wanted(problem: Problem, request: Request[Any, Any, Any], wanted: Wanted) -> Response[Any]:
    if wanted is Wanted.DATA:
        told = {name: value for name, value in asdict(problem).items() if value}
        return Response(
            {"type": f"urn:switchroom:problem:{problem.code}"} | told,
            status_code=problem.status,
            media_type="application/problem+json",
        )
    response: Template
    if wanted is Wanted.FRAGMENT:
        response = fragment("fragments/problem.html", problem=problem, status_code=problem.status)
    else:
        response = public_page(
            "error.html",
            title=problem.title,
            problem=problem,
            whole=wanted is Wanted.PAGE,
            status_code=problem.status,
        )
    if wanted is not Wanted.PAGE:
        response.headers[PROBLEM_HEADER] = json.dumps(asdict(problem))
    return response
