"""An installation with a partner programme that really answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pytest

from switchroom import Context
from switchroom.runtime import Platform, TenantRef
from switchroom.testing import App, Person, add_person


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@dataclass
class Partner:
    """A partner programme: knows one key, and keeps the balances that it is told.

    Attributes:
        status: What it answers to who has the key; 0 breaks the connection off.
    """

    port: int = 0
    key: str = "a good key"
    status: int = 200
    balances: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path = head.split(" ")[:2]
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        status = self.status
        if headers.get("authorization") != f"bearer {self.key}":
            status = 401
        elif method == "PUT" and status == 200:
            self.balances[path.rpartition("/")[2]] = json.loads(body)
        if status:
            writer.write(f"HTTP/1.1 {status} Anything\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()


@pytest.fixture
def partner() -> Iterator[Partner]:
    """The partner programme, in a thread of its own: it must be there before the installation is set up."""
    partner, loop = Partner(), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(partner.serve, "127.0.0.1", 0))
    partner.port = server.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever)
    thread.start()
    yield partner
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@pytest.fixture
def switchroom_settings(partner: Partner) -> Mapping[str, str]:
    """An installation with the partner programme."""
    loyalty = {"partner_url": f"http://127.0.0.1:{partner.port}/v1", "default_region": "GB"}
    return {"SWITCHROOM__PLUGINS__SETTINGS": json.dumps({"loyalty": loyalty})}


@pytest.fixture
async def on(enable: Callable[..., Awaitable[TenantRef]]) -> TenantRef:
    """The tenant with calls, their wrap-up, and the programme."""
    for plugin in ("telephony", "routing", "wrapup"):
        await enable(plugin)
    return await enable("loyalty")


@pytest.fixture
async def ctx(platform: Platform, on: TenantRef) -> AsyncIterator[Context]:
    """The plugin's context in the tenant, which is current for the test."""
    async with platform.context(await platform.tenant(tenant_id=on.id)) as context:
        yield context.for_plugin("loyalty")


@pytest.fixture
async def admin(app: App, on: TenantRef) -> Person:
    """An administrator of the tenant."""
    return await add_person(app.platform, on, "root", "administrator")
