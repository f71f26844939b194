"""A channel that belongs to telephony."""

from switchroom import hookimpl
from switchroom.contributions import ChannelType


class Voices:
    """The fault is in the name of the channel."""

    @hookimpl
    def register_channels(self) -> list[ChannelType]:
        return [ChannelType("voice", "Voices", "phone")]


plugin = Voices()
