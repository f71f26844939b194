"""The WebSocket of each page, over a real server: what it may hear, and what the server learns from its being open."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
import websockets
from litestar.types import ASGIApp
from websockets.asyncio.client import ClientConnection

from core.accounts.permissions import ADMINISTRATOR, AGENT
from core.accounts.users import set_password
from core.agents.states import Status
from core.agents.views import view
from core.database.connection import execute, fetch_value
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from core.web import live
from tests.core.web_client import PASSWORD, add_user

pytestmark = pytest.mark.anyio

SOON = 5.0


@pytest.fixture
async def server(platform: Platform) -> AsyncIterator[str]:
    """The address of a running server."""
    from core.site import create_web_app

    async with serving(create_web_app(platform)) as address:
        yield address


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextlib.asynccontextmanager
async def serving(web: ASGIApp) -> AsyncIterator[str]:
    config = uvicorn.Config(web, host="127.0.0.1", port=0, log_config=None, lifespan="on")  # type: ignore[arg-type]
    running = _Server(config)
    task = asyncio.create_task(running.serve())
    async with asyncio.timeout(20):
        await running.ready.wait()
    try:
        yield f"127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        await task


@pytest.fixture
async def anna(platform: Platform, tenant: TenantRef) -> int:
    """An agent."""
    return await add_user(platform, tenant, "anna", AGENT)


async def cookie(server: str, username: str, tenant: str = "acme") -> str:
    """The cookie of a new login."""
    async with httpx.AsyncClient(base_url=f"http://{server}") as browser:
        form = {"organisation": tenant, "username": username, "password": PASSWORD}
        await browser.post("/login", data=form)
        return f"switchroom={browser.cookies['switchroom']}"


@contextlib.asynccontextmanager
async def page(server: str, session: str, *topics: str, **headers: str) -> AsyncIterator[ClientConnection]:
    """An open page that shows the topics."""
    async with websockets.connect(f"ws://{server}/live", additional_headers={"cookie": session, **headers}) as opened:
        assert "hello" in await heard(opened)
        if topics:
            await opened.send(json.dumps({"subscribe": topics}))
            assert "subscribed" in await heard(opened)
        yield opened


async def heard(opened: ClientConnection) -> dict[str, Any]:
    """The next message."""
    async with asyncio.timeout(SOON):
        message: dict[str, Any] = json.loads(await opened.recv())
        return message


async def closed(opened: ClientConnection) -> int | None:
    """The code with which the server closes."""
    async with asyncio.timeout(SOON):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await opened.recv()
    return opened.close_code


async def becomes(platform: Platform, tenant: TenantRef, user_id: int, status: Status) -> None:
    """Waits until the agent's status is seen to be this."""
    async with asyncio.timeout(SOON):
        while True:
            async with platform.context(tenant) as ctx:
                agent = await view(ctx, user_id)
            if agent is not None and agent.status is status:
                return
            await asyncio.sleep(0.02)


async def test_page_hears_of_its_topics_once_they_change(
    server: str, platform: Platform, tenant: TenantRef, anna: int
) -> None:
    # Not the agent's own topic: that she is there now may be told before or after the page has asked.
    async with page(server, await cookie(server, "anna"), "records", "queue") as opened:
        async with platform.context(tenant) as ctx:
            await ctx.publish("something else", "queue")
        assert await heard(opened) == {"topic": "queue"}


async def test_page_hears_nothing_of_other_people_or_tenants(
    server: str, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, anna: int
) -> None:
    session = await cookie(server, "anna")
    other = f"user:{anna + 1}"
    async with page(server, session) as opened:
        await opened.send(json.dumps({"subscribe": [other, "session:1", f"journal:{anna + 1}", "queue"]}))
        assert await heard(opened) == {"subscribed": ["queue"]}
        async with platform.context(other_tenant) as ctx:
            await ctx.publish("queue")
        async with platform.context(tenant) as ctx:
            await ctx.publish(other, f"journal:{anna + 1}")
            await ctx.publish("queue")
        assert await heard(opened) == {"topic": "queue"}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await opened.recv()


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "[]",
        '{"subscribe": "queue"}',
        '{"subscribe": [1]}',
        '{"subscribe": ["<script>"]}',
        '{"subscribe": [""]}',
        json.dumps({"subscribe": [f"topic{number}" for number in range(51)]}),
        json.dumps({"subscribe": ["x" * 20_000]}),
    ],
)
def test_message_that_is_no_subscription_is_refused(message: str) -> None:
    with pytest.raises(live.MalformedMessage):
        live.subscription(message, 7)


