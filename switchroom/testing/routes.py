"""The routes of an application, found by themselves, and all that a client can see of their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute, WebSocketRoute
from litestar.types import ASGIApp

from switchroom.testing.sweeping import Values

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

# What differs between any two answers: the time, what is shown of it, and the number under which the log tells more.
PASSING = re.compile(
    r'<meta name="server-time"[^>]*>|datetime="[^"]*"|data-[\w-]*="\d{4}-\d\d-\d\dT[^"]*"'
    r'|"\w+_at":"[^"]*"|"incident":"\w*"'
)

# What differs between two answers that each made something of the asker's own.
MADE = re.compile(r'\d+|"token":"[^"]*"|"hint":"[^"]*"')

Seen = tuple[int, dict[str, str], str]
"""Status, headers and body."""


@dataclass(frozen=True)
class Route:
    """One route of the application.

    Attributes:
        handlers: By method.
        plugin: Who brought it; None for core.
    """

    path: str
    handlers: dict[str, Any]
    plugin: str | None

    @property
    def methods(self) -> list[str]:
        """The methods that it answers, without OPTIONS, which is answered for it."""
        return sorted(self.handlers.keys() - {"OPTIONS"})

    @property
    def has_parameters(self) -> bool:
        """Whether its path names something, other than the tenant of a public page."""
        return "{" in self.path.replace("{tenant:str}", "")


@dataclass(frozen=True)
class Socket:
    """One WebSocket of the application."""

    path: str
    handler: Any
    plugin: str | None


def routes_of(web: ASGIApp) -> Iterator[Route]:
    """Every HTTP route, whoever brought it."""
    for route in _application(web).routes:
        if isinstance(route, HTTPRoute):
            handlers = {str(method): handler[0] for method, handler in route.route_handler_map.items()}
            plugin = next((handler.opt.get("plugin") for handler in route.route_handlers), None)
            yield Route(route.path, handlers, plugin)


def sockets_of(web: ASGIApp) -> Iterator[Socket]:
    """Every WebSocket, whoever brought it."""
    for route in _application(web).routes:
        if isinstance(route, WebSocketRoute):
            yield Socket(route.path, route.route_handler, route.route_handler.opt.get("plugin"))


def _application(web: ASGIApp) -> Litestar:
    while not isinstance(web, Litestar):
        web = web._app  # type: ignore[attr-defined]
    return web


def seen(response: httpx.Response, values: Values) -> Seen:
    """All that a client can see of an answer, without the values that it asked with, and the id of what it has made."""
    headers = {name: values.hidden(text) for name, text in response.headers.items() if name != "content-length"}
    text = PASSING.sub("", values.hidden(response.text))
    if response.status_code == 201:
        headers, text = {name: MADE.sub("#", value) for name, value in headers.items()}, MADE.sub("#", text)
    return response.status_code, headers, text
