"""The day of an agent as a timeline: whatever happens, it has neither gaps nor overlaps, and its sums are exact."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, zip_longest
from zoneinfo import ZoneInfo

import pytest

from core.accounts.permissions import AGENT
from core.agents.connection import keep_alive, tab_closed, tab_opened
from core.agents.day import NOTHING, Day, day_begins, day_of, days_of, today_of
from core.agents.reasons import seconds_used
from core.agents.roster import begin_shift, end_shift
from core.agents.service import choose_intent, set_do_not_disturb
from core.agents.states import Intent, Status
from core.agents.views import get_agent
from core.database.connection import execute, execute_script, fetch, fetch_value
from core.database.transaction import transaction
from core.errors import InvalidInput, SwitchroomError
from core.interactions.journal import SECOND, todays_numbers
from core.interactions.lifecycle import create_interaction, end_interaction, hold, resume
from core.interactions.offers import accept_offer, make_offer, reject_offer
from core.interactions.rows import open_segments, pending_offer
from core.interactions.segments import extend_wrap_up, finish_segment
from core.interactions.taking import begin_work
from core.plugins.context import Actor, ActorKind, Context, Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from switchroom.testing.jobs import Clock, Jobs
from tests.core.view_people import application_with_views, tenant_with_views
from tests.core.web_client import add_user

pytestmark = pytest.mark.anyio
__all__ = ["application_with_views", "tenant_with_views"]

EVENTS = 500
AT_ONCE = 2
AGENTS = ("anna", "ben", "carol")

# What `settle` has stored, one row each time: beside the facts, not from them.
_NOTE = """
CREATE TABLE IF NOT EXISTS test_stored_status
    (id bigserial, agent_id bigint, status text, reason text, since timestamptz);
CREATE OR REPLACE FUNCTION test_note_status() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO test_stored_status (agent_id, status, reason, since) VALUES (NEW.user_id, NEW.status,
        CASE WHEN NEW.status = 'paused' THEN NEW.pause_reason ELSE '' END, NEW.status_since);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER test_note_status AFTER UPDATE OF status ON core_agent
    FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.status_since < NEW.status_since)
    EXECUTE FUNCTION test_note_status();
