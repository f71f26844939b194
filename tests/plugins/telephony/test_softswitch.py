"""Real calls through a real softswitch process: what is heard is measured."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from plugins.telephony import embedded
from plugins.telephony.embedded import EmbeddedProvider, SoftswitchProcess
from plugins.telephony.provider import (
    DigitReceived,
    EndCause,
    LegConnected,
    LegEnded,
    LegExists,
    LegId,
    LegState,
    MalformedOffer,
    ProviderBack,
    ProviderFull,
    ProviderLost,
    ProviderUnavailable,
    Sound,
    UnknownLeg,
    VoiceEvent,
)
from tests.plugins.telephony import softswitch_parties
from tests.plugins.telephony.softswitch_parties import Party

MEDIA_TIMEOUT = 1.5
CONNECT_TIMEOUT = 2.0
A, B, C = LegId("a"), LegId("b"), LegId("c")
TONE_A, TONE_B, TONE_C = softswitch_parties.TONES


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for the generated sounds, shared by the switches of all tests."""
    return str(tmp_path_factory.mktemp("sounds"))


class Office:
    """A switch, a client of it, the events the client saw, and parties."""

    def __init__(self, process: SoftswitchProcess, provider: EmbeddedProvider) -> None:
        self.process = process
        self.provider = provider
        self.events: list[VoiceEvent] = []
        self.parties: list[Party] = []
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read(provider.events()))

    async def call(self, leg: LegId, frequency: int) -> Party:
        """Connect a new party as `leg`."""
        party = Party(frequency)
        self.parties.append(party)
        await party.accept(await self.provider.answer(leg, await party.offer()))
        await self.event(lambda event: isinstance(event, LegConnected) and event.leg == leg)
        return party

    async def event(self, wanted: Callable[[VoiceEvent], bool], seconds: float = 8.0) -> VoiceEvent:
        """Wait for an event, or find it among those that came already."""

        async def wait() -> VoiceEvent:
            async with self._news:
                await self._news.wait_for(lambda: any(map(wanted, self.events)))
                return next(filter(wanted, self.events))

        try:
            return await asyncio.wait_for(wait(), seconds)
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s; events: {self.events}") from None

    async def ended(self, leg: LegId, seconds: float = 8.0) -> EndCause:
        event = await self.event(lambda event: isinstance(event, LegEnded) and event.leg == leg, seconds)
        assert isinstance(event, LegEnded)
        return event.cause

    async def close(self) -> None:
        await asyncio.gather(*(party.close() for party in self.parties))
        await self.provider.close()
        await self.process.close()
        await self._reading

    async def _read(self, events: AsyncIterator[VoiceEvent]) -> None:
        async for event in events:
            async with self._news:
                self.events.append(event)
                self._news.notify_all()


@asynccontextmanager
async def open_office(cache: str, **options: Any) -> AsyncIterator[Office]:
    settings = {"cache": cache, "media_timeout": MEDIA_TIMEOUT, "connect_timeout": CONNECT_TIMEOUT, **options}
    process = SoftswitchProcess(**settings)
    await process.start()
    provider = EmbeddedProvider(process.address, process.secret)
    await provider.start()
    office = Office(process, provider)
    try:
        yield office
    finally:
        await office.close()


def in_office(**options: Any) -> Callable[[Callable[[Office], Coroutine[Any, Any, None]]], Callable[[str], None]]:
    """Run a test as a coroutine with an office of its own."""

    def decorate(test: Callable[[Office], Coroutine[Any, Any, None]]) -> Callable[[str], None]:
        @wraps(test)
        def run(cache: str) -> None:
            async def inside() -> None:
                async with open_office(cache, **options) as office:
                    await test(office)

            asyncio.run(inside())

        del run.__wrapped__  # type: ignore[attr-defined] # pytest must see run's argument, not the test's
        return run

    return decorate


