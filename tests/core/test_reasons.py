"""Reasons of a break: who may give which to whom, how much of each is used in a day, and how they are kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar.types import ASGIApp

from core import provisioning
from core.accounts.permissions import ADMINISTRATOR, SUPERVISOR
from core.agents.reasons import Setter, begin_limit, check_reason, reasons_for, usage_today
from core.agents.service import choose_intent
from core.agents.states import Intent
from core.agents.team_rules import ChannelRule, TeamRules
from core.agents.teams import all_teams, create_team, delete_team, move_agents, team_of
from core.agents.views import get_agent
from core.database.connection import execute, fetch_value
from core.errors import Conflict, InvalidInput
from core.forms.reading import PREFIX
from core.lookups.declared import PAUSE_REASONS
from core.lookups.entries import add_entry, all_entries, change_entry, switch_entry
from core.plugins.context import SYSTEM, Context, Platform
from core.tenancy.context import TenantRef
from core.tenants.cloning import clone_tenant
from core.tenants.creation import NewTenant
from switchroom.testing import Agent, Clock, Jobs, add_agent
from tests.core.admin_client import problem, send, working_as
from tests.core.web_client import (
    add_user,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

NAME = PAUSE_REASONS.name
PATH = f"/admin/lookups/{NAME}"
TIMES = {"offer_seconds": 20, "no_answer_seconds": 10, "wrap_up_seconds": 60}


@pytest.fixture
async def tenant(platform: Platform) -> TenantRef:
    """An organisation where it is about noon, so that no day ends in the middle of a test."""
    made = await provisioning.create_tenant(platform, slug="acme", name="Acme")
    hour = datetime.now(UTC).hour
    await execute("UPDATE core_tenant SET timezone = $2 WHERE id = $1", made.id, f"Etc/GMT{hour - 12:+d}")
    return await platform.tenant(tenant_id=made.id)


@pytest.fixture
async def anna(platform: Platform, tenant: TenantRef) -> Agent:
    agent = await add_agent(platform, tenant, "anna")
    # Her page stays open, however far the clock is moved.
    await execute("UPDATE core_agent SET connected_until = now() + interval '1 day' WHERE user_id = $1", agent.id)
    return agent


async def codes(ctx: Context, team_id: int, setter: Setter = Setter.AGENT) -> set[str]:
    return {reason.code for reason in await reasons_for(ctx, team_id, setter)}


async def keep(ctx: Context, code: str, **values: Any) -> None:
    """Changes what a reason has; the rest stays."""
    entry = next(each for each in await all_entries(ctx, NAME) if each.code == code)
    await change_entry(ctx, NAME, code, entry.names, {**entry.values, **values})


async def test_each_may_give_what_is_for_him_and_for_those_before(ctx: Context, anna: Agent) -> None:
    await keep(ctx, "meeting", set_by="supervisor")
    team = (await get_agent(ctx, anna.id)).team_id
    assert "meeting" not in await codes(ctx, team)
    assert {"meeting", "lunch"} <= await codes(ctx, team, Setter.SUPERVISOR)
    assert "not_answering" not in await codes(ctx, team, Setter.SUPERVISOR)
    assert "not_answering" in await codes(ctx, team, Setter.SYSTEM)
    async with anna.context() as mine:
        for code in ("meeting", "not_answering", "no_such"):
            with pytest.raises(InvalidInput):
                await choose_intent(mine, anna.id, Intent.PAUSE, reason=code)
        assert (await choose_intent(mine, anna.id, Intent.PAUSE, reason="lunch")).pause_reason == "lunch"


async def test_agent_keeps_a_reason_that_others_gave_him(platform: Platform, ctx: Context, anna: Agent) -> None:
    await choose_intent(ctx, anna.id, Intent.PAUSE, reason="not_answering")
    async with anna.context() as mine:
        again = await choose_intent(mine, anna.id, Intent.PAUSE, reason="not_answering")
    assert again.pause_reason == "not_answering"


async def test_reason_is_for_the_teams_that_are_chosen(ctx: Context, anna: Agent) -> None:
    night = await create_team(ctx, name="Night", timing=TIMES)
    await keep(ctx, "training", teams=[night])
    day = await team_of(ctx, anna.id)
    assert day is not None
    assert "training" not in await codes(ctx, day.id)
    await move_agents(ctx, [anna.id], night)
    await check_reason(ctx, night, "training", Setter.AGENT)


async def test_team_of_a_reason_has_to_be_there(ctx: Context, other_tenant: TenantRef, platform: Platform) -> None:
    async with platform.context(other_tenant) as theirs:
        foreign = await create_team(theirs, name="Theirs", timing=TIMES)
    for teams in ([foreign], [99999]):
        with pytest.raises(InvalidInput) as refused:
            await keep(ctx, "training", teams=teams)
        assert set(refused.value.fields) == {"teams"}


async def test_deleted_team_leaves_the_reasons(ctx: Context, anna: Agent) -> None:
    night = await create_team(ctx, name="Night", timing=TIMES)
    day = await team_of(ctx, anna.id)
    assert day is not None
    await keep(ctx, "training", teams=[night])
    with pytest.raises(Conflict, match="Training"):
        await delete_team(ctx, night)
    await keep(ctx, "training", teams=[night, day.id])
    await delete_team(ctx, night)
    training = next(each for each in await all_entries(ctx, NAME) if each.code == "training")
    assert training.values["teams"] == [day.id]


async def test_use_of_a_day_is_added_up_over_breaks(ctx: Context, anna: Agent, clock: Clock) -> None:
    async with anna.context() as mine:
        for minutes in (10, 20):
            await choose_intent(mine, anna.id, Intent.PAUSE, reason="lunch")
            await clock.advance(minutes=minutes)
            await choose_intent(mine, anna.id, Intent.AVAILABLE)
        await choose_intent(mine, anna.id, Intent.PAUSE, reason="rest")
        await clock.advance(minutes=5)
        now = await clock.now()
        used = await usage_today(mine, anna.id, now)
    assert {code: round(seconds / 60) for code, seconds in used.items()} == {"lunch": 30, "rest": 5}
    next_day = await usage_today(ctx, anna.id, now + timedelta(days=1))
    assert "lunch" not in next_day, "another day has a use of its own"
    assert next_day["rest"] > used["rest"], "what goes on over midnight counts from midnight on"


async def test_break_reaches_its_limit_and_pages_are_told(
    platform: Platform, ctx: Context, anna: Agent, clock: Clock, jobs: Jobs
) -> None:
    async with anna.context() as mine:
        agent = await choose_intent(mine, anna.id, Intent.PAUSE, reason="rest")
        assert agent.pause_limit_at is not None
        began = await clock.now()
        assert timedelta(minutes=29) < agent.pause_limit_at - began <= timedelta(minutes=30)
    [row] = [row for row in await jobs.waiting() if row.name == "core.pause_limit"]
    assert row.due_at < agent.pause_limit_at - timedelta(minutes=1, seconds=50)
    await clock.advance(minutes=28, seconds=1)
    await jobs.run_due()
    [row] = [row for row in await jobs.waiting() if row.name == "core.pause_limit"]
    limit_at = (await get_agent(ctx, anna.id)).pause_limit_at
    assert row.due_at == limit_at, "the second time is the limit itself"
    await clock.advance(minutes=2)
    await jobs.run_due()
    assert not [row for row in await jobs.waiting() if row.name == "core.pause_limit"]


async def test_limit_that_is_changed_holds_for_breaks_that_go_on(
    ctx: Context, anna: Agent, jobs: Jobs, clock: Clock
) -> None:
    await choose_intent(ctx, anna.id, Intent.PAUSE, reason="rest")
    await keep(ctx, "rest", daily_limit_minutes=5)
    await jobs.run_due()
    agent = await get_agent(ctx, anna.id)
    assert agent.pause_limit_at is not None
    assert agent.pause_limit_at - agent.since <= timedelta(minutes=5)
    await keep(ctx, "rest", daily_limit_minutes=0)
    await jobs.run_due()
    assert (await get_agent(ctx, anna.id)).pause_limit_at is None


async def test_limit_of_a_break_over_midnight_is_that_of_the_next_day(ctx: Context, anna: Agent) -> None:
    await choose_intent(ctx, anna.id, Intent.PAUSE, reason="rest")
    # She has been on this break ever since, so the limit would long be used up in 2031.
    await execute("DELETE FROM core_fact WHERE agent_id = $1", anna.id)
    await begin_limit(ctx, anna.id, "rest", datetime(2031, 5, 1, 23, 50, tzinfo=ctx.tenant.zone))
    ends = await fetch_value("SELECT pause_limit_at FROM core_agent WHERE user_id = $1", anna.id)
    assert ends == datetime(2031, 5, 2, 0, 30, tzinfo=ctx.tenant.zone)


async def test_administrator_chooses_icon_and_teams_as_people_see_them(
    web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    await add_user(platform, tenant, "admin", ADMINISTRATOR)
    async with platform.context(tenant) as ctx:
        team_id = await create_team(ctx, name="Night <shift>", timing=TIMES)
    async with working_as(web, tenant, "admin") as browser:
        page = (await browser.get(f"{PATH}/new")).text
        assert "Night &lt;shift&gt;" in page
        assert page.count('type="radio"') == 20
        assert 'class="choices pictures"' in page
        entry = {"code": "doctor", "name_en": "Doctor", "name_ru": "Врач"}
        values = {"icon": "stethoscope", "daily_limit_minutes": "90", "set_by": "agent", "teams": [team_id]}
        posted = {PREFIX + key: value for key, value in values.items()}
        assert (await send(browser, PATH, {**entry, **posted})).status_code == 200
        async with platform.context(tenant) as ctx:
            stored = (await all_entries(ctx, NAME))[-1]
        assert stored.values["teams"] == [team_id]
        assert (stored.values["icon"], stored.values["daily_limit_minutes"]) == ("stethoscope", 90)
        again = (await browser.get(f"{PATH}/entries/doctor")).text
        assert re.search(rf'value="{team_id}"[^>]*checked', again)
        assert re.search(r'value="stethoscope"[^>]*checked', again)
        wrong = await send(browser, f"{PATH}/entries/doctor", {**entry, **posted, f"{PREFIX}icon": "rocket"})
        assert f"{PREFIX}icon" in problem(wrong)["fields"]


async def test_reason_that_is_switched_off_ends_no_break(ctx: Context, anna: Agent) -> None:
    await choose_intent(ctx, anna.id, Intent.PAUSE, reason="lunch")
    await switch_entry(ctx, NAME, "lunch", active=False)
    agent = await get_agent(ctx, anna.id)
    assert (agent.intent, agent.pause_reason) == (Intent.PAUSE, "lunch")
    async with anna.context() as mine:
        await choose_intent(mine, anna.id, Intent.AVAILABLE)
        with pytest.raises(InvalidInput):
            await choose_intent(mine, anna.id, Intent.PAUSE, reason="lunch")


async def test_supervisor_adds_a_reason_only_with_the_right(
    web: ASGIApp, platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    await add_user(platform, tenant, "sue", SUPERVISOR)
    async with working_as(web, tenant, "sue") as browser:
        assert (await send(browser, PATH, {"code": "x", "name_en": "X"})).status_code == 403
    await add_entry(ctx, NAME, "prayer", {"en": "Prayer"}, {"daily_limit_minutes": 15})


async def test_copy_of_an_organisation_has_its_own_teams_in_rules_and_reasons(
    platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    rules = TeamRules(missed_limit=2, least_available=1, auto_answer=True)
    channels = [ChannelRule("voice", offer_seconds=45, alone=True)]
    night = await create_team(ctx, name="Night", timing=TIMES, rules=rules, channels=channels)
    await keep(ctx, "training", teams=[night])
    clone = await clone_tenant(platform, tenant.id, NewTenant(name="Copy", slug="copy"), SYSTEM)
    async with platform.context(clone.tenant) as copy:
        team = next(each for each in await all_teams(copy) if each.name == "Night")
        training = next(each for each in await all_entries(copy, NAME) if each.code == "training")
    assert team.id != night
    assert (team.rules, team.channels) == (rules, tuple(channels))
    assert training.values["teams"] == [team.id]
