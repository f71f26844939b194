"""The administration's pages of plugins: on, off, settings, data, and what has failed."""

from __future__ import annotations

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR
from core.database.connection import execute, fetch_value
from core.plugins import issues
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from tests.core.admin_client import changes_of, problem, send, working_as
from tests.core.web_client import (
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    switch_on,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(platform: Platform, tenant: TenantRef) -> int:
    return await add_user(platform, tenant, "admin", ADMINISTRATOR)


async def test_every_plugin_has_a_card_with_its_state(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        page = (await browser.get("/admin/plugins")).text
    for words in ("Telephony", "Queues", "Work after calls", "Echo"):
        assert words in page
    assert 'hx-post="/admin/plugins/echo/enable"' in page
    assert 'hx-post="/admin/plugins/telephony/disable"' in page


async def test_plugin_is_switched_on_and_off(web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        assert (await browser.get("/p/echo/page")).status_code == 404
        on = await send(browser, "/admin/plugins/echo/enable", {"from": "list"})
        assert "Switched on: Echo." in on.headers["hx-trigger"]
        assert (await browser.get("/p/echo/page")).status_code != 404
        assert (await send(browser, "/admin/plugins/echo/disable")).status_code == 200
        assert (await browser.get("/p/echo/page")).status_code == 404
    entry = (await changes_of("core.plugin_enabled"))[-1]
    assert (entry["actor"], entry["subject"]) == (f"user:{admin}", "core:plugin:echo")


async def test_unknown_plugin_is_not_there(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        assert (await browser.get("/admin/plugins/nothing")).status_code == 404
        for deed in ("enable", "settings", "purge"):
            assert (await send(browser, f"/admin/plugins/nothing/{deed}", {"confirmation": "nothing"})).status_code in (
                404,
                409,
            ), deed


async def test_restricted_plugin_is_the_vendors_to_enable(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    record = platform.registry.get("echo")
    assert record is not None
    assert record.manifest is not None
    before = record.manifest
    record.manifest = before.model_copy(update={"restricted": True})
    try:
        async with working_as(web, tenant, "admin") as browser:
            page = (await browser.get("/admin/plugins")).text
            assert "Your vendor enables this." in page
            assert 'hx-post="/admin/plugins/echo/enable"' not in page
            answer = await send(browser, "/admin/plugins/echo/enable")
            assert answer.status_code == 403
            assert "vendor" in problem(answer)["title"]
    finally:
        record.manifest = before


async def test_required_plugin_is_not_switched_off_and_a_requirement_is_offered(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    record = platform.registry.get("telephony")
    assert record is not None
    assert record.manifest is not None
    before = record.manifest
    record.manifest = before.model_copy(update={"requires": ("routing",)})
    try:
        async with working_as(web, tenant, "admin") as browser:
            page = (await browser.get("/admin/plugins")).text
            assert "Switch these off first, they need it: Telephony." in page
            refused = await send(browser, "/admin/plugins/routing/disable")
            assert refused.status_code == 409
            assert "telephony" in problem(refused)["title"]
            for name in ("telephony", "routing"):
                assert (await send(browser, f"/admin/plugins/{name}/disable")).status_code == 200
            page = (await browser.get("/admin/plugins")).text
            assert "They are switched on with it: Queues." in page
            both = await send(browser, "/admin/plugins/telephony/enable")
            assert "Switched on: Queues, Telephony." in both.headers["hx-trigger"]
    finally:
        record.manifest = before


async def test_settings_are_asked_for_by_the_schema_and_saved(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        assert 'name="answer.morning_hour"' in (await browser.get("/admin/plugins/wrapup")).text
        fields = {
            "answer.enabled_for_voice": "yes",
            "answer.reason_required": "yes",
            "answer.morning_hour": "8",
            "answer.afternoon_hour": "14",
        }
        wrong = await send(browser, "/admin/plugins/wrapup/settings", {**fields, "answer.morning_hour": "0"})
        assert wrong.status_code == 422
        assert list(problem(wrong)["fields"]) == ["answer.morning_hour"]
        saved = await send(browser, "/admin/plugins/wrapup/settings", fields)
        assert saved.status_code == 200
        assert 'value="8"' in saved.text
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as ctx:
        assert ctx.for_plugin("wrapup").settings.morning_hour == 8


async def test_data_are_deleted_only_when_the_name_was_typed_and_the_plugin_is_off(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        on = await send(browser, "/admin/plugins/wrapup/purge", {"confirmation": "wrapup"})
        assert on.status_code == 409
        await send(browser, "/admin/plugins/wrapup/disable")
        assert 'data-typed="wrapup"' in (await browser.get("/admin/plugins/wrapup")).text
        for typed in ("", "Wrapup", "routing"):
            answer = await send(browser, "/admin/plugins/wrapup/purge", {"confirmation": typed})
            assert answer.status_code == 422
            assert "confirmation" in problem(answer)["fields"]
        assert (await send(browser, "/admin/plugins/wrapup/purge", {"confirmation": "wrapup"})).status_code == 200
    assert await fetch_value("SELECT count(*) FROM core_tenant_plugin WHERE plugin = 'wrapup'") == 0
    assert len(await changes_of("core.plugin_purged")) == 1


async def test_issues_are_shown_and_a_parked_hook_is_resumed(
    web: ASGIApp, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, admin: int
) -> None:
    await switch_on(platform, tenant, "echo")
    place = issues.Place(tenant.id, "echo", issues.Kind.HOOK, "navigation_items")
    await issues.record(place, "It broke.", "abcd1234", times=10)
    await issues.record(issues.Place(other_tenant.id, "echo", issues.Kind.PANEL, "theirs"), "Not yours.")
    mine = await fetch_value("SELECT id FROM core_plugin_issue WHERE tenant_id = $1", tenant.id)
    theirs = await fetch_value("SELECT id FROM core_plugin_issue WHERE tenant_id = $1", other_tenant.id)
    async with working_as(web, tenant, "admin") as browser:
        assert "1 issue" in (await browser.get("/admin/plugins")).text
        page = (await browser.get("/admin/plugins/echo")).text
        assert "It broke." in page
        assert "Not yours." not in page
        assert (await send(browser, f"/admin/plugins/echo/issues/{mine}/resume")).status_code == 200
        assert (await send(browser, f"/admin/plugins/echo/issues/{theirs}/resume")).status_code == 404
        assert (await send(browser, f"/admin/plugins/echo/issues/{theirs}/dismiss")).status_code == 404
        gone = await send(browser, f"/admin/plugins/echo/issues/{mine}/dismiss")
        assert "It broke." not in gone.text
    assert await issues.parked_hooks(tenant.id) == {}


async def test_jobs_that_were_given_up_are_tried_again_or_deleted(
    web: ASGIApp, tenant: TenantRef, other_tenant: TenantRef, admin: int
) -> None:
    ids = []
    for owner in (tenant, tenant, other_tenant):
        ids.append(
            await fetch_value(
                "INSERT INTO core_job (tenant_id, name, arguments, due_at, state, attempt, started, error, created_at) "
                "VALUES ($1, 'routing.match_agent', '{}', now(), 'dead', 5, true, 'No luck.', now()) RETURNING id",
                owner.id,
            )
        )
    first, second, theirs = ids
    async with working_as(web, tenant, "admin") as browser:
        assert (await browser.get("/admin/plugins/routing")).text.count("No luck.") == 2
        assert (await send(browser, f"/admin/plugins/routing/jobs/{first}/retry")).status_code == 200
        last = await send(browser, f"/admin/plugins/routing/jobs/{second}/discard")
        assert "No luck." not in last.text
        for deed in ("retry", "discard"):
            assert (await send(browser, f"/admin/plugins/routing/jobs/{theirs}/{deed}")).status_code == 404
    again = "SELECT count(*) FROM core_job WHERE tenant_id = $1 AND state = 'due' AND name = 'routing.match_agent'"
    assert await fetch_value(again, tenant.id) == 1
    assert await fetch_value("SELECT state FROM core_job WHERE id = $1", theirs) == "dead"


async def test_page_that_is_open_asks_for_what_stands_around_only_when_it_has_changed(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        first = await browser.get("/workspace")
        version = first.text.split('data-workspace="')[1].split('"')[0]
        assert (await browser.get(f"/workspace?version={version}")).status_code == 204
        await send(browser, "/admin/plugins/routing/disable")
        changed = await browser.get(f"/workspace?version={version}")
        assert changed.status_code == 200
        assert "/p/routing/queues" in first.text
        assert "/p/routing/queues" not in changed.text
    await execute("DELETE FROM core_session")
