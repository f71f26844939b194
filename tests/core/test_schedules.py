"""Schedules: each time is served once by any number of schedulers, for the tenants that have the plugin on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import housekeeping
from core.app import Application
from core.database.connection import execute, fetch, fetch_value
from core.jobs.registry import InstallationSchedule, Job, Schedule
from core.jobs.schedules import Schedules, next_time
from core.plugin_lifecycle import disable_plugin
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef

pytestmark = pytest.mark.anyio

EVERY_MINUTE = "* * * * *"


async def work(*_ignored: Any) -> None:
    """Does nothing."""


TICK = Job("telephony.tick", work)
TICKS = Schedule(TICK, EVERY_MINUTE)


async def due(schedules: Schedules) -> None:
    """Lets the time of all schedules come."""
    await schedules.reconcile()
    await execute("UPDATE core_schedule SET due_at = now() - interval '1 second'")


async def rows() -> list[tuple[int | None, str]]:
    found = await fetch("SELECT tenant_id, name FROM core_job WHERE name = 'telephony.tick' ORDER BY tenant_id")
    return [(row["tenant_id"], row["name"]) for row in found]


@pytest.mark.parametrize("cron", ["", "every day", "* * * *", "* * * * * *", "61 * * * *", "0 0 31 2 *"])
def test_a_schedule_that_nobody_can_keep_is_refused_with_its_job(cron: str) -> None:
    with pytest.raises(ValueError, match=r"telephony\.tick"):
        Schedule(TICK, cron)


def test_times_are_read_in_utc() -> None:
    after = datetime(2030, 5, 1, 23, 30, tzinfo=UTC)

    assert next_time("15 6 * * *", after) == datetime(2030, 5, 2, 6, 15, tzinfo=UTC)


async def test_a_job_has_one_schedule() -> None:
    with pytest.raises(ValueError, match="two schedules"):
        Schedules([TICKS, Schedule(TICK, "5 * * * *")])


async def test_a_new_schedule_is_due_at_its_next_time_and_a_changed_one_at_the_next_of_the_new(
    application: Application,
) -> None:
    await Schedules([TICKS]).reconcile()
    first = await fetch_value("SELECT due_at FROM core_schedule WHERE job = 'telephony.tick'")
    now = await fetch_value("SELECT now()")
    assert now < first <= now + timedelta(minutes=1)

    await Schedules([Schedule(TICK, "0 0 1 1 *")]).reconcile()

    changed = await fetch_value("SELECT due_at FROM core_schedule WHERE job = 'telephony.tick'")
    assert (changed.month, changed.day, changed.year) == (1, 1, now.year + 1)


async def test_a_schedule_that_has_not_changed_keeps_its_time_when_a_process_starts(application: Application) -> None:
    await due(Schedules([TICKS]))
    before = await fetch_value("SELECT due_at FROM core_schedule")

    await Schedules([TICKS]).reconcile()

    assert await fetch_value("SELECT due_at FROM core_schedule") == before


async def test_any_number_of_schedulers_serve_a_time_once(
    platform: Platform, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    schedulers = [Schedules([TICKS]) for _ in range(5)]
    await due(schedulers[0])

    served = await asyncio.gather(*(each.enqueue_due() for each in schedulers))

    assert sum(served) == 1
    assert await rows() == [(tenant.id, "telephony.tick"), (other_tenant.id, "telephony.tick")]
    assert await fetch_value("SELECT due_at > now() FROM core_schedule")


async def test_it_is_for_the_tenants_that_have_the_plugin_on_and_are_not_suspended(
    platform: Platform, ctx: Context, other_tenant: TenantRef
) -> None:
    schedules = Schedules([TICKS])
    await due(schedules)
    await disable_plugin(platform, ctx, "telephony")

    await schedules.enqueue_due()
    assert await rows() == [(other_tenant.id, "telephony.tick")]

    await execute("DELETE FROM core_job")
    await execute("UPDATE core_tenant SET suspended = true WHERE id = $1", other_tenant.id)
    await due(schedules)
    await schedules.enqueue_due()
    assert await rows() == []


async def test_a_run_that_still_waits_stands_for_the_next_one(platform: Platform, tenant: TenantRef) -> None:
    schedules = Schedules([TICKS])
    for _ in range(3):
        await due(schedules)
        await schedules.enqueue_due()

    assert await rows() == [(tenant.id, "telephony.tick")]


async def test_times_that_nobody_served_are_served_once_late(platform: Platform, tenant: TenantRef) -> None:
    schedules = Schedules([TICKS])
    await schedules.reconcile()
    await execute("UPDATE core_schedule SET due_at = now() - interval '3 days'")

    assert await schedules.enqueue_due() == 1
    assert await schedules.enqueue_due() == 0
    assert len(await rows()) == 1


async def test_a_schedule_of_a_plugin_that_this_process_does_not_have_is_left_alone(application: Application) -> None:
    await due(Schedules([TICKS]))

    assert await Schedules([]).enqueue_due() == 0
    assert await Schedules([Schedule(Job("wrapup.other", work), EVERY_MINUTE)]).enqueue_due() == 0
    assert await fetch_value("SELECT due_at < now() FROM core_schedule WHERE job = 'telephony.tick'")


async def test_core_has_schedules_of_each_tenant_and_of_the_installation(
    platform: Platform, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    schedules = Schedules(
        [
            Schedule(Job("core.measure", work), EVERY_MINUTE),
            InstallationSchedule(Job("core.clean", work), EVERY_MINUTE),
        ]
    )
    await due(schedules)
    await schedules.enqueue_due()
    await due(schedules)
    await schedules.enqueue_due()

    found = await fetch("SELECT name, tenant_id FROM core_job WHERE key = 'schedule' ORDER BY name, tenant_id")
    assert [tuple(row.values()) for row in found] == [
        ("core.clean", None),
        ("core.measure", tenant.id),
        ("core.measure", other_tenant.id),
    ]


async def test_what_nobody_needs_any_more_is_removed(platform: Platform, ctx: Context, jobs: Any) -> None:
    insert = (
        "INSERT INTO core_job "
        "(tenant_id, name, arguments, due_at, state, attempt, started, error, created_at, lease_until)"
    )
    for age, state in ((31, "skipped"), (29, "skipped"), (31, "dead")):
        await execute(
            f"{insert} VALUES ($1, 'wrapup.x', '{{}}', now(), $2, 1, true, '', now(), "
            "now() - make_interval(days => $3))",
            ctx.tenant.id,
            state,
            age,
        )
    schedules = Schedules(housekeeping.SCHEDULES)
    await due(schedules)
    assert await schedules.enqueue_due() == len(housekeeping.SCHEDULES)
    await jobs.run_due()

    left = await fetch("SELECT state FROM core_job WHERE name = 'wrapup.x' ORDER BY id")
    assert [row["state"] for row in left] == ["skipped", "dead"]
