"""A connection beside the pool that lasts as long as its owner, and comes back when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import asyncpg
import structlog

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0

Connection: TypeAlias = "asyncpg.Connection[Any]"


def nothing() -> None:
    """What is done where there is nothing to do."""


class LastingConnection:
    """One connection to the database, for what belongs to a session: what is listened to, and locks that it holds.

    Args:
        dsn: The address of the database.
        prepare: Awaited with each new connection; it is the one in use from then on.
        on_lost: Called when it is gone.
        on_return: Called when there is another one after that.
    """

    def __init__(
        self,
        dsn: str,
        prepare: Callable[[Connection], Awaitable[None]],
        *,
        on_lost: Callable[[], None] = nothing,
        on_return: Callable[[], None] = nothing,
    ) -> None:
        self._dsn = dsn
        self._prepare = prepare
        self._on_lost = on_lost
        self._on_return = on_return
        self._connection: Connection | None = None
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connects, and keeps connecting until it is stopped."""
        await self._connect()
        self._task = asyncio.create_task(self._keep(), name="lasting-connection")

    async def stop(self) -> None:
        """Closes the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close()

    async def _connect(self) -> None:
        self._lost.clear()
        connection = await asyncpg.connect(self._dsn)
        connection.add_termination_listener(lambda _connection: self._lost.set())
        try:
            await self._prepare(connection)
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection

    async def _keep(self) -> None:
        while True:
            await self._lost.wait()
            log.warning("database_connection_lost")
            self._on_lost()
            while True:
                await asyncio.sleep(RETRY_SECONDS)
                try:
                    await self._connect()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    continue
                break
            self._on_return()
