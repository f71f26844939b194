"""The embedded voice provider: a client of the softswitch, and the softswitch itself as a child process.

Whoever runs the server starts one `SoftswitchProcess`; every process that deals with calls has an `EmbeddedProvider` on
its address and secret.
"""

import asyncio
import contextlib
import logging
import secrets
import weakref
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from plugins.telephony.provider import (
    LegId,
    LegSnapshot,
    ProviderBack,
    ProviderLost,
    ProviderUnavailable,
    Sound,
    VoiceEvent,
    VoiceProvider,
)
from plugins.telephony.softswitch import wire
from plugins.telephony.softswitch.process import SoftswitchProcess

__all__ = ["EmbeddedProvider", "SoftswitchProcess"]

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
COMMAND_TIMEOUT = 5.0
ANSWER_TIMEOUT = 15.0
"""Seconds; asking STUN and TURN servers for addresses takes up to five."""
PING_INTERVAL = 3.0
RECONNECT_PAUSE = (0.1, 2.0)
"""Seconds before the first and at most before each further try."""
MAX_DIGITS = 100
MAX_EVENTS = 10_000
"""Events that wait for one reader at most."""

_DIGITS = frozenset("0123456789*#ABCD")
_from_switch = msgspec.json.Decoder(wire.Reply | wire.Event)
_to_challenge = msgspec.json.Decoder(wire.Challenge)
_to_welcome = msgspec.json.Decoder(wire.Welcome)


