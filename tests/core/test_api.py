"""The manner of the API: who may use it, and what its errors say."""

from __future__ import annotations

import httpx
import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from core.accounts.tokens import revoke_token, tokens
from core.accounts.users import deactivate_user
from core.database.connection import execute
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from tests.core.api_client import API, program, program_of, token_for
from tests.core.web_client import (
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    client,
    log_in,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    """The answer is a problem document."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:switchroom:problem:{code}"
    assert problem["title"]
    return problem


async def test_program_acts_as_the_user_of_its_token_in_the_role_of_the_token(
    web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    async with program_of(web, platform, tenant, "anna", SUPERVISOR, AGENT) as api:
        me = (await api.get(f"{API}/me")).json()
    assert (me["username"], me["role"]["key"], me["uses_token"]) == ("anna", SUPERVISOR, True)
    assert {role["key"] for role in me["roles"]} == {SUPERVISOR, AGENT}
    assert me["organisation"]["slug"] == "acme"
    assert "core.handle_interactions" in me["permissions"]


async def test_scripts_of_pages_use_the_login(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        me = (await browser.get(f"{API}/me")).json()
    assert (me["username"], me["uses_token"]) == ("anna", False)


async def test_another_site_cannot_use_the_login(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        refused = await browser.patch(
            f"{API}/me", json={"theme": "dark"}, headers={"origin": "http://evil.test", "sec-fetch-site": "cross-site"}
        )
    assert_problem(refused, 403, "cross_site")


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1", "/api/v1/core/me", "/api/v1/core/nothing", "/api/v1/routing/x", "/api/v2", "/api/v1/-"]
)
async def test_without_login_or_token_every_path_is_401(web: ASGIApp, path: str) -> None:
    async with program(web) as api:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = await api.request(method, path)
            assert_problem(answer, 401, "not_signed_in")
            assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("sent", ["Bearer swr_wrong", "bearer x", "Bearer", "Bearer  ", "BEARER swr_" + "y" * 5000])
async def test_wrong_token_is_401(web: ASGIApp, sent: str) -> None:
    async with program(web) as api:
        answer = await api.get(f"{API}/me", headers={"authorization": sent})
    assert_problem(answer, 401, "wrong_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_wrong_token_is_not_rescued_by_a_login(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        answer = await browser.get(f"{API}/me", headers={"authorization": "Bearer swr_wrong"})
    assert_problem(answer, 401, "wrong_token")


async def test_too_many_wrong_tokens_of_one_address_are_429_and_right_ones_still_work(
    web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    limit = platform.settings.login.attempts_per_address
    anna = await add_user(platform, tenant, "anna", AGENT)
    right = await token_for(platform, tenant, anna, AGENT)
    async with program(web, "swr_wrong") as api:
        answers = [await api.get(f"{API}/me") for _ in range(limit + 1)]
        assert {answer.status_code for answer in answers[:limit]} == {401}
        assert_problem(answers[-1], 429, "token_limited")
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await api.get(f"{API}/me", headers={"authorization": f"Bearer {right}"})).status_code == 200


async def test_token_opens_no_page(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    async with program_of(web, platform, tenant, "anna", AGENT) as api:
        for path in ("/", "/p/wrapup/panel", "/status"):
            assert (await api.get(path)).status_code in (401, 303)


async def test_token_is_401_once_it_is_revoked(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    async with program_of(web, platform, tenant, "anna", AGENT) as api:
        assert (await api.get(f"{API}/me")).status_code == 200
        async with platform.context(tenant) as ctx:
            await revoke_token(ctx, (await tokens(ctx))[0].id)
        assert_problem(await api.get(f"{API}/me"), 401, "wrong_token")


async def test_token_of_a_user_who_was_switched_off_is_401(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "boss", ADMINISTRATOR)
    anna = await add_user(platform, tenant, "anna", AGENT)
    async with program(web, await token_for(platform, tenant, anna, AGENT)) as api:
        async with platform.context(tenant) as ctx:
            await deactivate_user(ctx, anna)
        assert_problem(await api.get(f"{API}/me"), 401, "wrong_token")


async def test_token_of_a_suspended_organisation_is_401(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    async with program_of(web, platform, tenant, "anna", AGENT) as api:
        await execute("UPDATE core_tenant SET suspended = true WHERE id = $1", tenant.id)
        assert_problem(await api.get(f"{API}/me"), 401, "wrong_token")


async def test_unknown_path_is_404_with_a_problem_whatever_is_accepted(
    web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    async with program_of(web, platform, tenant, "anna", AGENT) as api:
        for path in ("/api/v1/core/nothing", "/api/v1/nobody/x", "/api/v1", "/api/v2/core/me", "/api"):
            for accept in ("text/html", "*/*", "application/json"):
                assert_problem(await api.get(path, headers={"accept": accept}), 404, "not_found")


async def test_wrong_method_is_405_and_names_the_right_ones(
    web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    async with program_of(web, platform, tenant, "anna", AGENT) as api:
        answer = await api.delete(f"{API}/me")
    assert_problem(answer, 405, "method_not_allowed")
    assert {"GET", "PATCH"} <= set(answer.headers["allow"].replace(" ", "").split(","))


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code", "fields"),
    [
        (b"{", "application/json", 400, "bad_request", None),
        (b'{"theme": "\xff"}', "application/json", 400, "bad_request", None),
        (b"", "application/json", 400, "invalid_input", ["body"]),
        (b"[]", "application/json", 400, "invalid_input", ["body"]),
        (b'{"theme": 5}', "application/json", 400, "invalid_input", ["theme"]),
        (b'{"color": "red"}', "application/json", 400, "invalid_input", ["color"]),
        (b'{"theme": "a\\u0000b"}', "application/json", 400, "invalid_input", ["body"]),
        (b'{"theme": "pink"}', "application/json", 422, "invalid_input", ["theme"]),
        (b"theme=dark", "application/x-www-form-urlencoded", 415, "unsupported_media_type", None),
        (b"<theme/>", "text/xml", 415, "unsupported_media_type", None),
        (b'{"theme": "' + b"x" * 1_100_000 + b'"}', "application/json", 413, "too_large", None),
    ],
)
async def test_body_that_cannot_be_used_is_refused_with_a_reason(
    web: ASGIApp,
    platform: Platform,
    tenant: TenantRef,
    body: bytes,
    content_type: str,
    status: int,
    code: str,
    fields: list[str] | None,
) -> None:
    async with program_of(web, platform, tenant, "anna", AGENT) as api:
        answer = await api.patch(f"{API}/me", content=body, headers={"content-type": content_type})
    problem = assert_problem(answer, status, code)
    if fields is not None:
        assert list(problem["fields"]) == fields  # type: ignore[call-overload]


async def test_language_and_look_are_remembered(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    async with program_of(web, platform, tenant, "anna", AGENT) as api:
        assert (await api.patch(f"{API}/me", json={"language": "ru", "theme": "dark"})).status_code == 204
        me = (await api.get(f"{API}/me")).json()
        assert (me["language"], me["theme"], me["role"]["name"]) == ("ru", "dark", "Оператор")
        refused = await api.patch(f"{API}/me", json={"language": "en", "theme": "pink"})
        assert_problem(refused, 422, "invalid_input")
        assert (await api.get(f"{API}/me")).json()["language"] == "ru", "nothing is half done"


async def test_login_changes_its_role_and_a_token_does_not(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT, SUPERVISOR)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        assert (await browser.get(f"{API}/me")).json()["role"] is None
        assert_problem(await browser.get(f"{API}/me/status"), 403, "role_not_chosen")
        assert (await browser.put(f"{API}/me/role", json={"role": AGENT})).status_code == 204
        assert (await browser.get(f"{API}/me")).json()["role"]["key"] == AGENT
        assert (await browser.get(f"{API}/me/status")).json()["intent"] == "pause"
        assert_problem(await browser.put(f"{API}/me/role", json={"role": ADMINISTRATOR}), 404, "not_found")
    async with program(web, await token_for(platform, tenant, anna, AGENT)) as api:
        assert_problem(await api.put(f"{API}/me/role", json={"role": SUPERVISOR}), 409, "conflict")
