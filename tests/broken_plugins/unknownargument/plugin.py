"""An argument that the hook does not have."""

from switchroom import Context, hookimpl
from switchroom.contributions import Panel


class UnknownArgument:
    """The fault is in the name of the argument."""

    @hookimpl
    async def agent_panels(self, ctx: Context, colour: str) -> list[Panel]:
        return [Panel("unknownargument.panel", colour, "/p/unknownargument/panel")]


plugin = UnknownArgument()
