"""Looks after the media node of this process: keeps its row alive, and the rows of its legs true."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from plugins.telephony import nodes
from plugins.telephony.connections import MediaConnections, control_secret
from plugins.telephony.embedded import SoftswitchProcess
from plugins.telephony.legs import LegView, find_leg, known_legs, legs_of_ended_calls, legs_on_node
from plugins.telephony.provider import (
    EndCause,
    LegConnected,
    LegEnded,
    LegId,
    LegSnapshot,
    LegState,
    ProviderBack,
    ProviderError,
    ProviderLost,
    ProviderUnavailable,
    VoiceEvent,
    VoiceProvider,
)
from plugins.telephony.services.ending import finish_leg, note_truth
from plugins.telephony.services.following import differs, follow
from plugins.telephony.settings import EMBEDDED, InstallationSettings
from plugins.telephony.states import Side
from plugins.telephony.watch import guarded
from switchroom.runtime import Platform

log = structlog.get_logger(__name__)

BEAT_SECONDS = 2.0
ORPHAN_SECONDS = 30
"""A leg that nobody has written a row for by then belongs to no call: its process died while answering."""


class NodeReplaced(Exception):
    """Another process has taken charge of this node's name; its legs are none of our business."""


class MediaController:
    """One node, from the start of this process to its end.

    With the built-in softswitch the node is a child process. With a provider of another kind, which outlives us, the
    node stands for our connection to it.
    """

    def __init__(self, platform: Platform, settings: InstallationSettings, connections: MediaConnections) -> None:
        self._platform = platform
        self._settings = settings
        self._connections = connections
        self._name = settings.node_name
        self._epoch = uuid.uuid4().hex
        self._switch: SoftswitchProcess | None = None
        self._provider: VoiceProvider | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Starts the node and ends the calls that an earlier one of its name has left behind.

        Raises:
            ProviderUnavailable: The media server does not start, or cannot be reached.
        """
        address = ("", 0)
        if self._settings.provider == EMBEDDED:
            self._switch = self._make_switch()
            await self._switch.start()
            address = self._switch.address
        try:
            await nodes.register(self._name, self._epoch, address, self._settings.max_legs)
            self._provider = await self._connections.provider(self._name)
            events = self._provider.events()
            await self.reconcile()
        except BaseException:
            await self._close_switch()
            raise
        self._tasks = [
            asyncio.create_task(self._follow_events(events), name="media-events"),
            asyncio.create_task(self._keep_true(), name="media-heartbeat"),
        ]

    async def close(self) -> None:
        """Ends the node with its calls, each with the cause that its media is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._switch is not None and await nodes.beat(self._name, self._epoch):
            for leg in await legs_on_node(self._name):
                await guarded(self._platform, leg, partial(finish_leg, leg=leg, cause=EndCause.PROVIDER_LOST))
        await nodes.unregister(self._name, self._epoch)
        # Before the switch goes: else they would take its end for a fault.
        await self._connections.close()
        await self._close_switch()

    def _make_switch(self) -> SoftswitchProcess:
        installation = self._platform.settings
        servers = [server.model_dump(mode="python", exclude_none=True) for server in installation.ice_servers]
        for server in servers:
            if "credential" in server:
                server["credential"] = server["credential"].get_secret_value()
        return SoftswitchProcess(
            secret=control_secret(self._platform, self._name, self._epoch),
            host=self._settings.media_host,
            port=self._settings.media_port,
            ice_servers=servers,
            media_timeout=float(self._settings.media_timeout_seconds),
            connect_timeout=float(self._settings.connect_timeout_seconds),
            max_legs=self._settings.max_legs,
            cache=str(installation.data_dir / "sounds"),
            log_level=installation.logging.level.upper(),
        )

    async def _close_switch(self) -> None:
        switch, self._switch = self._switch, None
        if switch is not None:
            await switch.close()

    # --- What the provider tells ---

    async def _follow_events(self, events: AsyncIterator[VoiceEvent]) -> None:
        async for event in events:
            try:
                await self._take(event)
            except Exception:
                log.exception("media_event_failed", event=type(event).__name__)

    async def _take(self, event: VoiceEvent) -> None:
        match event:
            case LegConnected(leg, at):
                await self._note(leg, LegSnapshot(leg, LegState.CONNECTED, at, connected_at=at))
            case LegEnded(leg, at=at, cause=cause):
                await self._note(leg, LegSnapshot(leg, LegState.ENDED, at, ended_at=at, cause=cause))
            case ProviderLost(reason):
                log.error("media_node_lost", node=self._name, reason=reason)
            case ProviderBack():
                log.info("media_node_back", node=self._name)
                await self.reconcile()

    async def _note(self, name: LegId, truth: LegSnapshot) -> None:
        leg = await find_leg(name)
        if leg is not None:
            await guarded(self._platform, leg, partial(note_truth, leg=leg, truth=truth))

    # --- What the heartbeat finds ---

    async def _keep_true(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self.reconcile()
            except NodeReplaced:
                log.error("media_node_replaced", node=self._name, mend="Give each process its own node_name.")
                await self._close_switch()
                return
            except ProviderError as error:
                log.warning("media_node_silent", node=self._name, reason=str(error))
            except Exception:
                log.exception("media_heartbeat_failed", node=self._name)

    async def reconcile(self) -> None:
        """Says that the node is alive, brings the rows up to the truth, and the media to what the rows then say.

        Raises:
            ProviderError: The provider cannot be asked; then the node does not count as alive either.
            NodeReplaced: Another process has taken charge of the node's name.
        """
        provider = self._provider
        if provider is None:
            raise ProviderUnavailable("The media node has not been started.")
        # Rows first: a row is written after its leg was made, so a leg that is missing afterwards is gone.
        rows = await legs_on_node(self._name)
        truths = {truth.leg: truth for truth in await provider.legs()}
        if not await nodes.beat(self._name, self._epoch):
            raise NodeReplaced(self._name)
        calls: dict[int, dict[Side, LegView]] = defaultdict(dict)
        for leg in rows:
            if await guarded(self._platform, leg, partial(note_truth, leg=leg, truth=truths.get(leg.leg))):
                calls[leg.interaction_id][leg.side] = leg
        for interaction_id, legs in calls.items():
            if differs(legs, truths):
                some_leg = next(iter(legs.values()))
                await guarded(self._platform, some_leg, partial(follow, interaction_id=interaction_id))
        for ended in await legs_of_ended_calls(self._name):
            await provider.hang_up(ended)
        await self._drop_orphans(provider, truths.values())

    async def _drop_orphans(self, provider: VoiceProvider, truths: Iterable[LegSnapshot]) -> None:
        limit = datetime.now(UTC) - timedelta(seconds=ORPHAN_SECONDS)
        old = [truth.leg for truth in truths if truth.state is not LegState.ENDED and truth.created_at < limit]
        known = await known_legs(old) if old else set()
        for leg in set(old) - known:
            log.warning("orphan_leg", leg=leg)
            await provider.hang_up(leg)
