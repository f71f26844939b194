"""Paper: work of which an agent may have several in hand, beside a call, and which is worked on afterwards as well."""

from switchroom import Context, hookimpl
from switchroom.capabilities import AfterContactWork, WrapUpTime
from switchroom.contributions import ChannelType, Provider


class Afterwards:
    """The capability `AfterContactWork`, of every channel."""

    async def wrap_up_time(self, ctx: Context, segment_id: int, team_seconds: int) -> WrapUpTime:
        """As long as the team has set."""
        return WrapUpTime(team_seconds)

    async def time_over(self, ctx: Context, segment_id: int) -> None:
        """Nothing is recorded."""


class Desk:
    """The wiring."""

    @hookimpl
    def register_channels(self) -> list[ChannelType]:
        return [ChannelType("paper", "Paper", "file", exclusive=False, capacity=2)]

    @hookimpl
    def register_capabilities(self) -> list[Provider]:
        return [Provider(AfterContactWork, Afterwards())]


plugin = Desk()
