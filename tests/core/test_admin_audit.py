"""The administration's pages of API tokens and of the audit log."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR, AGENT, MANAGE_TOKENS
from core.accounts.tokens import create_token, read_token
from core.accounts.users import change_user
from core.audit.log import record
from core.audit.reading import Wanted, actions_in, actors_in, find_entries
from core.database.connection import execute, fetch_value
from core.plugins.context import Actor, ActorKind, Platform
from core.tenancy.context import TenantRef
from tests.core.admin_client import add_person_with, problem, send, working_as
from tests.core.web_client import (
    add_user,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(platform: Platform, tenant: TenantRef) -> int:
    return await add_user(platform, tenant, "admin", ADMINISTRATOR)


# --- Tokens ---


async def test_token_is_shown_once_works_and_is_revoked(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    async with working_as(web, tenant, "admin") as browser:
        assert f'value="{anna}:agent"' in (await browser.get("/admin/tokens/new")).text
        fields = {"name": "Reports", "acts_as": f"{anna}:agent", "days": "30"}
        made = await send(browser, "/admin/tokens", fields)
        found = re.search(r'<code id="made-token"[^>]*>([^<]+)<', made.text)
        assert found is not None
        page = (await browser.get("/admin/tokens")).text
        assert found[1] not in page
        assert "Reports" in page
        acting = await read_token(found[1])
        assert acting is not None
        assert acting.user_id == anna
        token_id = await fetch_value("SELECT id FROM core_api_token")
        assert (await send(browser, f"/admin/tokens/{token_id}/revoke")).status_code == 200
        assert await read_token(found[1]) is None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "X", "acts_as": ""}, "acts_as"),
        ({"name": "X", "acts_as": "999999:agent"}, "acts_as"),
        ({"name": "X", "acts_as": "1:kb_reader"}, "acts_as"),
        ({"name": "", "acts_as": "1:administrator"}, "name"),
    ],
)
async def test_token_that_cannot_be_is_refused(
    web: ASGIApp, tenant: TenantRef, admin: int, fields: dict[str, str], wrong: str
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(browser, "/admin/tokens", fields)
    assert answer.status_code == 422
    assert wrong in problem(answer)["fields"]


async def test_nobody_makes_a_token_that_may_more_than_he(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    await add_person_with(platform, tenant, "kim", MANAGE_TOKENS)
    async with platform.context(tenant) as ctx:
        _text, theirs = await create_token(ctx, name="Power", user_id=admin, role=ADMINISTRATOR, expires_at=None)
    async with working_as(web, tenant, "kim") as browser:
        assert f'value="{admin}:administrator"' not in (await browser.get("/admin/tokens/new")).text
        made = await send(browser, "/admin/tokens", {"name": "X", "acts_as": f"{admin}:administrator"})
        assert made.status_code == 403
        assert (await send(browser, f"/admin/tokens/{theirs.id}/revoke")).status_code == 403


async def test_other_tenants_tokens_are_not_there(
    web: ASGIApp, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, admin: int
) -> None:
    zoe = await add_user(platform, other_tenant, "zoe", AGENT)
    async with platform.context(other_tenant) as ctx:
        text, theirs = await create_token(ctx, name="Theirs", user_id=zoe, role=AGENT, expires_at=None)
    async with working_as(web, tenant, "admin") as browser:
        assert "Theirs" not in (await browser.get("/admin/tokens")).text
        assert (await send(browser, f"/admin/tokens/{theirs.id}/revoke")).status_code == 404
        assert (await send(browser, "/admin/tokens", {"name": "X", "acts_as": f"{zoe}:agent"})).status_code == 422
    assert await read_token(text) is not None


# --- The log ---


async def test_change_is_told_in_words_with_before_and_after(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    async with platform.context(tenant, Actor(ActorKind.USER, admin)) as ctx:
        await change_user(ctx, anna, name="Anna Petrova", timezone="Asia/Tokyo")
    async with working_as(web, tenant, "admin") as browser:
        page = (await browser.get(f"/admin/audit?actor=user:{admin}")).text
    for words in ("User changed", "Anna Petrova", "Time zone", "Asia/Tokyo", "Admin"):
        assert words in page
    assert "{" not in page.split('class="audit-list"')[1].split("</ol>")[0]


async def test_filters_narrow_the_log_and_pages_go_by_id(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.admin.audit.PAGE", 2)
    await execute("DELETE FROM core_audit")
    async with platform.context(tenant, Actor(ActorKind.USER, admin)) as ctx:
        for number in range(3):
            await record(ctx, "echo.thing_done", subject_name=f"Number {number}")
        await record(ctx, "core.user_changed", subject_name="Other")
    await execute("UPDATE core_audit SET at = now() - interval '40 days' WHERE subject_name = 'Number 0'")
    day = (datetime.now(UTC) - timedelta(days=20)).date()
    async with working_as(web, tenant, "admin") as browser:
        assert subjects((await browser.get("/admin/audit")).text) == ["Other", "Number 2"]
        first = (await browser.get("/admin/audit?action=echo.thing_done")).text
        assert subjects(first) == ["Number 2", "Number 1"]
        assert "Echo: thing done" in first
        older = re.search(r'hx-get="(/admin/audit/more\?[^"]+)"', first)
        assert older is not None
        assert subjects((await browser.get(older[1].replace("&amp;", "&"))).text) == ["Number 0"]
        assert subjects((await browser.get(f"/admin/audit?until={day}")).text) == ["Number 0"]
        assert "Number 0" not in (await browser.get(f"/admin/audit/export?since={day}")).text
        assert "Nothing fits" in (await browser.get("/admin/audit?actor=user:99")).text
        assert (await browser.get("/admin/audit?since=soon&until=9999-12-31")).status_code == 200


def subjects(page: str) -> list[str]:
    return re.findall(r'<span class="subject">([^<]+)', page)


async def test_export_holds_every_row_and_no_formula(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    await execute("DELETE FROM core_audit")
    async with platform.context(tenant, Actor(ActorKind.USER, admin)) as ctx:
        for number in range(450):
            await record(ctx, "echo.thing_done", subject_name=f"=cmd|{number}", before={"x": 1}, after={"x": number})
    async with working_as(web, tenant, "admin") as browser:
        answer = await browser.get("/admin/audit/export")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("﻿"))))
    assert len(rows) == 451
    assert rows[1][3] == "'=cmd|449"
    assert rows[1][1] == "Admin"
    assert len({row[-1] for row in rows[1:]}) == 450


async def test_each_tenant_reads_its_own_log(
    web: ASGIApp, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, admin: int
) -> None:
    async with platform.context(other_tenant) as ctx:
        await record(ctx, "echo.secret_thing", subject_name="Theirs")
    async with working_as(web, tenant, "admin") as browser:
        for path in ("/admin/audit", "/admin/audit/export", "/admin/audit?action=echo.secret_thing"):
            page = (await browser.get(path)).text
            assert "Theirs" not in page
        assert "secret_thing" not in (await browser.get("/admin/audit")).text
    assert "echo.secret_thing" not in await actions_in(tenant.id)
    assert "echo.secret_thing" in await actions_in(other_tenant.id)


async def test_those_who_occur_are_listed_with_their_latest_name(
    platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with platform.context(tenant, Actor(ActorKind.USER, admin)) as ctx:
        await record(ctx, "echo.first")
        await change_user(ctx, admin, name="Ada Miller")
    actors = dict(await actors_in(tenant.id))
    assert actors[f"user:{admin}"] == "Ada Miller"
    assert "system" in actors
    assert [entry.action for entry in await find_entries(tenant.id, Wanted(actor=f"user:{admin}"), limit=1)] == [
        "core.user_changed"
    ]
