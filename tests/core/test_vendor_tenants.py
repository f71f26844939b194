"""What the vendor does to tenants: created, suspended, resumed, cloned, exported, deleted."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import ADMINISTRATOR, AGENT
from core.accounts.sessions import open_session, read_session
from core.accounts.users import create_user
from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent, Status
from core.agents.views import view
from core.audit.log import entries
from core.database.connection import execute, fetch, fetch_value
from core.errors import Conflict, InvalidInput, NotFound
from core.interactions.lifecycle import create_interaction
from core.interactions.offers import accept_offer, make_offer
from core.jobs import outbox
from core.plugins.context import Actor, ActorKind, Context, Platform
from core.settings.encryption import Cipher
from core.tenancy.context import TenantRef
from core.tenancy.models import Tenant
from core.tenants import deletion, export, work
from core.tenants.cloning import clone_tenant, without_sealed
from core.tenants.creation import NewTenant, create, new_password, suggest_slug
from core.tenants.deletion import delete_tenant, take_up
from core.tenants.directory import find
from core.tenants.export import export_tenant, without_secrets
from core.tenants.suspension import end_all_work, resume, suspend
from core.tenants.tables import TenantTable, children_first, tenant_tables
from switchroom.testing.app import App
from tests.conftest import Jobs
from tests.core.web_client import PASSWORD, add_user, client, log_in

pytestmark = pytest.mark.anyio

VERA = Actor(ActorKind.OPERATOR, operator_id=7, name="Vera")


@pytest.fixture
def web(app: App) -> ASGIApp:
    return app.web


@asynccontextmanager
async def talking(ctx: Context) -> AsyncIterator[tuple[int, int]]:
    """An agent in talk; gives the ids of the agent and of the interaction."""
    user = await create_user(ctx, "anna", "Anna", PASSWORD, [AGENT])
    await begin_shift(ctx, user.id)
    await tab_opened(ctx, user.id)
    await choose_intent(ctx, user.id, Intent.AVAILABLE)
    interaction = await create_interaction(ctx, channel="voice")
    offer = await make_offer(ctx, interaction.id, [user.id], cause="test")
    assert offer is not None
    await accept_offer(ctx, offer.id, user.id)
    yield user.id, interaction.id


# --- Creating ---


async def test_a_tenant_is_made_with_plugins_and_an_administrator_who_can_log_in(
    platform: Platform, web: ASGIApp
) -> None:
    made = await create(
        platform,
        NewTenant("initech", "Initech", "ru", "Europe/Moscow"),
        ["wrapup"],
        VERA,
        administrator=("bill", "Bill"),
    )
    assert (made.tenant.language, made.tenant.timezone, made.left_off) == ("ru", "Europe/Moscow", {})
    assert made.administrator is not None
    async with platform.context(made.tenant) as ctx:
        assert "wrapup" in ctx.enabled_plugins
    async with client(web) as browser:
        answer = await log_in(browser, "bill", made.tenant, password=made.administrator.password)
        assert answer.status_code == 303
    actions = [entry.action for entry in await entries(made.tenant.id)]
    assert "core.tenant_created" in actions
    assert made.administrator.password not in str(await entries(made.tenant.id))


async def test_what_cannot_be_used_is_named_and_nothing_is_made(platform: Platform, tenant: TenantRef) -> None:
    with pytest.raises(InvalidInput) as refused:
        await create(platform, NewTenant("X", "", "xx", "Mars/Base"), [], VERA)
    assert refused.value.fields.keys() == {"slug", "name", "language", "timezone"}
    with pytest.raises(Conflict):
        await create(platform, NewTenant(tenant.slug, "Another"), [], VERA)
    with pytest.raises(InvalidInput) as refused:
        await create(platform, NewTenant("initech", "Initech"), [], VERA, administrator=("", "Bill"))
    assert "admin_username" in refused.value.fields
    assert await Tenant.all().count() == 1


def test_short_names_are_suggested() -> None:
    assert suggest_slug("Ромашка, ООО") == "romashka-ooo"
    assert suggest_slug("  Müller & Söhne GmbH ") == "muller-sohne-gmbh"
    assert suggest_slug("3M") == ""
    assert suggest_slug("株式会社") == ""
    assert len(suggest_slug("a very long name of an organisation that goes on and on")) <= 40


def test_passwords_differ_and_are_long() -> None:
    assert len({new_password() for _each in range(100)}) == 100
    assert len(new_password()) == 19


# --- Suspending ---


async def test_suspending_ends_logins_calls_and_jobs_at_once(
    platform: Platform, ctx: Context, other_tenant: TenantRef, jobs: Jobs, web: ASGIApp
) -> None:
    async with client(web) as browser, talking(ctx) as (user_id, interaction_id):
        token = await open_session(ctx, user_id)
        async with platform.context(other_tenant) as other:
            stays = await create_user(other, "oscar", "Oscar", PASSWORD, [AGENT])
            other_token = await open_session(other, stays.id)
        assert await suspend(platform, ctx.tenant.id, VERA, reason="unpaid")
        assert not await suspend(platform, ctx.tenant.id, VERA)
        limits = platform.settings.sessions
        assert await read_session(token, limits) is None
        assert await read_session(other_token, limits) is not None
        await jobs.run_due()
        assert await fetch_value("SELECT state FROM core_interaction WHERE id = $1", interaction_id) == "closed"
        agent = await view(ctx, user_id)
        assert agent is not None
        assert agent.status is Status.OFFLINE
        assert (await log_in(browser, "anna", ctx.tenant)).status_code == 401
        assert (await browser.get(f"/call/{ctx.tenant.slug}")).status_code == 404
    facts = await fetch("SELECT cause FROM core_fact WHERE interaction_id = $1 AND new = 'ended'", interaction_id)
    assert [fact["cause"] for fact in facts] == ["tenant_suspended"]
    entry = next(entry for entry in await entries(ctx.tenant.id) if entry.action == "core.tenant_suspended")
    assert (entry.actor, entry.actor_name, entry.after) == (
        "operator:7",
        "Vera",
        {"suspended": True, "reason": "unpaid"},
    )


async def test_work_after_a_call_does_not_outlive_the_suspension(platform: Platform, ctx: Context, jobs: Jobs) -> None:
    async with talking(ctx) as (user_id, interaction_id):
        await suspend(platform, ctx.tenant.id, VERA)
        await jobs.run_due()
        await resume(ctx.tenant.id, VERA)
        states = await fetch("SELECT state FROM core_segment WHERE interaction_id = $1", interaction_id)
        assert [row["state"] for row in states] == ["closed"]
        agent = await view(ctx, user_id)
        assert agent is not None
        assert agent.status is Status.OFFLINE


async def test_resuming_does_what_came_due_meanwhile(platform: Platform, ctx: Context) -> None:
    await suspend(platform, ctx.tenant.id, VERA)
    await outbox.enqueue(outbox.Entry("core.check_connection", ctx.tenant.id, {"user_id": 1}, key="agent:1"))
    await execute(
        "UPDATE core_job SET state = 'skipped', error = 'The organisation was suspended.' WHERE tenant_id = $1",
        ctx.tenant.id,
    )
    assert await resume(ctx.tenant.id, VERA)
    assert not await resume(ctx.tenant.id, VERA)
    assert await fetch_value("SELECT state FROM core_job WHERE tenant_id = $1", ctx.tenant.id) == "due"
    assert (await platform.tenant(tenant_id=ctx.tenant.id)).slug == "acme"


async def test_what_works_again_is_not_ended_by_a_late_job(platform: Platform, ctx: Context) -> None:
    async with talking(ctx) as (_user_id, interaction_id):
        await end_all_work.function(platform, ctx.tenant.id)
        assert await fetch_value("SELECT state FROM core_interaction WHERE id = $1", interaction_id) == "active"


# --- Cloning ---


async def test_a_clone_has_people_roles_teams_and_settings_but_no_secret(
    platform: Platform, ctx: Context, web: ASGIApp
) -> None:
    user = await create_user(ctx, "anna", "Anna", PASSWORD, [AGENT, ADMINISTRATOR])
    await begin_shift(ctx, user.id)
    await execute(
        "INSERT INTO core_role (tenant_id, key, name, built_in, permissions) "
        "VALUES ($1, 'lead', 'Lead', false, $2::text::jsonb)",
        ctx.tenant.id,
        json.dumps(["core.see_own_journal"]),
    )
    await execute(
        "UPDATE core_tenant_plugin SET settings = $2::text::jsonb WHERE tenant_id = $1 AND plugin = 'wrapup'",
        ctx.tenant.id,
        json.dumps({"key": {"encrypted": "abc"}}),
    )
    await execute(
        "UPDATE core_tenant_plugin SET settings = '{}' WHERE tenant_id = $1 AND plugin <> 'wrapup'", ctx.tenant.id
    )
    await execute("UPDATE routing_queue SET name = 'Sales', target_seconds = 12 WHERE tenant_id = $1", ctx.tenant.id)
    clone = await clone_tenant(platform, ctx.tenant.id, NewTenant("acme-two", "Acme Two"), VERA)
    assert clone.users == 1
    assert (clone.tenant.language, clone.tenant.timezone) == (ctx.tenant.language, ctx.tenant.timezone)
    async with platform.context(clone.tenant) as copy:
        assert {"telephony", "routing"} <= copy.enabled_plugins
        queues = await fetch("SELECT name, target_seconds FROM routing_queue WHERE tenant_id = $1", copy.tenant.id)
        assert queues == [{"name": "Sales", "target_seconds": 12}]
        roles = await fetch(
            "SELECT role.key FROM core_user_role AS held JOIN core_role AS role ON role.id = held.role_id "
            "WHERE held.tenant_id = $1 ORDER BY role.key",
            copy.tenant.id,
        )
        assert [row["key"] for row in roles] == ["administrator", "agent"]
        assert await fetch_value("SELECT count(*) FROM core_role WHERE tenant_id = $1", copy.tenant.id) == 5
        agent = await fetch("SELECT status, tenant_id FROM core_agent WHERE tenant_id = $1", copy.tenant.id)
        assert [row["status"] for row in agent] == ["offline"]
        stored = await fetch_value(
            "SELECT settings::text FROM core_tenant_plugin WHERE tenant_id = $1 AND plugin = 'wrapup'", copy.tenant.id
        )
        assert "encrypted" not in stored
    async with client(web) as browser:
        assert (await log_in(browser, "anna", clone.tenant)).status_code == 401
    assert "core.tenant_cloned" in [entry.action for entry in await entries(clone.tenant.id)]


async def test_a_clone_leaves_the_original_as_it_was(platform: Platform, ctx: Context) -> None:
    before = await _rows_of(ctx.tenant.id)
    await clone_tenant(platform, ctx.tenant.id, NewTenant("acme-two", "Acme Two"), VERA)
    assert await _rows_of(ctx.tenant.id) == before
    with pytest.raises(Conflict):
        await clone_tenant(platform, ctx.tenant.id, NewTenant("acme-two", "Acme Three"), VERA)
    with pytest.raises(NotFound):
        await clone_tenant(platform, 999, NewTenant("acme-four", "Acme Four"), VERA)


async def test_a_plugin_that_cannot_copy_its_part_stays_off(
    platform: Platform, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.tenants import cloning

    async def fails(_registry: object, record: Any, _hook: str, **_arguments: object) -> None:
        if record.name == "routing":
            raise RuntimeError("no room")

    monkeypatch.setattr(cloning, "ask", fails)
    clone = await clone_tenant(platform, ctx.tenant.id, NewTenant("acme-two", "Acme Two"), VERA)
    assert dict(clone.left_off) == {"routing": "RuntimeError: no room"}
    async with platform.context(clone.tenant) as copy:
        assert "routing" not in copy.enabled_plugins
        assert "telephony" in copy.enabled_plugins


def test_sealed_values_are_left_out_wherever_they_stand() -> None:
    assert without_sealed({"a": {"encrypted": "x"}, "b": {"c": {"encrypted": "x"}, "d": 1}}) == {"b": {"d": 1}}


# --- Exporting ---


@pytest.fixture
def data_dir(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(export, "export_folder", lambda _settings: tmp_path / "exports")
    return tmp_path / "exports"


async def test_an_export_holds_the_rows_of_the_tenant_and_no_secret(
    platform: Platform, ctx: Context, other_tenant: TenantRef, jobs: Jobs, data_dir: Path
) -> None:
    await create_user(ctx, "anna", "Анна", PASSWORD, [AGENT])
    await add_user(platform, other_tenant, "oscar", AGENT)
    number = await export_tenant(ctx.tenant.id, VERA)
    with pytest.raises(Conflict):
        await export_tenant(ctx.tenant.id, VERA)
    await jobs.run_due()
    path, done = await export.export_file(platform.settings, number)
    assert (done.state, done.percent) == (work.WorkState.DONE, 100)
    assert path.stat().st_size == done.size
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
        users = [json.loads(line) for line in archive.read("tables/core_user.jsonl").splitlines()]
        assert "tables/core_session.jsonl" not in archive.namelist()
    assert (manifest["tenant"]["slug"], manifest["tables"]["core_user"]) == ("acme", 1)
    assert [(user["username"], user["name"], user["password_hash"]) for user in users] == [
        ("anna", "Анна", "[removed]")
    ]
    assert "oscar" not in everything
    assert "argon2" not in everything


async def test_an_export_is_deleted_after_seven_days(
    platform: Platform, ctx: Context, jobs: Jobs, data_dir: Path
) -> None:
    number = await export_tenant(ctx.tenant.id, VERA)
    await jobs.run_due()
    path, _done = await export.export_file(platform.settings, number)
    assert export.drop_old_files(platform.settings) == 0
    os.utime(path, (0, 0))
    assert export.drop_old_files(platform.settings) == 1
    with pytest.raises(NotFound, match="on the machine"):
        await export.export_file(platform.settings, number)
    await execute("UPDATE core_tenant_work SET expires_at = now()")
    with pytest.raises(NotFound, match="7 days"):
        await export.export_file(platform.settings, number)


async def test_a_failed_export_leaves_no_file_and_says_why(
    platform: Platform, ctx: Context, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await export_tenant(ctx.tenant.id, VERA)

    async def fails(*_arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(export, "_write_table", fails)
    await execute("UPDATE core_job SET state = 'sent', attempt = 3")
    with pytest.raises(OSError, match="disk full"):
        await export.run_export.function(platform, number)
    found = await work.get_work(number)
    assert (found.state, found.error) == (work.WorkState.FAILED, "OSError: disk full")
    assert os.listdir(data_dir) == []


async def test_what_is_sealed_is_removed_whatever_its_name(platform: Platform) -> None:
    sealed = Cipher(platform.settings, "test").encrypt("hunter2")
    assert without_secrets({"note": sealed, "texts": [sealed, "gA"]}) == {
        "note": "[removed]",
        "texts": ["[removed]", "gA"],
    }


def test_what_is_named_like_a_secret_is_removed() -> None:
    values = {
        "api_key": "x",
        "Token": "y",
        "name": "n",
        "inner": [{"client_secret": "z"}, {"encrypted": "q"}],
        "password_hash": None,
    }
    assert without_secrets(values) == {
        "api_key": "[removed]",
        "Token": "[removed]",
        "name": "n",
        "inner": [{"client_secret": "[removed]"}, "[removed]"],
        "password_hash": None,
    }


# --- Deleting ---


async def test_a_tenant_is_deleted_with_all_its_rows_and_no_other(
    platform: Platform, ctx: Context, other_tenant: TenantRef, jobs: Jobs
) -> None:
    await add_user(platform, other_tenant, "oscar", AGENT)
    async with talking(ctx):
        pass
    others = await _rows_of(other_tenant.id)
    with pytest.raises(InvalidInput) as refused:
        await delete_tenant(platform, ctx.tenant.id, VERA, confirmation="acm")
    assert "confirmation" in refused.value.fields
    number = await delete_tenant(platform, ctx.tenant.id, VERA, confirmation="acme")
    with pytest.raises(Conflict):
        await delete_tenant(platform, ctx.tenant.id, VERA, confirmation="acme")
    with pytest.raises(Conflict):
        await resume(ctx.tenant.id, VERA)
    assert [entry.state for entry in (await find()).tenants if entry.slug == "acme"] == ["deleting"]
    await jobs.run_due()
    assert (await work.get_work(number)).state is work.WorkState.DONE
    assert await _rows_of(ctx.tenant.id) == {}
    assert await _rows_of(other_tenant.id) == others
    assert await Tenant.filter(id=ctx.tenant.id).count() == 0
    entry = next(entry for entry in await entries(None) if entry.action == "core.tenant_deleted")
    assert entry.actor == "operator:7"
    assert entry.after["rows"]["core_user"] == 1
    assert entry.after["rows"]["core_interaction"] == 1


async def test_a_deletion_is_taken_up_where_it_was_broken_off(
    platform: Platform, ctx: Context, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "BATCH", 1)
    monkeypatch.setattr(deletion, "RUN_SECONDS", 0.0)
    for number in range(3):
        await create_user(ctx, f"user{number}", "Somebody", PASSWORD, [AGENT])
    number = await delete_tenant(platform, ctx.tenant.id, VERA, confirmation="acme")
    await deletion.run_deletion.function(platform, number)
    halfway = await work.get_work(number)
    assert halfway.open
    assert halfway.done == 1
    runs = await jobs.run_due()
    assert runs > 5
    done = await work.get_work(number)
    assert done.state is work.WorkState.DONE
    assert done.counts["core_user"] == 3
    assert sum(done.counts.values()) == done.done


async def test_a_deletion_that_was_given_up_can_be_tried_again(
    platform: Platform, ctx: Context, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await delete_tenant(platform, ctx.tenant.id, VERA, confirmation="acme")
    await execute("UPDATE core_job SET state = 'sent', attempt = 10 WHERE name = 'core.delete_tenant'")

    async def fails(*_arguments: object) -> bool:
        raise RuntimeError("in the way")

    with monkeypatch.context() as broken:
        broken.setattr(deletion, "_delete_batch", fails)
        with pytest.raises(RuntimeError):
            await deletion.run_deletion.function(platform, number)
    assert (await work.get_work(number)).state is work.WorkState.FAILED
    await execute("UPDATE core_job SET state = 'dead' WHERE name = 'core.delete_tenant'")
    await take_up(number)
    with pytest.raises(Conflict):
        await take_up(number)
    await jobs.run_due()
    assert (await work.get_work(number)).state is work.WorkState.DONE


async def test_rows_are_deleted_before_those_that_they_refer_to(platform: Platform) -> None:
    order = [table.name for table in await tenant_tables()]
    assert order.index("core_offer") < order.index("core_interaction") < order.index("core_user")
    assert order.index("telephony_leg") < order.index("core_interaction")
    circle = [TenantTable("a", 0, frozenset({"b"})), TenantTable("b", 0, frozenset({"a"}))]
    assert [table.name for table in children_first(circle)] == ["a", "b"]


async def test_every_table_of_tenants_finds_their_rows_by_an_index(platform: Platform) -> None:
    rows = await fetch(
        "SELECT table_.relname AS name FROM pg_class AS table_ JOIN pg_attribute AS column_ "
        "ON column_.attrelid = table_.oid AND column_.attname = 'tenant_id' WHERE table_.relkind = 'r' "
        "AND table_.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_index AS index_ "
        "WHERE index_.indrelid = table_.oid AND index_.indpred IS NULL AND index_.indkey[0] = column_.attnum)"
    )
    assert [row["name"] for row in rows if row["name"] != "core_job"] == []


# --- Finding ---


async def test_tenants_are_found_by_name_and_state(
    platform: Platform, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    await suspend(platform, other_tenant.id, VERA)
    assert [entry.slug for entry in (await find("CME")).tenants] == ["acme"]
    assert [entry.slug for entry in (await find(state="suspended")).tenants] == ["globex"]
    assert (await find("%")).total == 0
    assert (await find(page=99)).page == 1


async def _rows_of(tenant_id: int) -> dict[str, int]:
    """How many rows a tenant has, by table, but those of what was done to it."""
    counts = {}
    for table in await tenant_tables():
        number = await fetch_value(f"SELECT count(*) FROM {table.quoted} WHERE tenant_id = $1", tenant_id)  # noqa: S608
        if number and table.name not in ("core_audit", "core_tenant_work", "core_job"):
            counts[table.name] = number
    return counts