def test_sign_of_life_is_no_subscription() -> None:
    assert live.subscription('{"pong": true}', 7) is None


async def test_malformed_message_closes_the_page_that_sent_it(server: str, anna: int) -> None:
    session = await cookie(server, "anna")
    async with page(server, session) as opened, page(server, session, "queue") as other:
        await opened.send("nonsense")
        assert await closed(opened) == live.MALFORMED
        await other.send(json.dumps({"subscribe": []}))
        assert await heard(other) == {"subscribed": []}


async def test_page_without_a_login_is_told_so(server: str, anna: int) -> None:
    for session in ("", "switchroom=forged"):
        async with websockets.connect(f"ws://{server}/live", additional_headers={"cookie": session}) as opened:
            assert await closed(opened) == 4401


async def test_page_of_another_site_is_refused(server: str, anna: int) -> None:
    session = await cookie(server, "anna")
    with pytest.raises(websockets.InvalidStatus):
        async with page(server, session, origin="http://evil.test"):
            pass
    async with page(server, session, origin=f"http://{server}"):
        pass


async def test_logout_reaches_the_other_pages_of_the_login_alone(server: str, anna: int) -> None:
    here, elsewhere = await cookie(server, "anna"), await cookie(server, "anna")
    async with page(server, here) as opened, page(server, elsewhere, "queue") as other:
        async with httpx.AsyncClient(base_url=f"http://{server}", headers={"cookie": here}) as browser:
            await browser.post("/logout")
        assert await closed(opened) == 4401
        await other.send(json.dumps({"subscribe": []}))
        assert await heard(other) == {"subscribed": []}


async def test_new_password_closes_the_pages_of_all_logins(
    server: str, platform: Platform, tenant: TenantRef, anna: int
) -> None:
    async with page(server, await cookie(server, "anna")) as one, page(server, await cookie(server, "anna")) as two:
        async with platform.context(tenant) as ctx:
            await set_password(ctx, anna, "quite another one")
        assert await closed(one) == await closed(two) == 4401


async def test_agent_with_an_open_page_is_there(server: str, platform: Platform, tenant: TenantRef, anna: int) -> None:
    session = await cookie(server, "anna")
    async with page(server, session):
        await becomes(platform, tenant, anna, Status.PAUSED)
        async with page(server, session):
            pass
        await becomes(platform, tenant, anna, Status.PAUSED)


async def test_page_that_says_nothing_for_too_long_is_given_up(
    server: str, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PULSE_SECONDS", 0.05)
    monkeypatch.setattr(live, "SILENCE_SECONDS", 0.2)
    session = await cookie(server, "anna")
    async with page(server, session) as silent, page(server, session) as talking:
        async with asyncio.timeout(SOON):
            while silent.close_code is None:
                assert "ping" in await heard(talking)
                await talking.send('{"pong": true}')
                with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
                    async with asyncio.timeout(0.01):
                        await silent.recv()
        assert talking.close_code is None


async def test_open_page_keeps_its_login_and_learns_when_that_has_ended(
    platform: Platform, tenant: TenantRef, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PULSE_SECONDS", 0.05)
    monkeypatch.setattr(live, "SESSIONS_EVERY", 1)
    from core.site import create_web_app

    async with serving(create_web_app(platform)) as server, page(server, await cookie(server, "anna")) as opened:
        await execute("UPDATE core_session SET seen_at = now() - interval '1 hour'")
        async with asyncio.timeout(SOON):
            while True:
                if await fetch_value("SELECT seen_at > now() - interval '1 minute' FROM core_session"):
                    break
                await asyncio.sleep(0.02)
        await execute("UPDATE core_session SET expires_at = now()")
        assert await closed(opened) == 4401


async def test_page_of_somebody_who_takes_no_calls_makes_no_agent_present(
    server: str, platform: Platform, tenant: TenantRef
) -> None:
    await add_user(platform, tenant, "root", ADMINISTRATOR)
    async with page(server, await cookie(server, "root"), "queue") as opened:
        async with platform.context(tenant) as ctx:
            await ctx.publish("queue")
        assert await heard(opened) == {"topic": "queue"}
        assert await fetch_value("SELECT count(*) FROM core_agent") == 0
