"""A panel whose address raises."""

from litestar import get

from switchroom import Context, hookimpl
from switchroom.contributions import Panel, Permission, Routes

USE = "panelpage.use"


@get("/panel", permission=USE)
async def panel() -> None:
    """Raises."""
    raise RuntimeError("a panel that nobody will see: hunter2")


class PanelPage:
    """Loads well, and fails whenever it is asked."""

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [Permission(USE, "See it", ("agent", "supervisor"))]

    @hookimpl
    def register_routes(self) -> Routes:
        return Routes(pages=[panel])

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        return [Panel("panelpage.panel", "Broken panel", "/p/panelpage/panel", permission=USE, order=900)]


plugin = PanelPage()
