"""Table 1: what an agent does with a record that he has in work, and what becomes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.database.connection import execute, fetch, fetch_value
from plugins.records.models import Step
from plugins.records.services import acting
from plugins.records.services.changing import NotYours
from plugins.records.services.items import Shown, items_of
from plugins.records.services.queues import get_queue
from plugins.records.services.taking import NothingWaits, next_record, open_item, why_not_next
from switchroom.errors import Conflict, Forbidden, InvalidInput
from switchroom.interactions import AtCapacity, get_interaction
from tests.conftest import Jobs
from tests.plugins.records.work import Worker, fill, make_queue

pytestmark = pytest.mark.anyio

TOMORROW = timedelta(days=1)


async def cause_of(worker: Worker, interaction_id: int | None) -> str:
    assert interaction_id is not None
    interaction = await get_interaction(worker.ctx, interaction_id)
    assert interaction.state == "closed"
    return interaction.cause


async def test_next_record_is_in_work_with_an_owner_and_an_interaction(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first", "second")
    item = await next_record(anna.ctx, anna.id, queue)
    assert (item.title, item.shown, item.owner_id) == ("first", Shown.IN_WORK, anna.id)
    assert item.interaction_id is not None
    interaction = await get_interaction(anna.ctx, item.interaction_id)
    assert (interaction.channel, interaction.state, interaction.reference) == (
        "record", "active", f"records:item:{item.id}",
    )  # fmt: skip
    assert (interaction.queue, interaction.contact_number) == (f"records:queue:{queue}", "+4930123456")
    assert await anna.agent.status() == "busy"
    counters = (await get_queue(anna.ctx, queue)).counters
    assert (counters.waiting, counters.in_work) == (1, 1)


async def test_the_highest_priority_comes_first_then_the_place(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "old")
    await fill(anna.ctx, queue, "urgent", "urgent too", priority=5)
    taken = []
    for _number in range(3):
        item = await next_record(anna.ctx, anna.id)
        taken.append(item.title)
        await acting.done(anna.ctx, item.id, anna.id, item.version)
    assert taken == ["urgent", "urgent too", "old"]
    with pytest.raises(NothingWaits):
        await next_record(anna.ctx, anna.id)


async def test_nobody_gets_more_than_the_most_and_the_button_says_why(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first", "second")
    await next_record(anna.ctx, anna.id)
    with pytest.raises(AtCapacity):
        await next_record(anna.ctx, anna.id)
    view = await get_queue(anna.ctx, queue)
    assert view.counters.waiting == 1, "what could not be taken is back"
    assert "1 record in work" in (await why_not_next(anna.ctx, anna.id, [view]))[queue]


async def test_done(anna: Worker, ben: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    item = await next_record(anna.ctx, anna.id)
    await acting.done(anna.ctx, item.id, anna.id, item.version)
    after = await anna.sees(item)
    assert (after.shown, after.outcome, after.owner_id) == (Shown.DONE, "done", anna.id)
    assert await cause_of(anna, item.interaction_id) == "done"
    assert await anna.agent.status() == "waiting"
    assert (await get_queue(anna.ctx, queue)).counters.done_today == 1
    with pytest.raises(NothingWaits):
        await next_record(ben.ctx, ben.id)


async def test_assign_to_me(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    item = await next_record(anna.ctx, anna.id)
    await acting.assign_to_me(anna.ctx, item.id, anna.id, item.version)
    after = await anna.sees(item)
    assert (after.shown, after.outcome, after.owner_id) == (Shown.DONE, "assigned", anna.id)
    assert await cause_of(anna, item.interaction_id) == "assigned"


async def test_postpone_comes_back_to_the_same_agent(anna: Worker, ben: Worker, jobs: Jobs) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first", "second")
    item = await next_record(anna.ctx, anna.id)
    at = datetime.now(UTC) + TOMORROW
    await acting.postpone(anna.ctx, item.id, anna.id, item.version, at)
    after = await anna.sees(item)
    assert (after.shown, after.state, after.owner_id, after.next_at) == (Shown.POSTPONED, "in_work", anna.id, at)
    assert await cause_of(anna, item.interaction_id) == "postponed"
    await time_comes(after.id)
    await jobs.run_due()
    assert (await anna.sees(item)).shown is Shown.DUE
    assert (await next_record(ben.ctx, ben.id)).title == "second", "it is not Ben's"
    again = await next_record(anna.ctx, anna.id)
    assert (again.title, again.shown, again.next_at) == ("first", Shown.IN_WORK, None)
    assert again.interaction_id not in (None, item.interaction_id)


async def test_a_time_that_is_past_or_too_far_is_refused(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    item = await next_record(anna.ctx, anna.id)
    for away in (timedelta(minutes=-1), timedelta(days=400)):
        with pytest.raises(InvalidInput) as caught:
            await acting.postpone(anna.ctx, item.id, anna.id, item.version, datetime.now(UTC) + away)
        assert set(caught.value.fields) == {"at"}
    assert (await anna.sees(item)).shown is Shown.IN_WORK


async def test_a_postponed_record_of_an_absent_agent_goes_back_into_the_queue(
    anna: Worker, ben: Worker, jobs: Jobs
) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    item = await next_record(anna.ctx, anna.id)
    await acting.postpone(anna.ctx, item.id, anna.id, item.version, datetime.now(UTC) + TOMORROW)
    await time_comes(item.id)
    await jobs.let_time_pass("records.come_back")
    await execute("UPDATE core_job SET due_at = now() WHERE name = 'records.look_for_owner'")
    row = await fetch("DELETE FROM core_job WHERE name = 'records.look_for_owner' RETURNING tenant_id, arguments")
    version = (await anna.sees(item)).version
    await jobs.run("records.look_for_owner", row[0]["tenant_id"], item_id=item.id, version=version)
    assert (await anna.sees(item)).owner_id == anna.id, "she is there"
    await execute("UPDATE core_agent SET connected_until = now() WHERE user_id = $1", anna.id)
    await jobs.run("records.look_for_owner", row[0]["tenant_id"], item_id=item.id, version=version)
    after = await anna.sees(item)
    assert (after.shown, after.owner_id) == (Shown.WAITING, None)
    assert (await next_record(ben.ctx, ben.id)).id == item.id


async def test_move_to_the_end(anna: Worker, ben: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first", "second")
    await fill(anna.ctx, queue, "less urgent", priority=-1)
    item = await next_record(anna.ctx, anna.id)
    await acting.move_to_end(anna.ctx, item.id, anna.id, item.version)
    after = await anna.sees(item)
    assert (after.state, after.owner_id, after.transfers, after.shown) == ("in_work", None, 1, Shown.WAITING)
    assert await cause_of(anna, item.interaction_id) == "moved_to_end"
    order = []
    for _number in range(3):
        taken = await next_record(ben.ctx, ben.id)
        order.append(taken.title)
        await acting.done(ben.ctx, taken.id, ben.id, taken.version)
    assert order == ["second", "first", "less urgent"]


async def test_keep_for_me(anna: Worker, ben: Worker) -> None:
    queue = await make_queue(anna.ctx, "open")
    (item,) = await fill(anna.ctx, queue, "first")
    item = await open_item(anna.ctx, item.id, anna.id)
    await acting.keep(anna.ctx, item.id, anna.id, item.version)
    after = await anna.sees(item)
    assert (after.shown, after.state, after.owner_id) == (Shown.KEPT, "in_work", anna.id)
    assert await cause_of(anna, item.interaction_id) == "kept"
    with pytest.raises(NotYours, match="Anna was faster"):
        await open_item(ben.ctx, item.id, ben.id)
    assert [mine.shown for mine in await items_of(anna.ctx, anna.id)] == [Shown.KEPT]
    again = await open_item(anna.ctx, item.id, anna.id)
    assert again.shown is Shown.IN_WORK


async def test_an_open_queue_gives_any_record_and_no_next_one(anna: Worker, ben: Worker) -> None:
    queue = await make_queue(anna.ctx, "open")
    _first, second = await fill(anna.ctx, queue, "first", "second")
    with pytest.raises(Conflict, match="open"):
        await next_record(anna.ctx, anna.id, queue)
    assert (await open_item(anna.ctx, second.id, anna.id)).owner_id == anna.id
    assert (await open_item(anna.ctx, second.id, anna.id)).owner_id == anna.id, "twice is as once"
    with pytest.raises(NotYours, match="Anna was faster"):
        await open_item(ben.ctx, second.id, ben.id)


async def test_nobody_picks_from_a_closed_queue(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    _first, second = await fill(anna.ctx, queue, "first", "second")
    with pytest.raises(Conflict, match="one record after the other"):
        await open_item(anna.ctx, second.id, anna.id)


async def test_other_teams_and_queues_that_are_off_give_nothing(anna: Worker) -> None:
    from core.agents.teams import LIMITS, create_team

    other = await create_team(anna.ctx, name="Others", timing={key: least for key, (least, _most) in LIMITS.items()})
    theirs = await make_queue(anna.ctx, name="Theirs", teams=(other,))
    off = await make_queue(anna.ctx, name="Off", active=False)
    for queue in (theirs, off):
        await fill(anna.ctx, queue, "first")
    with pytest.raises(Forbidden):
        await next_record(anna.ctx, anna.id, theirs)
    with pytest.raises(Conflict, match="switched off"):
        await next_record(anna.ctx, anna.id, off)
    with pytest.raises(NothingWaits):
        await next_record(anna.ctx, anna.id)


ACTIONS = [acting.done, acting.assign_to_me, acting.move_to_end, acting.keep]


@pytest.mark.parametrize("second", ACTIONS)
@pytest.mark.parametrize("first", ACTIONS)
async def test_of_two_tabs_one_wins_and_the_other_is_told(anna: Worker, first: object, second: object) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    item = await next_record(anna.ctx, anna.id)
    await first(anna.ctx, item.id, anna.id, item.version)  # type: ignore[operator]
    before = await anna.sees(item)
    with pytest.raises(NotYours) as caught:
        await second(anna.ctx, item.id, anna.id, item.version)  # type: ignore[operator]
    assert caught.value.message
    assert await anna.sees(item) == before


async def test_actions_at_the_same_moment_happen_once(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    item = await next_record(anna.ctx, anna.id)
    acts = [act(anna.ctx, item.id, anna.id, item.version) for act in ACTIONS]
    results = await asyncio.gather(*acts, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "NotYours", "NotYours", "NotYours"]
    assert await Step.filter(item_id=item.id).exclude(action__in=("added", "taken")).count() == 1


async def test_many_who_take_at_once_never_take_the_same(anna: Worker, ben: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first", "second", "third")
    takes = [next_record(worker.ctx, worker.id) for worker in (anna, ben, anna, ben, anna)]
    results = await asyncio.gather(*takes, return_exceptions=True)
    taken = [result for result in results if not isinstance(result, BaseException)]
    assert sorted(item.owner_id or 0 for item in taken) == sorted([anna.id, ben.id])
    assert len({item.id for item in taken}) == 2
    assert {type(result).__name__ for result in results if isinstance(result, BaseException)} == {"AtCapacity"}
    owned = await fetch_value("SELECT count(*) FROM records_item WHERE owner_id IS NOT NULL")
    assert owned == 2


async def time_comes(item_id: int) -> None:
    """Moves the time of a postponed item into the past, with its job."""
    await execute("UPDATE records_item SET next_at = now() - interval '1 second' WHERE id = $1", item_id)
    await execute("UPDATE core_job SET due_at = now() WHERE name = 'records.come_back'")