"""
_FORGET = """
DROP TRIGGER test_note_status ON core_agent;
DROP FUNCTION test_note_status();
DROP TABLE test_stored_status;
"""


@dataclass
class Office:
    """Agents of a tenant, and what may happen to them."""

    platform: Platform
    tenant: TenantRef
    jobs: Jobs
    chance: random.Random
    agents: list[int] = field(default_factory=list)
    pages: set[int] = field(default_factory=set)
    happened: Counter[int] = field(default_factory=Counter)

    async def something_happens(self, agent: int) -> None:
        """One event; to be refused is one as well."""
        name = self.chance.choice(
            ["goes_on"] * 30 + ["chooses"] * 4 + ["is_told"] * 2 + ["is_called"] * 5 + ["accepts"] * 5 + ["rejects"]
            + ["holds"] * 4 + ["resumes"] * 2 + ["hangs_up"] * 5 + ["sends_form"] * 2 + ["extends"] + ["takes"] * 2
            + ["opens"] * 3 + ["closes", "logs_in", "logs_out", "is_not_disturbed"]
        )  # fmt: skip
        actor = self.agents[0] if name == "is_told" else agent
        self.happened[agent] += 1
        async with self.platform.context(self.tenant, Actor(ActorKind.USER, actor)) as ctx:
            with contextlib.suppress(SwitchroomError):
                await getattr(self, name)(ctx, agent)

    async def goes_on(self, ctx: Context, agent: int) -> None:
        """What an agent does who simply works."""
        shown = await get_agent(ctx, agent)
        if shown.status is Status.OFFLINE:
            await self.opens(ctx, agent)
        elif shown.status is Status.OFFERED:
            await self.accepts(ctx, agent)
        elif shown.status is Status.WRAP_UP:
            await self.sends_form(ctx, agent)
        elif shown.work:
            await self.hangs_up(ctx, agent)
        elif shown.taking:
            await self.is_called(ctx, agent)
        else:
            await choose_intent(ctx, agent, Intent.AVAILABLE)

    async def chooses(self, ctx: Context, agent: int) -> None:
        intent = self.chance.choice([Intent.AVAILABLE] * 3 + [Intent.PAUSE] * 3 + list(Intent))
        reason = self.chance.choice(["", "lunch", "rest", "training"]) if intent is Intent.PAUSE else ""
        await choose_intent(ctx, agent, intent, reason=reason)

    is_told = chooses

    async def is_called(self, ctx: Context, agent: int) -> None:
        call = await create_interaction(ctx, channel=self.chance.choice(["voice", "voice", "paper"]))
        await make_offer(ctx, call.id, self.chance.sample(self.agents, len(self.agents)), cause="test")

    async def accepts(self, ctx: Context, agent: int) -> None:
        if offer := await pending_offer(ctx, agent_id=agent):
            await accept_offer(ctx, offer.id, agent)

    async def rejects(self, ctx: Context, agent: int) -> None:
        if offer := await pending_offer(ctx, agent_id=agent):
            await reject_offer(ctx, offer.id, agent)

    async def holds(self, ctx: Context, agent: int) -> None:
        for segment in await open_segments(ctx, agent):
            await hold(ctx, segment.interaction_id, agent)

    async def resumes(self, ctx: Context, agent: int) -> None:
        for segment in await open_segments(ctx, agent):
            await resume(ctx, segment.interaction_id, agent)

    async def hangs_up(self, ctx: Context, agent: int) -> None:
        for segment in await open_segments(ctx, agent):
            await end_interaction(ctx, segment.interaction_id, "caller_hung_up")

    async def sends_form(self, ctx: Context, agent: int) -> None:
        then = self.chance.choice([None, Intent.PAUSE, Intent.AVAILABLE])
        for segment in await open_segments(ctx, agent):
            await finish_segment(ctx, segment.id, agent, outcome="success", comment="", then=then)

    async def extends(self, ctx: Context, agent: int) -> None:
        for segment in await open_segments(ctx, agent):
            await extend_wrap_up(ctx, segment.id, agent, seconds=20, at_most=3, not_before=3600)

    async def takes(self, ctx: Context, agent: int) -> None:
        await begin_work(ctx, agent, channel="paper", at_most=3)

    async def opens(self, ctx: Context, agent: int) -> None:
        self.pages.add(agent)
        await tab_opened(ctx, agent)

    async def closes(self, ctx: Context, agent: int) -> None:
        self.pages.discard(agent)
        await tab_closed(ctx, agent, 0)

    async def logs_in(self, ctx: Context, agent: int) -> None:
        await begin_shift(ctx, agent)
        await self.opens(ctx, agent)

    async def logs_out(self, ctx: Context, agent: int) -> None:
        self.pages.discard(agent)
        await end_shift(ctx, agent)

    async def is_not_disturbed(self, ctx: Context, agent: int) -> None:
        await set_do_not_disturb(ctx, agent, on=self.chance.random() < 0.5)


@pytest.fixture
async def office(platform: Platform, tenant: TenantRef, jobs: Jobs) -> AsyncIterator[Office]:
    """Some agents of one team who have just come, with what is stored of them noted."""
    made = Office(platform, tenant, jobs, random.Random(20261122))  # noqa: S311 - a test that can be repeated
    for name in AGENTS:
        made.agents.append(await add_user(platform, tenant, name, AGENT))
    await execute("UPDATE core_team SET missed_limit = 3, no_answer_seconds = 5 WHERE tenant_id = $1", tenant.id)
    await execute_script(_NOTE)
    try:
        async with platform.context(tenant) as ctx:
            for agent in made.agents:
                await made.logs_in(ctx, agent)
        yield made
    finally:
        await execute_script(_FORGET)


async def everything_of(ctx: Context, agent: int) -> list[Day]:
    """Every day since the first fact."""
    first: datetime = await fetch_value("SELECT min(at) FROM core_fact WHERE agent_id = $1", agent)
    since = first.astimezone(ctx.tenant.zone).date()
    today = await today_of(ctx)
    return await days_of(ctx, agent, since, (today - since).days + 1)


async def test_whatever_happens_the_timeline_has_no_gap_and_its_sums_are_exact(office: Office, clock: Clock) -> None:
    nights, most = 2, office.agents[0]
    while office.happened[most] < EVENTS:
        # One of them has the most to do, now and then two things at once.
        who = [most, *(office.chance.choice(office.agents) for _ in range(AT_ONCE - 1))]
        await asyncio.gather(*(office.something_happens(agent) for agent in who))
        seconds = office.chance.choice([0, 0, 0, 0, 3, 12, 40, 600])
        if office.happened[most] > EVENTS * (3 - nights) // 3 and nights:
            nights, seconds = nights - 1, 13 * 3600
        if seconds:
            await clock.advance(seconds=seconds, microseconds=office.chance.randrange(10**6))
            await keep_alive([agent for agent in office.agents if agent in office.pages])
        await office.jobs.run_due()
    async with office.platform.context(office.tenant) as ctx:
        for agent in office.agents:
            async with transaction():
                await check_agent(ctx, agent, clock)


async def check_agent(ctx: Context, agent: int, clock: Clock) -> None:
    """All that must hold of an agent to whom anything may have happened; in one transaction, so at one moment."""
    facts = await fetch(
        "SELECT at, old, new FROM core_fact WHERE agent_id = $1 AND subject = 'agent' ORDER BY id", agent
    )
    assert len(facts) > 30, "little has happened"
    assert facts[0]["old"] == "offline"
    for before, after in pairwise(facts):
        assert before["at"] <= after["at"], "time has gone back"
        assert before["new"] == after["old"], "a fact is missing"
    days = await everything_of(ctx, agent)
    assert len(days) > 1, "no midnight has passed"
    intervals = [each for day in days for each in day.intervals]
    assert intervals[0].start == facts[0]["at"]
    assert intervals[-1].end == await clock.now()
    assert intervals[-1].goes_on
    assert not any(each.goes_on for each in intervals[:-1])
    for one, other in pairwise(intervals):
        assert one.end == other.start, "a gap, or an overlap"
    for day in days:
        assert all(day.begins <= each.start < each.end <= day.ends for each in day.intervals)
        assert sum(day.per_status.values(), NOTHING) == day.shift_length
        assert sum(day.per_reason.values(), NOTHING) == day.paused
        away = day.per_status.get(Status.OFFLINE, NOTHING)
        assert day.on_line + day.paused + away == day.shift_length
    assert sum((day.ends - day.begins for day in days), NOTHING) == days[-1].ends - days[0].begins

    # What was stored is what the timeline says, apart from cuts at midnight and what lasted no time at all.
    stored = await fetch("SELECT status, reason, since FROM test_stored_status WHERE agent_id = $1 ORDER BY id", agent)
    lasting = [one for one, other in zip_longest(stored, stored[1:]) if other is None or one["since"] < other["since"]]
    begun = {day.begins for day in days[1:]} - {row["since"] for row in lasting}
    told = [(each.start, each.status, each.reason) for each in intervals if each.start not in begun]
    assert told == [(row["since"], row["status"], row["reason"]) for row in lasting]

    today = days[-1]
    numbers = await todays_numbers(ctx, agent)
    assert (numbers.on_line_seconds, numbers.break_seconds) == (today.on_line // SECOND, today.paused // SECOND)
    for reason in ("lunch", "rest", "training", "not_answering"):
        used = await seconds_used(ctx, agent, reason, await clock.now())
        assert used == pytest.approx(today.per_reason.get(reason, NOTHING).total_seconds(), abs=1e-6)


async def tell(ctx: Context, agent: int, at: datetime, old: str, new: str, reason: str = "") -> None:
    """A fact as `settle` writes it, at any time."""
    await execute(
        "INSERT INTO core_fact (tenant_id, at, subject, agent_id, old, new, cause, actor, detail) "
        "VALUES ($1, $2, 'agent', $3, $4, $5, 'test', 'system', $6::text::jsonb)",
        ctx.tenant.id,
        at,
        agent,
        old,
        new,
        json.dumps({"intent": "pause", "reason": reason}),
    )


@pytest.mark.parametrize(
    ("day", "hours", "zone"),
    [
        (date(2025, 3, 30), 23, "Europe/Berlin"),
        (date(2025, 10, 26), 25, "Europe/Berlin"),
        (date(2025, 7, 1), 24, "Europe/Berlin"),
        # There the clock goes from 23:59 to 1:00.
        (date(2025, 4, 25), 23, "Africa/Cairo"),
        (date(2025, 10, 30), 25, "Africa/Cairo"),
    ],
)
async def test_a_day_on_which_the_clock_is_set_has_all_its_hours(
    platform: Platform, day: date, hours: int, zone: str
) -> None:
    made = await create_tenant(platform, slug="acme-zone", name="Acme", timezone=zone)
    anna = await add_user(platform, made, "anna", AGENT)
    async with platform.context(made) as ctx:
        begins = day_begins(ZoneInfo(zone), day)
        await tell(ctx, anna, begins - timedelta(hours=2), "offline", "waiting")
        await tell(ctx, anna, begins + timedelta(hours=1, minutes=30), "waiting", "paused", "lunch")
        await tell(ctx, anna, begins + timedelta(hours=3, microseconds=1), "paused", "waiting")
        await tell(ctx, anna, begins + timedelta(hours=hours + 1), "waiting", "offline")
        before, that, after, nothing = await days_of(ctx, anna, day - timedelta(days=1), 4)
    assert that.ends - that.begins == timedelta(hours=hours)
    assert that.shift == (that.begins, that.ends)
    assert that.shift_length == timedelta(hours=hours) == sum(that.per_status.values(), NOTHING)
    assert that.per_reason == {"lunch": timedelta(hours=1, minutes=30, microseconds=1)}
    assert (before.shift_length, after.shift_length) == (timedelta(hours=2), timedelta(hours=1))
    assert [each.status for each in nothing.intervals] == [Status.OFFLINE]
    assert nothing.shift is None
    assert before.intervals[-1].end == that.intervals[0].start == that.begins
    assert not any(each.goes_on for each in that.intervals)


async def test_a_day_before_the_first_and_one_to_come_are_empty(ctx: Context) -> None:
    anna = await add_user(ctx._platform, ctx.tenant, "anna", AGENT)
    assert (await day_of(ctx, anna, date(2001, 1, 1))).intervals == ()
    await begin_shift(ctx, anna)
    await tab_opened(ctx, anna)
    tomorrow = await day_of(ctx, anna, await today_of(ctx) + timedelta(days=1))
    assert (tomorrow.intervals, tomorrow.shift, tomorrow.shift_length) == ((), None, NOTHING)
    now = await day_of(ctx, anna, await today_of(ctx))
    assert [(each.status, each.goes_on) for each in now.intervals] == [(Status.PAUSED, True)]


async def test_another_reason_is_another_break(ctx: Context) -> None:
    anna = await add_user(ctx._platform, ctx.tenant, "anna", AGENT)
    await begin_shift(ctx, anna)
    await tab_opened(ctx, anna)
    await choose_intent(ctx, anna, Intent.PAUSE, reason="lunch")
    await choose_intent(ctx, anna, Intent.PAUSE, reason="lunch")
    with pytest.raises(InvalidInput):
        await choose_intent(ctx, anna, Intent.PAUSE, reason="surfing")
    await choose_intent(ctx, anna, Intent.PAUSE, reason="rest")
    today = await day_of(ctx, anna, await today_of(ctx))
    assert [each.reason for each in today.intervals] == ["", "lunch", "rest"]
    assert today.intervals[0].start.tzinfo == UTC
