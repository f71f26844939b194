"""Queues as administrators set them up, and what that does to those who wait and those who serve."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.agents.teams import create_team
from core.database.connection import execute, fetch, fetch_value
from plugins.routing.deadlines import set_deadlines
from plugins.routing.hours import Span
from plugins.routing.models import Queue, reference_of
from plugins.routing.services.queues import (
    change_queue,
    create_queue,
    delete_queue,
    ensure_queue,
    move_waiting,
    order_queues,
    read_values,
)
from plugins.routing.services.skills import (
    all_skills,
    create_skill,
    delete_skill,
    get_skilled,
    rename_skill,
    set_level,
    set_levels,
)
from plugins.routing.services.values import HolidayValue, QueueValues
from plugins.routing.services.warnings import warnings_of
from switchroom import Context
from switchroom.agents import LIMITS, members_of
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.interactions import end_interaction, get_interaction, pending_offer, reject_offer
from switchroom.runtime import Platform, TenantRef
from tests.conftest import Jobs
from tests.plugins.routing.queues import make_agent, make_call, make_queue, queue_of_call

pytestmark = pytest.mark.anyio

FULL = QueueValues(
    "Sales",
    target_seconds=20,
    channels=("voice",),
    priority=3,
    strategy="round_robin",
    sticky_hours=48,
    timezone="Europe/Berlin",
    always_open=False,
    week={0: (Span(540, 780), Span(840, 1440))},
    holidays=(HolidayValue(date(2026, 12, 25), "Christmas"), HolidayValue(date(2026, 12, 31), "", Span(600, 720))),
    longest_wait_seconds=600,
    most_waiting=20,
)


async def audited(action: str) -> list[str]:
    """What the audit log says was changed by this."""
    rows = await fetch("SELECT subject_name FROM core_audit WHERE action = $1 ORDER BY id", action)
    return [row["subject_name"] for row in rows]


# --- Values ----------------------------------------------------------------------------------------------------------


async def test_what_is_set_of_a_queue_is_kept_and_audited(ctx: Context) -> None:
    skill = await create_skill(ctx, "English")
    (team_id,) = [row["id"] for row in await fetch("SELECT id FROM core_team WHERE tenant_id = $1", ctx.tenant.id)]
    main = await ensure_queue(ctx)
    wanted = replace(FULL, skills={skill: 4}, teams=(team_id,), overflow_queue_id=main.id, overflow_seconds=60)
    queue_id = await create_queue(ctx, wanted)
    assert await read_values(queue_id) == wanted
    assert await audited("routing.queue_created") == ["Sales"]
    changed = replace(wanted, name="Sales and more", week={}, holidays=(), skills={}, teams=())
    await change_queue(ctx, queue_id, changed)
    await change_queue(ctx, queue_id, changed)
    assert await read_values(queue_id) == changed
    assert await audited("routing.queue_changed") == ["Sales and more"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "MAIN"}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"target_seconds": 3601}, "target_seconds"),
        ({"priority": -101}, "priority"),
        ({"sticky_hours": -1}, "sticky_hours"),
        ({"most_waiting": -1}, "most_waiting"),
        ({"longest_wait_seconds": 86_401}, "longest_wait_seconds"),
        ({"strategy": "loudest"}, "strategy"),
        ({"channels": ("pigeon",)}, "channels"),
        ({"teams": (0,)}, "teams"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"skills": {99_999: 3}}, "skills"),
        ({"overflow_seconds": 5}, "overflow_queue_id"),
        ({"overflow_queue_id": 99_999}, "overflow_queue_id"),
        ({"week": {0: (Span(600, 540),)}}, "opens_0_0"),
        ({"week": {0: (Span(540, 720), Span(700, 800))}}, "opens_0_1"),
        ({"week": {7: (Span(540, 720),)}}, "opens_7_0"),
        ({"holidays": (HolidayValue(date(2026, 1, 1)),) * 2}, "holiday_day_1"),
        ({"holidays": (HolidayValue(date(2026, 1, 1), "", Span(600, 1500)),)}, "holiday_opens_0"),
    ],
)
async def test_a_value_that_cannot_be_is_refused_by_its_name(
    ctx: Context, change: dict[str, object], field: str
) -> None:
    await ensure_queue(ctx)
    with pytest.raises(InvalidInput) as refused:
        await create_queue(ctx, replace(FULL, **change))  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]
    assert await Queue.all().count() == 1


async def test_a_circle_of_queues_is_refused_by_its_name(ctx: Context) -> None:
    main = await ensure_queue(ctx)
    sales = await make_queue(ctx, "Sales", overflow_queue_id=main.id, overflow_seconds=60)
    support = await make_queue(ctx, "Support", overflow_queue_id=sales, overflow_seconds=60)
    with pytest.raises(InvalidInput) as refused:
        await change_queue(ctx, main.id, replace(await read_values(main.id), overflow_queue_id=support))
    assert "Main → Support → Sales → Main" in refused.value.fields["overflow_queue_id"]
    with pytest.raises(InvalidInput) as alone:
        await change_queue(ctx, main.id, replace(await read_values(main.id), overflow_queue_id=main.id))
    assert "Main → Main" in alone.value.fields["overflow_queue_id"]


async def test_what_will_hardly_be_meant_is_saved_and_said(platform: Platform, ctx: Context) -> None:
    assert "no agents" in (await warnings_of(ctx, (await ensure_queue(ctx)).id))[0]
    await make_agent(platform, ctx, "anna")
    skill = await create_skill(ctx, "English")
    empty = await create_team(ctx, name="Empty", timing={key: least for key, (least, _most) in LIMITS.items()})
    nobody = await make_queue(ctx, "Nobody", teams=(empty,))
    assert await warnings_of(ctx, nobody) == ["Nobody can serve it: its teams have no agents."]
    unskilled = await make_queue(ctx, "Unskilled", skills={skill: 1})
    assert await warnings_of(ctx, unskilled) == ["Nobody can serve it: no agent is good enough at English."]
    silent = await make_queue(ctx, "Silent", channels=(), always_open=False)
    assert ["never open" in warning or "Nothing comes" in warning for warning in await warnings_of(ctx, silent)] == [
        True,
        True,
    ]


# --- Order, moving, deleting -----------------------------------------------------------------------------------------


async def test_queues_are_put_in_order(ctx: Context) -> None:
    main, sales = (await ensure_queue(ctx)).id, await make_queue(ctx, "Sales")
    await order_queues(ctx, [sales, main])
    assert [queue.id for queue in await Queue.all().order_by("position")] == [sales, main]
    for wrong in ([sales], [sales, sales], [sales, main, 0]):
        with pytest.raises(InvalidInput):
            await order_queues(ctx, wrong)


async def test_a_queue_in_which_somebody_waits_is_emptied_before_it_is_deleted(
    platform: Platform, ctx: Context, jobs: Jobs
) -> None:
    main = await ensure_queue(ctx)
    sales = await make_queue(ctx, "Sales", priority=5)
    calls = [await make_call(ctx, sales, priority=7), await make_call(ctx, sales, priority=5)]
    with pytest.raises(Conflict, match="2 customers wait in it"):
        await delete_queue(ctx, sales)
    assert await move_waiting(ctx, sales, main.id) == 2
    moved = [await get_interaction(ctx, call) for call in calls]
    assert [(call.queue, call.priority) for call in moved] == [(main.reference, 2), (main.reference, 0)]
    await delete_queue(ctx, sales)
    assert await audited("routing.queue_deleted") == ["Sales"]
    for call in calls:
        await end_interaction(ctx, call, "caller_hung_up")
    with pytest.raises(Conflict, match="only queue"):
        await delete_queue(ctx, main.id)


async def test_a_call_that_rings_stays_where_it_is(platform: Platform, ctx: Context, jobs: Jobs) -> None:
    main, sales = await ensure_queue(ctx), await make_queue(ctx, "Sales")
    await make_agent(platform, ctx, "anna")
    call = await make_call(ctx, sales)
    await jobs.run_due()
    assert await pending_offer(ctx, interaction_id=call) is not None
    assert await move_waiting(ctx, sales, main.id) == 0
    with pytest.raises(Conflict):
        await delete_queue(ctx, sales)


async def test_another_tenants_queue_does_not_exist(platform: Platform, ctx: Context, other_tenant: TenantRef) -> None:
    sales = await make_queue(ctx, "Sales")
    async with platform.context(other_tenant) as theirs:
        await ensure_queue(theirs)
        for attempt in (change_queue(theirs, sales, FULL), delete_queue(theirs, sales), move_waiting(theirs, sales, 1)):
            with pytest.raises(NotFound):
                await attempt


# --- Skills ----------------------------------------------------------------------------------------------------------


async def test_who_has_the_skills_serves_the_queue_from_the_same_moment_on(
    platform: Platform, ctx: Context, jobs: Jobs
) -> None:
    anna = await make_agent(platform, ctx, "anna")
    english = await create_skill(ctx, "English")
    sales = await make_queue(ctx, "Sales", skills={english: 5})
    call = await make_call(ctx, sales)
    await jobs.run_due()
    assert await members_of(ctx, reference_of(sales)) == {}
    await set_level(ctx, anna, english, 4)
    assert await members_of(ctx, reference_of(sales)) == {}
    await set_level(ctx, anna, english, 8)
    assert await members_of(ctx, reference_of(sales)) == {anna: 8}
    await jobs.run_due()
    offer = await pending_offer(ctx, interaction_id=call)
    assert offer is not None
    assert offer.agent_id == anna
    await change_queue(ctx, sales, replace(await read_values(sales), skills={english: 9}))
    assert await members_of(ctx, reference_of(sales)) == {}


async def test_a_queue_that_asks_for_less_is_served_by_who_is_free(
    platform: Platform, ctx: Context, jobs: Jobs
) -> None:
    await make_agent(platform, ctx, "anna")
    english = await create_skill(ctx, "English")
    sales = await make_queue(ctx, "Sales", skills={english: 5})
    call = await make_call(ctx, sales)
    await jobs.run_due()
    await change_queue(ctx, sales, replace(await read_values(sales), skills={}))
    await jobs.run_due()
    assert await pending_offer(ctx, interaction_id=call) is not None


async def test_skills_are_made_renamed_given_and_deleted(platform: Platform, ctx: Context) -> None:
    anna = await make_agent(platform, ctx, "anna")
    english, german = await create_skill(ctx, "English"), await create_skill(ctx, "German")
    for taken in ("english", " "):
        with pytest.raises(InvalidInput):
            await create_skill(ctx, taken)
    await rename_skill(ctx, german, "Deutsch")
    await set_levels(ctx, anna, {english: 3, german: 10})
    with pytest.raises(InvalidInput) as refused:
        await set_levels(ctx, anna, {english: 11, 99_999: 1})
    assert sorted(refused.value.fields) == sorted([f"skill_{english}", "skill_99999"])
    assert (await get_skilled(ctx, anna)).levels == {english: 3, german: 10}
    sales = await make_queue(ctx, "Sales", skills={english: 5})
    with pytest.raises(Conflict, match="ask for English: Sales"):
        await delete_skill(ctx, english)
    await delete_skill(ctx, german)
    await change_queue(ctx, sales, replace(await read_values(sales), skills={}))
    await delete_skill(ctx, english)
    assert await all_skills(ctx) == []
    assert (await get_skilled(ctx, anna)).levels == {}
    assert await audited("routing.agent_skills_changed") == ["Anna"]


# --- Deadlines -------------------------------------------------------------------------------------------------------


async def due_in(job: str) -> float | None:
    """In how many seconds the one waiting row of a job is due."""
    rows = await fetch(
        "SELECT extract(epoch FROM due_at - now())::float AS seconds FROM core_job WHERE name = $1 AND state = 'due'",
        job,
    )
    assert len(rows) <= 1
    return rows[0]["seconds"] if rows else None


async def made_older(seconds: int) -> None:
    """Everything that was said of interactions, and is due, lies this much further back."""
    for statement in ("UPDATE core_fact SET at = at", "UPDATE core_job SET due_at = due_at"):
        await execute(f"{statement} - make_interval(secs => $1)", seconds)


async def test_who_has_waited_long_goes_on_to_the_next_queue_and_waits_there_by_its_times(
    ctx: Context, jobs: Jobs
) -> None:
    last = await make_queue(ctx, "Last", priority=1)
    second = await make_queue(ctx, "Second", priority=4, overflow_queue_id=last, overflow_seconds=100)
    first = await make_queue(ctx, "First", priority=2, overflow_queue_id=second, overflow_seconds=60)
    call = await make_call(ctx, first, priority=3)
    await jobs.run_due()
    before = await get_interaction(ctx, call)
    await made_older(61)
    await jobs.run_due()
    moved = await get_interaction(ctx, call)
    assert (await queue_of_call(call), moved.priority, moved.waiting_since) == (second, 5, before.waiting_since)
    left = await due_in("routing.overflow")
    assert left is not None
    assert 90 < left <= 100
    await made_older(101)
    await jobs.run_due()
    assert await queue_of_call(call) == last
    assert await due_in("routing.overflow") is None


async def test_who_has_waited_as_long_as_may_be_is_let_go(ctx: Context, jobs: Jobs) -> None:
    queue = await make_queue(ctx, "Short", longest_wait_seconds=60)
    call = await make_call(ctx, queue)
    await jobs.run_due()
    await jobs.let_time_pass("routing.end_wait")
    assert (await get_interaction(ctx, call)).cause == ""
    await made_older(61)
    await jobs.run_due()
    assert (await get_interaction(ctx, call)).cause == "waited_too_long"


async def test_an_offer_makes_the_time_no_longer_and_ends_nothing(platform: Platform, ctx: Context, jobs: Jobs) -> None:
    queue = await make_queue(ctx, "Short", longest_wait_seconds=60)
    anna = await make_agent(platform, ctx, "anna")
    call = await make_call(ctx, queue)
    await jobs.run_due()
    offer = await pending_offer(ctx, interaction_id=call)
    assert offer is not None
    await execute("UPDATE core_fact SET at = at - interval '61 seconds'")
    await jobs.let_time_pass("routing.end_wait")
    assert (await get_interaction(ctx, call)).state == "offered"
    await reject_offer(ctx, offer.id, anna)
    await jobs.run_due()
    assert (await get_interaction(ctx, call)).cause == "waited_too_long"


async def test_deadlines_are_noted_once_however_often_the_job_runs(ctx: Context, jobs: Jobs) -> None:
    main = await ensure_queue(ctx)
    queue = await make_queue(ctx, "Short", longest_wait_seconds=60, overflow_queue_id=main.id, overflow_seconds=30)
    call = await make_call(ctx, queue)
    for _time in range(3):
        await set_deadlines.function(ctx, interaction_id=call)
    assert await due_in("routing.end_wait") is not None
    assert await due_in("routing.overflow") is not None


async def test_a_change_of_the_times_holds_for_those_who_wait(ctx: Context, jobs: Jobs) -> None:
    queue = await make_queue(ctx, "Long")
    call = await make_call(ctx, queue)
    await jobs.run_due()
    await made_older(120)
    await change_queue(ctx, queue, replace(await read_values(queue), longest_wait_seconds=60))
    await jobs.run_due()
    assert (await get_interaction(ctx, call)).cause == "waited_too_long"


async def test_nobody_goes_on_to_a_queue_that_is_closed_or_full(ctx: Context, jobs: Jobs) -> None:
    closed = await make_queue(ctx, "Closed", always_open=False)
    queue = await make_queue(ctx, "First", overflow_queue_id=closed, overflow_seconds=60)
    call = await make_call(ctx, queue)
    await jobs.run_due()
    await made_older(61)
    await jobs.run_due()
    assert await queue_of_call(call) == queue
    await change_queue(ctx, closed, replace(await read_values(closed), always_open=True, most_waiting=1))
    await make_call(ctx, closed)
    await jobs.let_time_pass("routing.overflow")
    assert await queue_of_call(call) == queue
    await change_queue(ctx, closed, replace(await read_values(closed), most_waiting=2))
    await jobs.let_time_pass("routing.overflow")
    assert await queue_of_call(call) == closed
    assert await fetch_value("SELECT count(*) FROM core_fact WHERE cause = 'overflow'") == 1
