"""The day of an agent as people and programs see it: a picture, sums, the week, all changes."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from litestar.types import ASGIApp

from core.agents.connection import tab_opened
from core.agents.day import Day, Interval, day_begins, today_of
from core.agents.reasons import Reason
from core.agents.roster import begin_shift
from core.agents.states import Status
from core.agents.working_time import time_of
from core.database.connection import execute
from core.plugins.context import Context, Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from core.web.day_picture import picture_of, strip_of
from tests.core.web_client import add_user, client, log_in, web_application

pytestmark = pytest.mark.anyio
__all__ = ["web_application"]

HOUR = timedelta(hours=1)

# Of yesterday: hours after midnight, and what the agent was from then on.
YESTERDAY = (
    (8, "paused", "", "logged_in", "anna"),
    (8.5, "waiting", "", "chosen", "anna"),
    (9, "busy", "", "accepted", "anna"),
    (10, "paused", "lunch", "set_by_supervisor", "sue"),
    (11.5, "paused", "training", "chosen", "anna"),
    (12, "waiting", "", "chosen", "anna"),
    (13, "offline", "", "connection_lost", ""),
    (13.5, "waiting", "", "connected", "anna"),
    (16, "offline", "", "logged_out", "anna"),
)


async def people(platform: Platform, tenant: TenantRef) -> dict[str, int]:
    """An agent who worked yesterday and has just come, a supervisor, and an administrator."""
    ids = {name: await add_user(platform, tenant, name, role) for name, role in ROLES.items()}
    async with platform.context(tenant) as ctx:
        midnight = day_begins(ctx.tenant.zone, await today_of(ctx) - timedelta(days=1))
        old = "offline"
        for hours, new, reason, cause, who in YESTERDAY:
            await tell(ctx, ids["anna"], midnight + hours * HOUR, old, new, reason, cause, ids.get(who))
            old = new
        for name in ("ben", "anna"):
            await begin_shift(ctx, ids[name])
        await tab_opened(ctx, ids["anna"])
    return ids


ROLES = {"anna": "agent", "ben": "agent", "sue": "supervisor", "robin": "kb_reader"}


async def tell(
    ctx: Context, agent: int, at: datetime, old: str, new: str, reason: str, cause: str, who: int | None
) -> None:
    """A fact as `settle` writes it."""
    await execute(
        "INSERT INTO core_fact (tenant_id, at, subject, agent_id, old, new, cause, actor, detail) "
        "VALUES ($1, $2, 'agent', $3, $4, $5, $6, $7, $8::text::jsonb)",
        ctx.tenant.id,
        at,
        agent,
        old,
        new,
        cause,
        f"user:{who}" if who else "system",
        json.dumps({"intent": "pause" if new == "paused" else "available", "reason": reason}),
    )


async def yesterday(platform: Platform, tenant: TenantRef) -> str:
    """How its address names the day."""
    async with platform.context(tenant) as ctx:
        return (await today_of(ctx) - timedelta(days=1)).isoformat()


async def test_the_day_of_an_agent_is_a_picture_with_sums_and_text(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    ids = await people(platform, tenant)
    on = await yesterday(platform, tenant)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        whole = (await browser.get(f"/day?on={on}")).text
        times = (await browser.get(f"/day/times?on={on}")).text
        week = (await browser.get(f"/day/week?on={on}")).text
        changes = (await browser.get(f"/day/changes?on={on}")).text
        few = (await browser.get(f"/day/changes?on={on}&most=3")).text
        today = (await browser.get("/day")).text
    assert f'hx-get="/day/times?on={on}"' in whole
    assert "every 60s" not in whole, "what is over does not change"
    assert "every 60s" in today
    assert f'data-live="agent:{ids["anna"]}"' in today
    figures = dict(re.findall(r"<dt>(\w+)</dt><dd>([\d:]+)</dd>", times))
    assert figures == {"Shift": "8:00:00", "Worked": "5:30:00", "Breaks": "2:00:00", "Away": "30:00"}
    assert times.count('<rect class="bar-') == 8
    assert "30:00 longer than allowed" in times, "lunch is an hour"
    assert "counts as work" in times
    assert "Without a reason" in times
    assert 'aria-current="date"' in week
    assert "5:30:00" in week
    assert changes.count("<li>") == len(YESTERDAY)
    assert "set by a supervisor · Sue" in changes
    assert "Break · Lunch" in changes
    assert few.count("<li>") == 3
    assert f'data-region-url="/day/changes?on={on}&amp;most=' in few


async def test_a_supervisor_sees_the_day_of_everybody_and_an_agent_his_own(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    ids = await people(platform, tenant)
    on = await yesterday(platform, tenant)
    other = await create_tenant(platform, slug="globex", name="Globex")
    theirs = await add_user(platform, other, "olga", "agent")
    parts = ("", "/times", "/week", "/changes")
    async with client(web) as browser:
        await log_in(browser, "sue", tenant)
        for part in parts:
            seen = await browser.get(f"/agents/{ids['anna']}/day{part}?on={on}")
            assert seen.status_code == 200, part
            for nobody in (theirs, ids["robin"], 2**40):
                assert (await browser.get(f"/agents/{nobody}/day{part}")).status_code == 404, part
        assert "Anna" in (await browser.get(f"/agents/{ids['anna']}/day")).text
        assert "Not at work" in (await browser.get(f"/agents/{ids['ben']}/day/times")).text
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        for part in parts:
            assert (await browser.get(f"/agents/{ids['anna']}/day{part}")).status_code == 403, part
    async with client(web) as browser:
        await log_in(browser, "robin", tenant)
        assert (await browser.get("/day")).status_code == 403


@pytest.mark.parametrize("on", ["yesterday", "2026-02-30", "9999-12-31", "0001-01-01", "20260101x", "-1"])
async def test_what_is_no_day_is_refused(platform: Platform, tenant: TenantRef, web: ASGIApp, on: str) -> None:
    await people(platform, tenant)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        for part in ("", "/times", "/week", "/changes"):
            answer = await browser.get(f"/day{part}?on={on}")
            assert answer.status_code == 422, part
        problem = (await browser.get(f"/api/v1/core/me/day?on={on}", headers={"accept": "application/json"})).json()
    assert problem["status"] == 422


async def test_programs_get_the_day_with_sums_that_make_up_the_shift(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    ids = await people(platform, tenant)
    on = await yesterday(platform, tenant)
    async with client(web, accept="application/json") as browser:
        await log_in(browser, "sue", tenant)
        day: dict[str, Any] = (await browser.get(f"/api/v1/core/agents/{ids['anna']}/day?on={on}")).json()
        assert (await browser.get(f"/api/v1/core/agents/{ids['robin']}/day")).status_code == 404
    assert (day["name"], day["on"]) == ("Anna", on)
    assert day["shift_seconds"] == 8 * 3600
    assert sum(each["seconds"] for each in day["statuses"]) == day["shift_seconds"]
    assert day["worked_seconds"] + day["break_seconds"] + day["away_seconds"] == day["shift_seconds"]
    lunch = next(each for each in day["reasons"] if each["reason"] == "lunch")
    assert (lunch["seconds"], lunch["limit_seconds"], lunch["over_seconds"]) == (5400, 3600, 1800)
    assert [each["start"] for each in day["intervals"][1:]] == [each["end"] for each in day["intervals"][:-1]]
    assert not day["intervals"][-1]["goes_on"]
    async with client(web, accept="application/json") as browser:
        await log_in(browser, "anna", tenant)
        mine = (await browser.get("/api/v1/core/me/day")).json()
        assert mine["intervals"][-1]["goes_on"]
        assert mine["intervals"][-1]["status"] == "paused"
        assert mine["shift_seconds"] == pytest.approx(mine["break_seconds"])
        assert (await browser.get(f"/api/v1/core/agents/{ids['anna']}/day")).status_code == 403


def day_of_intervals(day: date, *spans: tuple[float, float, Status, str]) -> Day:
    """A day in UTC of these intervals, in hours."""
    begins = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    intervals = tuple(
        Interval(begins + start * HOUR, begins + end * HOUR, status, reason, None, "test", "system", False)
        for start, end, status, reason in spans
    )
    return Day(day, begins, begins + 24 * HOUR, intervals)


def test_a_break_for_a_reason_that_is_gone_counts_as_a_break() -> None:
    reasons = {"rest": Reason("rest", "Rest", "coffee", True, 30), "course": Reason("course", "Course", "x", False, 0)}
    day = day_of_intervals(
        date(2026, 3, 2),
        (8, 9, Status.PAUSED, "gone"),
        (9, 9.25, Status.PAUSED, "rest"),
        (9.25, 10, Status.PAUSED, "course"),
        (10, 11, Status.READY, ""),
    )
    time = time_of(day, reasons)
    assert (time.shift, time.breaks, time.worked, time.away) == (3 * HOUR, 1.25 * HOUR, 1.75 * HOUR, 0 * HOUR)
    assert [(each.code, each.limit, each.over) for each in time.reasons] == [
        ("gone", None, 0 * HOUR),
        ("course", None, 0 * HOUR),
        ("rest", HOUR / 2, 0 * HOUR),
    ]


def test_the_picture_covers_full_hours_and_at_least_a_few() -> None:
    short = picture_of(day_of_intervals(date(2026, 3, 2), (8.5, 8.75, Status.WAITING, "")))
    assert short is not None
    assert [mark.moment.hour for mark in short.marks] == [8, 9, 10, 11, 12]
    assert (short.bars[0].start, short.bars[0].width) == (12.5, 6.25)
    whole = picture_of(day_of_intervals(date(2026, 3, 2), (0, 24, Status.WAITING, "")))
    assert whole is not None
    assert (whole.marks[0].place, whole.marks[-1].place, len(whole.marks)) == (0, 100, 13)
    assert picture_of(day_of_intervals(date(2026, 3, 2), (8, 9, Status.OFFLINE, ""))) is None


def test_the_week_shows_work_and_breaks_alone() -> None:
    day = day_of_intervals(
        date(2026, 3, 2),
        (6, 12, Status.WAITING, ""),
        (12, 15, Status.BUSY, ""),
        (15, 18, Status.PAUSED, "rest"),
        (18, 21, Status.OFFLINE, ""),
        (21, 24, Status.READY, ""),
    )
    assert [(bar.kind, bar.start, bar.width) for bar in strip_of(day)] == [
        ("work", 25, 37.5),
        ("break", 62.5, 12.5),
        ("work", 87.5, 12.5),
    ]
