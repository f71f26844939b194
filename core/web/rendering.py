"""What handlers answer with: pages of the workspace, fragments of them, and pages for customers."""

from __future__ import annotations

import json
from typing import Any, Literal, TypeVar

from litestar import Response
from litestar.response import Template

from core.locale import active_language
from core.plugins.gate import current_visit
from core.web.workspace import workspace

MODULE_ORIGIN = "/static/app.js"
"""The address of the application's module: without a version, so that plugins import the very same one."""

AnyResponse = TypeVar("AnyResponse", bound=Response[Any])


async def page(template: str, *, title: str, status_code: int = 200, **context: Any) -> Template:
    """A page of the workspace; the template extends `page.html` and fills its block `content`.

    When the browser changes from one page to another, only the main area is sent: navigation, panels and dock stay.

    Args:
        template: A core template, or a plugin's as `<plugin>/<name>`.
        title: What the browser's title says, translated.
        status_code: The HTTP status.
        context: What the template shows.
    """
    visit = current_visit()
    if visit.ctx is None or visit.user is None:
        raise LookupError("page() is for pages of users who are logged in; use public_page().")
    whole = not wants_part()
    around = {"workspace": await workspace(visit.ctx, visit.user)} if whole else {}
    values = _common() | {"title": title, "whole": whole} | around | context
    return Template(template, context=values, status_code=status_code, media_type="text/html")


def fragment(template: str, *, status_code: int = 200, **context: Any) -> Template:
    """A part of a page, for htmx to put in its place."""
    return Template(template, context=_common() | context, status_code=status_code, media_type="text/html")


def public_page(template: str, *, title: str, status_code: int = 200, **context: Any) -> Template:
    """A page for people who are not logged in; the template extends `public.html` and fills its block `content`."""
    values = _common() | {"title": title} | context
    return Template(template, context=values, status_code=status_code, media_type="text/html")


def with_toast(
    response: AnyResponse, text: str, *, kind: Literal["success", "info", "warning"] = "success"
) -> AnyResponse:
    """Lets the page that gets this answer say something in passing."""
    return with_event(response, "switchroom:toast", {"text": text, "kind": kind})


def with_event(response: AnyResponse, name: str, detail: dict[str, Any]) -> AnyResponse:
    """Lets the page that gets this answer raise an event, with JSON values for its scripts."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps(events | {name: detail})
    return response


def wants_part() -> bool:
    """Whether htmx changes the main area of a page that is open."""
    return current_visit().connection.headers.get("hx-request") == "true"


def _common() -> dict[str, Any]:
    visit = current_visit()
    person = visit.user or visit.operator
    return {
        "user": visit.user,
        "operator": visit.operator,
        "tenant": visit.ctx.tenant if visit.ctx else None,
        "language": active_language(),
        "theme": person.theme if person else "auto",
    }
