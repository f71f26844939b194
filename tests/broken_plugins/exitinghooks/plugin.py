"""Raises SystemExit where a page, a call or an agent waits."""

import sys
from typing import Any

from litestar import WebSocket, get, websocket

from switchroom import Context, hookimpl
from switchroom.contributions import Panel, Permission, Routes
from switchroom.interactions import InteractionView

USE = "exitinghooks.use"


@get("/page", permission=USE)
async def page() -> None:
    """Ends the server, as it believes."""
    sys.exit(5)


@websocket("/socket", permission=USE)
async def socket(socket: WebSocket[Any, Any, Any]) -> None:
    """The same."""
    sys.exit(6)


class ExitingHooks:
    """Loads well, and fails whenever it is asked."""

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission(USE, "Use it", ("agent",))]

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[page, socket])

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        sys.exit(3)

    @hookimpl
    async def interaction_ended(self, ctx: Context, interaction: InteractionView) -> None:
        sys.exit(4)


plugin = ExitingHooks()
