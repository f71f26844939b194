"""What a bridged call costs the process that carries it: packets handed on, against aiortc's decoding and encoding.

Both sides of every call are played here; only the carrying process is measured.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psutil
import uvloop
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtpPacket

from plugins.telephony.embedded import EmbeddedProvider, SoftswitchProcess
from plugins.telephony.provider import LegId, Sound
from plugins.telephony.softswitch import aiortc_hooks
from plugins.telephony.softswitch.outgoing import OutgoingAudio
from plugins.telephony.softswitch.sounds import PACKET_SECONDS, make_sounds

CALLS = 3
"""At a time; with five the reference fell behind on the machine that this was written on."""
ROUNDS = 3
SECONDS = 5.0

Answer = Callable[[int, str], Awaitable[str]]
"""Answers the offer of the leg of that number; an even leg is bridged with the odd one after it."""


class Caller:
    """A party that sends what was encoded before and decodes nothing, to leave the machine to what is measured."""

    def __init__(self) -> None:
        self.received = 0
        self.talking = asyncio.Event()
        self.audio = OutgoingAudio()
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self.connection.addTransceiver(self.audio)
        aiortc_hooks.tap(transceiver.receiver, self._count)

    async def call(self, number: int, answer: Answer) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        sdp = await answer(number, self.connection.localDescription.sdp)
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    def _count(self, packet: RtpPacket) -> None:
        self.received += 1
        if self.received == 50:
            self.talking.set()


@asynccontextmanager
async def softswitch() -> AsyncIterator[tuple[int, Answer]]:
    process = SoftswitchProcess(cache=tempfile.gettempdir(), log_level="WARNING")
    await process.start()
    provider = EmbeddedProvider(process.address, process.secret)
    await provider.start()

    async def answer(number: int, offer: str) -> str:
        leg = LegId(str(number))
        sdp = await provider.answer(leg, offer)
        if number % 2:
            await provider.bridge(leg, LegId(str(number - 1)))
        return sdp

    try:
        assert process.pid
        yield process.pid, answer
    finally:
        await provider.close()
        await process.close()


@asynccontextmanager
async def plain_aiortc() -> AsyncIterator[tuple[int, Answer]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.media", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    stdin, stdout = process.stdin, process.stdout

    async def answer(number: int, offer: str) -> str:
        stdin.write(json.dumps(offer).encode() + b"\n")
        return str(json.loads(await stdout.readline()))

    try:
        yield process.pid, answer
    finally:
        process.kill()
        await process.wait()


async def be_plain_aiortc() -> None:
    """Bridge the parties whose offers come on the standard input as aiortc does it by itself."""
    first: RTCPeerConnection | None = None
    connections = []  # kept alive
    while line := await asyncio.to_thread(sys.stdin.readline):
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connections.append(connection)
        connection.addTransceiver("audio")
        await connection.setRemoteDescription(RTCSessionDescription(sdp=json.loads(line), type="offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        print(json.dumps(connection.localDescription.sdp), flush=True)
        if first is None:
            first = connection
        else:
            for one, other in ((first, connection), (connection, first)):
                one.getSenders()[0].replaceTrack(other.getReceivers()[0].track)
            first = None


async def measure(carrier: Any, packets: list[bytes]) -> float:
    """Return the percents of a core that one bridged call costs."""
    callers = [Caller() for _ in range(2 * CALLS)]
    async with carrier() as (pid, answer):
        for number, caller in enumerate(callers):
            await caller.call(number, answer)
        speaking = asyncio.create_task(_speak(callers, packets))
        await asyncio.gather(*(caller.talking.wait() for caller in callers))
        process = psutil.Process(pid)
        heard, before = sum(caller.received for caller in callers), process.cpu_times()
        await asyncio.sleep(SECONDS)
        after = process.cpu_times()
        heard = sum(caller.received for caller in callers) - heard
        assert heard > 0.9 * len(callers) * SECONDS / PACKET_SECONDS, f"only {heard} packets were carried"
        speaking.cancel()
        await asyncio.gather(*(caller.connection.close() for caller in callers))
    return 100 * (after.user + after.system - before.user - before.system) / SECONDS / CALLS


async def _speak(callers: list[Caller], packets: list[bytes]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    number = 0
    while True:
        for caller in callers:
            caller.audio.send_own(packets[number % len(packets)])
        number += 1
        await asyncio.sleep(max(0.0, began + number * PACKET_SECONDS - loop.time()))


async def _run() -> dict[str, Any]:
    packets = make_sounds().clips[Sound.HOLD_MUSIC].again
    ours, reference = [], []
    for _ in range(ROUNDS):
        ours.append(await measure(softswitch, packets))
        reference.append(await measure(plain_aiortc, packets))
    return {
        "name": "media",
        "ours": round(statistics.median(ours), 2),
        "reference": round(statistics.median(reference), 2),
        "ratio": round(statistics.median(ours) / statistics.median(reference), 3),
        "unit": "percent of a core per bridged call; the reference decodes and encodes",
        "n": ROUNDS,
    }


def run() -> dict[str, Any]:
    """Measure `CALLS` calls at a time in alternating rounds."""
    return asyncio.run(_run())


if __name__ == "__main__":
    # The softswitch runs on uvloop too: the comparison is of what is done with the packets.
    uvloop.run(be_plain_aiortc())
