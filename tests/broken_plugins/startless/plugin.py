"""Loads, and fails when the process starts."""

from switchroom import hookimpl
from switchroom.runtime import Platform


class Startless:
    """The fault is in plugin_startup."""

    @hookimpl
    async def plugin_startup(self, platform: Platform, media: bool) -> None:
        raise ConnectionError("the device does not answer")


plugin = Startless()
