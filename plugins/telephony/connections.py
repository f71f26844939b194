"""How this process reaches media nodes: one connection per node, made when it is first needed."""

from __future__ import annotations

import asyncio
import contextlib
from importlib import import_module
from typing import cast

from plugins.telephony.embedded import EmbeddedProvider
from plugins.telephony.nodes import NodeView, all_nodes, get_node
from plugins.telephony.provider import ProviderUnavailable, VoiceProvider
from plugins.telephony.settings import EMBEDDED, InstallationSettings
from switchroom import Context
from switchroom.errors import StartupError
from switchroom.runtime import Platform

_STATE = "telephony.connections"


def control_secret(platform: Platform, name: str, epoch: str) -> str:
    """What the control port of a node asks for; every process can derive it, and none stores it."""
    return platform.derived_secret(f"telephony-node:{name}:{epoch}")


class MediaConnections:
    """The providers of all nodes, as this process uses them."""

    def __init__(self, platform: Platform, settings: InstallationSettings) -> None:
        self._platform = platform
        self._settings = settings
        self._open: dict[str, tuple[str, VoiceProvider]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def provider(self, name: str) -> VoiceProvider:
        """The provider of a node, connected.

        Raises:
            ProviderUnavailable: There is no such node, or it cannot be reached.
        """
        node = await get_node(name)
        if node is None:
            raise ProviderUnavailable(f"There is no media node {name!r}.")
        async with self._locks.setdefault(name, asyncio.Lock()):
            epoch, provider = self._open.get(name, ("", None))
            if provider is not None and epoch == node.epoch:
                return provider
            await self._close(name)
            fresh = self._make(node)
            await fresh.start()
            self._open[name] = (node.epoch, fresh)
            return fresh

    async def forget_gone(self) -> None:
        """Closes connections to nodes that are no more; each would go on trying to reach its node."""
        epochs = {node.name: node.epoch for node in await all_nodes()}
        for name, (epoch, _provider) in list(self._open.items()):
            if epochs.get(name) != epoch:
                async with self._locks.setdefault(name, asyncio.Lock()):
                    if self._open.get(name, ("",))[0] == epoch:
                        await self._close(name)

    async def close(self) -> None:
        """Closes all connections; the legs go on."""
        for name in list(self._open):
            await self._close(name)

    def _make(self, node: NodeView) -> VoiceProvider:
        if self._settings.provider == EMBEDDED:
            return EmbeddedProvider((node.host, node.port), control_secret(self._platform, node.name, node.epoch))
        return external_provider(self._settings)

    async def _close(self, name: str) -> None:
        _epoch, provider = self._open.pop(name, ("", None))
        if provider is not None:
            with contextlib.suppress(ProviderUnavailable):
                await provider.close()


def external_provider(settings: InstallationSettings) -> VoiceProvider:
    """The provider that settings.yaml names, made by its factory from `provider_options`.

    Raises:
        StartupError: It cannot be imported or made.
    """
    module, _, factory = settings.provider.partition(":")
    try:
        return cast(VoiceProvider, getattr(import_module(module), factory)(**settings.provider_options))
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise StartupError(
            f"The voice provider {settings.provider!r} cannot be used: {error}",
            mend="Correct plugins.settings.telephony in settings.yaml.",
        ) from error


def connect(platform: Platform, settings: InstallationSettings) -> MediaConnections:
    """Makes the connections of one application instance known to `connections_of`."""
    connections = platform.plugin_state[_STATE] = MediaConnections(platform, settings)
    return connections


def disconnect(platform: Platform) -> MediaConnections | None:
    """Takes back what `connect` did; gives the connections, which the caller closes."""
    connections: MediaConnections | None = platform.plugin_state.pop(_STATE, None)
    return connections


def connections_of(ctx: Context) -> MediaConnections:
    """The connections of the application instance that `ctx` works in.

    Raises:
        ProviderUnavailable: The plugin has not started in this process.
    """
    connections: MediaConnections | None = ctx.plugin_state.get(_STATE)
    if connections is None:
        raise ProviderUnavailable("Telephony does not run in this process.")
    return connections
