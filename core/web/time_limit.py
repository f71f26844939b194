"""How long a plugin's page may keep people waiting: what hangs is ended, and told like any other fault."""

from __future__ import annotations

import asyncio

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import SwitchroomError
from core.locale import gettext as _

READING_SECONDS = 8.0
"""For requests that only read, such as those of panels, tabs and widgets: less than a browser waits."""

WRITING_SECONDS = 30.0
"""For all others; what is ended in a transaction changes nothing."""

LIMIT = "time_limit"
"""A handler that needs longer says so: `@get("/export", permission=…, time_limit=120)`."""


class TooSlow(SwitchroomError):
    """A plugin did not answer in time. Told with an incident, since somebody has to look at it."""

    code = "plugin_too_slow"
    status = 504

    def __init__(self, plugin: str, seconds: float) -> None:
        super().__init__(_("This part did not answer in time."), mend=_("Try again in a moment."))
        self.plugin = plugin
        self.seconds = seconds

    def __str__(self) -> str:
        return f"The plugin {self.plugin!r} did not answer within {self.seconds:g} seconds."


class TimeLimit(ASGIMiddleware):
    """Ends requests to a plugin's handlers that take too long. What blocks the loop cannot be ended.

    Args:
        plugin: Whose handlers they are.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Passes a request on."""
        usual = READING_SECONDS if scope["method"] in ("GET", "HEAD") else WRITING_SECONDS  # type: ignore[typeddict-item]
        seconds = float(scope["route_handler"].opt.get(LIMIT, usual))
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(seconds) as limit:
                await next_app(scope, receive, noted)
        except TimeoutError as error:
            # Half an answer cannot be taken back: it ends where it is.
            if begun or not limit.expired():
                raise
            raise TooSlow(self._plugin, seconds) from error
