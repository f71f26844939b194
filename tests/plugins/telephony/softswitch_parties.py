"""A party of a call for tests: aiortc in the place of a browser, sending a tone and measuring what it hears.

Run as a program it is a party whose process can be killed: it prints its offer as JSON and reads the answer likewise.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from array import array
from collections import deque
from collections.abc import Callable
from fractions import Fraction

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.audio.frame import AudioFrame

RATE = 48000
FRAME = 960
TONES = (1000, 1400, 2000)
"""Hertz; what parties send."""
WINDOW = 10
"""Frames (200 ms) that a measurement looks at."""


class Tone(MediaStreamTrack):
    """A sine in real time. Its frequency is a multiple of 50 Hz, so every 20 ms are the same samples."""

    kind = "audio"

    def __init__(self, frequency: int) -> None:
        super().__init__()
        assert frequency % 50 == 0
        wave = (math.sin(2 * math.pi * frequency * i / RATE) for i in range(FRAME))
        self._samples = array("h", [round(9000 * value) for value in wave]).tobytes()
        self._sent = 0
        self._began = 0.0

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        await asyncio.sleep(self._began + self._sent * FRAME / RATE - loop.time())
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(self._samples)
        frame.sample_rate = RATE
        frame.pts = self._sent * FRAME
        frame.time_base = Fraction(1, RATE)
        self._sent += 1
        return frame


class Party:
    """One side of a call."""

    def __init__(self, frequency: int) -> None:
        self.frequency = frequency
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTrack(Tone(frequency))
        self.connection.on("track", self._on_track)
        self.closed = asyncio.Event()
        self.connection.on("connectionstatechange", self._on_state)
        self.pts: list[int] = []
        self._heard: deque[array[int]] = deque(maxlen=WINDOW)
        self._frames = 0
        self._news = asyncio.Condition()
        self._listening: asyncio.Task[None] | None = None

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))

    async def close(self) -> None:
        if self._listening:
            self._listening.cancel()
        await self.connection.close()

    async def until(self, condition: Callable[[], bool], seconds: float = 6.0) -> None:
        """Wait until `condition` holds for what was heard in the last 200 ms."""

        async def wait() -> None:
            async with self._news:
                await self._news.wait_for(lambda: len(self._heard) == WINDOW and condition())

        try:
            await asyncio.wait_for(wait(), seconds)
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s; {self.describe()}") from None

    async def listen_on(self, frames: int = 25) -> None:
        """Wait until that many more 20 ms frames, and a whole window of nothing but such, were heard."""
        goal = self._frames + max(frames, WINDOW)
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: self._frames >= goal), 10)

    def hears(self, frequency: int) -> bool:
        """Whether most of what is heard is that tone."""
        return self.level() > 300 and self.share(frequency) > 0.6

    def hears_not(self, frequency: int) -> bool:
        """Whether next to nothing of that tone is heard."""
        return self.share(frequency) * self.level() < 10

    def hears_silence(self) -> bool:
        return self.level() < 10

    def hears_music(self) -> bool:
        """Whether something is heard that is no tone of a party."""
        return self.level() > 100 and all(self.share(f) < 0.3 for f in TONES)

    def level(self) -> float:
        """The root mean square of the samples."""
        samples = self._samples()
        return math.sqrt(sum(s * s for s in samples) / len(samples))

    def share(self, frequency: int) -> float:
        """The part of the power that is at that frequency: the Goertzel algorithm."""
        samples = self._samples()
        total = sum(s * s for s in samples)
        if total == 0:
            return 0.0
        coefficient = 2 * math.cos(2 * math.pi * frequency / RATE)
        before = now = 0.0
        for s in samples:
            before, now = now, s + coefficient * now - before
        power = before * before + now * now - coefficient * before * now
        return 2 * power / (len(samples) * total)

    def describe(self) -> str:
        if len(self._heard) < WINDOW:
            return f"{self._frames} frames heard, connection {self.connection.connectionState}"
        loudest = max(range(50, 3000, 50), key=self.share)
        return f"level {self.level():.0f}, loudest {loudest} Hz with {self.share(loudest):.2f} of the power"

    def _samples(self) -> list[int]:
        return [sample for frame in self._heard for sample in frame]

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.ensure_future(self._listen(track))

    def _on_state(self) -> None:
        if self.connection.connectionState in ("closed", "failed"):
            self.closed.set()

    async def _listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                both = array("h", bytes(frame.planes[0])[: frame.samples * 4])
                async with self._news:
                    self._heard.append(both[::2])
                    self._frames += 1
                    self.pts.append(frame.pts or 0)
                    if self._frames % 5 == 0:  # measuring is slow beside 20 ms
                        self._news.notify_all()
        except MediaStreamError:
            pass


async def _be_a_party(frequency: int) -> None:
    party = Party(frequency)
    print(json.dumps(await party.offer()), flush=True)
    await party.accept(json.loads(await asyncio.to_thread(sys.stdin.readline)))
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(_be_a_party(int(sys.argv[1])))
