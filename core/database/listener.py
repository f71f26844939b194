"""Hears PostgreSQL's NOTIFY on a connection of its own, and comes back when that connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0

OnMessage = Callable[[str, str], None]
OnReconnect = Callable[[], None]


class Listener:
    """One LISTEN connection.

    Args:
        on_message: Called with channel and payload.
        on_reconnect: Called after a gap in which messages may have been missed.
    """

    def __init__(self, dsn: str, *, on_message: OnMessage, on_reconnect: OnReconnect | None = None) -> None:
        self._dsn = dsn
        self._on_message = on_message
        self._on_reconnect = on_reconnect
        self._channels: set[str] = set()
        self._connection: asyncpg.Connection[Any] | None = None
        self._lost = asyncio.Event()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connects, and keeps connecting for as long as the listener lives."""
        await self._connect()
        self._task = asyncio.create_task(self._keep(), name="postgres-listener")

    async def stop(self) -> None:
        """Closes the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close()

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

    def _heard(self, _connection: Any, _pid: int, channel: str, payload: object) -> None:
        self._on_message(channel, str(payload))

    async def _connect(self) -> None:
        self._lost.clear()
        connection = await asyncpg.connect(self._dsn)
        connection.add_termination_listener(lambda _connection: self._lost.set())
        async with self._lock:
            for channel in self._channels:
                await connection.add_listener(channel, self._heard)
            self._connection = connection

    async def _keep(self) -> None:
        while True:
            await self._lost.wait()
            log.warning("listener_lost")
            while True:
                await asyncio.sleep(RETRY_SECONDS)
                try:
                    await self._connect()
                except (OSError, asyncpg.PostgresError):
                    continue
                break
            if self._on_reconnect is not None:
                self._on_reconnect()