class EmbeddedProvider(VoiceProvider):
    """The `VoiceProvider` of a softswitch at `address` (host, port), which knows the same `secret`."""

    def __init__(self, address: tuple[str, int], secret: str) -> None:
        self._address = address
        self._secret = secret
        self._writer: asyncio.StreamWriter | None = None
        self._replies: dict[int, asyncio.Future[wire.Reply]] = {}
        self._last_id = 0
        self._streams: weakref.WeakSet[_EventStream] = weakref.WeakSet()
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """See `VoiceProvider.start`."""
        reader, writer = await self._connect()
        self._keeper = asyncio.create_task(self._keep_connected(reader, writer))
        try:
            await self._ask(wire.Subscribe())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `VoiceProvider.close`."""
        if self._keeper:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        for stream in list(self._streams):
            stream.end()

    async def answer(self, leg: LegId, offer_sdp: str) -> str:
        """See `VoiceProvider.answer`."""
        return (await self._ask(wire.Answer(leg, offer_sdp), ANSWER_TIMEOUT)).answer

    async def play(self, leg: LegId, sound: Sound) -> None:
        """See `VoiceProvider.play`."""
        await self._ask(wire.Play(leg, sound))

    async def play_once(self, leg: LegId, sound: Sound) -> None:
        """See `VoiceProvider.play_once`."""
        await self._ask(wire.Play(leg, sound, once=True))

    async def send_digits(self, leg: LegId, digits: str) -> None:
        """See `VoiceProvider.send_digits`; at most `MAX_DIGITS` at a time."""
        if not _DIGITS.issuperset(digits) or len(digits) > MAX_DIGITS:
            raise ValueError(f"digits must be at most {MAX_DIGITS} of 0-9, *, #, A-D; they are {digits[:200]!r}")
        await self._ask(wire.SendDigits(leg, digits))

    async def bridge(self, a: LegId, b: LegId) -> None:
        """See `VoiceProvider.bridge`."""
        await self._ask(wire.Bridge(a, b))

    async def unbridge(self, leg: LegId) -> None:
        """See `VoiceProvider.unbridge`."""
        await self._change(leg, "unbridged")

    async def hold(self, leg: LegId) -> None:
        """See `VoiceProvider.hold`."""
        await self._change(leg, "held")

    async def unhold(self, leg: LegId) -> None:
        """See `VoiceProvider.unhold`."""
        await self._change(leg, "unheld")

    async def mute(self, leg: LegId) -> None:
        """See `VoiceProvider.mute`."""
        await self._change(leg, "muted")

    async def unmute(self, leg: LegId) -> None:
        """See `VoiceProvider.unmute`."""
        await self._change(leg, "unmuted")

    async def hang_up(self, leg: LegId) -> None:
        """See `VoiceProvider.hang_up`."""
        await self._change(leg, "ended")

    async def legs(self) -> Sequence[LegSnapshot]:
        """See `VoiceProvider.legs`."""
        return (await self._ask(wire.ListLegs())).legs

    def events(self) -> AsyncIterator[VoiceEvent]:
        """See `VoiceProvider.events`."""
        stream = _EventStream()
        self._streams.add(stream)
        return stream

    async def _change(
        self, leg: LegId, to: Literal["unbridged", "held", "unheld", "muted", "unmuted", "ended"]
    ) -> None:
        await self._ask(wire.Change(leg, to))

    async def _ask(self, command: wire.Command, seconds: float | None = None) -> wire.Reply:
        """Send a command and return the reply to it. Raises the error that it tells of."""
        seconds = COMMAND_TIMEOUT if seconds is None else seconds
        if self._writer is None:
            raise ProviderUnavailable("The softswitch cannot be reached at the moment.")
        self._last_id += 1
        number = self._last_id
        answered = self._replies[number] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(wire.to_line(wire.Request(number, command)))
            reply: wire.Reply = await asyncio.wait_for(answered, seconds)
        except TimeoutError as error:
            raise ProviderUnavailable(f"The softswitch did not answer within {seconds:g} s.") from error
        finally:
            del self._replies[number]
        if reply.failure is not None:
            raise wire.error_of(reply.failure)
        return reply

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect, each side proving to know the secret. Raises `ProviderUnavailable`."""
        host, port = self._address
        writer = None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                reader, writer = await asyncio.open_connection(host, port, limit=wire.MAX_LINE)
                await self._prove(reader, writer)
        except (OSError, ValueError, TimeoutError) as error:
            if writer:
                writer.close()
            reason = str(error) or "no answer"
            raise ProviderUnavailable(f"The softswitch at {host} port {port} cannot be reached: {reason}.") from error
        except BaseException:
            if writer:
                writer.close()
            raise
        self._writer = writer
        return reader, writer

    async def _prove(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        challenge = _to_challenge.decode(await reader.readline())
        nonce = secrets.token_hex(16)
        writer.write(wire.to_line(wire.Proof(nonce, wire.proof(self._secret, "client", challenge.nonce, nonce))))
        line = await reader.readline()
        if not line:
            raise ConnectionError("it refused the secret")
        right = wire.proof(self._secret, "switch", challenge.nonce, nonce)
        if not secrets.compare_digest(right, _to_welcome.decode(line).proof):
            raise ConnectionError("another program answers there")

    async def _keep_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                reason = await self._read_until_lost(reader, writer)
                logger.warning("connection to the softswitch lost: %s", reason)
                self._publish(ProviderLost(reason, datetime.now(UTC)))
                reader, writer = await self._reconnect()
        finally:
            self._disconnect("it was closed by us")

    async def _reconnect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        pause, longest = RECONNECT_PAUSE
        while True:
            await asyncio.sleep(pause)
            try:
                reader, writer = await self._connect()
            except ProviderUnavailable as error:
                logger.debug("%s", error)
                pause = min(2 * pause, longest)
                continue
            # Replies come in the order of requests, so whoever hears of our return and then asks has missed nothing.
            self._last_id += 1
            writer.write(wire.to_line(wire.Request(self._last_id, wire.Subscribe())))
            self._publish(ProviderBack(datetime.now(UTC)))
            return reader, writer

    async def _read_until_lost(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Take in what the switch sends until the connection is lost; return why it was."""
        pinging = asyncio.create_task(self._ping(writer))
        reason = "the softswitch closed it"
        try:
            async for line in reader:
                self._take(_from_switch.decode(line))
        except (OSError, ValueError) as error:
            reason = str(error)
        finally:
            pinging.cancel()
            self._disconnect(reason)
        return reason

    def _take(self, message: wire.Reply | wire.Event) -> None:
        if isinstance(message, wire.Event):
            event = wire.event_from_wire(message)
            if event is not None:
                self._publish(event)
        elif (waiting := self._replies.get(message.id)) is not None and not waiting.done():
            waiting.set_result(message)

    async def _ping(self, writer: asyncio.StreamWriter) -> None:
        """Cut the connection when the other side does not answer, as when its machine is gone."""
        try:
            while True:
                await asyncio.sleep(PING_INTERVAL)
                await self._ask(wire.Ping())
        except ProviderUnavailable:
            writer.transport.abort()

    def _disconnect(self, reason: str) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        for waiting in self._replies.values():
            if not waiting.done():
                waiting.set_exception(ProviderUnavailable(f"The connection to the softswitch was lost: {reason}."))

    def _publish(self, event: VoiceEvent) -> None:
        for stream in list(self._streams):
            stream.put(event)


class _EventStream:
    """Events on their way to one reader. It is forgotten with its reader."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[VoiceEvent | None] = asyncio.Queue()

    def put(self, event: VoiceEvent) -> None:
        if self._events.qsize() >= MAX_EVENTS:
            while not self._events.empty():
                self._events.get_nowait()
            now = datetime.now(UTC)
            self._events.put_nowait(ProviderLost("events were not read for too long", now))
            self._events.put_nowait(ProviderBack(now))
        self._events.put_nowait(event)

    def end(self) -> None:
        self._events.put_nowait(None)

    def __aiter__(self) -> "_EventStream":
        return self

    async def __anext__(self) -> VoiceEvent:
        event = await self._events.get()
        if event is None:
            self._events.put_nowait(None)
            raise StopAsyncIteration
        return event
