"""The softswitch's control connections and its start, against what does not behave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from plugins.telephony import embedded
from plugins.telephony.embedded import EmbeddedProvider, SoftswitchProcess
from plugins.telephony.provider import (
    EndCause,
    LegEnded,
    LegId,
    ProviderBack,
    ProviderError,
    ProviderLost,
    ProviderUnavailable,
    Sound,
    UnknownLeg,
)
from plugins.telephony.softswitch import control, wire
from plugins.telephony.softswitch.control import ControlServer
from plugins.telephony.softswitch.options import Options
from plugins.telephony.softswitch.sounds import make_sounds
from plugins.telephony.softswitch.switch import Switch

SECRET = "sixteen or more characters"


def start_switch(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "plugins.telephony.softswitch"],
        input=line,
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secret": SECRET, "prot": 1}, "prot"),
        ({"secret": SECRET, "port": "x"}, "port"),
        ({"secret": SECRET, "port": 70000}, "port"),
        ({"secret": "short"}, "16 characters"),
        ({}, "secret"),
        ({"secret": SECRET, "media_timeout": 0}, "media_timeout"),
        ({"secret": SECRET, "ice_servers": [{"urls": "stun.example.org"}]}, "ICE server"),
        ({"secret": SECRET, "ice_servers": [{"urls": ["stun:a.example"], "password": "x"}]}, "password"),
    ],
)
def test_wrong_options_are_named_and_the_secret_is_not_printed(options: dict[str, Any], message: str) -> None:
    ended = start_switch(json.dumps(options) + "\n")
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert SECRET not in ended.stderr


def test_wrong_options_are_refused_before_a_process_is_started() -> None:
    with pytest.raises(ValueError, match="prot"):
        SoftswitchProcess(prot=1)


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = start_switch(json.dumps({"secret": SECRET, "port": port}) + "\n")
    assert ended.returncode == 2
    assert str(port) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_as_a_service_it_takes_its_options_from_the_environment_and_runs_until_told() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "plugins.telephony.softswitch"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SWITCHROOM_SOFTSWITCH": json.dumps({"secret": SECRET})},
    )
    with process:
        assert process.stdout
        port = json.loads(process.stdout.readline())["port"]

        async def ask() -> None:
            provider = EmbeddedProvider(("127.0.0.1", port), SECRET)
            await provider.start()
            assert await provider.legs() == []
            await provider.close()

        asyncio.run(ask())
        process.terminate()
        assert process.wait(timeout=10) == 0


class Served:
    """A control server with a real switch in this process."""

    async def __aenter__(self) -> Served:
        self.server = ControlServer(SECRET)
        self.switch = Switch(Options(secret=SECRET), make_sounds(), self.server.publish)
        self.port = await self.server.listen("127.0.0.1", 0, self.switch)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.switch.close()
        await self.server.close()

    async def provider(self) -> EmbeddedProvider:
        provider = EmbeddedProvider(("127.0.0.1", self.port), SECRET)
        await provider.start()
        return provider


def ended(number: int) -> LegEnded:
    return LegEnded(LegId(str(number)), EndCause.HUNG_UP, datetime.now(UTC))


@pytest.mark.parametrize(
    "line", [b"garbage\n", b'{"nonce": "x", "proof": "y"}\n', b"x" * (wire.MAX_LINE + 10) + b"\n", b""]
)
def test_who_does_not_prove_to_know_the_secret_is_cut_off(line: bytes) -> None:
    async def test() -> None:
        async with Served() as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            challenge = json.loads(await reader.readline())
            assert SECRET not in str(challenge)
            writer.write(line)
            if not line:
                writer.write_eof()
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    asyncio.run(test())


def test_who_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PROOF_TIMEOUT", 0.1)

    async def test() -> None:
        async with Served() as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            await reader.readline()
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    asyncio.run(test())


def test_a_program_that_answers_in_place_of_the_switch_is_not_trusted() -> None:
    left = asyncio.Event()

    async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(wire.to_line(wire.Challenge(nonce="n")))
        claim = json.loads(await reader.readline())
        writer.write(wire.to_line(wire.Welcome(proof=claim["proof"])))
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    async def test() -> None:
        server = await asyncio.start_server(impostor, "127.0.0.1", 0)
        provider = EmbeddedProvider(server.sockets[0].getsockname(), SECRET)
        with pytest.raises(ProviderUnavailable, match="another program"):
            await provider.start()
        await left.wait()
        server.close()

    asyncio.run(test())


async def _subscribe(client: socket.socket, port: int) -> None:
    """Subscribe to events over a socket from which nothing more is read then."""
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    nonce = json.loads(await loop.sock_recv(client, 1000))["nonce"]
    await loop.sock_sendall(client, wire.to_line(wire.Proof("c", wire.proof(SECRET, "client", nonce, "c"))))
    await loop.sock_sendall(client, wire.to_line(wire.Request(1, wire.Subscribe())))
    replies = b""
    while b'"reply"' not in replies:
        replies += await loop.sock_recv(client, 1000)


def test_a_reader_of_events_that_lags_is_cut_off_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "MAX_BACKLOG", 20_000)

    async def test() -> None:
        async with Served() as served:
            good = await served.provider()
            events = good.events()
            with socket.socket() as slow:
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                slow.setblocking(False)
                await _subscribe(slow, served.port)
                published = 0
                while len(served.server._subscribers) == 2 and published < 200_000:
                    for number in range(500):
                        served.server.publish(ended(number))
                    heard = [await asyncio.wait_for(anext(events), 5) for _ in range(500)]
                    assert all(isinstance(event, LegEnded) for event in heard)
                    published += 500
            assert len(served.server._subscribers) == 1
            await good.close()

    asyncio.run(test())


def test_who_does_not_read_its_events_is_told_to_reconcile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MAX_EVENTS", 5)

    async def test() -> None:
        async with Served() as served:
            provider = await served.provider()
            lazy, eager = provider.events(), provider.events()
            for number in range(6):
                served.server.publish(ended(number))
                assert isinstance(await asyncio.wait_for(anext(eager), 5), LegEnded)
            kinds = [type(await asyncio.wait_for(anext(lazy), 5)) for _ in range(3)]
            assert kinds == [ProviderLost, ProviderBack, LegEnded]
            await provider.close()

    asyncio.run(test())


def test_errors_reach_the_client_as_what_they_are() -> None:
    async def test() -> None:
        async with Served() as served:
            provider = await served.provider()
            gone = LegId("gone")
            for command in (
                provider.play(gone, Sound.BEEP),
                provider.play_once(gone, Sound.BEEP),
                provider.send_digits(gone, "1"),
                provider.bridge(gone, gone),
                provider.unbridge(gone),
                provider.hold(gone),
                provider.unhold(gone),
                provider.mute(gone),
                provider.unmute(gone),
            ):
                with pytest.raises(UnknownLeg, match="gone") as unknown:
                    await command
                assert unknown.value.leg == gone
            await provider.hang_up(gone)
            await provider.close()

    asyncio.run(test())


@pytest.mark.parametrize("error", [UnknownLeg(LegId("x")), ProviderUnavailable("why"), ProviderError("what")])
def test_an_error_survives_the_wire(error: ProviderError) -> None:
    returned = wire.error_of(wire.failure_of(error))
    assert (type(returned), str(returned)) == (type(error), str(error))
