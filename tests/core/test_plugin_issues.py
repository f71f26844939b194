"""Failures of plugins are counted in rows; a hook that fails too often is parked, and tried again after a while."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.app import Application
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict, NotFound
from core.plugins.context import Context, Platform
from core.plugins.contracts import hookimpl
from core.plugins.dispatch import Dispatcher, HookFailed
from core.plugins.enablement import Enablement
from core.plugins.issue_log import MOST_PLACES
from core.plugins.issues import (
    FAILURES,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Issue,
    Kind,
    Place,
    describe,
    dismiss,
    issues,
    note,
    parked_hooks,
    record,
    resume,
)
from core.tenancy.context import TenantRef
from tests.core.hook_calls import dispatcher, enabled

pytestmark = pytest.mark.anyio


def place(tenant: TenantRef, kind: Kind = Kind.HOOK) -> Place:
    return Place(tenant.id, "frail", kind, "answers")


async def fail(tenant: TenantRef, times: int = 1, kind: Kind = Kind.HOOK) -> None:
    for _ in range(times):
        await record(place(tenant, kind), "It failed.")


async def the_issue(tenant: TenantRef) -> Issue:
    (issue,) = await issues(tenant.id)
    return issue


async def let_pass(tenant: TenantRef, time: timedelta) -> None:
    """Makes what is stored of the tenant's issues older."""
    await execute(
        "UPDATE core_plugin_issue SET failing_since = failing_since - $2::interval, last_seen = last_seen - $2, "
        "first_seen = first_seen - $2, parked_until = parked_until - $2 WHERE tenant_id = $1",
        tenant.id,
        time,
    )


def about(until: datetime | None, pause: timedelta) -> bool:
    return until is not None and abs(until - datetime.now(UTC) - pause) < timedelta(seconds=20)


async def test_failures_of_one_place_are_one_issue_with_a_count(tenant: TenantRef) -> None:
    await record(place(tenant), "First.", "aaaa")
    await record(place(tenant), "Second.", "bbbb", times=2)
    issue = await the_issue(tenant)
    assert (issue.plugin, issue.kind, issue.place, issue.count) == ("frail", Kind.HOOK, "answers", 3)
    assert (issue.message, issue.incident, issue.parked) == ("Second.", "bbbb", False)
    assert issue.first_seen <= issue.last_seen


async def test_hook_is_parked_after_five_failures_within_ten_minutes(tenant: TenantRef) -> None:
    await fail(tenant, FAILURES - 1)
    assert not (await the_issue(tenant)).parked
    await fail(tenant)
    issue = await the_issue(tenant)
    assert about(issue.parked_until, FIRST_PAUSE)
    assert await parked_hooks(tenant.id) == {("frail", "answers"): issue.parked_until}


async def test_five_failures_at_once_park_a_hook_that_has_never_failed(tenant: TenantRef) -> None:
    assert about(await record(place(tenant), "It failed.", times=FAILURES), FIRST_PAUSE)


async def test_failures_that_lie_far_apart_park_nothing(tenant: TenantRef) -> None:
    for _ in range(FAILURES):
        await fail(tenant, FAILURES - 1)
        await let_pass(tenant, timedelta(minutes=11))
    issue = await the_issue(tenant)
    assert not issue.parked
    assert issue.count == FAILURES * (FAILURES - 1)


async def test_only_hooks_are_parked(tenant: TenantRef) -> None:
    for kind in (Kind.ROUTE, Kind.PANEL, Kind.JOB, Kind.SETTINGS):
        await fail(tenant, 2 * FAILURES, kind)
    assert not any(issue.parked for issue in await issues(tenant.id))


async def test_pause_doubles_with_each_failed_try_up_to_an_hour(tenant: TenantRef) -> None:
    await fail(tenant, FAILURES)
    pauses = []
    for _ in range(8):
        await let_pass(tenant, LONGEST_PAUSE)
        await fail(tenant)
        until = (await the_issue(tenant)).parked_until
        assert until is not None
        pauses.append(round((until - datetime.now(UTC)).total_seconds() / 60))
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


async def test_failures_of_calls_that_were_under_way_do_not_lengthen_the_pause(tenant: TenantRef) -> None:
    await fail(tenant, FAILURES + 20)
    issue = await the_issue(tenant)
    assert issue.count == FAILURES + 20
    assert about(issue.parked_until, FIRST_PAUSE)


async def test_parking_changes_the_version_by_which_processes_know_the_tenants_plugins(
    platform: Platform, tenant: TenantRef
) -> None:
    async def version() -> int:
        return (await platform.tenant(tenant_id=tenant.id)).enablement_version

    before = await version()
    await fail(tenant, FAILURES - 1)
    assert await version() == before
    await fail(tenant)
    assert await version() == before + 1
    await fail(tenant, 3)
    assert await version() == before + 1
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as fresh:
        assert fresh.parked_hooks.keys() == {("frail", "answers")}


