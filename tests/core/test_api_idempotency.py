"""Requests that create something, sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR
from core.agents.models import Team
from core.api import teams
from core.api.models import IdempotentAnswer
from core.app import Application
from core.database.connection import execute, fetch_value
from core.housekeeping import remove_old_answers
from core.plugins.context import Platform
from core.site import create_web_app
from core.tenancy.context import TenantRef, tenant_scope
from tests.core.api_client import API, program, program_of, token_for
from tests.core.test_api import assert_problem
from tests.core.web_client import (
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

KEY = {"Idempotency-Key": "4d8f2c1e"}


@pytest.fixture
async def api(web: ASGIApp, platform: Platform, tenant: TenantRef) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator's program."""
    async with program_of(web, platform, tenant, "boss", ADMINISTRATOR) as opened:
        yield opened


async def teams_named(tenant: TenantRef, name: str) -> int:
    with tenant_scope(tenant):
        return await Team.filter(name=name).count()


async def test_repeated_request_creates_once_and_is_answered_as_the_first(
    api: httpx.AsyncClient, tenant: TenantRef
) -> None:
    first = await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    again = await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await teams_named(tenant, "Night") == 1


async def test_key_is_not_taken_for_another_request(api: httpx.AsyncClient, tenant: TenantRef) -> None:
    await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    other_body = await api.post(f"{API}/teams", json={"name": "Day"}, headers=KEY)
    other_path = await api.post(f"{API}/roles", json={"name": "Night", "permissions": []}, headers=KEY)
    assert_problem(other_body, 422, "idempotency_key_reused")
    assert_problem(other_path, 422, "idempotency_key_reused")
    assert await teams_named(tenant, "Day") == 0


async def test_request_that_was_refused_may_be_sent_again_with_its_key(
    api: httpx.AsyncClient, tenant: TenantRef
) -> None:
    created = (await api.post(f"{API}/teams", json={"name": "Night"})).json()
    refused = await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    assert_problem(refused, 422, "invalid_input")
    assert (await api.delete(f"{API}/teams/{created['id']}")).status_code == 204
    assert (await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 81, "two words", "tab\tbed"])
async def test_key_that_cannot_be_kept_is_refused(api: httpx.AsyncClient, tenant: TenantRef, key: str) -> None:
    refused = await api.post(f"{API}/teams", json={"name": "Night"}, headers={"Idempotency-Key": key})
    assert assert_problem(refused, 422, "invalid_input")["fields"]
    assert await teams_named(tenant, "Night") == 0


async def test_keys_of_two_users_and_of_two_organisations_are_different_ones(
    web: ASGIApp, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, api: httpx.AsyncClient
) -> None:
    colleague = program_of(web, platform, tenant, "colleague", ADMINISTRATOR)
    stranger = program_of(web, platform, other_tenant, "boss", ADMINISTRATOR)
    async with colleague as second, stranger as third:
        assert (await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)).status_code == 201
        assert (await second.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)).status_code == 422
        assert (await second.post(f"{API}/teams", json={"name": "Day"}, headers=KEY)).status_code == 201
        made = await third.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    assert made.status_code == 201
    assert "idempotency-replayed" not in made.headers
    assert await teams_named(other_tenant, "Night") == 1


async def test_request_without_the_permission_is_refused_also_when_it_is_repeated(
    web: ASGIApp, platform: Platform, tenant: TenantRef, api: httpx.AsyncClient
) -> None:
    async with program_of(web, platform, tenant, "anna", "agent") as agent:
        assert_problem(await agent.post(f"{API}/teams", json={"name": "Night"}, headers=KEY), 403, "forbidden")
    assert (await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)).status_code == 201


async def test_many_at_once_create_one_and_two_processes_agree(
    web: ASGIApp, platform: Platform, application: Application, tenant: TenantRef
) -> None:
    boss = await add_user(platform, tenant, "boss", ADMINISTRATOR)
    token = await token_for(platform, tenant, boss, ADMINISTRATOR)
    # A second application instance, with nothing in common but the database.
    other = create_web_app(Application.build(platform.settings, "", platform.registry, frozenset()).platform)
    body = {"username": "anna", "name": "Anna", "password": "a long password", "roles": ["agent"]}
    async with program(web, token) as one, program(other, token) as two:
        answers = await asyncio.gather(*(api.post(f"{API}/users", json=body, headers=KEY) for api in [one, two] * 5))
        made = [answer for answer in answers if answer.status_code == 201]
        for waiting in (answer for answer in answers if answer.status_code != 201):
            assert_problem(waiting, 409, "request_at_work")
            assert waiting.headers["retry-after"] == "1"
        later = await two.post(f"{API}/users", json=body, headers=KEY)
    assert made
    assert {answer.json()["id"] for answer in [*made, later]} == {later.json()["id"]}
    assert await fetch_value("SELECT count(*) FROM core_user WHERE username = 'anna'") == 1


async def test_request_that_dies_leaves_neither_what_it_made_nor_its_key(
    api: httpx.AsyncClient, tenant: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_arguments: Any) -> Any:
        raise RuntimeError("The plug was pulled.")

    with monkeypatch.context() as broken:
        broken.setattr(teams, "_shown", dies)
        failed = await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    assert assert_problem(failed, 500, "internal_error")["incident"]
    assert await teams_named(tenant, "Night") == 0
    with tenant_scope(tenant):
        assert await IdempotentAnswer.all().count() == 0
    assert (await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)).status_code == 201


async def test_request_that_is_still_at_work_is_told_to_come_back(
    api: httpx.AsyncClient, tenant: TenantRef, database_url: str
) -> None:
    me = (await api.get(f"{API}/me")).json()
    first = await asyncpg.connect(database_url)
    try:
        async with first.transaction():
            name = f"core_idempotent_answer:{tenant.id}:{me['id']}:{KEY['Idempotency-Key']}"
            await first.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", name)
            waiting = await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    finally:
        await first.close()
    assert_problem(waiting, 409, "request_at_work")
    assert waiting.headers["retry-after"] == "1"
    assert (await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)).status_code == 201


async def test_old_answer_is_forgotten(api: httpx.AsyncClient, platform: Platform) -> None:
    await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    await execute("UPDATE core_idempotent_answer SET created_at = now() - interval '2 days'")
    await remove_old_answers.function(platform)
    again = await api.post(f"{API}/teams", json={"name": "Night"}, headers=KEY)
    assert_problem(again, 422, "invalid_input")


async def test_token_is_kept_in_no_answer(api: httpx.AsyncClient, platform: Platform, tenant: TenantRef) -> None:
    me = (await api.get(f"{API}/me")).json()
    body = {"name": "Second", "user_id": me["id"], "role": ADMINISTRATOR}
    first = await api.post(f"{API}/tokens", json=body, headers=KEY)
    second = await api.post(f"{API}/tokens", json=body, headers=KEY)
    assert first.json()["token"] != second.json()["token"]
    with tenant_scope(tenant):
        assert await IdempotentAnswer.all().count() == 0
