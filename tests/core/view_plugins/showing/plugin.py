"""A plugin that contributes to every view; some of its parts raise or hang, as tests need."""

import asyncio
import os
from typing import Any

from litestar import Response, get, post

from switchroom import Context, hookimpl
from switchroom.contributions import (
    CardTab,
    ChannelType,
    Opens,
    Panel,
    Permission,
    Routes,
    SearchHit,
    Slot,
    ToolbarAction,
    Widget,
    WorkspaceSection,
)
from switchroom.interactions import InteractionView
from switchroom.web import fragment, page, with_event, with_toast

SEE = "showing.see"
NEVER = "showing.never"

HANGING = int(os.environ.get("SHOWING_HANGING_PANELS", "0"))
"""Panels that hang, and one that raises beside them: for a server of a process of its own."""


@get("/part/{name:str}", permission=SEE)
async def part(name: str) -> Response[Any]:
    """A part that works."""
    return fragment("showing/part.html", name=name)


@get("/raises", permission=SEE)
async def raises() -> None:
    """A part that does not."""
    raise RuntimeError("the password is hunter2")


@get("/hangs", permission=SEE)
async def hangs() -> None:
    """A part that never answers."""
    await asyncio.sleep(30)


@get("/slow", permission=SEE, time_limit=0.05)
async def slow() -> None:
    """A part with little time."""
    await asyncio.sleep(30)


@get("/quick", permission=SEE, time_limit=5)
async def quick() -> str:
    """A part with time enough."""
    return "quick"


@get("/page", permission=SEE)
async def whole() -> Response[Any]:
    """A page."""
    return await page("showing/page.html", title="Shown")


@post("/act", permission=SEE, status_code=204)
async def act() -> Response[None]:
    """An action without a page."""
    return with_toast(Response(None, status_code=204), "It is done.")


@post("/close", permission=SEE, status_code=204)
async def close() -> Response[None]:
    """An action that ends its dialog."""
    return with_event(Response(None, status_code=204), "switchroom:dialog-close", {})


class Showing:
    """The wiring; `fails` names hooks that raise."""

    fails: frozenset[str] = frozenset()
    panels: tuple[Panel, ...] = ()
    leads_to = "/p/showing/page"

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[part, raises, hangs, slow, quick, whole, act, close])

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission(SEE, "See it", ("agent", "supervisor", "administrator")), Permission(NEVER, "Nobody")]

    @hookimpl
    def register_channels(self) -> list[ChannelType]:
        return [ChannelType("paper", "Paper", "file-text", exclusive=False, capacity=3, wrap_up=False)]

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        return [
            Panel("dock", "Docked", "/p/showing/part/dock", Slot.DOCK, permission=SEE),
            Panel("works", "Works", "/p/showing/part/panel", permission=SEE, order=500),
            *self.panels,
            *(Panel(f"hangs-{number}", f"Hangs {number}", "/p/showing/hangs", order=600) for number in range(HANGING)),
            *([Panel("raises", "Raises", "/p/showing/raises", order=590)] if HANGING else []),
        ]

    @hookimpl
    async def card_tabs(self, ctx: Context, interaction: InteractionView) -> list[CardTab]:
        self._fail("card_tabs")
        return [
            CardTab("orders", "Orders", f"/p/showing/part/orders-{interaction.id}", permission=SEE),
            CardTab("raises", "Raises", "/p/showing/raises", permission=SEE, order=200),
            CardTab("secret", "Secret", "/p/showing/part/secret", permission=NEVER),
        ]

    @hookimpl
    async def toolbar_actions(self, ctx: Context, interaction: InteractionView) -> list[ToolbarAction]:
        self._fail("toolbar_actions")
        return [
            ToolbarAction("ask", "Ask", "/p/showing/part/dialog", "message", permission=SEE),
            ToolbarAction("do", "Do it", "/p/showing/act", "bolt", Opens.POST, permission=SEE),
            ToolbarAction("go", "Go there", "/p/showing/page", "arrow-right", Opens.PAGE, permission=SEE),
            ToolbarAction("never", "Never", "/p/showing/page", "lock", Opens.PAGE, permission=NEVER),
        ]

    @hookimpl
    async def dashboard_widgets(self, ctx: Context) -> list[Widget]:
        self._fail("dashboard_widgets")
        return [
            Widget("works", "A widget", "/p/showing/part/widget", permission=SEE),
            Widget("raises", "A widget that fails", "/p/showing/raises", permission=SEE, columns=2),
            Widget("never", "A hidden widget", "/p/showing/part/hidden", permission=NEVER),
        ]

    @hookimpl
    async def workspace_sections(self, ctx: Context) -> list[WorkspaceSection]:
        self._fail("workspace_sections")
        return [
            WorkspaceSection("works", "A section", "/p/showing/part/section", permission=SEE),
            WorkspaceSection("raises", "A section that fails", "/p/showing/raises", permission=SEE, columns=2),
            WorkspaceSection("never", "A hidden section", "/p/showing/part/hidden", permission=NEVER),
        ]

    @hookimpl
    async def interaction_page(self, ctx: Context, interaction: InteractionView) -> str | None:
        self._fail("interaction_page")
        return self.leads_to if interaction.channel == "paper" else None

    @hookimpl
    async def search(self, ctx: Context, query: str, limit: int) -> list[SearchHit]:
        self._fail("search")
        if "hang" in self.fails:
            await asyncio.sleep(30)
        return [SearchHit(f"About {query}", "/p/showing/page", "Article", "book")][:limit]

    def _fail(self, hook: str) -> None:
        if hook in self.fails:
            raise RuntimeError(f"no {hook} today")


plugin = Showing()
