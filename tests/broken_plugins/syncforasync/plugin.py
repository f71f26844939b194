"""A plain def where async def is asked."""

from switchroom import Context, hookimpl
from switchroom.contributions import Panel


class SyncForAsync:
    """The fault is in the colour of the function."""

    @hookimpl
    def agent_panels(self, ctx: Context) -> list[Panel]:
        return []


plugin = SyncForAsync()
