"""The pages of the console over HTTP: what each shows, and what its buttons do."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import AGENT
from core.audit.log import entries
from core.database.connection import execute, fetch_value
from core.plugins.context import SYSTEM, Platform
from core.plugins.discovery import PluginState
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from core.tenancy.models import Tenant
from core.tenants import export
from core.tenants.suspension import suspend
from core.vendor import usage
from core.vendor.operators import create_operator
from core.vendor.processes import Report, processes
from switchroom.testing.app import App
from tests.conftest import Jobs
from tests.core.web_client import PASSWORD, add_user, client, log_in

pytestmark = pytest.mark.anyio


@pytest.fixture
def web(app: App) -> ASGIApp:
    return app.web


@pytest.fixture
async def vera(web: ASGIApp, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """An operator's browser."""
    await create_operator(platform.settings, "vera", "Vera Novak", PASSWORD)
    async with client(web) as browser:
        await browser.post("/vendor/login", data={"username": "vera", "password": PASSWORD})
        yield browser


async def shown(browser: httpx.AsyncClient, path: str) -> str:
    """The text of a page that can be shown."""
    answer = await browser.get(path)
    assert answer.status_code == 200, (path, answer.text)
    return answer.text


async def sent(browser: httpx.AsyncClient, path: str, **fields: str | list[str]) -> httpx.Response:
    """What a form of the page sends."""
    return await browser.post(path, data=fields, headers={"hx-request": "true"})


@pytest.mark.parametrize(
    "path",
    [
        "/vendor",
        "/vendor/overview/now",
        "/vendor/overview/trend",
        "/vendor/tenants",
        "/vendor/tenants/found",
        "/vendor/tenants/new",
        "/vendor/plugins",
        "/vendor/plugins/found",
        "/vendor/plugins/installed",
        "/vendor/usage",
        "/vendor/health",
        "/vendor/health/signs",
        "/vendor/health/processes",
        "/vendor/health/jobs",
        "/vendor/audit",
    ],
)
async def test_every_page_can_be_shown_with_and_without_tenants(
    vera: httpx.AsyncClient, platform: Platform, path: str
) -> None:
    await shown(vera, path)
    await create_tenant(platform, slug="acme", name="Acme & Sons")
    text = await shown(vera, path)
    assert "Acme & Sons" not in text


async def test_the_list_finds_and_filters(
    vera: httpx.AsyncClient, tenant: TenantRef, other_tenant: TenantRef, platform: Platform
) -> None:
    await execute("UPDATE core_tenant SET suspended = true WHERE id = $1", other_tenant.id)
    assert "Globex" in await shown(vera, "/vendor/tenants")
    assert "Globex" not in await shown(vera, "/vendor/tenants?q=acm")
    assert "Acme" not in await shown(vera, "/vendor/tenants/found?show=suspended")
    assert "No tenant fits" in await shown(vera, "/vendor/tenants?q=nobody")


async def test_a_tenant_is_made_on_its_page(vera: httpx.AsyncClient, web: ASGIApp, platform: Platform) -> None:
    assert 'value="romashka"' in await shown(vera, "/vendor/tenants/suggestion?name=Ромашка")
    who = {"name": "Ромашка", "slug": "romashka", "language": "ru", "timezone": "Europe/Moscow"}
    admin = {"admin_username": "olga", "admin_name": "Ольга"}
    answer = await sent(vera, "/vendor/tenants", plugins=["wrapup", "routing"], **who, **admin)
    assert answer.status_code == 200, answer.text
    found = re.search(r'class="secret">([^<]+)<', answer.text)
    assert found is not None
    row = await Tenant.get(slug="romashka")
    assert answer.headers["hx-push-url"] == f"/vendor/tenants/{row.id}"
    async with client(web) as browser:
        assert (await log_in(browser, "olga", row.ref(), password=found[1])).status_code == 303
    assert found[1] not in await shown(vera, f"/vendor/tenants/{row.id}")
    assert found[1] not in await shown(vera, "/vendor/audit")
    answer = await sent(vera, "/vendor/tenants", name="", slug="-", language="ru", timezone="Nowhere")
    assert answer.status_code == 422
    assert '"slug"' in answer.headers["switchroom-problem"]


