"""A real receiver of webhooks, and an installation that may reach it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from switchroom import Context
from switchroom.interactions import create_interaction, end_interaction
from switchroom.runtime import Platform, TenantRef
from switchroom.testing import App, Person, add_person
from switchroom_webhooks import endpoints


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture
def switchroom_settings() -> Mapping[str, str]:
    """An installation whose webhooks may reach this machine, and without TLS."""
    webhooks = {"allow_http": True, "allowed_networks": ["127.0.0.0/8", "::1/128"]}
    return {"SWITCHROOM__PLUGINS__SETTINGS": json.dumps({"webhooks": webhooks})}


@dataclass
class Request:
    """What the receiver got."""

    path: str
    headers: dict[str, str]
    body: str
    rest: asyncio.StreamReader

    @property
    def event(self) -> dict[str, Any]:
        """The body as JSON."""
        return dict(json.loads(self.body))

    def signed_with(self, secret: str) -> bool:
        """Whether one of the signatures is by this secret: as a receiver of Standard Webhooks checks it."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.{self.body}"
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def status(code: int, body: str = "", **headers: str) -> Answer:
    """Answers with a status."""

    async def answer(_request: Request, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} Anything", f"content-length: {len(body.encode())}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        await writer.drain()

    return answer


async def break_off(_request: Request, writer: asyncio.StreamWriter) -> None:
    """Closes the connection without a word."""
    writer.transport.abort()


async def never(request: Request, _writer: asyncio.StreamWriter) -> None:
    """Keeps the connection open until the other side has had enough."""
    await request.rest.read()


@dataclass
class Receiver:
    """A program that receives webhooks.

    Attributes:
        answer: What it answers with.
        received: What it got, in order.
    """

    port: int
    answer: Answer = field(default_factory=lambda: status(204))
    received: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hooks?key=1"

    @property
    def facts(self) -> list[int]:
        """The facts that it was told of, in order."""
        return [request.event["data"]["fact_id"] for request in self.received]

    @property
    def told(self) -> list[str]:
        """The types of the events that it was told of, in order."""
        return [request.event["type"] for request in self.received]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Reads one request and answers."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        request = Request(head[0].split(" ")[1], headers, body, reader)
        self.received.append(request)
        try:
            await self.answer(request, writer)
        except ConnectionError:
            pass  # the other side has gone, as some tests want it to
        finally:
            writer.close()


@pytest.fixture
async def open_receiver() -> AsyncIterator[Callable[..., Awaitable[Receiver]]]:
    """Starts receivers, which stop with the test."""
    servers: list[asyncio.Server] = []

    async def start(answer: Answer | None = None, **options: Any) -> Receiver:
        receiver = Receiver(0, answer or status(204))
        server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, **options)
        servers.append(server)
        receiver.port = server.sockets[0].getsockname()[1]
        return receiver

    yield start
    for server in servers:
        server.close()


@pytest.fixture
async def receiver(open_receiver: Callable[..., Awaitable[Receiver]]) -> Receiver:
    """A receiver that takes everything."""
    return await open_receiver()


@pytest.fixture
async def on(enable: Callable[..., Awaitable[TenantRef]]) -> TenantRef:
    """The tenant with webhooks and calls."""
    await enable("telephony")
    return await enable("webhooks", {"timeout_seconds": 1, "attempts": 3})


@asynccontextmanager
async def acting(platform: Platform, tenant: TenantRef) -> AsyncIterator[Context]:
    """The plugin's context in a tenant as it is now."""
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as ctx:
        yield ctx.for_plugin("webhooks")


@pytest.fixture
async def ctx(platform: Platform, on: TenantRef) -> AsyncIterator[Context]:
    """The plugin's context in the tenant, which is current for the test."""
    async with acting(platform, on) as context:
        yield context


@pytest.fixture
def calls(platform: Platform, on: TenantRef) -> Callable[[], Awaitable[int]]:
    """Lets a caller come and hang up; gives the interaction. Background work is left to the test."""

    async def call() -> int:
        async with platform.context(await platform.tenant(tenant_id=on.id)) as core:
            interaction = await create_interaction(
                core, channel="voice", contact_name="Kim", contact_number="+4930123456"
            )
            await end_interaction(core, interaction.id, "caller_hung_up")
            return interaction.id

    return call


@pytest.fixture
async def admin(app: App, on: TenantRef) -> Person:
    """An administrator of the tenant."""
    return await add_person(app.platform, on, "root", "administrator")


AddEndpoint = Callable[..., Awaitable[endpoints.NewEndpoint]]


@pytest.fixture
def add_endpoint(ctx: Context) -> AddEndpoint:
    """Adds an endpoint."""

    async def add(receiver: Receiver, *events: str) -> endpoints.NewEndpoint:
        return await endpoints.add_endpoint(ctx, receiver.url, "Tests", set(events or ("*",)))

    return add


@pytest.fixture
def receiving() -> Any:
    """What the receiver of a test may do."""
    return {"status": status, "break_off": break_off, "never": never}
