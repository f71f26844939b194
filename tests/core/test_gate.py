"""Paths of plugins: there for the tenants that have the plugin, and for all others as if they had never been."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR, AGENT
from core.plugin_lifecycle import disable_plugin
from core.plugins.context import Platform
from core.plugins.discovery import PluginState
from core.tenancy.context import TenantRef
from tests.core.web_client import (
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    client,
    log_in,
    switch_on,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

SERVER_TIME = re.compile(r'<meta name="server-time"[^>]*>')
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OURS = ("/p/echo/hello", "/p/echo/page", "/p/echo/static/hello.js", "/p/echo", "/p/echo/", "/api/v1/echo/x")


@pytest.fixture
async def without(platform: Platform, other_tenant: TenantRef) -> TenantRef:
    """A tenant that has not switched the sample plugin on."""
    await add_user(platform, other_tenant, "ben", AGENT)
    return other_tenant


@pytest.fixture
async def having(platform: Platform, tenant: TenantRef) -> TenantRef:
    """A tenant that has."""
    await add_user(platform, tenant, "anna", AGENT)
    await switch_on(platform, tenant, "echo")
    return tenant


def seen(response: httpx.Response) -> tuple[int, dict[str, str], str]:
    """All that a client can see of an answer, but for the time at which it was given."""
    return response.status_code, dict(response.headers), SERVER_TIME.sub("", response.text)


async def test_page_of_an_enabled_plugin_knows_tenant_plugin_and_user(web: ASGIApp, having: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", having)
        answer = (await browser.get("/p/echo/hello")).json()
    assert answer["tenant"] == "acme"
    assert answer["plugin"] == "echo"
    assert answer["user"] == "anna"
    assert answer["actor"].startswith("user:")


async def test_plugin_that_is_off_answers_like_a_path_that_never_was(
    web: ASGIApp, having: TenantRef, without: TenantRef
) -> None:
    async with client(web) as browser:
        await log_in(browser, "ben", without)
        for method in METHODS:
            never = {
                start: seen(await browser.request(method, f"{start}/there/never/was/this")) for start in ("/p", "/api")
            }
            assert never["/p"] == seen(await browser.request(method, "/there/never/was/this"))
            assert never["/p"][0] == never["/api"][0] == 404
            for path in (*OURS, *(path.replace("echo", "nobody") for path in OURS)):
                unknown = never["/api" if path.startswith("/api") else "/p"]
                assert seen(await browser.request(method, path)) == unknown, f"{method} {path}"


async def test_no_spelling_of_the_path_gets_past(web: ASGIApp, having: TenantRef, without: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "ben", without)
        for path in ("//p//echo//hello", "/p/echo/hello/", "/p/./echo/hello", "/p/%65cho/hello", "/p%2fecho/hello"):
            assert (await browser.get(httpx.URL("http://calls.test" + path))).status_code == 404, path


async def test_who_is_not_logged_in_does_not_learn_which_plugins_there_are(web: ASGIApp, having: TenantRef) -> None:
    async with client(web, accept="application/json") as browser:
        for method in METHODS:
            answers = [
                seen(await browser.request(method, f"/p/{name}/hello")) for name in ("echo", "routing", "nobody")
            ]
            assert answers[0] == answers[1] == answers[2]
            assert answers[0][0] == 401


async def test_switching_off_takes_effect_with_the_next_request(
    web: ASGIApp, platform: Platform, having: TenantRef
) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", having)
        assert (await browser.get("/p/echo/hello")).status_code == 200
        async with platform.context(having) as ctx:
            await disable_plugin(platform, ctx, "echo")
        assert (await browser.get("/p/echo/hello")).status_code == 404
        await switch_on(platform, having, "echo")
        assert (await browser.get("/p/echo/hello")).status_code == 200


async def test_plugin_that_is_not_ready_is_not_there(web: ASGIApp, platform: Platform, having: TenantRef) -> None:
    record = platform.registry.get("echo")
    assert record is not None
    record.fail(PluginState.BROKEN, "It could not start.")
    async with client(web) as browser:
        await log_in(browser, "anna", having)
        assert (await browser.get("/p/echo/hello")).status_code == 404


async def test_public_page_is_there_only_for_tenants_that_have_it(
    web: ASGIApp, having: TenantRef, without: TenantRef
) -> None:
    async with client(web) as browser:
        for method in METHODS:
            never = seen(await browser.request(method, "/there/never/was/this"))
            for path in ("/say/globex", "/say/nowhere", "/say", "/say/globex/static/hello.js", "/say/globex/x/y"):
                assert seen(await browser.request(method, path)) == never, f"{method} {path}"


async def test_public_page_acts_as_a_customer_even_for_who_is_logged_in(web: ASGIApp, having: TenantRef) -> None:
    async with client(web) as browser:
        assert "Acme customer" in (await browser.get("/say/acme")).text
        await log_in(browser, "anna", having)
        assert "Acme customer" in (await browser.get("/say/acme")).text


async def test_public_page_loads_its_files_without_a_login(web: ASGIApp, having: TenantRef) -> None:
    async with client(web) as browser:
        page = (await browser.get("/say/acme")).text
        address = next(part for part in page.split('"') if "hello.js" in part)
        assert address.startswith("/say/acme/static/")
        assert "hello" in (await browser.get(address)).text


async def test_public_page_of_a_suspended_tenant_is_gone(web: ASGIApp, platform: Platform, having: TenantRef) -> None:
    from core.database.connection import execute

    await execute("UPDATE core_tenant SET suspended = true WHERE id = $1", having.id)
    async with client(web) as browser:
        assert (await browser.get("/say/acme")).status_code == 404


async def test_static_files_stay_inside_their_folder(web: ASGIApp, having: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", having)
        assert (await browser.get("/p/echo/static/hello.js")).status_code == 200
        for path in ("../plugin.py", "..%2fplugin.py", "%2e%2e/plugin.py", "....//plugin.py", "/etc/passwd", "%00"):
            answer = await browser.get(httpx.URL(f"http://calls.test/p/echo/static/{path}"))
            assert answer.status_code == 404, path


async def test_websocket_of_a_plugin_that_is_off_is_refused_like_an_unknown_one(
    web: ASGIApp, having: TenantRef, without: TenantRef
) -> None:
    async with client(web) as browser:
        await log_in(browser, "ben", without)
        cookie = browser.cookies["switchroom"]
        off, never = await websocket(web, "/p/echo/socket", cookie), await websocket(web, "/there/never/was", cookie)
        assert off == never
        assert off[0]["type"] == "websocket.close"
    async with client(web) as browser:
        await log_in(browser, "anna", having)
        sent = await websocket(web, "/p/echo/socket", browser.cookies["switchroom"])
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert sent[1]["text"] == "anna"


async def test_role_without_the_permission_is_refused(web: ASGIApp, platform: Platform, having: TenantRef) -> None:
    await add_user(platform, having, "root", ADMINISTRATOR)
    async with client(web) as browser:
        await log_in(browser, "root", having)
        assert (await browser.get("/p/echo/hello")).status_code == 403
        sent = await websocket(web, "/p/echo/socket", browser.cookies["switchroom"])
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_permission_that_no_role_carries_is_refused_to_all(web: ASGIApp, having: TenantRef) -> None:
    async with client(web) as browser:
        await log_in(browser, "anna", having)
        answer = await browser.get("/p/echo/secret")
    assert answer.status_code == 403
    assert "secret" not in answer.text


async def websocket(app: ASGIApp, path: str, cookie: str) -> list[dict[str, Any]]:
    """What the server sends to a client that connects and says nothing more."""
    sent: list[dict[str, Any]] = []
    incoming = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(dict(message))

    scope: Any = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"calls.test"), (b"cookie", f"switchroom={cookie}".encode())],
        "client": ("192.0.2.7", 1234),
        "server": ("calls.test", 80),
        "subprotocols": [],
        "state": {},
        "extensions": {},
    }
    await app(scope, receive, send)
    return sent
