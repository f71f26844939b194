"""Gives each plugin its place in the web application; one that cannot have it is broken and harms no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from litestar import Litestar, Request, Response, Router, get
from litestar.exceptions import LitestarException
from litestar.types import Middleware

from core.accounts.permissions import SIGNED_IN
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.gate import CORE_API
from core.plugins.registry import PluginRegistry
from core.web.assets import asset_folder, serve
from core.web.exits import NoExit
from core.web.time_limit import TimeLimit

log = structlog.get_logger(__name__)


def plugin_routers(registry: PluginRegistry, taken: set[str], api_middleware: Sequence[Middleware]) -> list[Router]:
    """The routes of every plugin that is ready, below its own prefixes.

    Args:
        registry: The plugins.
        taken: First parts of paths that are core's own.
        api_middleware: What requests of the API pass through before their handlers.
    """
    routers: list[Router] = []
    prefixes = dict.fromkeys(taken, "core")
    for record in registry.ready:
        prefix = record.manifest.public_prefix if record.manifest else None
        if prefix is not None and prefix in prefixes:
            _break(record, f"The public prefix {prefix!r} belongs to {prefixes[prefix]!r}.")
            continue
        try:
            mine = _routers(record, api_middleware)
            Litestar(mine, openapi_config=None, logging_config=None)
        except (LitestarException, TypeError, ValueError) as error:
            _break(record, f"Its routes cannot be used: {error}")
            continue
        if prefix is not None:
            prefixes[prefix] = record.name
        routers += mine
    return routers


def _break(record: PluginRecord, reason: str) -> None:
    record.fail(PluginState.BROKEN, reason)
    log.error("plugin_broken", plugin=record.name, reason=reason)


def _routers(record: PluginRecord, api_middleware: Sequence[Middleware]) -> list[Router]:
    contributed = record.contributions.routes
    pages = [handler for routes in contributed for handler in routes.pages]
    public = [handler for routes in contributed for handler in routes.public]
    opt = {"plugin": record.name}
    limit = TimeLimit(record.name)
    pages.append(_static(record, permission=SIGNED_IN))
    routers = [Router(f"/p/{record.name}", route_handlers=pages, opt=opt, middleware=[NoExit(), limit])]
    if record.manifest is not None and record.manifest.public_prefix:
        path = f"/{record.manifest.public_prefix}/{{tenant:str}}"
        routers.append(
            Router(path, route_handlers=[*public, _static(record, public=True)], opt=opt, middleware=[NoExit(), limit])
        )
    if api := api_handlers(record):
        if record.name in CORE_API:
            raise ValueError(f"/api/v1/{record.name} is core's own.")
        routers.append(
            Router(f"/api/v1/{record.name}", route_handlers=api, opt=opt, middleware=[NoExit(), limit, *api_middleware])
        )
    return routers


def api_handlers(record: PluginRecord) -> list[Any]:
    """What a plugin contributes to the API."""
    return [handler for routes in record.contributions.routes for handler in routes.api]


def _static(record: PluginRecord, **access: Any) -> Any:
    folder = asset_folder(record)

    @get("/static/{file:path}", **access)
    async def plugin_file(file: str, request: Request[Any, Any, Any]) -> Response[bytes]:
        """One of the plugin's files for browsers."""
        return await serve(folder, file, request)

    return plugin_file
