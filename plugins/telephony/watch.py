"""Every process looks whether media nodes are alive: the calls of one that died with its whole machine end as well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from plugins.telephony.connections import MediaConnections
from plugins.telephony.legs import LegView, legs_on_node, legs_without_node
from plugins.telephony.nodes import NodeView, all_nodes
from plugins.telephony.provider import EndCause
from plugins.telephony.services.ending import finish_leg
from switchroom import Context
from switchroom.runtime import Platform

log = structlog.get_logger(__name__)

T = TypeVar("T")

LOOK_SECONDS = 4.0
SILENT_SECONDS = 10
"""A node that was silent for so long, and still is at the next look, is lost."""


class NodeWatch:
    """Takes over the calls of nodes that nobody looks after any more. All processes do; each call ends once."""

    def __init__(self, platform: Platform, connections: MediaConnections) -> None:
        self._platform = platform
        self._connections = connections
        self._silent: dict[str, NodeView] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look."""
        self._task = asyncio.create_task(self._run(), name="node-watch")

    async def close(self) -> None:
        """Looks no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Ends the calls of nodes that were silent the last time and have not been heard of since.

        Looking twice spares the calls when it was the database that was away, and no node could say that it lives.
        """
        limit = datetime.now(UTC) - timedelta(seconds=SILENT_SECONDS)
        silent = {node.name: node for node in await all_nodes() if node.seen_at < limit}
        lost = [name for name, node in silent.items() if self._silent.get(name) == node]
        self._silent = silent
        for name in lost:
            legs = await legs_on_node(name)
            if legs:
                log.error("media_node_dead", node=name, legs=len(legs))
            await self._end(legs)
        await self._end(await legs_without_node())
        await self._connections.forget_gone()

    async def _end(self, legs: list[LegView]) -> None:
        for leg in legs:
            await guarded(self._platform, leg, partial(finish_leg, leg=leg, cause=EndCause.PROVIDER_LOST))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:
                log.exception("node_watch_failed")


async def guarded(platform: Platform, leg: LegView, work: Callable[[Context], Awaitable[T]]) -> T | None:
    """Does something for one leg in the context of its tenant; a failure is logged and the other legs' turn comes."""
    try:
        tenant = await platform.tenant(tenant_id=leg.tenant_id)
        async with platform.context(tenant) as ctx:
            return await work(ctx.for_plugin("telephony"))
    except Exception:
        log.exception("leg_failed", leg=leg.leg, interaction=leg.interaction_id)
        return None
