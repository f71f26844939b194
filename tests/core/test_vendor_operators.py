"""Operators of the vendor: their accounts, their logins, and that nothing of a tenant's login opens the console."""

from __future__ import annotations

import re

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR
from core.audit.log import entries
from core.database.connection import execute, fetch_value
from core.errors import Conflict, InvalidInput
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from core.vendor.operators import all_operators, create_operator, deactivate_operator, set_operator_password
from core.vendor.pages import HANDLERS
from switchroom.testing.app import App
from tests.core.web_client import PASSWORD, add_user, client, log_in

pytestmark = pytest.mark.anyio


@pytest.fixture
def web(app: App) -> ASGIApp:
    return app.web


async def add_operator(platform: Platform) -> None:
    await create_operator(platform.settings, "vera", "Vera Novak", PASSWORD)


def places() -> list[tuple[str, str]]:
    """Every method and path of the console, but its login page."""
    return [
        (str(method), re.sub(r"\{[^}]*\}", "1", path))
        for handler in HANDLERS
        for path in handler.paths
        for method in handler.http_methods
        if not handler.opt.get("public")
    ]


async def test_every_page_sends_who_is_not_logged_in_to_the_login(web: ASGIApp, platform: Platform) -> None:
    for method, path in places():
        async with client(web) as browser:
            answer = await browser.request(method, path)
            assert answer.status_code == 303, (method, path, answer.text)
            assert answer.headers["location"].startswith("/vendor/login"), (method, path)
            answer = await browser.request(method, path, headers={"accept": "application/json"})
            assert answer.status_code == 401, (method, path)


async def test_an_administrator_of_a_tenant_gets_nothing(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "ada", ADMINISTRATOR)
    async with client(web) as browser:
        await log_in(browser, "ada", tenant)
        assert (await browser.get("/")).status_code == 200
        for method, path in places():
            answer = await browser.request(method, path, headers={"accept": "application/json"})
            assert answer.status_code in (401, 404), (method, path, answer.status_code)


async def test_an_operator_is_nobody_in_a_tenant(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_operator(platform)
    async with client(web) as browser:
        answer = await browser.post("/vendor/login", data={"username": "Vera", "password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/vendor")
        assert (await browser.get("/vendor/login")).headers["location"] == "/vendor"
        for path in ("/", "/admin", "/p/routing/queues", "/api/v1/routing/queues"):
            answer = await browser.get(path, headers={"accept": "application/json"})
            assert answer.status_code in (401, 404), path
        token = browser.cookies["switchroom-operator"]
    async with client(web, cookie=f"switchroom={token}") as browser:
        assert (await browser.get("/", headers={"accept": "application/json"})).status_code == 401


async def test_the_cookie_is_out_of_reach_of_scripts(web: ASGIApp, platform: Platform) -> None:
    await add_operator(platform)
    async with client(web) as browser:
        answer = await browser.post("/vendor/login", data={"username": "vera", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/"))


async def test_login_leads_to_the_console_alone(web: ASGIApp, platform: Platform) -> None:
    await add_operator(platform)
    for place in ("//evil.test", "https://evil.test/vendor", "/p/routing/queues", "/vendorx"):
        async with client(web) as browser:
            form = {"username": "vera", "password": PASSWORD, "next": place}
            assert (await browser.post("/vendor/login", data=form)).headers["location"] == "/vendor"


async def test_wrong_passwords_lock_the_account(web: ASGIApp, platform: Platform) -> None:
    await add_operator(platform)
    async with client(web) as browser:
        statuses = []
        for _attempt in range(platform.settings.login.attempts_per_account + 1):
            await execute("UPDATE core_login_limit SET blocked_until = NULL WHERE attempts < 5")
            answer = await browser.post("/vendor/login", data={"username": "vera", "password": "wrong"})
            statuses.append(answer.status_code)
        assert statuses == [401] * platform.settings.login.attempts_per_account + [429]
        assert int(answer.headers["retry-after"]) > 0
        answer = await browser.post("/vendor/login", data={"username": "vera", "password": PASSWORD})
        assert answer.status_code == 429


async def test_a_login_ends_with_logout_idleness_deactivation_and_a_new_password(
    web: ASGIApp, platform: Platform
) -> None:
    await add_operator(platform)

    async def works(browser: object) -> bool:
        answer = await browser.post("/vendor/preferences/theme/dark")  # type: ignore[attr-defined]
        return bool(answer.status_code == 204)

    async with client(web) as browser:

        async def enter(password: str = PASSWORD) -> None:
            await browser.post("/vendor/login", data={"username": "vera", "password": password})
            assert await works(browser)

        await enter()
        await browser.post("/vendor/logout")
        assert not await works(browser)
        await enter()
        await execute("UPDATE core_operator_session SET seen_at = now() - interval '121 minutes'")
        assert not await works(browser)
        await enter()
        await execute("UPDATE core_operator_session SET expires_at = now()")
        assert not await works(browser)
        await enter()
        await set_operator_password(platform.settings, "vera", "another battery staple")
        assert not await works(browser)
        await enter("another battery staple")
        await deactivate_operator("vera")
        assert not await works(browser)
        answer = await browser.post("/vendor/login", data={"username": "vera", "password": "another battery staple"})
        assert answer.status_code == 401


async def test_accounts_are_checked_and_audited(platform: Platform) -> None:
    await add_operator(platform)
    with pytest.raises(Conflict):
        await create_operator(platform.settings, "VERA", "Another", PASSWORD)
    with pytest.raises(InvalidInput) as refused:
        await create_operator(platform.settings, "-", "", "short")
    assert refused.value.fields.keys() == {"username", "name", "password"}
    assert [operator.username for operator in await all_operators()] == ["vera"]
    assert PASSWORD not in await fetch_value("SELECT password_hash FROM core_operator")
    assert [entry.action for entry in await entries(None)] == ["core.operator_created"]
