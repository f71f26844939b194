"""The parts of the softswitch that shape media: the hooks into aiortc, the outgoing clock, the sounds."""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.telephony.provider import LegId, MalformedOffer, Sound
from plugins.telephony.softswitch import aiortc_hooks, synthesis
from plugins.telephony.softswitch.offers import check_offer
from plugins.telephony.softswitch.options import Options
from plugins.telephony.softswitch.outgoing import MAX_WAITING, OutgoingAudio
from plugins.telephony.softswitch.sounds import Sounds, load_sounds, make_sounds
from plugins.telephony.softswitch.switch import Switch
from tests.plugins.telephony.softswitch_parties import Party


@pytest.fixture(scope="module")
def sounds() -> Sounds:
    return make_sounds()


def rtp(timestamp: int, ssrc: int = 1) -> RtpPacket:
    packet = RtpPacket(payload_type=111, timestamp=timestamp % 2**32)
    packet.ssrc = ssrc
    packet.payload = b"\xf8\xff\xfe"
    return packet


# The hooks: these fail when an aiortc upgrade moves what the softswitch relies on.


def test_tapped_receiver_hands_on_packets_keeps_statistics_and_decodes_nothing() -> None:
    async def test() -> None:
        aiortc_hooks.install_codecs()
        party, ours = Party(1000), RTCPeerConnection()
        transceiver = ours.addTransceiver(OutgoingAudio())
        aiortc_hooks.negotiate_voice(transceiver)
        packets: list[RtpPacket] = []
        many = asyncio.Event()

        def take(packet: RtpPacket) -> None:
            packets.append(packet)
            if len(packets) == 30:
                many.set()

        aiortc_hooks.tap(transceiver.receiver, take)
        await ours.setRemoteDescription(RTCSessionDescription(await party.offer(), "offer"))
        await ours.setLocalDescription(await ours.createAnswer())
        await party.accept(ours.localDescription.sdp)
        await asyncio.wait_for(many.wait(), 10)
        assert {packet.payload_type for packet in packets} == {aiortc_hooks.sends_opus(transceiver)}
        assert transceiver.receiver.track._queue.empty()
        statistics = await transceiver.receiver.getStats()
        assert any(getattr(one, "packetsReceived", 0) >= 30 for one in statistics.values())
        await party.close()
        await ours.close()

    asyncio.run(test())


def test_the_tap_answers_as_aiortcs_jitter_buffer_does() -> None:
    assert JitterBuffer(capacity=16, prefetch=4).add(rtp(0)) == aiortc_hooks.PacketTap(lambda packet: None).add(rtp(0))


def test_installing_codecs_again_changes_nothing() -> None:
    aiortc_hooks.install_codecs()
    before = list(aiortc_hooks.codecs.CODECS["audio"])
    aiortc_hooks.install_codecs()
    assert aiortc_hooks.codecs.CODECS["audio"] == before


# The outgoing clock.


def sent(audio: OutgoingAudio) -> list[int]:
    async def take() -> list[int]:
        return [(await audio.recv()).pts or 0 for _ in range(len(audio._ready))]

    return asyncio.run(take())


def test_forwarded_packets_keep_their_distances_over_gaps_and_the_wrap_of_the_clock() -> None:
    audio = OutgoingAudio()
    start = 2**32 - 2000
    for timestamp in (start, start + 960, start + 960 + 2880, start + 960 + 2880 + 19200):
        audio.forward(rtp(timestamp))
    first, *rest = sent(audio)
    assert [pts - first for pts in rest] == [960, 3840, 23040]


source_changes = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 2]), st.integers(0, 2**32 - 1), st.lists(st.sampled_from([480, 960, 2880, 19200]))
    )
)


@given(source_changes)
def test_the_clock_never_goes_back_nor_jumps_whatever_the_sources_do(
    changes: list[tuple[int | None, int, list[int]]],
) -> None:
    audio = OutgoingAudio()
    began = time.monotonic()
    clock: list[int] = []
    for ssrc, timestamp, steps in changes:
        for step in [0, *steps]:
            timestamp += step
            if ssrc is None:
                audio.send_own(b"\xf8\xff\xfe")
            else:
                audio.forward(rtp(timestamp, ssrc))
            clock.append(sent(audio)[-1])
    passed = (time.monotonic() - began) * 48000
    jumps = [later - earlier for earlier, later in pairwise(clock)]
    # Going on with a source whose clock was set anew within five seconds of its old one looks like that much time.
    assert all(-5 * 48000 <= jump <= 5 * 48000 + passed for jump in jumps)