async def test_failure_of_a_tenant_that_is_gone_is_forgotten(tenant: TenantRef) -> None:
    assert await record(Place(tenant.id + 1000, "frail", Kind.HOOK, "answers"), "It failed.", times=9) is None
    assert not await issues(tenant.id + 1000)


async def test_failures_recorded_at_the_same_time_are_all_counted(tenant: TenantRef) -> None:
    await asyncio.gather(*(record(place(tenant), "It failed.") for _ in range(20)))
    assert (await the_issue(tenant)).count == 20


async def test_administrator_resumes_a_parked_hook_and_it_is_audited(
    platform: Platform, ctx: Context, tenant: TenantRef
) -> None:
    await fail(tenant, FAILURES)
    issue = await the_issue(tenant)
    await resume(ctx, issue.id)
    assert not (await the_issue(tenant)).parked
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as fresh:
        assert not fresh.parked_hooks
    await fail(tenant, FAILURES - 1)
    assert not (await the_issue(tenant)).parked
    assert await fetch_value("SELECT subject_name FROM core_audit WHERE action = 'core.plugin_issue_resumed'") == (
        "frail: answers"
    )


async def test_dismissed_issue_is_gone_until_it_fails_again(ctx: Context, tenant: TenantRef) -> None:
    await fail(tenant)
    await dismiss(ctx, (await the_issue(tenant)).id)
    assert await issues(tenant.id) == []
    assert await fetch_value("SELECT count(*) FROM core_audit WHERE action = 'core.plugin_issue_dismissed'") == 1
    await fail(tenant)
    assert (await the_issue(tenant)).count == 2


