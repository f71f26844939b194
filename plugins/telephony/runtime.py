"""Telephony in one process: its connections to media nodes, its watch over them, and perhaps a node of its own."""

from __future__ import annotations

from dataclasses import dataclass

from plugins.telephony.connections import MediaConnections, connect, disconnect
from plugins.telephony.controller import MediaController
from plugins.telephony.settings import InstallationSettings
from plugins.telephony.watch import NodeWatch
from switchroom.runtime import Platform


@dataclass(frozen=True)
class Running:
    """The parts that run in one process; `controller` only where there is a node.

    Attributes:
        watch: Looks after all nodes.
        controller: Looks after the node of this process.
    """

    connections: MediaConnections
    watch: NodeWatch
    controller: MediaController | None


_STATE = "telephony.running"


async def start(platform: Platform, *, media: bool) -> Running:
    """Starts telephony in this process, with a media node when `media` is set.

    Raises:
        ProviderUnavailable: The media server does not start, or cannot be reached.
    """
    settings = InstallationSettings.model_validate(platform.settings.plugins.settings.get("telephony", {}))
    connections = connect(platform, settings)
    controller = MediaController(platform, settings, connections) if media else None
    try:
        if controller is not None:
            await controller.start()
    except BaseException:
        disconnect(platform)
        await connections.close()
        raise
    watch = NodeWatch(platform, connections)
    watch.start()
    running = platform.plugin_state[_STATE] = Running(connections, watch, controller)
    return running


async def stop(platform: Platform) -> None:
    """Ends what `start` began; nothing when it did not."""
    running: Running | None = platform.plugin_state.pop(_STATE, None)
    if running is None:
        return
    await running.watch.close()
    if running.controller is not None:
        await running.controller.close()
    disconnect(platform)
    await running.connections.close()
