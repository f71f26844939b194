"""Supervisors, absent owners, accounts and queues that are off, records of other plugins, fields: nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.accounts.users import deactivate_user
from core.audit.reading import Wanted as WantedEntries
from core.audit.reading import find_entries
from core.database.connection import fetch
from plugins.records.models import Item, Record
from plugins.records.services import acting, supervising
from plugins.records.services.adding import Queues
from plugins.records.services.changing import NotYours
from plugins.records.services.coming_back import promise_given_up
from plugins.records.services.items import ListKey, Shown, Wanted, find_items, forgotten, search_items
from plugins.records.services.own_records import Edit, get_record, save_record
from plugins.records.services.queues import QueueValues, delete_queue, get_queue, move_everything, save_queue
from plugins.records.services.steps import steps_of
from plugins.records.services.taking import next_record, open_item
from switchroom.capabilities import QueuedRecord
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.interactions import end_interaction, get_interaction
from switchroom.runtime import Context
from tests.conftest import Jobs
from tests.plugins.records.test_acting import TOMORROW
from tests.plugins.records.work import Worker, fill, make_queue

pytestmark = pytest.mark.anyio


async def in_work(worker: Worker, title: str = "first") -> Any:
    queue = await make_queue(worker.ctx, name=f"Queue of {title}")
    await fill(worker.ctx, queue, title)
    return await next_record(worker.ctx, worker.id, queue)


async def actions(ctx: Context) -> list[str]:
    return [entry.action for entry in await find_entries(ctx.tenant.id, WantedEntries())]


async def test_release_takes_it_from_the_agent_who_is_told(anna: Worker, boss: Context) -> None:
    item = await in_work(anna)
    await supervising.release(boss, item.id, item.version, "Anna is ill.")
    after = await anna.sees(item)
    assert (after.shown, after.owner_id) == (Shown.WAITING, None)
    assert (await get_interaction(boss, item.interaction_id)).cause == "released"
    assert await anna.agent.status() == "waiting"
    with pytest.raises(NotYours, match="in the queue again"):
        await acting.done(anna.ctx, item.id, anna.id, item.version)
    assert "records.item_released" in await actions(boss)
    steps = await steps_of(boss, item.id)
    assert (steps[0].action, steps[0].detail["reason"], steps[0].name) == ("released", "Anna is ill.", "Sofia")


async def test_give_move_and_close(anna: Worker, ben: Worker, boss: Context) -> None:
    item = await in_work(anna)
    await supervising.give(boss, item.id, item.version, ben.id, "Ben knows it.")
    given = await ben.sees(item)
    assert (given.shown, given.owner_id) == (Shown.KEPT, ben.id)
    with pytest.raises(NotYours, match="with Ben now"):
        await acting.done(anna.ctx, item.id, anna.id, item.version)
    other = await make_queue(boss, "open", name="Other")
    await supervising.move(boss, item.id, given.version, other, "Wrong queue.")
    moved = await ben.sees(item)
    assert (moved.queue_id, moved.shown) == (other, Shown.WAITING)
    await supervising.close(boss, item.id, moved.version, "A double.")
    assert (await ben.sees(item)).outcome == "closed"
    assert {"records.item_given", "records.item_moved", "records.item_closed"} <= set(await actions(boss))


async def test_supervisors_need_a_reason_and_the_present_version(anna: Worker, boss: Context) -> None:
    item = await in_work(anna)
    with pytest.raises(InvalidInput) as caught:
        await supervising.release(boss, item.id, item.version, "  ")
    assert set(caught.value.fields) == {"reason"}
    with pytest.raises(NotYours):
        await supervising.release(boss, item.id, item.version - 1, "Late.")
    with pytest.raises(InvalidInput):
        await supervising.give(boss, item.id, item.version, 999_999, "To nobody.")
    assert (await anna.sees(item)).owner_id == anna.id


async def test_what_an_agent_has_goes_back_when_the_account_is_switched_off(
    anna: Worker, ben: Worker, boss: Context, jobs: Jobs
) -> None:
    held, put_off = await in_work(anna), None
    await acting.keep(anna.ctx, held.id, anna.id, held.version)
    put_off = await in_work(anna, "second")
    await acting.postpone(anna.ctx, put_off.id, anna.id, put_off.version, datetime.now(UTC) + TOMORROW)
    taken = await in_work(anna, "third")
    await deactivate_user(boss, anna.id)
    await jobs.run("records.put_back_of_nobody", boss.tenant.id)
    for item in (held, put_off, taken):
        assert (await ben.sees(item)).shown is Shown.WAITING
    assert (await get_interaction(boss, taken.interaction_id)).state == "closed"


async def test_work_that_is_ended_from_outside_goes_back(anna: Worker, jobs: Jobs) -> None:
    item = await in_work(anna)
    await end_interaction(anna.ctx, item.interaction_id, "media_lost")
    await jobs.run_due()
    assert (await anna.sees(item)).shown is Shown.WAITING


async def test_a_promise_that_is_given_up_puts_the_record_back_once(anna: Worker) -> None:
    item = await in_work(anna)
    await acting.postpone(anna.ctx, item.id, anna.id, item.version, datetime.now(UTC) + TOMORROW)
    assert await promise_given_up(anna.ctx, f"records:item:{item.id}")
    after = await anna.sees(item)
    assert (after.shown, after.next_at) == (Shown.WAITING, None)
    assert await promise_given_up(anna.ctx, f"records:item:{item.id}")
    assert await anna.sees(item) == after
    assert not await promise_given_up(anna.ctx, "wrapup:attempt:1")


async def test_a_queue_with_work_in_it_is_not_deleted_but_its_records_can_be_moved(anna: Worker, boss: Context) -> None:
    item = await in_work(anna)
    await fill(anna.ctx, item.queue_id, "second")
    with pytest.raises(Conflict, match="2 records"):
        await delete_queue(boss, item.queue_id)
    other = await make_queue(boss, name="Other")
    assert await move_everything(boss, item.queue_id, other) == 2
    after = await anna.sees(item)
    assert (after.queue_id, after.owner_id) == (other, anna.id), "what is in work goes on"
    await acting.done(anna.ctx, item.id, anna.id, after.version)
    await delete_queue(boss, item.queue_id)
    with pytest.raises(NotFound):
        await get_queue(boss, item.queue_id)


async def test_a_queue_that_is_switched_off_lets_work_go_on_and_gives_no_more(anna: Worker, boss: Context) -> None:
    item = await in_work(anna)
    await fill(anna.ctx, item.queue_id, "second")
    await save_queue(boss, item.queue_id, QueueValues(name="Off", kind="closed", active=False))
    await acting.done(anna.ctx, item.id, anna.id, item.version)
    with pytest.raises(Conflict, match="switched off"):
        await next_record(anna.ctx, anna.id, item.queue_id)


async def test_wrong_values_of_a_queue_are_named(boss: Context) -> None:
    await make_queue(boss, name="Cases")
    with pytest.raises(InvalidInput) as caught:
        await make_queue(boss, "half open", name="cases ", priority=5000, teams=(77,), columns=("x",) * 9)
    assert set(caught.value.fields) == {"name", "kind", "priority", "teams", "columns"}


async def test_any_plugin_puts_its_records_into_a_queue_and_twice_is_as_once(anna: Worker, jobs: Jobs) -> None:
    queue, theirs = await make_queue(anna.ctx, "open"), anna.ctx.for_plugin("wrapup")
    queues = Queues()
    assert [each.reference for each in await queues.queues(theirs)] == [f"records:queue:{queue}"]
    record = QueuedRecord("wrapup:case:1", "A case", url="/p/wrapup/cases/1")
    item_id = await queues.add(theirs, f"records:queue:{queue}", record)
    assert await queues.add(theirs, f"records:queue:{queue}", QueuedRecord("wrapup:case:1", "Renamed")) == item_id
    assert (await Item.get(id=item_id)).title == "Renamed"
    item = await open_item(anna.ctx, item_id, anna.id)
    assert await queues.update(theirs, QueuedRecord("wrapup:case:1", "Renamed again", cells={"City": "Bonn"}))
    await acting.done(anna.ctx, item_id, anna.id, item.version)
    await jobs.run_due()
    assert not await queues.update(theirs, record)
    again = await queues.add(theirs, f"records:queue:{queue}", record)
    assert again != item_id, "what was done can come again"
    assert await queues.close(theirs, "wrapup:case:1")
    assert not await queues.close(theirs, "wrapup:case:1")
    with pytest.raises(NotFound):
        await queues.add(theirs, "records:queue:999999", record)
    with pytest.raises(InvalidInput):
        await queues.add(theirs, f"records:queue:{queue}", QueuedRecord("", ""))


async def test_fields_are_changed_by_who_has_the_record_and_by_one_tab_at_a_time(anna: Worker, ben: Worker) -> None:
    queue = await make_queue(anna.ctx, "open")
    record = await Record.create(queue_id=queue, title="A lamp", cells={"City": "Berlin", "Note": ""})
    queued = QueuedRecord(f"records:record:{record.id}", "A lamp", cells=record.cells)
    item_id = await Queues().add(anna.ctx, f"records:queue:{queue}", queued)
    with pytest.raises(Conflict, match="not in work with you"):
        await save_record(anna.ctx, record.id, anna.id, Edit(1, {"City": "Bonn"}))
    item = await open_item(anna.ctx, item_id, anna.id)
    await save_record(anna.ctx, record.id, anna.id, Edit(1, {"City": "Bonn", "Strange": "x"}))
    assert (await get_record(record.id)).cells == {"City": "Bonn", "Note": ""}
    assert (await Item.get(id=item_id)).cells["City"] == "Bonn"
    with pytest.raises(Conflict, match="changed this record"):
        await save_record(anna.ctx, record.id, anna.id, Edit(1, {"City": "Ulm"}))
    with pytest.raises(Conflict):
        await save_record(ben.ctx, record.id, ben.id, Edit(2, {"City": "Ulm"}))
    await acting.assign_to_me(
        anna.ctx, item_id, anna.id, item.version, Edit(2, {"City": "Bonn", "Note": "Calls back."})
    )
    after = await get_record(record.id)
    assert (after.cells["Note"], after.owner_id) == ("Calls back.", anna.id)
    await save_record(anna.ctx, record.id, anna.id, Edit(3, {"City": "Ulm"}))


async def test_the_list_is_read_page_by_page_in_the_order_of_work(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, *"abcd")
    await fill(anna.ctx, queue, "urgent", priority=3)
    for shown in (None, Shown.WAITING):
        titles: list[str] = []
        after: ListKey | None = None
        while found := await find_items(anna.ctx, queue, Wanted(shown), after=after, limit=2):
            titles += [item.title for item in found]
            after = ListKey(found[-1].priority, found[-1].placed_at.isoformat(), found[-1].id)
        assert titles == ["urgent", "a", "b", "c", "d"]
    assert [item.title for item in await find_items(anna.ctx, queue, Wanted(words="URG"))] == ["urgent"]
    assert [item.title for item in await search_items(anna.ctx, "urgen", 5, user_id=None)] == ["urgent"]
    assert await search_items(anna.ctx, "urgen", 5, user_id=anna.id) == []


async def test_nobody_sees_in_a_list_what_others_have(anna: Worker, ben: Worker) -> None:
    queue = await make_queue(anna.ctx, "open")
    first, _second = await fill(anna.ctx, queue, "first", "second")
    item = await open_item(anna.ctx, first.id, anna.id)
    await acting.keep(anna.ctx, item.id, anna.id, item.version)
    seen = {worker.id: await find_items(anna.ctx, queue, Wanted(user_id=worker.id)) for worker in (anna, ben)}
    assert [each.title for each in seen[anna.id]] == ["first", "second"]
    assert [each.title for each in seen[ben.id]] == ["second"]


async def test_what_is_in_work_for_long_is_shown(anna: Worker) -> None:
    item = await in_work(anna)
    assert await forgotten(anna.ctx, 60) == []
    await Item.filter(id=item.id).update(taken_at=datetime.now(UTC) - timedelta(hours=2))
    assert [each.id for each in await forgotten(anna.ctx, 60)] == [item.id]


async def test_the_facts_tell_the_story(anna: Worker) -> None:
    item = await in_work(anna)
    await acting.move_to_end(anna.ctx, item.id, anna.id, item.version)
    rows = await fetch(
        "SELECT subject, new, cause FROM core_fact WHERE interaction_id = $1 ORDER BY id", item.interaction_id
    )
    story = [(row["subject"], row["new"], row["cause"]) for row in rows]
    assert ("interaction", "active", "taken") in story
    assert ("segment", "closed", "moved_to_end") in story
    assert ("interaction", "ended", "moved_to_end") in story
