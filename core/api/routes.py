"""Every handler of core's below `/api/v1`."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get

from core.accounts.permissions import SIGNED_IN
from core.api import audit, day, interactions, jobs, lookups, me, plugins, roles, teams, tokens, users, work
from core.api.document import Documents
from core.api.reference import groups_of, shapes_of
from core.api.requests import ApiRequests
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.plugins.registry import PluginRegistry
from core.web.rendering import page

_RESOURCES = (me, work, day, interactions, teams, users, roles, tokens, lookups, plugins, jobs, audit)

HANDLERS: list[Any] = [handler for resource in _RESOURCES for handler in resource.HANDLERS]
"""Mounted at `/api/v1/core`."""

MIDDLEWARE = [ApiRequests()]
"""What every request of the API passes through before its handler, core's and plugins'."""


def routers(registry: PluginRegistry) -> list[Router]:
    """Core's part of the API, and what describes the whole of it."""
    documents = Documents(registry, HANDLERS)
    return [
        Router("/api/v1/core", route_handlers=HANDLERS, middleware=MIDDLEWARE),
        Router("/api/v1", route_handlers=[_document(documents), _reference(documents)]),
    ]


def _document(documents: Documents) -> Any:
    @get("/openapi.json", permission=SIGNED_IN, before_role=True)
    async def openapi(ctx: Context, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The OpenAPI document of what this organisation has switched on."""
        document = await documents.of(ctx.enabled_plugins)
        headers = {"etag": document.etag, "cache-control": "private, no-cache"}
        if request.headers.get("if-none-match") == document.etag:
            return Response(b"", status_code=304, headers=headers, media_type="application/json")
        return Response(document.body, headers=headers, media_type="application/json")

    return openapi


def _reference(documents: Documents) -> Any:
    @get("/docs", permission=SIGNED_IN, before_role=True)
    async def reference(ctx: Context, platform: Platform) -> Response[Any]:
        """The same for people."""
        document = await documents.of(ctx.enabled_plugins)
        return await page(
            "api/reference.html",
            title=_("API reference"),
            groups=groups_of(document.content),
            shapes=shapes_of(document.content),
            address=platform.settings.server.url,
        )

    return reference