async def test_a_tenant_is_suspended_and_resumed(
    vera: httpx.AsyncClient, web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        assert (await browser.get("/")).status_code == 200
        assert "Suspended" in (await sent(vera, f"/vendor/tenants/{tenant.id}/suspend", reason="unpaid")).text
        assert (await browser.get("/")).headers["location"].startswith("/login")
        assert "Active" in (await sent(vera, f"/vendor/tenants/{tenant.id}/resume")).text
        assert (await log_in(browser, "anna", tenant)).status_code == 303
    entry = next(entry for entry in await entries(tenant.id) if entry.action == "core.tenant_suspended")
    assert entry.actor_name == "Vera Novak"


async def test_plugins_are_switched_with_what_they_require(
    vera: httpx.AsyncClient, platform: Platform, tenant: TenantRef
) -> None:
    assert "Acme" in await shown(vera, "/vendor/plugins")
    path = "/vendor/plugins/toggle"
    answer = await sent(vera, path, tenant_id=str(tenant.id), plugin="wrapup", to="off")
    assert 'aria-checked="false"' in answer.text
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as ctx:
        assert "wrapup" not in ctx.enabled_plugins
    answer = await sent(vera, path, tenant_id=str(tenant.id), plugin="wrapup", to="on")
    assert answer.status_code == 200
    actions = [entry.actor for entry in await entries(tenant.id) if entry.action == "core.plugin_enabled"]
    assert actions[0].startswith("operator:")
    assert (await sent(vera, path, tenant_id=str(tenant.id), plugin="nothing", to="on")).status_code == 404
    assert (await sent(vera, path, tenant_id="999", plugin="wrapup", to="on")).status_code == 404
    page = (await sent(vera, f"/vendor/tenants/{tenant.id}/plugins/wrapup/off")).text
    assert 'id="switch-wrapup" aria-checked="false"' in page


async def test_a_plugin_that_is_not_ready_shows_its_reason(
    vera: httpx.AsyncClient, platform: Platform, tenant: TenantRef
) -> None:
    record = platform.registry.get("wrapup")
    assert record is not None
    record.fail(PluginState.BROKEN, "It is out of order.")
    assert "It is out of order." in await shown(vera, "/vendor/plugins/installed")
    assert "It is out of order." in await shown(vera, f"/vendor/tenants/{tenant.id}")
    assert "It is out of order." in await shown(vera, "/vendor/overview/now")


async def test_processes_that_see_a_plugin_otherwise_are_named(vera: httpx.AsyncClient, platform: Platform) -> None:
    report = Report(platform.registry, ["web"])
    await report.tell()
    assert "Otherwise in" not in await shown(vera, "/vendor/plugins/installed")
    await execute("UPDATE core_process_plugin SET state = 'broken', reason = 'no disk' WHERE plugin = 'routing'")
    text = await shown(vera, "/vendor/plugins/installed")
    assert "Otherwise in" in text
    assert "no disk" in text
    await execute("UPDATE core_process SET seen_at = now() - interval '5 minutes'")
    assert "Otherwise in" not in await shown(vera, "/vendor/plugins/installed")
    assert "Gone since" in await shown(vera, "/vendor/health/processes")
    await report.stop()
    assert await processes() == []


async def test_issues_are_resumed_and_put_away(vera: httpx.AsyncClient, platform: Platform, tenant: TenantRef) -> None:
    await execute(
        "INSERT INTO core_plugin_issue (tenant_id, plugin, kind, place, message, incident, count, failures, "
        "failing_since, first_seen, last_seen, parked_until, dismissed) VALUES ($1, 'routing', 'hook', 'agent_panels', "
        "'ValueError: <b>no</b>', 'abcd1234', 7, 7, now(), now(), now(), now() + interval '1 hour', false)",
        tenant.id,
    )
    text = await shown(vera, f"/vendor/tenants/{tenant.id}")
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in text
    assert "agent_panels" in await shown(vera, "/vendor/plugins/installed")
    number = await fetch_value("SELECT id FROM core_plugin_issue")
    assert (await sent(vera, f"/vendor/tenants/{tenant.id}/issues/{number}/resume")).status_code == 200
    assert await fetch_value("SELECT parked_until FROM core_plugin_issue") is None
    assert (await sent(vera, f"/vendor/tenants/{tenant.id}/issues/{number}/dismiss")).status_code == 200
    assert "agent_panels" not in await shown(vera, "/vendor/plugins/installed")


async def test_an_export_is_made_and_loaded(
    vera: httpx.AsyncClient, tenant: TenantRef, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "export_folder", lambda _settings: tmp_path)
    assert "progress" in (await sent(vera, f"/vendor/tenants/{tenant.id}/export")).text
    assert (await sent(vera, f"/vendor/tenants/{tenant.id}/export")).status_code == 409
    await jobs.run_due()
    found = re.search(r"/vendor/exports/(\d+)", await shown(vera, f"/vendor/tenants/{tenant.id}/work"))
    assert found is not None
    answer = await vera.get(f"/vendor/exports/{found[1]}")
    assert answer.content[:2] == b"PK"
    assert "acme-" in answer.headers["content-disposition"]
    assert "core.tenant_export_loaded" in [entry.action for entry in await entries(tenant.id)]
    assert (await vera.get("/vendor/exports/999")).status_code == 404


async def test_a_tenant_is_deleted_only_when_its_name_is_typed(
    vera: httpx.AsyncClient, tenant: TenantRef, jobs: Jobs
) -> None:
    assert "cannot be undone" in await shown(vera, f"/vendor/tenants/{tenant.id}/delete")
    assert (await sent(vera, f"/vendor/tenants/{tenant.id}/delete", confirmation="Acme")).status_code == 422
    answer = await sent(vera, f"/vendor/tenants/{tenant.id}/delete", confirmation="acme")
    place = answer.headers["hx-redirect"]
    assert "Running" in await shown(vera, place)
    assert "Being deleted" in await shown(vera, f"/vendor/tenants/{tenant.id}")
    await jobs.run_due()
    assert "Done" in await shown(vera, place)
    assert (await vera.get(f"/vendor/tenants/{tenant.id}")).status_code == 404
    assert "core.tenant_deleted" in await shown(vera, "/vendor/audit")


async def test_a_tenant_is_cloned_on_its_page(vera: httpx.AsyncClient, platform: Platform, tenant: TenantRef) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    assert "acme-copy" in await shown(vera, f"/vendor/tenants/{tenant.id}/clone")
    answer = await sent(
        vera, f"/vendor/tenants/{tenant.id}/clone", name="Acme Two", slug="acme-two", admin_username="anna"
    )
    assert answer.status_code == 200, answer.text
    assert "1 person was copied" in answer.text
    assert 'class="secret"' in answer.text
    copy = await Tenant.get(slug="acme-two")
    roles = await fetch_value("SELECT count(*) FROM core_user_role WHERE tenant_id = $1", copy.id)
    assert roles == 2


async def test_usage_is_measured_shown_and_written_as_csv(
    vera: httpx.AsyncClient, platform: Platform, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    today = datetime.now(UTC).date()
    for hours in (0, 0, 30):
        await execute(
            "INSERT INTO core_interaction (tenant_id, channel, direction, state, state_since, queue, priority, "
            "waiting_since, contact_name, contact_number, subject, cause, created_at) VALUES ($1, 'voice', 'inbound', "
            "'closed', now(), '', 0, now(), '', '', '', '', $2)",
            tenant.id,
            datetime.combine(today, datetime.min.time(), UTC) - timedelta(hours=hours),
        )
    counts = usage.JobCounts()
    for _each in range(5):
        counts.add(tenant.id)
    counts.add(999)
    await counts.write()
    await counts.write()
    async with platform.context(tenant) as ctx:
        await usage.measure_usage.function(ctx)
    [day] = await usage.days_of(tenant.id, today, today)
    assert (day.interactions, day.agents, day.jobs) == (2, 0, 5)
    assert day.storage_bytes > 1000
    [before] = await usage.days_of(tenant.id, today - timedelta(days=1), today - timedelta(days=1))
    assert before.interactions == 0
    await execute("UPDATE core_tenant SET name = '=cmd()' WHERE id = $1", tenant.id)
    await shown(vera, f"/vendor/usage?tenant={tenant.id}&days=7")
    rows = list(csv.reader(io.StringIO((await vera.get("/vendor/usage.csv?days=7")).text)))
    assert rows[0][0] == "day"
    assert [today.isoformat(), "acme", "'=cmd()", "2", "0", "5", str(day.storage_bytes)] in rows


async def test_storage_grows_with_the_rows_of_the_tenant_alone(
    platform: Platform, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    # What the statistics say may not change between the two estimates, but for the table that grows.
    await execute("ANALYZE")
    before, others = await usage.estimate_storage(tenant.id), await usage.estimate_storage(other_tenant.id)
    await execute(
        "INSERT INTO core_fact (tenant_id, at, subject, old, new, cause, actor, detail) "
        "SELECT $1, now(), 'agent', '', '', '', 'system', jsonb_build_object('text', repeat('x', 200)) "
        "FROM generate_series(1, 3000)",
        tenant.id,
    )
    await execute("ANALYZE core_fact")
    # What earlier tests have left behind in the indexes counts as the tenant's share otherwise.
    await execute("REINDEX TABLE core_fact")
    after = await usage.estimate_storage(tenant.id)
    assert 3000 * 200 < after - before < 3000 * 2000
    assert await usage.estimate_storage(other_tenant.id) - others < 100_000


async def test_dead_jobs_are_tried_again_or_deleted(vera: httpx.AsyncClient, tenant: TenantRef) -> None:
    ids = []
    for name in ("core.check_connection", "core.delete_tenant"):
        added = await fetch_value(
            "INSERT INTO core_job (tenant_id, name, arguments, due_at, state, attempt, started, error, created_at) "
            "VALUES ($1, $2, '{}', now(), 'dead', 10, false, 'boom', now()) RETURNING id",
            tenant.id if "check" in name else None,
            name,
        )
        ids.append(added)
    assert "boom" in await shown(vera, "/vendor/health/jobs")
    first, second = ids
    assert (await sent(vera, f"/vendor/jobs/{first}/again")).status_code == 200
    assert await fetch_value("SELECT state FROM core_job WHERE name = 'core.check_connection'") == "due"
    assert (await sent(vera, f"/vendor/jobs/{second}/drop")).status_code == 200
    left = "SELECT count(*) FROM core_job WHERE name IN ('core.check_connection', 'core.delete_tenant')"
    assert await fetch_value(left) == 1
    assert (await sent(vera, f"/vendor/jobs/{second}/again")).status_code == 404


async def test_the_audit_log_shows_all_tenants_and_what_belongs_to_none(
    vera: httpx.AsyncClient, platform: Platform, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    await suspend(platform, tenant.id, SYSTEM)
    await suspend(platform, other_tenant.id, SYSTEM)
    text = await shown(vera, "/vendor/audit")
    assert "core.operator_logged_in" in text
    assert "globex" in text
    assert "globex" not in await shown(vera, f"/vendor/audit?tenant={tenant.id}")


async def test_the_console_speaks_russian(vera: httpx.AsyncClient, tenant: TenantRef) -> None:
    assert (await vera.post("/vendor/preferences/language/ru")).status_code == 200
    assert "Организации" in await shown(vera, "/vendor/tenants")