@in_office()
async def test_bridged_parties_hear_each_other(office: Office) -> None:
    a, b = await office.call(A, TONE_A), await office.call(B, TONE_B)
    await office.provider.bridge(A, B)
    await a.until(lambda: a.hears(TONE_B))
    await b.until(lambda: b.hears(TONE_A))


@in_office()
async def test_a_leg_hears_silence_until_told_otherwise_and_sounds_change_without_a_break(office: Office) -> None:
    a, b = await office.call(A, TONE_A), await office.call(B, TONE_B)
    await a.until(a.hears_silence)
    await office.provider.play(A, Sound.HOLD_MUSIC)
    await a.until(a.hears_music)
    await office.provider.play(A, Sound.RINGBACK)
    await a.until(lambda: a.hears(425) or a.hears(450) or a.share(425) > 0.6)
    await office.provider.bridge(A, B)
    await a.until(lambda: a.hears(TONE_B))
    await office.provider.unbridge(A)
    await a.until(lambda: a.hears_not(TONE_B))
    await b.until(b.hears_silence)
    steps = [later - earlier for earlier, later in zip(a.pts, a.pts[1:], strict=False)]
    assert min(steps) > 0
    assert max(steps) < 48000 * 0.3


@in_office()
async def test_hold_plays_music_to_the_held_leg_and_cuts_both_directions(office: Office) -> None:
    a, b = await office.call(A, TONE_A), await office.call(B, TONE_B)
    await office.provider.bridge(A, B)
    await asyncio.gather(a.until(lambda: a.hears(TONE_B)), b.until(lambda: b.hears(TONE_A)))
    await office.provider.hold(A)
    await asyncio.gather(a.until(a.hears_music), b.until(b.hears_silence))
    await asyncio.gather(a.listen_on(), b.listen_on())
    assert a.hears_not(TONE_B), a.describe()
    assert b.hears_silence(), b.describe()
    await office.provider.unhold(A)
    await asyncio.gather(a.until(lambda: a.hears(TONE_B)), b.until(lambda: b.hears(TONE_A)))


@in_office()
async def test_mute_cuts_one_direction(office: Office) -> None:
    a, b = await office.call(A, TONE_A), await office.call(B, TONE_B)
    await office.provider.bridge(A, B)
    await b.until(lambda: b.hears(TONE_A))
    await office.provider.mute(A)
    await b.until(b.hears_silence)
    await asyncio.gather(a.listen_on(), b.listen_on())
    assert b.hears_silence(), b.describe()
    assert a.hears(TONE_B), a.describe()
    await office.provider.unmute(A)
    await b.until(lambda: b.hears(TONE_A))


@in_office()
async def test_a_bridge_to_another_party_parts_the_first(office: Office) -> None:
    a, b, c = await office.call(A, TONE_A), await office.call(B, TONE_B), await office.call(C, TONE_C)
    await office.provider.bridge(A, B)
    await b.until(lambda: b.hears(TONE_A))
    await office.provider.bridge(A, C)
    await asyncio.gather(a.until(lambda: a.hears(TONE_C)), c.until(lambda: c.hears(TONE_A)), b.until(b.hears_silence))
    peers = {leg.leg: leg.peer for leg in await office.provider.legs()}
    assert peers == {A: C, B: None, C: A}


@in_office()
async def test_digits_and_beeps_are_heard_over_the_peer_and_then_it_again(office: Office) -> None:
    a = await office.call(A, TONE_A)
    await office.call(B, TONE_B)
    await office.provider.bridge(A, B)
    await a.until(lambda: a.hears(TONE_B))
    await office.provider.send_digits(A, "5" * 10)
    await a.until(lambda: a.share(TONE_B) < 0.1 and a.share(770) > 0.15 and a.share(1336) > 0.15)
    await a.until(lambda: a.hears(TONE_B))
    with pytest.raises(ValueError, match="digits"):
        await office.provider.send_digits(A, "5x")
    await office.provider.play_once(A, Sound.BEEP)
    await a.until(lambda: a.share(880) > 0.3)
    await a.until(lambda: a.hears(TONE_B))


