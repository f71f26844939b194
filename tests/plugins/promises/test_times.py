"""The clock: reminders, what falls due, owners who are absent; and what time it is for the customer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents.service import choose_intent
from core.agents.states import Intent
from core.database.connection import execute, fetch, fetch_value
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from plugins.promises import ledger
from plugins.promises.pictures import day_line
from plugins.promises.reading import PromiseView
from plugins.promises.settings import PromisesSettings, check_settings
from plugins.promises.states import State
from plugins.promises.times import fall_back, fall_due, look_after, remind
from plugins.promises.typed import put_off_by, read_due, read_local
from plugins.promises.words import customer_words
from plugins.promises.zones import Night, customer_time, zones_of
from switchroom.capabilities import Fallback
from switchroom.errors import InvalidInput
from switchroom.testing.jobs import Jobs
from switchroom.testing.people import Agent
from tests.plugins.promises.people import promised, time_passes

anyio = pytest.mark.anyio
BERLIN = ZoneInfo("Europe/Berlin")
SETTINGS = PromisesSettings()
IN_A_YEAR = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2026-12-30"))
Enable = Callable[..., Awaitable[TenantRef]]


async def state_of(promise_id: int) -> tuple[str, int | None]:
    (row,) = await fetch("SELECT state, owner_id FROM promises_promise WHERE id = $1", promise_id)
    return row["state"], row["owner_id"]


async def goes_home(agent: Agent) -> None:
    """The agent's last page is closed."""
    await execute("UPDATE core_agent SET status = 'offline', connected_until = NULL WHERE user_id = $1", agent.id)


@dataclass
class Queue:
    """Takes promises back, as a plugin does that has made them."""

    takes: bool | None = True
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """A plugin that answers `promise_released`."""
    queue = Queue()

    async def first(_ctx: Context, hook: str, **arguments: str) -> bool | None:
        assert hook == "promise_released"
        queue.asked.append(arguments["reference"])
        return queue.takes

    with monkeypatch.context() as patch:
        patch.setattr(Context, "first", first)
        yield queue


# --- What the clock does ---


@anyio
async def test_the_owner_is_reminded_once_and_again_after_it_was_put_off(agent: Agent, jobs: Jobs) -> None:
    made = await promised(agent, minutes=3)
    await jobs.run_due()
    reminded = await fetch_value("SELECT reminded_at FROM promises_promise WHERE id = $1", made)
    assert reminded is not None
    async with agent.context("promises") as ctx:
        await remind.function(ctx, made)
        assert await fetch_value("SELECT reminded_at FROM promises_promise WHERE id = $1", made) == reminded
        await ledger.put_off(ctx, made, datetime.now(UTC) + timedelta(hours=1))
    await jobs.run_due()
    assert await fetch_value("SELECT reminded_at FROM promises_promise WHERE id = $1", made) is None


@anyio
async def test_it_falls_due_at_its_time_and_not_before(agent: Agent, jobs: Jobs) -> None:
    made = await promised(agent)
    await jobs.let_time_pass("promises.fall_due")
    assert await state_of(made) == ("open", agent.id)
    await time_passes(made, 60)
    async with agent.context("promises") as ctx:
        await fall_due.function(ctx, made)
        await fall_due.function(ctx, made)
    assert await state_of(made) == ("due", agent.id)
    changes = await fetch("SELECT what FROM promises_change WHERE promise_id = $1 ORDER BY id", made)
    assert [row["what"] for row in changes] == ["made", "fallen_due"]


@anyio
async def test_an_owner_who_is_there_keeps_it(agent: Agent, jobs: Jobs) -> None:
    made = await promised(agent)
    await time_passes(made, 90)
    for name in ("promises.fall_due", "promises.fall_back"):
        await jobs.let_time_pass(name)
    assert await state_of(made) == ("due", agent.id)


