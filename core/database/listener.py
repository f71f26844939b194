"""Hears PostgreSQL's NOTIFY on a connection of its own, and comes back when that connection is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from core.database.lasting import Connection, LastingConnection, nothing

OnMessage = Callable[[str, str], None]
OnReconnect = Callable[[], None]


class Listener:
    """One LISTEN connection.

    Args:
        on_message: Called with channel and payload.
        on_reconnect: Called after a gap in which messages may have been missed.
    """

    def __init__(self, dsn: str, *, on_message: OnMessage, on_reconnect: OnReconnect = nothing) -> None:
        self._on_message = on_message
        self._channels: set[str] = set()
        self._connection: Connection | None = None
        self._line = LastingConnection(dsn, self._listen_again, on_return=on_reconnect)
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Connects, and keeps connecting for as long as the listener lives."""
        await self._line.start()

    async def stop(self) -> None:
        """Closes the connection."""
        await self._line.stop()

    async def listen(self, channel: str) -> None:
        """Hears a channel from now on."""
        async with self._lock:
            self._channels.add(channel)
            if self._connection is not None and not self._connection.is_closed():
                await self._connection.add_listener(channel, self._heard)

    async def unlisten(self, channel: str) -> None:
        """Hears it no more."""
        async with self._lock:
            self._channels.discard(channel)
            if self._connection is not None and not self._connection.is_closed():
                await self._connection.remove_listener(channel, self._heard)

    def _heard(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self._on_message(channel, str(payload))

    async def _listen_again(self, connection: Connection) -> None:
        async with self._lock:
            for channel in self._channels:
                await connection.add_listener(channel, self._heard)
            self._connection = connection
