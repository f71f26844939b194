"""A hook of the views that raises."""

from switchroom import Context, hookimpl
from switchroom.contributions import NavItem, Panel


class PanelHook:
    """Loads well, and fails whenever it is asked."""

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        raise RuntimeError("a panel that nobody will see: hunter2")

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        return ["no entry at all"]  # type: ignore[list-item]


plugin = PanelHook()
