"""Carries change messages between processes: PostgreSQL's LISTEN/NOTIFY, or Redis when scaled."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Protocol

import structlog
from redis import asyncio as redis
from redis.exceptions import RedisError

from core.database.listener import Listener, OnMessage, OnReconnect
from core.database.notifying import notify

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0


class Backbone(Protocol):
    """One subscription of a process to the channels that its tabs need."""

    async def start(self) -> None:
        """Connects and begins to hear; comes back by itself when the connection is lost."""

    async def stop(self) -> None:
        """Closes the connections."""

    async def publish(self, channel: str, message: str) -> None:
        """Tells every process that hears the channel."""

    async def subscribe(self, channel: str) -> None:
        """Hears a channel from now on."""

    async def unsubscribe(self, channel: str) -> None:
        """Hears it no more."""


class PostgresBackbone:
    """Over the database that is there anyway."""

    def __init__(self, dsn: str, *, on_message: OnMessage, on_gap: OnReconnect) -> None:
        self._listener = Listener(dsn, on_message=on_message, on_reconnect=on_gap)
        self.start = self._listener.start
        self.stop = self._listener.stop
        self.subscribe = self._listener.listen
        self.unsubscribe = self._listener.unlisten

    async def publish(self, channel: str, message: str) -> None:
        """Tells every process that listens to the channel."""
        await notify((channel, message))


class RedisBackbone:
    """Over Redis Pub/Sub, for many processes."""

    def __init__(self, url: str, *, on_message: OnMessage, on_gap: OnReconnect) -> None:
        self._redis: Any = redis.from_url(url, decode_responses=True)
        self._pubsub: Any = self._redis.pubsub(ignore_subscribe_messages=True)
        self._on_message = on_message
        self._on_gap = on_gap
        self._channels: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connects and begins to hear."""
        await self._redis.ping()
        await self._pubsub.subscribe("switchroom_keepalive")
        self._task = asyncio.create_task(self._hear(), name="redis-backbone")

    async def stop(self) -> None:
        """Closes the connections."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._pubsub.aclose()
        await self._redis.aclose()

    async def publish(self, channel: str, message: str) -> None:
        """Tells every process that listens to the channel."""
        await self._redis.publish(channel, message)

    async def subscribe(self, channel: str) -> None:
        """Hears a channel from now on."""
        self._channels.add(channel)
        await self._pubsub.subscribe(channel)

    async def unsubscribe(self, channel: str) -> None:
        """Hears it no more."""
        self._channels.discard(channel)
        await self._pubsub.unsubscribe(channel)

    async def _hear(self) -> None:
        while True:
            try:
                message = await self._pubsub.get_message(timeout=30.0)
            except RedisError:
                log.warning("redis_backbone_lost")
                await asyncio.sleep(RETRY_SECONDS)
                with contextlib.suppress(RedisError):
                    await self._pubsub.subscribe("switchroom_keepalive", *self._channels)
                    self._on_gap()
                continue
            if message is not None:
                self._on_message(message["channel"], message["data"])