@in_office()
async def test_hang_up_ends_the_browsers_connection_at_once_and_parts_the_peer(office: Office) -> None:
    a, b = await office.call(A, TONE_A), await office.call(B, TONE_B)
    await office.provider.bridge(A, B)
    await b.until(lambda: b.hears(TONE_A))
    await office.provider.hang_up(A)
    await asyncio.wait_for(a.closed.wait(), 1.5)
    assert await office.ended(A) is EndCause.HUNG_UP
    await b.until(b.hears_silence)
    await office.provider.hang_up(A)
    await office.provider.hang_up(LegId("never"))
    with pytest.raises(UnknownLeg) as unknown:
        await office.provider.bridge(A, B)
    assert unknown.value.leg == A
    legs = {leg.leg: leg for leg in await office.provider.legs()}
    assert (legs[A].state, legs[A].cause, legs[A].peer) == (LegState.ENDED, EndCause.HUNG_UP, B)
    assert (legs[B].state, legs[B].peer) == (LegState.CONNECTED, None)
    assert legs[B].packets_received > 0


@in_office()
async def test_a_browser_that_closes_its_connection_ends_the_leg_at_once(office: Office) -> None:
    a = await office.call(A, TONE_A)
    await a.close()
    assert await office.ended(A, 1.0) is EndCause.PEER_CLOSED


@in_office()
async def test_a_browser_killed_without_goodbye_is_noticed(office: Office) -> None:
    browser = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(softswitch_parties.__file__)),
        str(TONE_A),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert browser.stdin
    assert browser.stdout
    answer = await office.provider.answer(A, json.loads(await browser.stdout.readline()))
    browser.stdin.write(json.dumps(answer).encode() + b"\n")
    await office.event(lambda event: isinstance(event, LegConnected))
    b = await office.call(B, TONE_B)
    await office.provider.bridge(A, B)
    await b.until(lambda: b.hears(TONE_A))
    browser.kill()
    killed = time.monotonic()
    await browser.wait()
    assert await office.ended(A) is EndCause.MEDIA_LOST
    assert MEDIA_TIMEOUT - 0.5 < time.monotonic() - killed < MEDIA_TIMEOUT + 1.0


@in_office()
async def test_a_leg_that_never_connects_ends(office: Office) -> None:
    party = Party(TONE_A)
    office.parties.append(party)
    await office.provider.answer(A, await party.offer())
    assert await office.ended(A, CONNECT_TIMEOUT + 1.5) is EndCause.NEVER_CONNECTED


@in_office()
async def test_a_second_answer_to_one_offer_is_refused_and_the_call_goes_on(office: Office) -> None:
    a = await office.call(A, TONE_A)
    with pytest.raises(LegExists):
        await office.provider.answer(A, str(a.connection.localDescription.sdp))
    await office.provider.play(A, Sound.HOLD_MUSIC)
    await a.until(a.hears_music)


@in_office(max_legs=1)
async def test_a_full_switch_says_so(office: Office) -> None:
    a = await office.call(A, TONE_A)
    with pytest.raises(ProviderFull):
        await office.provider.answer(B, str(a.connection.localDescription.sdp))


