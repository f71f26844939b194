"""What one leg is sent: Opus packets from changing sources under one clock that never jumps back."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from fractions import Fraction
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket
from av.packet import Packet

from plugins.telephony.softswitch.aiortc_hooks import CLOCK_RATE
from plugins.telephony.softswitch.sounds import SAMPLES_A_PACKET

MAX_WAITING = 10
"""Packets (200 ms) that may wait for the network; then the oldest is dropped, for late audio is worse than none."""

_TIME_BASE = Fraction(1, CLOCK_RATE)
_MAX_STEP = 5 * CLOCK_RATE
"""A source whose clock moves further than this between two packets has started its clock anew."""


class OutgoingAudio(MediaStreamTrack):
    """A track of encoded packets. aiortc's sender takes from it and sends what it gets without touching it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._ready: deque[Packet[Any]] = deque(maxlen=MAX_WAITING)
        self._arrived = asyncio.Event()
        self._clock = 0
        self._sent_at = time.monotonic()
        self._source: int | None = None
        """SSRC of the stream that is forwarded now; None while packets are our own."""
        self._source_clock = 0
        self.packets = 0

    def send_own(self, payload: bytes) -> None:
        """Send 20 ms of our own audio; call it every 20 ms."""
        if self._source is None:
            self._clock += SAMPLES_A_PACKET
        else:
            self._source = None
            self._catch_up()
        self._put(payload)

    def forward(self, packet: RtpPacket) -> None:
        """Send a packet that another leg sent us, keeping its distance in time to the one before it."""
        step = _signed32(packet.timestamp - self._source_clock)
        if packet.ssrc == self._source and abs(step) <= _MAX_STEP:
            self._clock += step
        else:
            self._source = packet.ssrc
            self._catch_up()
        self._source_clock = packet.timestamp
        self._put(packet.payload)

    async def recv(self) -> Packet[Any]:
        """Return the next packet; for aiortc's sender."""
        while not self._ready:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        return self._ready.popleft()

    def stop(self) -> None:
        """End the track, waking its reader."""
        super().stop()
        self._arrived.set()

    def _catch_up(self) -> None:
        """Start another source: advance the clock by the time since the last packet, so that it stays true."""
        passed = round((time.monotonic() - self._sent_at) * CLOCK_RATE)
        self._clock += max(SAMPLES_A_PACKET, passed)

    def _put(self, payload: bytes) -> None:
        packet = Packet(payload)
        packet.pts = self._clock
        packet.time_base = _TIME_BASE
        self._ready.append(packet)
        self._sent_at = time.monotonic()
        self.packets += 1
        self._arrived.set()


def _signed32(difference: int) -> int:
    return (difference + 0x80000000) % 0x100000000 - 0x80000000
