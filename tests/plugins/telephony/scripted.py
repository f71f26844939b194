"""A voice provider in memory: it carries no sound, but its legs live, end, are held and bridged as with a real one.

`settings.yaml` takes it as ``provider: tests.plugins.telephony.scripted:provider``; tests in the same process reach its
switch by `switch`, and let browsers connect, close and go silent, or the switch itself go away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from plugins.telephony.provider import (
    EndCause,
    LegConnected,
    LegEnded,
    LegExists,
    LegId,
    LegSnapshot,
    LegState,
    MalformedOffer,
    ProviderBack,
    ProviderFull,
    ProviderLost,
    ProviderUnavailable,
    Sound,
    UnknownLeg,
    VoiceEvent,
    VoiceProvider,
)

OFFER = "v=0 scripted offer"
ANSWER = "v=0 scripted answer"


@dataclass
class ScriptedSwitch:
    """What all providers of one name share.

    Attributes:
        digits: Pairs of a leg and the keys whose tones it has heard.
        unreachable: Why no command gets through at the moment; empty when they do.
        refuse: Commands (by their names) that fail as if the answer got lost.
    """

    max_legs: int = 1000
    connect_at_once: bool = True
    known: dict[LegId, LegSnapshot] = field(default_factory=dict)
    digits: list[tuple[LegId, str]] = field(default_factory=list)
    unreachable: str = ""
    refuse: set[str] = field(default_factory=set)
    streams: list[asyncio.Queue[VoiceEvent | None]] = field(default_factory=list)

    @property
    def alive(self) -> list[LegSnapshot]:
        """The legs that have not ended."""
        return [leg for leg in self.known.values() if leg.state is not LegState.ENDED]

    def connect(self, leg: LegId) -> None:
        """The browser's audio begins to flow."""
        now = datetime.now(UTC)
        self.known[leg] = replace(self.get(leg), state=LegState.CONNECTED, connected_at=now)
        self.emit(LegConnected(leg, now))

    def end(self, leg: LegId, cause: EndCause) -> None:
        """The leg ends, for whatever cause."""
        snapshot = self.get(leg)
        now = datetime.now(UTC)
        self.part(leg)
        self.known[leg] = replace(snapshot, peer=None, state=LegState.ENDED, ended_at=now, cause=cause)
        self.emit(LegEnded(leg, cause, now))

    def crash(self) -> None:
        """The switch dies and starts again at once: it knows of no leg any more."""
        now = datetime.now(UTC)
        self.known.clear()
        self.emit(ProviderLost("it crashed", now))
        self.emit(ProviderBack(now))

    def age(self, leg: LegId, seconds: float) -> None:
        """Lets the leg be older than it is."""
        self.known[leg] = replace(self.known[leg], created_at=self.known[leg].created_at - timedelta(seconds=seconds))

    def get(self, leg: LegId) -> LegSnapshot:
        """The leg, if it lives."""
        snapshot = self.known.get(leg)
        if snapshot is None or snapshot.state is LegState.ENDED:
            raise UnknownLeg(leg)
        return snapshot

    def part(self, leg: LegId) -> None:
        """Parts the leg from its peer."""
        peer = self.known[leg].peer
        if peer is not None:
            self.known[leg] = replace(self.known[leg], peer=None)
            self.known[peer] = replace(self.known[peer], peer=None)

    def emit(self, event: VoiceEvent) -> None:
        """Tells all readers."""
        for stream in self.streams:
            stream.put_nowait(event)


_switches: dict[str, ScriptedSwitch] = {}


def switch(name: str = "default") -> ScriptedSwitch:
    """The switch of that name, made when it is first asked for."""
    return _switches.setdefault(name, ScriptedSwitch())


def new_switch(name: str = "default") -> ScriptedSwitch:
    """A switch of that name that has just been started."""
    _switches.pop(name, None)
    return switch(name)


def provider(name: str = "default") -> ScriptedProvider:
    """The factory that settings name."""
    return ScriptedProvider(switch(name))


class ScriptedProvider(VoiceProvider):
    """A client of a `ScriptedSwitch`."""

    def __init__(self, carried_by: ScriptedSwitch) -> None:
        self._switch = carried_by
        self._mine: list[asyncio.Queue[VoiceEvent | None]] = []

    async def start(self) -> None:
        self._reach("start")

    async def close(self) -> None:
        for stream in self._mine:
            stream.put_nowait(None)
            self._switch.streams.remove(stream)
        self._mine.clear()

    async def answer(self, leg: LegId, offer_sdp: str) -> str:
        self._reach("answer")
        if not offer_sdp.startswith("v=0"):
            raise MalformedOffer("The browser's offer is not a session description (SDP).")
        if leg in self._switch.known:
            raise LegExists("That leg exists.")
        if len(self._switch.alive) >= self._switch.max_legs:
            raise ProviderFull("All lines are in use.")
        self._switch.known[leg] = LegSnapshot(leg, LegState.CONNECTING, datetime.now(UTC))
        if self._switch.connect_at_once:
            self._switch.connect(leg)
        return ANSWER

    async def play(self, leg: LegId, sound: Sound) -> None:
        self._change("play", leg, sound=sound)

    async def play_once(self, leg: LegId, sound: Sound) -> None:
        self._change("play_once", leg)

    async def send_digits(self, leg: LegId, digits: str) -> None:
        self._change("send_digits", leg)
        self._switch.digits.append((leg, digits))

    async def bridge(self, a: LegId, b: LegId) -> None:
        self._reach("bridge")
        self._switch.get(a)
        self._switch.get(b)
        self._switch.part(a)
        self._switch.part(b)
        self._change("bridge", a, peer=b)
        self._change("bridge", b, peer=a)

    async def unbridge(self, leg: LegId) -> None:
        self._change("unbridge", leg)
        self._switch.part(leg)

    async def hold(self, leg: LegId) -> None:
        self._change("hold", leg, held=True)

    async def unhold(self, leg: LegId) -> None:
        self._change("unhold", leg, held=False)

    async def mute(self, leg: LegId) -> None:
        self._change("mute", leg, muted=True)

    async def unmute(self, leg: LegId) -> None:
        self._change("unmute", leg, muted=False)

    async def hang_up(self, leg: LegId) -> None:
        self._reach("hang_up")
        if any(alive.leg == leg for alive in self._switch.alive):
            self._switch.end(leg, EndCause.HUNG_UP)

    async def legs(self) -> Sequence[LegSnapshot]:
        self._reach("legs")
        return list(self._switch.known.values())

    def events(self) -> AsyncIterator[VoiceEvent]:
        stream: asyncio.Queue[VoiceEvent | None] = asyncio.Queue()
        self._mine.append(stream)
        self._switch.streams.append(stream)
        return _read(stream)

    def _reach(self, command: str) -> None:
        if self._switch.unreachable or command in self._switch.refuse:
            raise ProviderUnavailable(self._switch.unreachable or f"{command} was not answered")

    def _change(self, command: str, leg: LegId, **values: object) -> None:
        self._reach(command)
        self._switch.known[leg] = replace(self._switch.get(leg), **values)  # type: ignore[arg-type]


async def _read(stream: asyncio.Queue[VoiceEvent | None]) -> AsyncIterator[VoiceEvent]:
    while (event := await stream.get()) is not None:
        yield event
