"""The administration's pages of users, and who may not do what there."""

from __future__ import annotations

import re

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR, AGENT, KB_READER, MANAGE_USERS, SUPERVISOR
from core.accounts.users import LockedOut, create_user, deactivate_user, set_roles
from core.agents.teams import create_team, team_of
from core.database.connection import execute, fetch_value
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from tests.core.admin_client import add_person_with, changes_of, problem, send, working_as
from tests.core.web_client import (
    PASSWORD,
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    client,
    log_in,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(platform: Platform, tenant: TenantRef) -> int:
    return await add_user(platform, tenant, "admin", ADMINISTRATOR)


async def roles_of(user_id: int) -> set[str]:
    found = await fetch_value(
        "SELECT array_agg(role.key) FROM core_user_role AS granted JOIN core_role AS role ON role.id = granted.role_id "
        "WHERE granted.user_id = $1",
        user_id,
    )
    return set(found or [])


# --- Who may come in ---


async def test_administrator_finds_the_administration_in_the_navigation_and_on_the_first_page(
    web: ASGIApp, tenant: TenantRef, admin: int
) -> None:
    async with client(web) as browser:
        await log_in(browser, "admin", tenant)
        home = (await browser.get("/")).text
        assert 'href="/admin"' in home
        assert 'href="/admin/users"' in home
        start = (await browser.get("/admin")).text
    for path in ("users", "roles", "teams", "lookups", "plugins", "tokens", "audit"):
        assert f'href="/admin/{path}"' in start
    assert 'href="/admin/users/new"' in start


async def test_agent_sees_nothing_of_it(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        assert 'href="/admin"' not in (await browser.get("/")).text
        paths = (
            "",
            "/users",
            "/users/new",
            "/users/1",
            "/roles",
            "/teams",
            "/lookups",
            "/plugins",
            "/tokens",
            "/audit",
        )
        for path in paths:
            assert (await browser.get(f"/admin{path}")).status_code == 403, path


async def test_role_with_one_right_sees_its_page_alone(web: ASGIApp, platform: Platform, tenant: TenantRef) -> None:
    await add_person_with(platform, tenant, "kim", MANAGE_USERS)
    async with client(web) as browser:
        await log_in(browser, "kim", tenant)
        start = (await browser.get("/admin")).text
        assert 'href="/admin/users"' in start
        assert 'href="/admin/audit"' not in start
        assert (await browser.get("/admin/audit")).status_code == 403


# --- The list ---


async def test_search_filters_and_pages_go_by_key(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bea", "anna", "carl", "dora"):
        await add_user(platform, tenant, name, AGENT)
    monkeypatch.setattr("core.admin.people.PAGE", 2)
    async with working_as(web, tenant, "admin") as browser:
        first = (await browser.get("/admin/users")).text
        assert shown(first) == ["Admin", "Anna"]
        more = re.search(r'hx-get="(/admin/users/more\?[^"]+)"', first)
        assert more is not None
        second = (await browser.get(more[1].replace("&amp;", "&"))).text
        assert shown(second) == ["Bea", "Carl"]
        assert shown((await browser.get("/admin/users?words=DOR")).text) == ["Dora"]
        assert shown((await browser.get("/admin/users?role=administrator")).text) == ["Admin"]
        assert "Nobody fits" in (await browser.get("/admin/users?words=zzz")).text
        assert "Nobody fits" in (await browser.get("/admin/users?state=off")).text


def shown(page: str) -> list[str]:
    return re.findall(r'<span class="who"><strong>([^<]+)', page)


async def test_percent_sign_is_a_letter_like_any_other(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        assert "Nobody fits" in (await browser.get("/admin/users", params={"words": "%"})).text


async def test_other_tenants_users_are_neither_listed_nor_found(
    web: ASGIApp, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, admin: int
) -> None:
    theirs = await add_user(platform, other_tenant, "zoe", ADMINISTRATOR)
    async with working_as(web, tenant, "admin") as browser:
        assert "Zoe" not in (await browser.get("/admin/users?state=all")).text
        assert (await browser.get(f"/admin/users/{theirs}")).status_code == 404
        for deed in ("", "/password", "/deactivate", "/reactivate", "/logout"):
            fields = {"name": "Mine", "roles": [AGENT], "password": "a new password"}
            assert (await send(browser, f"/admin/users/{theirs}{deed}", fields)).status_code == 404, deed
    async with client(web) as browser:
        assert (await log_in(browser, "zoe", other_tenant)).status_code == 303


# --- A colleague ---


async def test_colleague_is_added_with_a_password_that_is_shown_once(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with platform.context(tenant) as ctx:
        second = await create_team(
            ctx, name="Second", timing={"offer_seconds": 20, "no_answer_seconds": 10, "wrap_up_seconds": 60}
        )
    async with working_as(web, tenant, "admin") as browser:
        fields = {"name": "Bea Moss", "username": "bea", "roles": [AGENT, SUPERVISOR], "team": second}
        answer = await send(browser, "/admin/users", {**fields, "language": "ru", "timezone": "Europe/Berlin"})
        assert answer.status_code == 200
        path = answer.headers["hx-push-url"]
        password = re.search(r'<code id="made-password"[^>]*>([^<]+)<', answer.text)
        assert password is not None
        assert password[1] not in (await browser.get(path)).text
    user_id = int(path.rpartition("/")[2])
    assert await roles_of(user_id) == {AGENT, SUPERVISOR}
    async with platform.context(tenant) as ctx:
        team = await team_of(ctx, user_id)
    assert team is not None
    assert team.id == second
    async with client(web) as browser:
        assert (await browser.send_login("bea", tenant, password=password[1])).headers["location"] == "/"
    entry = (await changes_of("core.user_created"))[-1]
    assert entry["actor"] == f"user:{admin}"
    assert entry["after"]["roles"] == ["Agent", "Supervisor"]
    assert password[1] not in str(entry)


async def test_each_field_that_is_refused_is_named(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(
            browser,
            "/admin/users",
            {"name": " ", "username": "!", "password": "short", "timezone": "Mars/Olympus", "language": "xx"},
        )
        assert answer.status_code == 422
        assert set(problem(answer)["fields"]) == {"name", "username", "roles", "password", "timezone", "language"}
        taken = await send(browser, "/admin/users", {"name": "X", "username": "ADMIN", "roles": [AGENT]})
        assert taken.status_code == 409


async def test_everything_of_a_user_is_saved_together_and_recorded(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    async with working_as(web, tenant, "admin") as browser:
        fields = {"name": "Anna Petrova", "roles": [KB_READER], "timezone": "Asia/Tokyo", "language": "ru"}
        assert (await send(browser, f"/admin/users/{anna}", fields)).status_code == 200
        # A role that does not exist: nothing of it is saved.
        bad = await send(browser, f"/admin/users/{anna}", {"name": "Changed", "roles": ["gone"]})
        assert bad.status_code == 404
        assert "Anna Petrova" in (await browser.get(f"/admin/users/{anna}")).text
    [renamed] = await changes_of("core.user_changed")
    assert renamed["before"] == {"name": "Anna", "timezone": None, "language": None}
    assert renamed["after"] == {"name": "Anna Petrova", "timezone": "Asia/Tokyo", "language": "ru"}
    [moved] = await changes_of("core.user_roles_changed")
    assert (moved["before"], moved["after"]) == ({"roles": ["Agent"]}, {"roles": ["Knowledge base reader"]})


async def test_new_password_ends_every_login(web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as hers, working_as(web, tenant, "admin") as browser:
        await log_in(hers, "anna", tenant)
        assert (await hers.get("/")).status_code == 200
        too_short = await send(browser, f"/admin/users/{anna}/password", {"password": "x"})
        assert "password" in problem(too_short)["fields"]
        answer = await send(browser, f"/admin/users/{anna}/password", {"password": "another good one"})
        assert "made-password" not in answer.text
        assert (await hers.get("/")).status_code == 303
        assert (await hers.send_login("anna", tenant, password="another good one")).headers["location"] == "/"
    assert [entry["subject"] for entry in await changes_of("core.password_reset")] == [f"core:user:{anna}"]
    assert "another good one" not in str(await changes_of("core.password_reset"))


async def test_account_is_switched_off_and_on_again(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as hers, working_as(web, tenant, "admin") as browser:
        await log_in(hers, "anna", tenant)
        assert (await send(browser, f"/admin/users/{anna}/deactivate")).status_code == 200
        assert (await hers.get("/")).status_code == 303
        assert (await log_in(hers, "anna", tenant)).status_code == 401
        assert (await send(browser, f"/admin/users/{anna}/reactivate")).status_code == 200
        assert (await log_in(hers, "anna", tenant)).status_code == 303
    assert len(await changes_of("core.user_deactivated")) == len(await changes_of("core.user_reactivated")) == 1


async def test_log_out_everywhere(web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int) -> None:
    anna = await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as hers, working_as(web, tenant, "admin") as browser:
        await log_in(hers, "anna", tenant)
        assert "1 login is open." in (await browser.get(f"/admin/users/{anna}")).text
        assert (await send(browser, f"/admin/users/{anna}/logout")).status_code == 200
        assert (await hers.get("/")).status_code == 303


# --- Nobody locks himself, or everybody, out ---


async def test_nobody_switches_off_his_own_account(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    await add_user(platform, tenant, "other", ADMINISTRATOR)
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(browser, f"/admin/users/{admin}/deactivate")
    assert answer.status_code == 409
    assert problem(answer)["code"] == "locked_out"
    assert "own account" in problem(answer)["title"]


async def test_nobody_takes_the_administration_from_himself(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    await add_user(platform, tenant, "other", ADMINISTRATOR)
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(browser, f"/admin/users/{admin}", {"name": "Admin", "roles": [AGENT]})
        assert answer.status_code == 409
        more = await send(browser, f"/admin/users/{admin}", {"name": "Admin", "roles": [AGENT, ADMINISTRATOR]})
        assert more.status_code == 200
    assert await roles_of(admin) == {ADMINISTRATOR, AGENT}


async def test_last_administrator_stays_whoever_asks(ctx: Context) -> None:
    only = await create_user(ctx, "only", "Only", PASSWORD, [ADMINISTRATOR])
    for deed in (deactivate_user(ctx, only.id), set_roles(ctx, only.id, [AGENT])):
        with pytest.raises(LockedOut):
            await deed
    other = await create_user(ctx, "other", "Other", PASSWORD, [ADMINISTRATOR])
    await deactivate_user(ctx, only.id)
    # One whose account is off administers nothing.
    with pytest.raises(LockedOut):
        await set_roles(ctx, other.id, [AGENT])


async def test_without_the_last_administrator_others_can_still_be_switched_off(ctx: Context) -> None:
    agent = await create_user(ctx, "agent", "Agent", PASSWORD, [AGENT])
    await deactivate_user(ctx, agent.id)
    assert not await fetch_value("SELECT active FROM core_user WHERE id = $1", agent.id)


# --- Nobody gives what he does not have ---


async def test_who_only_manages_users_makes_and_touches_no_administrator(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    kim = await add_person_with(platform, tenant, "kim", MANAGE_USERS)
    anna = await add_user(platform, tenant, "anna", AGENT)
    async with working_as(web, tenant, "kim") as browser:
        new = {"name": "Eve", "username": "eve", "roles": [ADMINISTRATOR]}
        assert (await send(browser, "/admin/users", new)).status_code == 403
        raised = {"name": "Kim", "roles": [ADMINISTRATOR]}
        assert (await send(browser, f"/admin/users/{kim}", raised)).status_code == 403
        assert (
            await send(browser, f"/admin/users/{anna}", {"name": "Anna", "roles": [ADMINISTRATOR]})
        ).status_code == 403
        for deed in ("/password", "/deactivate", "/logout"):
            assert (
                await send(browser, f"/admin/users/{admin}{deed}", {"password": "mine from now on"})
            ).status_code == 403
        assert (await send(browser, f"/admin/users/{admin}", {"name": "X", "roles": [AGENT]})).status_code == 403
        # Agents and supervisors are given freely.
        assert (await send(browser, "/admin/users", {**new, "roles": [AGENT]})).status_code == 200
        assert (await send(browser, f"/admin/users/{anna}/password", {"password": "a good one"})).status_code == 200
    assert await roles_of(admin) == {ADMINISTRATOR}
    assert await roles_of(kim) == {"role-of-kim"}


async def test_pages_ask_an_index_for_the_users_of_a_tenant(ctx: Context) -> None:
    await execute(
        "INSERT INTO core_user (tenant_id, username, name, password_hash, theme, active, created_at) "
        "SELECT $1, 'user' || n, 'User ' || n, '', 'auto', true, now() FROM generate_series(1, 3000) AS n",
        ctx.tenant.id,
    )
    await execute("ANALYZE core_user")
    plan = await fetch_value(
        "EXPLAIN (FORMAT JSON) SELECT id FROM core_user WHERE tenant_id = $1 AND (lower(name), id) > ('m', 1) "
        "ORDER BY lower(name), id LIMIT 50",
        ctx.tenant.id,
    )
    assert "core_user_by_name" in plan
