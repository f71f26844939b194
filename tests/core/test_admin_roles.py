"""The administration's pages of roles, and what the built-in ones may do."""

from __future__ import annotations

import pytest
from litestar.types import ASGIApp

from core.accounts.own_roles import all_roles, create_role
from core.accounts.permissions import (
    ADMINISTRATION,
    ADMINISTRATOR,
    AGENT,
    HANDLE_INTERACTIONS,
    KB_READER,
    MANAGE_ROLES,
    MANAGE_USERS,
    SEE_AUDIT,
    SEE_OWN_JOURNAL,
    SUPERVISOR,
    Permissions,
)
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from tests.core.admin_client import add_person_with, changes_of, problem, send, working_as
from tests.core.web_client import (
    add_user,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(platform: Platform, tenant: TenantRef) -> int:
    return await add_user(platform, tenant, "admin", ADMINISTRATOR)


def of_built_in(platform: Platform, role: str) -> frozenset[str]:
    """What a built-in role may do where all bundled plugins are on."""
    ready = platform.registry.ready
    declared = Permissions({record.name: record.contributions.permissions for record in ready})
    return declared.of_built_in(role, {record.name for record in ready})


async def test_built_in_roles_may_do_what_they_are_for(platform: Platform) -> None:
    administrator, supervisor, agent, reader = (
        of_built_in(platform, role) for role in (ADMINISTRATOR, SUPERVISOR, AGENT, KB_READER)
    )
    # Creates, finds and changes users; manages queues.
    assert administrator >= ADMINISTRATION | {"routing.manage_queues", "routing.see_queues"}
    # Takes incoming calls and makes outgoing ones, with the form beside the call.
    calls = {HANDLE_INTERACTIONS, SEE_OWN_JOURNAL, "telephony.take_calls", "wrapup.process_tasks"}
    assert agent >= calls
    # The same, and sees the history of calls, the agents and their states.
    assert supervisor >= calls | {"core.see_interactions", "core.see_agents", "routing.see_queues"}
    # None of them may do what the role above is for.
    assert not agent & administrator & (ADMINISTRATION | {"routing.manage_queues"})
    assert not supervisor & (ADMINISTRATION | {"routing.manage_queues"})
    assert not reader & (administrator | supervisor | agent)


async def test_matrix_shows_every_role_and_every_right(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        page = (await browser.get("/admin/roles")).text
    for words in ("Administrator", "Supervisor", "Knowledge base reader", "Take calls with the softphone", "Telephony"):
        assert words in page
    assert page.count('<span class="allowed">') > page.count('scope="rowgroup"')


async def test_rights_of_a_plugin_that_is_off_are_not_there_and_stay_in_the_role(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    from core import plugin_lifecycle

    async with platform.context(tenant) as ctx:
        role_id = await create_role(ctx, "Wrapper", ["wrapup.process_tasks"])
        await plugin_lifecycle.disable_plugin(platform, ctx, "wrapup")
    async with working_as(web, tenant, "admin") as browser:
        assert "Fill in the form" not in (await browser.get("/admin/roles")).text
        fields = {"name": "Wrapper", "permissions": [SEE_OWN_JOURNAL]}
        assert (await send(browser, f"/admin/roles/{role_id}", fields)).status_code == 200
    async with platform.context(tenant) as ctx:
        role = next(role for role in await all_roles(ctx) if role.id == role_id)
    assert set(role.permissions) == {"wrapup.process_tasks", SEE_OWN_JOURNAL}


async def test_role_is_made_as_a_copy_changed_and_deleted(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        assert "Copy of Agent" in (await browser.get("/admin/roles/new?copy=3")).text
        made = await send(browser, "/admin/roles", {"name": "Trainee", "permissions": [SEE_OWN_JOURNAL, "not.there"]})
        path = made.headers["hx-push-url"]
        saved = await send(browser, path, {"name": "Newcomer", "permissions": [HANDLE_INTERACTIONS]})
        assert saved.status_code == 200
        assert (await send(browser, f"{path}/delete")).headers["hx-push-url"] == "/admin/roles"
        assert (await browser.get(path)).status_code == 404
    [created] = await changes_of("core.role_created")
    assert created["after"] == {"name": "Trainee", "permissions": [SEE_OWN_JOURNAL]}
    [changed] = await changes_of("core.role_changed")
    assert changed["before"]["permissions"] == [SEE_OWN_JOURNAL]
    assert changed["after"]["permissions"] == [HANDLE_INTERACTIONS]
    assert len(await changes_of("core.role_deleted")) == 1


async def test_change_of_a_role_holds_with_the_next_request(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    await add_person_with(platform, tenant, "kim", SEE_AUDIT)
    async with platform.context(tenant) as ctx:
        role = next(role for role in await all_roles(ctx) if not role.built_in)
    async with working_as(web, tenant, "kim") as hers, working_as(web, tenant, "admin") as browser:
        assert (await hers.get("/admin/audit")).status_code == 200
        await send(browser, f"/admin/roles/{role.id}", {"name": role.name, "permissions": []})
        assert (await hers.get("/admin/audit")).status_code == 403


async def test_built_in_roles_are_neither_changed_nor_deleted(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        for deed, fields in (("", {"name": "Mine"}), ("/delete", {})):
            answer = await send(browser, f"/admin/roles/3{deed}", fields)
            assert answer.status_code == 409
            assert "built-in" in problem(answer)["title"]


async def test_role_in_use_is_not_deleted_and_its_people_are_named(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    await add_person_with(platform, tenant, "kim", SEE_OWN_JOURNAL)
    async with platform.context(tenant) as ctx:
        role = next(role for role in await all_roles(ctx) if not role.built_in)
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(browser, f"/admin/roles/{role.id}/delete")
    assert answer.status_code == 409
    assert problem(answer)["code"] == "role_in_use"
    assert "Kim" in problem(answer)["title"]


@pytest.mark.parametrize("name", ["", "x" * 101, "agent", "Administrator", "ТРЕНЕР"])
async def test_name_that_cannot_be_used_is_refused(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int, name: str
) -> None:
    async with platform.context(tenant) as ctx:
        await create_role(ctx, "Тренер", [])
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(browser, "/admin/roles", {"name": name})
    assert answer.status_code == 422
    assert list(problem(answer)["fields"]) == ["name"]


async def test_nobody_gives_a_right_of_administration_that_he_lacks(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    await add_person_with(platform, tenant, "kim", MANAGE_ROLES)
    await add_person_with(platform, tenant, "lee", MANAGE_USERS)
    async with platform.context(tenant) as ctx:
        mine, theirs = [role for role in await all_roles(ctx) if not role.built_in]
    async with working_as(web, tenant, "kim") as browser:
        for path, permissions in (
            ("/admin/roles", [SEE_AUDIT]),
            (f"/admin/roles/{mine.id}", [MANAGE_ROLES, MANAGE_USERS]),
            (f"/admin/roles/{theirs.id}", []),
        ):
            answer = await send(browser, path, {"name": "Power", "permissions": permissions})
            assert answer.status_code == 403, path
        assert (await send(browser, "/admin/roles", {"name": "Fine", "permissions": [MANAGE_ROLES]})).status_code == 200
        assert (
            await send(browser, "/admin/roles", {"name": "Too", "permissions": [SEE_OWN_JOURNAL]})
        ).status_code == 200


async def test_other_tenants_roles_are_not_there(
    web: ASGIApp, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, admin: int
) -> None:
    async with platform.context(other_tenant) as ctx:
        theirs = await create_role(ctx, "Secret role", [SEE_AUDIT])
    async with working_as(web, tenant, "admin") as browser:
        assert "Secret role" not in (await browser.get("/admin/roles")).text
        assert (await browser.get(f"/admin/roles/{theirs}")).status_code == 404
        assert (await browser.get(f"/admin/roles/new?copy={theirs}")).status_code == 404
        assert (await send(browser, f"/admin/roles/{theirs}", {"name": "Mine"})).status_code == 404
        assert (await send(browser, f"/admin/roles/{theirs}/delete")).status_code == 404


async def test_keys_of_roles_are_words_and_differ(ctx: Context) -> None:
    for name in ("Éclair team!", "Eclair  Team", "Кассир", "Продавец"):
        await create_role(ctx, name, [])
    keys = [role.key for role in await all_roles(ctx) if not role.built_in]
    assert keys == ["eclair-team", "eclair-team-2", "role", "role-2"]