def _without(lines: str) -> Callable[[str], str]:
    return lambda offer: "".join(line for line in offer.splitlines(True) if lines not in line)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda offer: "", "one medium"),
        (lambda offer: "no sdp", "one medium"),
        (lambda offer: offer[: len(offer) // 3], "offer"),
        (lambda offer: offer + "x" * 70_000, "too long"),
        (lambda offer: offer.replace("m=audio", "m=video"), "video"),
        (lambda offer: offer + offer[offer.index("m=audio") :], "audio, audio"),
        (lambda offer: offer.replace("opus/48000", "speex/8000"), "Opus"),
        (lambda offer: offer.replace("a=sendrecv", "a=recvonly"), "sendrecv"),
        (_without("a=ice-pwd"), "ICE"),
        (_without("a=fingerprint"), "fingerprint"),
        (_without("a=rtcp-mux"), "rtcp-mux"),
        (lambda offer: offer.replace("a=ice-pwd:", "a=candidate:garbage\r\na=ice-pwd:"), "session description"),
    ],
)
def test_an_offer_that_cannot_be_used_is_refused_with_the_reason_and_leaves_no_leg(
    cache: str, spoil: Callable[[str], str], message: str
) -> None:
    @in_office()
    async def refused(office: Office) -> None:
        party = Party(TONE_A)
        office.parties.append(party)
        offer = await party.offer()
        with pytest.raises(MalformedOffer, match=message):
            await office.provider.answer(A, spoil(offer))
        assert await office.provider.legs() == []
        await party.accept(await office.provider.answer(A, offer))
        await office.event(lambda event: isinstance(event, LegConnected))

    refused(cache)


@in_office()
async def test_two_clients_command_one_switch_and_both_see_its_events(office: Office) -> None:
    second = EmbeddedProvider(office.process.address, office.process.secret)
    await second.start()
    events = second.events()
    a = await office.call(A, TONE_A)
    assert await asyncio.wait_for(anext(events), 5) == next(e for e in office.events if isinstance(e, LegConnected))
    await second.play(A, Sound.HOLD_MUSIC)
    await a.until(a.hears_music)
    await second.hang_up(A)
    assert await office.ended(A) is EndCause.HUNG_UP
    ended = await asyncio.wait_for(anext(events), 5)
    assert isinstance(ended, LegEnded)
    await second.close()
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    with pytest.raises(ProviderUnavailable):
        await second.legs()


@in_office()
async def test_a_wrong_secret_is_refused(office: Office) -> None:
    stranger = EmbeddedProvider(office.process.address, "not the secret at all")
    with pytest.raises(ProviderUnavailable, match="refused the secret"):
        await stranger.start()


@in_office()
async def test_a_killed_switch_is_started_again_and_its_clients_find_it(office: Office) -> None:
    await office.call(A, TONE_A)
    assert office.process.pid
    os.kill(office.process.pid, signal.SIGKILL)
    await office.event(lambda event: isinstance(event, ProviderLost))
    await office.event(lambda event: isinstance(event, ProviderBack))
    assert await office.provider.legs() == []
    b = await office.call(B, TONE_B)
    await office.provider.play(B, Sound.HOLD_MUSIC)
    await b.until(b.hears_music)


@in_office()
async def test_commands_fail_at_once_while_the_switch_is_away(office: Office) -> None:
    await office.process.close()
    await office.event(lambda event: isinstance(event, ProviderLost))
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        await office.provider.legs()
    assert time.monotonic() - began < 0.1


def test_a_switch_that_hangs_is_noticed_and_its_calls_outlive_that(cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "COMMAND_TIMEOUT", 0.3)
    monkeypatch.setattr(embedded, "PING_INTERVAL", 0.1)

    @in_office(media_timeout=0.3)
    async def test(office: Office) -> None:
        a = await office.call(A, TONE_A)
        assert office.process.pid
        os.kill(office.process.pid, signal.SIGSTOP)
        with pytest.raises(ProviderUnavailable):
            await office.provider.play(A, Sound.HOLD_MUSIC)
        await office.event(lambda event: isinstance(event, ProviderLost))
        os.kill(office.process.pid, signal.SIGCONT)
        await office.event(lambda event: isinstance(event, ProviderBack))
        await office.provider.play(A, Sound.HOLD_MUSIC)
        await a.until(a.hears_music)

    test(cache)