@anyio
async def test_what_an_absent_owner_owes_goes_to_supervisors(agent: Agent, jobs: Jobs, queue: Queue) -> None:
    made = await promised(agent)
    await goes_home(agent)
    await time_passes(made, 60 + SETTINGS.absent_minutes - 1)
    for name in ("promises.fall_due", "promises.fall_back"):
        await jobs.let_time_pass(name)
    assert await state_of(made) == ("due", agent.id)
    await time_passes(made, 2)
    async with agent.context("promises") as ctx:
        await fall_back.function(ctx, made)
        await fall_back.function(ctx, made)
    assert await state_of(made) == ("due", None)
    assert queue.asked == []


@anyio
@pytest.mark.parametrize(("takes", "state"), [(True, "released"), (False, "due"), (None, "due")])
async def test_what_came_from_a_queue_goes_back_there_when_it_is_taken(
    agent: Agent, queue: Queue, takes: bool | None, state: str
) -> None:
    queue.takes = takes
    made = await promised(agent, "records:item:7", fallback=Fallback.QUEUE)
    await goes_home(agent)
    await time_passes(made, 90)
    async with agent.context("promises") as ctx:
        await fall_due.function(ctx, made)
        await fall_back.function(ctx, made)
        await fall_back.function(ctx, made)
    assert queue.asked == ["records:item:7"]
    assert await state_of(made) == (state, agent.id if takes else None)


