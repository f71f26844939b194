"""The tabs of this process and the topics that each of them shows.

A message names a topic that has changed; the page fetches the fragment again. A tab keeps one pending entry per topic,
so a slow one never has a backlog: it is told once what it has to fetch.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from core.database.transaction import at_once_after_commit, batch_until_commit, in_one
from core.live.backbone import Backbone, PostgresBackbone, RedisBackbone

RESYNC = json.dumps({"resync": True})
MAX_TOPICS = 50
AT_ONCE = 100
"""How many topics one message names: what PostgreSQL carries has at most 8,000 bytes."""


class Tab:
    """One open page. `topics` is what it shows; `next_message` waits for something to tell it."""

    def __init__(self, topics: Iterable[str] = ()) -> None:
        self.topics = set(topics)
        self._pending: dict[str, str] = {}
        self._changed = asyncio.Event()

    def tell(self, topic: str, message: str) -> None:
        """Notes a change; many of one topic are one."""
        if topic in self.topics:
            self._pending[topic] = message
            self._changed.set()

    def resync(self) -> None:
        """Messages may have been missed: the page must fetch everything again."""
        self._pending = {"": RESYNC}
        self._changed.set()

    async def next_message(self) -> str:
        """The next thing to send, as JSON text."""
        while not self._pending:
            self._changed.clear()
            await self._changed.wait()
        topic = next(iter(self._pending))
        return self._pending.pop(topic)


class LiveHub:
    """Publishes changes, and passes those of other processes to the tabs of this one."""

    def __init__(self, dsn: str, redis_url: str | None) -> None:
        make: Callable[..., Backbone] = RedisBackbone if redis_url else PostgresBackbone
        self._backbone = make(redis_url or dsn, on_message=self._heard, on_gap=self._gap)
        self._tabs: dict[str, set[Tab]] = defaultdict(set)
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Connects to the backbone."""
        await self._backbone.start()

    async def stop(self) -> None:
        """Leaves the backbone."""
        await self._backbone.stop()

    async def publish(self, tenant_id: int, *topics: str) -> None:
        """Tells all tabs of the tenant that show one of the topics, once the current transaction has committed."""
        if in_one():
            batch_until_commit(f"live:{tenant_id}", partial(self._send_later, tenant_id)).extend(topics)
        else:
            await self._send(tenant_id, topics)

    async def _send_later(self, tenant_id: int, topics: list[str]) -> None:
        await at_once_after_commit(partial(self._send, tenant_id, topics))

    async def _send(self, tenant_id: int, topics: Iterable[str]) -> None:
        wanted = sorted(set(topics))
        for first in range(0, len(wanted), AT_ONCE):
            await self._backbone.publish(_channel(tenant_id), json.dumps(wanted[first : first + AT_ONCE]))

    async def join(self, tenant_id: int, tab: Tab) -> None:
        """Adds a tab; the process hears a tenant's channel from its first tab on."""
        channel = _channel(tenant_id)
        async with self._lock:
            if not self._tabs[channel]:
                await self._backbone.subscribe(channel)
            self._tabs[channel].add(tab)

    async def leave(self, tenant_id: int, tab: Tab) -> None:
        """Removes a tab."""
        channel = _channel(tenant_id)
        async with self._lock:
            self._tabs[channel].discard(tab)
            if not self._tabs[channel]:
                del self._tabs[channel]
                await self._backbone.unsubscribe(channel)

    def _heard(self, channel: str, payload: str) -> None:
        for topic in json.loads(payload):
            message = json.dumps({"topic": topic})
            for tab in self._tabs.get(channel, ()):
                tab.tell(topic, message)

    def _gap(self) -> None:
        for tabs in self._tabs.values():
            for tab in tabs:
                tab.resync()


def _channel(tenant_id: int) -> str:
    return f"switchroom_live_{tenant_id}"