def test_the_switch_ends_with_the_process_that_started_it(cache: str) -> None:
    """The controller is killed outright; the switch, which only loses its standard input, ends its calls and itself."""
    controller = f"""
import asyncio, json
from plugins.telephony import embedded
from plugins.telephony.embedded import SoftswitchProcess
async def main():
    switch = SoftswitchProcess(cache={cache!r})
    await switch.start()
    print(json.dumps([switch.pid, *switch.address, switch.secret]), flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""

    async def test() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", controller, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
        )
        assert process.stdout
        pid, host, port, secret = json.loads(await process.stdout.readline())
        provider = EmbeddedProvider((host, port), secret)
        await provider.start()
        events = provider.events()
        party = Party(TONE_A)
        await party.accept(await provider.answer(A, await party.offer()))
        assert isinstance(await asyncio.wait_for(anext(events), 5), LegConnected)
        process.kill()
        await process.wait()
        await asyncio.wait_for(party.closed.wait(), 3)
        while not isinstance(await asyncio.wait_for(anext(events), 5), ProviderLost):
            pass
        await asyncio.to_thread(_until_gone, pid)
        await provider.close()
        await party.close()

    asyncio.run(test())


def _until_gone(pid: int) -> None:
    import psutil

    try:
        psutil.Process(pid).wait(timeout=5)
    except psutil.NoSuchProcess:
        return


@in_office()
async def test_keys_pressed_are_reported_once_each(office: Office) -> None:
    """Sends what a browser's RTCDTMFSender does: several packets a key, all with the time of its begin."""
    from aiortc.rtp import RtpPacket

    party = Party(TONE_A)
    office.parties.append(party)
    opus, dtmf = "a=rtpmap:96 opus/48000/2\r\n", "a=rtpmap:110 telephone-event/48000\r\n"
    offer = (await party.offer()).replace(opus, opus + dtmf).replace("RTP/SAVPF 96", "RTP/SAVPF 96 110")
    answer = await office.provider.answer(A, offer)
    assert dtmf in answer
    # The party's own aiortc knows no such codec.
    await party.accept(answer.replace(" 96 110", " 96").replace(dtmf, "").replace("a=fmtp:110 0-15\r\n", ""))
    await office.event(lambda event: isinstance(event, LegConnected))
    transport = party.connection.getTransceivers()[0].sender.transport
    for number, (key, begin) in enumerate([(5, 1000), (5, 1000), (5, 1000), (11, 9000), (11, 9000)]):
        packet = RtpPacket(payload_type=110, sequence_number=number, timestamp=begin)
        packet.ssrc = 12345  # the tone's would bring two counts of packets under one SRTP stream
        packet.payload = bytes([key, 10, 0, 160])
        await transport._send_rtp(packet.serialize())
    await office.event(lambda event: isinstance(event, DigitReceived) and event.digit == "#")
    assert [event.digit for event in office.events if isinstance(event, DigitReceived)] == ["5", "#"]


@in_office(
    ice_servers=[{"urls": ["stun:127.0.0.1:9"]}, {"urls": "turn:127.0.0.1:9", "username": "u", "credential": "c"}]
)
async def test_calls_are_made_without_the_ice_servers_when_those_do_not_answer(office: Office) -> None:
    a = await office.call(A, TONE_A)
    await office.provider.play(A, Sound.HOLD_MUSIC)
    await a.until(a.hears_music)


@in_office(ice_servers=[{"urls": "stun:127.0.0.1:9"}])
async def test_a_leg_hung_up_while_its_offer_is_answered_is_gone(office: Office) -> None:
    party = Party(TONE_A)
    office.parties.append(party)
    answering = asyncio.create_task(office.provider.answer(A, await party.offer()))
    while not await office.provider.legs():
        pass
    await office.provider.hang_up(A)
    with pytest.raises(UnknownLeg):
        await answering
    assert await office.ended(A) is EndCause.HUNG_UP
