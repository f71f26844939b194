"""The switch: its legs, and who hears whom."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from aiortc import RTCConfiguration, RTCIceServer

from plugins.telephony.provider import (
    EndCause,
    LegEnded,
    LegExists,
    LegId,
    LegSnapshot,
    ProviderFull,
    Sound,
    UnknownLeg,
)
from plugins.telephony.softswitch import aiortc_hooks
from plugins.telephony.softswitch.leg import Leg
from plugins.telephony.softswitch.options import Options
from plugins.telephony.softswitch.sounds import PACKET_SECONDS, Sounds
from plugins.telephony.softswitch.wire import SwitchEvent

logger = logging.getLogger(__name__)

REMEMBER_ENDED = timedelta(minutes=10)
_MAX_BEHIND = 0.2
"""Seconds by which the clock may be late and still catch up; beyond that the missed time is skipped."""


class Switch:
    """Holds the legs. Commands act at once (`answer` excepted) and raise the provider interface's errors.

    `emit` gets every event.
    """

    def __init__(self, options: Options, sounds: Sounds, emit: Callable[[SwitchEvent], None]) -> None:
        aiortc_hooks.install_codecs()
        self._options = options
        self._sounds = sounds
        self._emit = emit
        self._configuration = RTCConfiguration(
            iceServers=[RTCIceServer(one.urls, one.username, one.credential) for one in options.ice_servers]
        )
        self._legs: dict[LegId, Leg] = {}
        self._ended: dict[LegId, LegSnapshot] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._clock = asyncio.create_task(self._run_clock())

    async def close(self) -> None:
        """End all legs, telling their browsers."""
        self._clock.cancel()
        for leg in list(self._legs.values()):
            leg.end(EndCause.HUNG_UP)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def answer(self, name: LegId, offer: str) -> str:
        """Make a leg of a browser's offer and return the answer."""
        if name in self._legs or name in self._ended:
            raise LegExists(f"The call leg {name} exists already; its offer was answered.")
        if len(self._legs) >= self._options.max_legs:
            raise ProviderFull(f"All {self._options.max_legs} lines are in use. Try again in a moment.")
        leg = self._legs[name] = Leg(
            name,
            self._sounds,
            self._configuration,
            media_timeout=self._options.media_timeout,
            connect_timeout=self._options.connect_timeout,
            emit=self._on_event,
            spawn=self._spawn,
        )
        try:
            return await leg.answer(offer)
        except BaseException:
            if self._legs.get(name) is leg:
                del self._legs[name]
                leg.abandon()
            raise

    def play(self, name: LegId, sound: Sound) -> None:
        """Play over and over."""
        self._leg(name).play(sound)

    def play_once(self, name: LegId, sound: Sound) -> None:
        """Play once."""
        self._leg(name).play_once(self._sounds.clips[sound].first)

    def send_digits(self, name: LegId, digits: str) -> None:
        """Play the tones of `digits`."""
        self._leg(name).play_once([packet for digit in digits for packet in self._sounds.digits[digit]])

    def bridge(self, a: LegId, b: LegId) -> None:
        """Let two legs talk; each leaves the peer that it has."""
        one, other = self._leg(a), self._leg(b)
        if one.peer is other or one is other:
            return
        self._part(one)
        self._part(other)
        one.peer, other.peer = other, one
        one.listen()
        other.listen()

    def change(self, name: LegId, to: str) -> None:
        """Bring a leg into a state, see `wire.Change`."""
        if to == "ended":
            if name in self._legs:
                self._legs[name].end(EndCause.HUNG_UP)
            return
        leg = self._leg(name)
        match to:
            case "unbridged":
                self._part(leg)
            case "held" | "unheld":
                leg.set_held(to == "held")
            case "muted" | "unmuted":
                leg.set_muted(to == "muted")
        if leg.peer is not None:
            leg.peer.listen()

    def legs(self) -> list[LegSnapshot]:
        """Return the legs that live and those that ended lately."""
        self._forget_old()
        return [*self._ended.values(), *(leg.snapshot() for leg in self._legs.values())]

    def _leg(self, name: LegId) -> Leg:
        leg = self._legs.get(name)
        if leg is None:
            raise UnknownLeg(name)
        return leg

    def _part(self, leg: Leg) -> None:
        peer = leg.peer
        if peer is not None:
            leg.peer = peer.peer = None
            leg.listen()
            peer.listen()

    def _on_event(self, event: SwitchEvent) -> None:
        if isinstance(event, LegEnded):
            logger.info("leg %s: ended: %s", event.leg, event.cause)
            leg = self._legs.pop(event.leg)
            self._ended[event.leg] = leg.snapshot()
            self._part(leg)
            self._forget_old()
        self._emit(event)

    def _forget_old(self) -> None:
        """Forget legs that ended long ago; they are in the order of their ends."""
        limit = datetime.now(UTC) - REMEMBER_ENDED
        while self._ended:
            oldest = next(iter(self._ended.values()))
            if oldest.ended_at is None or oldest.ended_at > limit:
                return
            del self._ended[oldest.leg]

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_clock(self) -> None:
        """Let every leg send its next 20 ms, every 20 ms."""
        due = time.monotonic()
        while True:
            now = time.monotonic()
            if now - due > _MAX_BEHIND:
                # We stood still (a suspended machine): what browsers sent meanwhile is still to be read.
                for leg in self._legs.values():
                    leg.last_received += now - due
                due = now
            for leg in list(self._legs.values()):
                try:
                    leg.tick(now)
                except Exception:
                    logger.exception("leg %s: failed", leg.name)
                    leg.end(EndCause.MEDIA_LOST)
            due += PACKET_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))