async def test_issues_of_another_tenant_can_be_neither_seen_nor_resumed(
    ctx: Context, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    await fail(other_tenant, FAILURES)
    (theirs,) = await issues(other_tenant.id)
    assert await issues(tenant.id) == []
    for act in (resume, dismiss):
        with pytest.raises(NotFound):
            await act(ctx, theirs.id)
    assert (await issues(other_tenant.id)) == [theirs]


class Frail:
    """Fails for as long as it is told to."""

    def __init__(self) -> None:
        self.fails = True
        self.asked = 0

    @hookimpl
    async def answers(self, ctx: Context, number: int) -> list[int]:
        self.asked += 1
        if self.fails:
            raise ValueError("it failed")
        return [number]

    @hookimpl
    async def must_not_fail(self, ctx: Context) -> None:
        await self.answers(ctx, 1)


class Firm:
    @hookimpl
    async def answers(self, ctx: Context, number: int) -> list[int]:
        return [-number]


async def of_now(platform: Platform, tenant: TenantRef, ctx: Context) -> Context:
    """The context that the next request would have, with the plugins of the test."""
    await platform.issues.store()
    return enabled(ctx, "frail", "firm", parked=await parked_hooks(tenant.id))


@pytest.fixture
def frail() -> Frail:
    return Frail()


@pytest.fixture
def hooks(frail: Frail) -> Dispatcher:
    return dispatcher(frail=frail, firm=Firm())


async def ask_until_parked(hooks: Dispatcher, platform: Platform, tenant: TenantRef, ctx: Context) -> Context:
    for _ in range(FAILURES):
        ctx = await of_now(platform, tenant, ctx)
        assert await hooks.collect("answers", ctx, number=7) == [-7]
    return await of_now(platform, tenant, ctx)


async def test_parked_hook_is_not_called_and_the_others_are(
    hooks: Dispatcher, frail: Frail, platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    parked = await ask_until_parked(hooks, platform, tenant, ctx)
    assert await hooks.collect("answers", parked, number=7) == [-7]
    assert frail.asked == FAILURES
    (issue,) = await issues(tenant.id)
    assert issue.message == "ValueError"


async def test_after_the_pause_one_call_tries_again_and_closes_it(
    hooks: Dispatcher, frail: Frail, platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    await ask_until_parked(hooks, platform, tenant, ctx)
    await let_pass(tenant, FIRST_PAUSE)
    frail.fails = False
    late = await of_now(platform, tenant, ctx)
    assert await hooks.collect("answers", late, number=7) == [7, -7]
    assert await hooks.collect("answers", late, number=7) == [-7], "the others wait for what becomes of it"
    again = await of_now(platform, tenant, ctx)
    assert not again.parked_hooks
    assert await hooks.collect("answers", again, number=7) == [7, -7]


async def test_failed_try_parks_the_hook_for_longer(
    hooks: Dispatcher, frail: Frail, platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    await ask_until_parked(hooks, platform, tenant, ctx)
    await let_pass(tenant, FIRST_PAUSE)
    for _ in range(3):
        assert await hooks.collect("answers", await of_now(platform, tenant, ctx), number=7) == [-7]
    assert frail.asked == FAILURES + 1
    assert about((await the_issue(tenant)).parked_until, 2 * FIRST_PAUSE)


async def test_each_process_tries_by_itself_and_one_answer_closes_it_for_all(
    hooks: Dispatcher, frail: Frail, platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    await ask_until_parked(hooks, platform, tenant, ctx)
    await let_pass(tenant, FIRST_PAUSE)
    frail.fails = False
    late = await of_now(platform, tenant, ctx)
    another_process = dispatcher(frail=frail, firm=Firm())
    assert await another_process.collect("answers", late, number=7) == [7, -7]
    assert not (await of_now(platform, tenant, ctx)).parked_hooks


async def test_hook_that_must_not_fail_refuses_while_it_is_parked(
    hooks: Dispatcher, frail: Frail, platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    for _ in range(FAILURES):
        with pytest.raises(HookFailed):
            await hooks.notify("must_not_fail", await of_now(platform, tenant, ctx))
    with pytest.raises(HookFailed, match="failed too often"):
        await hooks.notify("must_not_fail", await of_now(platform, tenant, ctx))
    assert frail.asked == FAILURES


async def test_caller_that_asks_who_has_failed_learns_of_a_parked_one(
    hooks: Dispatcher, platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    parked = await ask_until_parked(hooks, platform, tenant, ctx)
    outcomes = await hooks.outcomes("answers", parked, number=7)
    assert {outcome.plugin: outcome.answer for outcome in outcomes} == {"frail": None, "firm": [-7]}
    assert [outcome.plugin for outcome in outcomes if outcome.error] == ["frail"]


async def test_failure_is_stored_though_the_transaction_of_the_call_is_undone(
    hooks: Dispatcher, platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    platform.issues.start()
    try:
        with contextlib.suppress(ZeroDivisionError):
            async with transaction():
                await hooks.collect("answers", enabled(ctx, "frail"), number=7)
                raise ZeroDivisionError
    finally:
        await platform.issues.stop()
    assert (await the_issue(tenant)).count == 1


async def test_what_fails_in_a_loop_is_stored_as_one_update(platform: Platform, tenant: TenantRef) -> None:
    for _ in range(500):
        note(platform, tenant.id, "frail", "route", "GET /p/frail/", ValueError("x"), "abcd")
    await platform.issues.store()
    issue = await the_issue(tenant)
    assert (issue.count, issue.incident) == (500, "abcd")


async def test_what_waits_to_be_stored_is_bounded(platform: Platform, tenant: TenantRef) -> None:
    for number in range(MOST_PLACES + 50):
        note(platform, tenant.id, "frail", Kind.ROUTE, f"GET /{number}", "It failed.")
    await platform.issues.store()
    assert await fetch_value("SELECT count(*) FROM core_plugin_issue") == MOST_PLACES


async def test_failures_wait_while_the_database_is_away(
    platform: Platform, tenant: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(platform, tenant.id, "frail", Kind.JOB, "frail.work", "It failed.")

    async def unreachable(*_values: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("core.plugins.issue_log.record", unreachable)
        with pytest.raises(ConnectionError):
            await platform.issues.store()
    await platform.issues.store()
    assert len(await fetch("SELECT FROM core_plugin_issue")) == 1


def test_text_of_an_unforeseen_error_stays_in_the_log() -> None:
    assert describe(ValueError("the password is hunter2")) == "ValueError"
    assert describe(Conflict("Somebody was first.", mend="Try again.")) == "Somebody was first. Try again."
    assert describe("Plain words.") == "Plain words."


def test_enablement_without_issues_parks_nothing() -> None:
    assert Enablement(frozenset()).parked == {}


async def test_job_of_a_plugin_that_fails_is_an_issue(application: Application, tenant: TenantRef) -> None:
    row = await fetch_value(
        "INSERT INTO core_job (tenant_id, name, arguments, due_at, state, attempt, started, error, created_at) "
        "VALUES ($1, 'telephony.drop_legs', '{\"nonsense\": 1}', now(), 'sent', 1, false, '', now()) RETURNING id",
        tenant.id,
    )
    await application._runner._execute("telephony.drop_legs", row, 1)
    await application.platform.issues.store()
    issue = await the_issue(tenant)
    assert (issue.plugin, issue.kind, issue.place) == ("telephony", Kind.JOB, "telephony.drop_legs")
    assert issue.message == "TypeError"
