"""Serves control connections: checks who connects, passes commands to the switch, events to those who subscribed."""

import asyncio
import functools
import logging
import secrets

import msgspec

from plugins.telephony.provider import ProviderError
from plugins.telephony.softswitch import wire
from plugins.telephony.softswitch.switch import Switch
from plugins.telephony.softswitch.wire import SwitchEvent

logger = logging.getLogger(__name__)

PROOF_TIMEOUT = 5.0
"""Seconds in which a new connection must prove to know the secret."""
MAX_BACKLOG = 4 * wire.MAX_LINE
"""Bytes that a client may leave unread; one that lags further is cut off, and reconciles when it is back."""

_to_request = msgspec.json.Decoder(wire.Request)
_to_proof = msgspec.json.Decoder(wire.Proof)


class ControlServer:
    """Many clients of one switch."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._subscribers: set[asyncio.StreamWriter] = set()
        self._connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int, switch: Switch) -> int:
        """Serve `switch` and return the port. Raises `OSError` when the port cannot be had."""
        serve = functools.partial(self._serve, switch)
        self._server = await asyncio.start_server(serve, host, port, limit=wire.MAX_LINE)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def close(self) -> None:
        """Take no more connections and cut those there are."""
        if self._server:
            self._server.close()
        for writer in self._connections:
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._connections.values()), return_exceptions=True)

    def publish(self, event: SwitchEvent) -> None:
        """Send `event` to all who subscribed."""
        line = wire.to_line(wire.event_to_wire(event))
        for writer in list(self._subscribers):
            self._write(writer, line)

    async def _serve(self, switch: Switch, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks: set[asyncio.Task[None]] = set()
        self._connections[writer] = asyncio.current_task()
        try:
            if await self._prove(reader, writer):
                async for line in reader:
                    request = _to_request.decode(line)
                    task = asyncio.create_task(self._carry_out(switch, request, writer))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        except ValueError as error:  # a line that is too long, or not a request
            logger.warning("control connection sent what is no request: %s", error)
        finally:
            del self._connections[writer]
            self._subscribers.discard(writer)
            for task in tasks:
                task.cancel()
            writer.close()

    async def _prove(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Return whether the client knows the secret, having proved that we do."""
        nonce = secrets.token_hex(16)
        writer.write(wire.to_line(wire.Challenge(nonce=nonce)))
        claim = _to_proof.decode(await asyncio.wait_for(reader.readline(), PROOF_TIMEOUT))
        right = wire.proof(self._secret, "client", nonce, claim.nonce)
        if not secrets.compare_digest(right.encode(), claim.proof.encode()):
            logger.warning("control connection refused: wrong secret")
            return False
        writer.write(wire.to_line(wire.Welcome(proof=wire.proof(self._secret, "switch", nonce, claim.nonce))))
        return True

    async def _carry_out(self, switch: Switch, request: wire.Request, writer: asyncio.StreamWriter) -> None:
        try:
            reply = await self._reply(switch, request, writer)
        except ProviderError as error:
            reply = wire.Reply(request.id, failure=wire.failure_of(error))
        except Exception:
            logger.exception("command %s failed", type(request.command).__name__)
            failure = wire.Failure("ProviderError", "The softswitch failed to do this; its log says why.")
            reply = wire.Reply(request.id, failure=failure)
        self._write(writer, wire.to_line(reply))

    async def _reply(self, switch: Switch, request: wire.Request, writer: asyncio.StreamWriter) -> wire.Reply:
        match request.command:
            case wire.Answer(leg, offer):
                return wire.Reply(request.id, answer=await switch.answer(leg, offer))
            case wire.Play(leg, sound, once=False):
                switch.play(leg, sound)
            case wire.Play(leg, sound, once=True):
                switch.play_once(leg, sound)
            case wire.SendDigits(leg, digits):
                switch.send_digits(leg, digits)
            case wire.Bridge(a, b):
                switch.bridge(a, b)
            case wire.Change(leg, to):
                switch.change(leg, to)
            case wire.ListLegs():
                return wire.Reply(request.id, legs=switch.legs())
            case wire.Subscribe():
                self._subscribers.add(writer)
            case wire.Ping():
                pass
        return wire.Reply(request.id)

    def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        if writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > MAX_BACKLOG:
            logger.warning("control connection cut off: it does not read what it is sent")
            writer.transport.abort()
            return
        writer.write(line)
