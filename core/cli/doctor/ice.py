"""The STUN and TURN servers: each is asked what a call would ask it."""

import asyncio
import socket
import ssl

from aioice import stun, turn

from core.cli.doctor.finding import Finding, fail, ok, reason, warn
from core.settings import IceServer, IceUrl, Settings, parse_ice_url

_PATIENCE = 3.0
"""Seconds for one server: enough for three of STUN's repetitions (RFC 8489, 6.2.1)."""


async def ice_servers(settings: Settings) -> list[Finding]:
    """Whether every server answers, and every TURN server accepts the login and relays."""
    asked = [_ask(server, parse_ice_url(url), url) for server in settings.ice_servers for url in server.urls]
    findings = list(await asyncio.gather(*asked))
    if findings:
        return findings
    if settings.server.url.startswith("http://localhost"):
        return [ok("ICE", "no servers set; calls on this machine need none")]
    mend = "Set ice_servers when callers or agents are in other networks than the server."
    return [warn("ICE", "no servers set: calls reach this server's network only.", mend)]


async def _ask(server: IceServer, url: IceUrl, text: str) -> Finding:
    mend = "Check the address, and that firewalls let it through."
    try:
        async with asyncio.timeout(_PATIENCE):
            if url.is_turn:
                relay = await _allocate(server, url)
                return ok("ICE", f"{text} relays at {relay[0]}")
            seen = await (_bind_over_tls(url) if url.is_encrypted else _bind(url))
            return ok("ICE", f"{text} sees this machine as {seen}")
    except stun.TransactionFailed as error:
        code, words = error.response.attributes.get("ERROR-CODE", (0, "an error"))
        if code in (401, 403, 438, 441):
            mend = "Correct its username and credential."
        return fail("ICE", f"{text} refuses: {words} ({code}).", mend)
    except (TimeoutError, stun.TransactionError):
        return fail("ICE", f"{text} does not answer.", mend)
    except (OSError, ValueError) as error:
        return fail("ICE", f"{text}: {reason(error)}.", mend)


async def _allocate(server: IceServer, url: IceUrl) -> tuple[str, int]:
    """Ask a TURN server for a relay, as a call does, and give it back at once."""
    protocol = _Closed()
    transport, _protocol = await turn.create_turn_endpoint(
        lambda: protocol,
        server_addr=(url.host, url.port),
        username=server.username,
        password=server.credential.get_secret_value() if server.credential else None,
        ssl=ssl.create_default_context() if url.is_encrypted else None,
        transport=url.transport,
    )
    relayed: tuple[str, int] = transport.get_extra_info("sockname")
    transport.close()
    await protocol.closed.wait()
    return relayed


class _Closed(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()


async def _bind(url: IceUrl) -> str:
    """Ask a STUN server over UDP, repeating the question since datagrams get lost."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        _Binding, remote_addr=(url.host, url.port), family=socket.AF_UNSPEC
    )
    try:
        response, _address = await protocol.transaction.run()
    finally:
        transport.close()
    return _seen(response)


class _Binding(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        self.transaction = stun.Transaction(self.request, ("", 0), self)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
        self._transport.sendto(bytes(message))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.transaction_id == self.request.transaction_id:
            self.transaction.response_received(message, addr)


async def _bind_over_tls(url: IceUrl) -> str:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    reader, writer = await asyncio.open_connection(url.host, url.port, ssl=ssl.create_default_context())
    try:
        writer.write(bytes(request))
        header = await reader.readexactly(stun.HEADER_LENGTH)
        response = stun.parse_message(header + await reader.readexactly(int.from_bytes(header[2:4], "big")))
    except EOFError:
        raise ConnectionResetError("closes the connection") from None
    finally:
        writer.close()
    if response.message_class is not stun.Class.RESPONSE:
        raise stun.TransactionFailed(response)
    return _seen(response)


def _seen(response: stun.Message) -> str:
    address = response.attributes.get("XOR-MAPPED-ADDRESS") or response.attributes.get("MAPPED-ADDRESS")
    if address is None:
        raise ValueError("answers without an address")
    return str(address[0])