def test_packets_that_the_network_does_not_take_are_dropped_oldest_first() -> None:
    audio = OutgoingAudio()
    for number in range(50):
        audio.forward(rtp(number * 960))
    times = sent(audio)
    assert len(times) == MAX_WAITING
    assert times[-1] - times[0] == (MAX_WAITING - 1) * 960


# The sounds.


def decode(packets: Iterable[bytes]) -> array[int]:
    decoder = AudioCodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", 48000  # type: ignore[assignment]
    samples = array("h")
    for payload in packets:
        for frame in decoder.decode(Packet(payload)):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 2])
    return samples


def share(samples: array[int], frequency: float) -> float:
    step = 2 * math.pi * frequency / 48000
    real = sum(s * math.cos(step * i) for i, s in enumerate(samples))
    imaginary = sum(s * math.sin(step * i) for i, s in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / (len(samples) * sum(s * s for s in samples))


def test_hold_music_is_quiet_half_a_minute_and_loops_without_a_click(sounds: Sounds) -> None:
    clip = sounds.clips[Sound.HOLD_MUSIC]
    assert len(clip.first) == len(clip.again) == 24 / 0.02
    assert sum(map(len, clip.again)) * 8 / 24 < 40_000
    samples = decode([*clip.first, *clip.again, *clip.again])
    steps = [abs(later - earlier) for earlier, later in pairwise(samples)]
    seam = 2 * 24 * 48000
    assert max(steps[seam - 2000 : seam + 2000]) <= max(steps[48000 : seam - 48000])
    assert 2000 < max(samples) < 16000


def test_digits_are_the_two_tones_of_their_key(sounds: Sounds) -> None:
    assert sorted(sounds.digits) == sorted("0123456789*#ABCD")
    for key, packets in sounds.digits.items():
        tone = decode(packets)[480:4800]
        low, high = synthesis.DTMF_TONES[key]
        assert share(tone, low) > 0.35, key
        assert share(tone, high) > 0.35, key


def test_sounds_are_kept_and_a_spoilt_file_is_made_anew(tmp_path: Path, sounds: Sounds) -> None:
    folder = tmp_path / "not" / "yet"
    assert load_sounds(folder) == sounds
    (file,) = folder.iterdir()
    began = time.monotonic()
    assert load_sounds(folder) == sounds
    assert time.monotonic() - began < 0.3
    file.write_text(file.read_text()[:1000])
    assert load_sounds(folder) == sounds
    assert file.stat().st_size > 100_000


def test_sounds_are_made_where_no_file_can_be_kept(tmp_path: Path, sounds: Sounds) -> None:
    (tmp_path / "file").touch()
    assert load_sounds(tmp_path / "file") == sounds


# Offers.

MUTATIONS = st.lists(
    st.tuples(st.sampled_from(["drop", "double", "cut", "digits", "letters", "swap"]), st.integers(0, 10_000)),
    max_size=4,
)


def mutate(offer: str, mutations: list[tuple[str, int]]) -> str:
    lines = offer.splitlines()
    for what, number in mutations:
        at = number % len(lines)
        line = lines[at]
        match what:
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, line)
            case "cut":
                lines[at] = line[: number % (len(line) + 1)]
            case "digits":
                lines[at] = line.replace(str(number % 10), str(number))
            case "letters":
                lines[at] = line.replace(chr(97 + number % 26), "\N{SNOWMAN}")
            case "swap":
                lines[at], lines[0] = lines[0], line
    return "\r\n".join(lines) + "\r\n"


@pytest.fixture(scope="module")
def offer() -> str:
    async def make() -> str:
        party = Party(1000)
        try:
            return await party.offer()
        finally:
            await party.close()

    return asyncio.run(make())


@given(st.text())
def test_any_text_is_refused_as_an_offer(text: str) -> None:
    with pytest.raises(MalformedOffer):
        check_offer(text)


@settings(max_examples=60, deadline=None)
@given(mutations=MUTATIONS)
def test_a_spoilt_offer_is_answered_or_refused_and_nothing_else(
    mutations: list[tuple[str, int]], offer: str, sounds: Sounds
) -> None:
    async def test() -> None:
        switch = Switch(Options(secret="x" * 16, connect_timeout=60), sounds, lambda event: None)
        name = LegId("spoilt")
        try:
            answer = await switch.answer(name, mutate(offer, mutations))
        except MalformedOffer:
            assert switch.legs() == []
        else:
            assert answer.startswith("v=0")
            assert [leg.leg for leg in switch.legs()] == [name]
        await switch.close()

    asyncio.run(test())
