"""A STUN and TURN server over UDP and TCP, as far as asking for a relay and giving it back goes (RFC 8656)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aioice import stun
from aioice.turn import make_integrity_key

REALM, NONCE = "example.com", b"nonce"

Send = Callable[[bytes], None]


class TurnServer:
    """Answers bindings to anybody, allocations to those who know the password."""

    def __init__(self, username: str, password: str) -> None:
        self.key = make_integrity_key(username, REALM, password)
        self.address = ("127.0.0.1", 0)
        self.allocations = 0
        self.lose = 0
        """Datagrams still to be lost."""

    def answer(self, data: bytes, peer: tuple[str, int], send: Send) -> None:
        """Answer one request."""
        if self.lose:
            self.lose -= 1
            return
        request = stun.parse_message(data)
        response = stun.Message(
            message_method=request.message_method,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
        )
        if request.message_method is stun.Method.BINDING:
            response.attributes["XOR-MAPPED-ADDRESS"] = peer
        elif not request.check_message_integrity(self.key):
            response.message_class = stun.Class.ERROR
            response.attributes |= {"ERROR-CODE": (401, "Unauthorized"), "NONCE": NONCE, "REALM": REALM}
        else:
            lifetime = request.attributes["LIFETIME"]
            self.allocations += 1 if lifetime else -1
            response.attributes["LIFETIME"] = lifetime
            if request.message_method is stun.Method.ALLOCATE:
                response.attributes["XOR-RELAYED-ADDRESS"] = ("192.0.2.9", 50000)
                response.attributes["XOR-MAPPED-ADDRESS"] = peer
            response.add_message_integrity(self.key)
        send(bytes(response))


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: TurnServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.answer(data, addr, lambda answer: self._transport.sendto(answer, addr))


@asynccontextmanager
async def turn_server(username: str, password: str) -> AsyncIterator[TurnServer]:
    """Serve on the same free port over UDP and TCP."""
    server = TurnServer(username, password)

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                header = await reader.readexactly(stun.HEADER_LENGTH)
                data = header + await reader.readexactly(int.from_bytes(header[2:4], "big"))
                server.answer(data, writer.get_extra_info("peername")[:2], writer.write)
        except asyncio.IncompleteReadError:
            writer.close()

    listening = await asyncio.start_server(stream, "127.0.0.1", 0)
    server.address = listening.sockets[0].getsockname()[:2]
    datagrams, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(server), local_addr=server.address
    )
    try:
        yield server
    finally:
        datagrams.close()
        listening.close()
        await listening.wait_closed()