@anyio
async def test_one_that_is_promised_anew_while_its_queue_is_asked_stays(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await promised(agent, "records:item:7", fallback=Fallback.QUEUE)
    await time_passes(made, 90)

    async def first(_ctx: Context, _hook: str, **_arguments: str) -> bool:
        await promised(agent, "records:item:7", minutes=300)
        return True

    await goes_home(agent)
    monkeypatch.setattr(Context, "first", first)
    async with agent.context("promises") as ctx:
        await fall_due.function(ctx, made)
        await fall_back.function(ctx, made)
    assert await state_of(made) == ("open", agent.id)


@anyio
@pytest.mark.parametrize(("counts", "owned"), [(True, False), (False, True)])
async def test_a_break_counts_as_absent_where_the_tenant_says_so(
    agent: Agent, enable: Enable, counts: bool, owned: bool
) -> None:
    await enable("promises", {"break_counts_as_absent": counts})
    made = await promised(agent)
    await time_passes(made, 90)
    async with agent.context("promises") as ctx:
        await choose_intent(ctx, agent.id, Intent.PAUSE)
        await fall_due.function(ctx, made)
        await fall_back.function(ctx, made)
    assert await state_of(made) == ("due", agent.id if owned else None)


@anyio
async def test_nothing_is_lost_when_its_jobs_are(agent: Agent, jobs: Jobs) -> None:
    made = await promised(agent)
    await execute("DELETE FROM core_job")
    await goes_home(agent)
    await time_passes(made, 90)
    await jobs.run("promises.look_after", agent.tenant.id)
    await jobs.run_due()
    assert await state_of(made) == ("due", None)
    async with agent.context("promises") as ctx:
        await look_after.function(ctx)
    assert await state_of(made) == ("due", None)


# --- The customer's clock ---


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_number_tells_the_zone() -> None:
    there = customer_time(at("2026-11-22T12:00"), "", "+4930123456", SETTINGS)
    assert there is not None
    assert (there.zone, there.earliest.hour, there.guessed, there.night) == ("Europe/Berlin", 13, True, Night.NO)
    assert customer_words(there, at("2026-11-22T12:00")) == "13:00 for the customer, Berlin"


def test_a_number_of_several_zones_says_so() -> None:
    assert len(zones_of("+79161234567")) > 1
    there = customer_time(at("2026-11-22T15:00"), "", "+79161234567", SETTINGS)
    assert there is not None
    assert (there.zone, there.night) == (None, Night.PERHAPS)
    assert "several time zones" in customer_words(there, at("2026-11-22T15:00"))


def test_a_chosen_zone_counts_more_than_the_number() -> None:
    there = customer_time(at("2026-11-22T12:00"), "Asia/Tokyo", "+4930123456", SETTINGS)
    assert there is not None
    assert (there.zone, there.guessed, there.night) == ("Asia/Tokyo", False, Night.YES)


@pytest.mark.parametrize("number", ["", "103", "not a number", "+800 1234 5678"])
def test_what_tells_of_no_zone_gives_none(number: str) -> None:
    assert customer_time(at("2026-11-22T12:00"), "", number, SETTINGS) is None


@given(IN_A_YEAR, st.integers(0, 23))
def test_each_hour_is_night_or_day_by_the_customers_clock(moment: datetime, hour: int) -> None:
    settings = PromisesSettings(call_from=hour, call_until=hour + 1)
    there = customer_time(moment.replace(tzinfo=UTC), "America/New_York", "", settings)
    assert there is not None
    assert (there.night is Night.NO) == (there.earliest.hour == hour)


# --- What people type ---


def test_a_time_that_the_clocks_leave_out_is_refused() -> None:
    with pytest.raises(InvalidInput, match="clocks"):
        read_local("2026-03-29T02:30", BERLIN)
    assert read_local("2026-03-29T03:30", BERLIN) == at("2026-03-29T01:30")


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T10:00", "2026-11-22T10:00+03:00", "0001-01-01T00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_local(text, BERLIN)


def test_a_time_may_be_typed_by_the_customers_clock() -> None:
    assert read_due("2026-11-23T09:00", "customer", BERLIN, "Asia/Tokyo", "") == at("2026-11-23T00:00")
    with pytest.raises(InvalidInput) as caught:
        read_due("2026-11-23T09:00", "customer", BERLIN, "", "+79161234567")
    assert set(caught.value.fields) == {"zone"}


@given(IN_A_YEAR)
def test_tomorrow_is_the_next_day_at_the_same_time_also_when_the_clocks_change(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    due = put_off_by("tomorrow", now, now, BERLIN).astimezone(BERLIN)
    here = now.astimezone(BERLIN)
    assert (due.date() - here.date()).days == 1
    assert due > here
    assert due.minute == here.minute
    assert due.hour == here.hour or (due.date().month, due.hour) == (3, 3)


# --- The picture of a day ---


def view(promise_id: int, due: datetime) -> PromiseView:
    return PromiseView(
        id=promise_id, kind="callback", state=State.OPEN, owner_id=1, owner="", last_owner="", subject="", reference="",
        url="", contact_name="Kim", contact_number="", contact_zone="", interaction_id=None, fallback="supervisor",
        due_at=due, reminded_at=None, left_at=None, settled_at=None, created_at=due, same_number=0, handled=True,
    )  # fmt: skip


@given(st.integers(0, 365 * 24 * 60), st.lists(st.integers(-3000, 3000), max_size=20))
def test_the_line_of_a_day_shows_what_is_due_on_it_and_nothing_outside(minutes: int, offsets: list[int]) -> None:
    now = at("2026-01-01T00:00") + timedelta(minutes=minutes)
    found = [view(number, now + timedelta(minutes=offset)) for number, offset in enumerate(sorted(offsets))]
    line = day_line(found, now, BERLIN)
    today = now.astimezone(BERLIN).date()
    assert {mark.promise.id for mark in line.marks} == {
        each.id for each in found if each.due_at.astimezone(BERLIN).date() == today
    }
    assert all(0 <= mark.x <= 100 and 0 <= mark.y <= line.height for mark in line.marks)
    assert 0 <= line.now <= 100
    assert line.begins <= now.astimezone(BERLIN) < line.ends


# --- Settings ---


@anyio
@pytest.mark.parametrize(
    ("values", "wrong"),
    [({"call_from": 21, "call_until": 8}, "call_until"), ({"region": "XX"}, "region"), ({"region": "de"}, None)],
)
async def test_settings_that_cannot_work_are_named(
    platform: Platform, tenant: TenantRef, values: Mapping[str, object], wrong: str | None
) -> None:
    async with platform.context(tenant) as ctx:
        problems = await check_settings(ctx, PromisesSettings(**values))  # type: ignore[arg-type]
    assert [problem.field for problem in problems] == ([wrong] if wrong else [])
