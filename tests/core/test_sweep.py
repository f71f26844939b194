"""Every route, method and WebSocket there is, asked by a tenant for what belongs to another one, or to nobody.

The sweep finds routes by itself: a new one is in it as soon as it is mounted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from litestar.types import ASGIApp

from core.accounts.models import Role
from core.accounts.permissions import Permissions
from core.accounts.sessions import open_session
from core.accounts.users import create_user
from core.agents.roster import begin_shift
from core.database.connection import fetch, fetch_value
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from switchroom.testing.routes import METHODS, routes_of, seen, sockets_of
from switchroom.testing.sweeping import MINE, NOBODYS, THEIRS, all_rows, body_of, fill_every_table, path_of
from tests.core.web_client import (
    PASSWORD,
    application_with_samples,  # noqa: F401 - a fixture
    client,
    switch_on,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio


@dataclass
class Asker:
    """A user of the asking tenant, who may do everything there."""

    platform: Platform
    web: ASGIApp
    tenant: TenantRef
    user_id: int
    token: str | None = None

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Sends one request; after one that has changed something with a new login, since it may have ended the old."""
        self.token = self.token or await self.log_in()
        async with client(self.web, accept="text/html") as browser:
            browser.cookies.set("switchroom", self.token)
            answer = await browser.request(method, path, **request)
        if method not in ("GET", "HEAD") and answer.status_code < 400:
            self.token = None
        return answer

    async def log_in(self) -> str:
        """The token of a new login."""
        async with self.platform.context(self.tenant) as ctx:
            return await open_session(ctx, self.user_id)


@pytest.fixture
async def asker(platform: Platform, web: ASGIApp, other_tenant: TenantRef) -> Asker:
    """Of a tenant that has every plugin."""
    ready = [record.name for record in platform.registry.ready]
    await switch_on(platform, other_tenant, *ready)
    permissions = Permissions({record.name: record.contributions.permissions for record in platform.registry.ready})
    async with platform.context(other_tenant) as ctx:
        names = [permission.name for permission in permissions.known(frozenset(ready))]
        await Role.create(key="everything", name="Everything", permissions=names)
        user = await create_user(ctx, "ben", "Ben", PASSWORD, ["everything"])
        await begin_shift(ctx, user.id)
    return Asker(platform, web, await platform.tenant(slug=other_tenant.slug), user.id)


async def test_ids_of_another_tenant_are_answered_like_ids_of_nobody(
    platform: Platform, web: ASGIApp, tenant: TenantRef, asker: Asker
) -> None:
    await fill_every_table(platform, tenant)
    before = await all_rows(tenant)
    leaks = []
    for route in routes_of(web):
        for method in route.methods:
            requests = [(values, body_of(route.handlers[method], values)) for values in (THEIRS, NOBODYS)]
            if "{" not in route.path and not requests[0][1]:
                continue  # it names nothing
            answers = [
                seen(await asker.ask(method, path_of(route.path, values), **body), values) for values, body in requests
            ]
            if answers[0] != answers[1] or answers[0][0] >= 500:
                leaks.append(f"{method} {route.path}: {answers[0][0]} and {answers[1][0]}\n{answers[0]}\n{answers[1]}")
    assert not leaks, "\n\n".join(leaks)
    assert await all_rows(tenant) == before, "a request of one tenant has changed rows of another"


async def test_no_page_or_list_shows_anything_of_another_tenant(
    platform: Platform, web: ASGIApp, tenant: TenantRef, asker: Asker
) -> None:
    await fill_every_table(platform, tenant)
    leaks = []
    for route in routes_of(web):
        if "GET" in route.methods and "{" not in route.path:
            answer = await asker.ask("GET", route.path)
            if THEIRS.text in answer.text or str(THEIRS.number) in answer.text:
                leaks.append(route.path)
    assert not leaks


async def test_every_route_of_a_plugin_that_is_off_answers_like_a_path_that_never_was(
    platform: Platform, web: ASGIApp, asker: Asker, tenant: TenantRef
) -> None:
    off = await _without_plugins(platform, asker)
    leaks = []
    for method in METHODS:
        page = seen(await off.ask(method, "/there/never/was/this"), MINE)
        data = seen(await off.ask(method, "/api/v1/there/never/was/this"), MINE)
        assert page[0] == data[0] == 404
        for route in routes_of(web):
            path = path_of(route.path, MINE).replace(MINE.text, off.tenant.slug)
            never = data if path.startswith("/api/") else page
            if route.plugin is not None and seen(await off.ask(method, path), MINE) != never:
                leaks.append(f"{method} {path}")
    assert not leaks


async def test_every_socket_of_a_plugin_that_is_off_answers_like_a_path_that_never_was(
    platform: Platform, web: ASGIApp, asker: Asker
) -> None:
    off = await _without_plugins(platform, asker)
    sockets = [socket.path for socket in sockets_of(web) if socket.plugin is not None]
    assert sockets, "the sample plugin has one"
    never = await _knock(off, "/there/never/was/this")
    assert {path: answer for path in sockets if (answer := await _knock(off, path_of(path, MINE))) != never} == {}


async def _without_plugins(platform: Platform, asker: Asker) -> Asker:
    """The same asker, in a tenant that has switched every plugin off."""
    await fetch("UPDATE core_tenant_plugin SET enabled = false WHERE tenant_id = $1", asker.tenant.id)
    await fetch("UPDATE core_tenant SET enablement_version = enablement_version + 1 WHERE id = $1", asker.tenant.id)
    return Asker(platform, asker.web, await platform.tenant(slug=asker.tenant.slug), asker.user_id)


async def _knock(asker: Asker, path: str) -> list[dict[str, Any]]:
    """What the server sends to a WebSocket that wants to be opened."""
    token = await asker.log_in()
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"calls.test"), (b"cookie", f"switchroom={token}".encode())]
    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    scope |= {"scheme": "ws", "server": ("calls.test", 80), "client": ("192.0.2.1", 1234), "subprotocols": []}
    scope |= {"http_version": "1.1", "asgi": {"version": "3.0"}, "root_path": "", "extensions": {}, "state": {}}
    async with asyncio.timeout(10):
        await asker.web(scope, receive, send)  # type: ignore[arg-type]
    return sent


async def test_rows_of_every_table_of_a_tenant_are_there_for_the_sweep(platform: Platform, tenant: TenantRef) -> None:
    await fill_every_table(platform, tenant)
    tables = await fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'"
    )
    # The database may have tables of plugins that other tests have loaded.
    owners = ("core", *(record.name for record in platform.registry.ready))
    ours = [row["table_name"] for row in tables if row["table_name"].startswith(tuple(f"{name}_" for name in owners))]
    assert len(ours) > len(owners)
    for table in ours:
        found = await fetch_value(f'SELECT count(*) FROM "{table}" WHERE tenant_id = $1', tenant.id)  # noqa: S608
        assert found, table


def test_texts_of_the_sweep_have_one_length() -> None:
    assert len({len(urlencode({"x": values.text})) for values in (THEIRS, NOBODYS)}) == 1
