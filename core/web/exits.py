"""A plugin's handler that ends the process, as it believes: `SystemExit` in a task would end the server."""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send


class PluginExited(Exception):
    """A handler of a plugin, or a library that it uses, has called `sys.exit`."""


class NoExit(ASGIMiddleware):
    """Makes an error of `SystemExit`, which is answered and told like any other."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Passes a request or a WebSocket on."""
        try:
            await next_app(scope, receive, send)
        except SystemExit as error:
            raise PluginExited(f"The handler raised SystemExit({error.code!r}).") from error
