"""A postponed record and its promise in the ledger agree; without a ledger records are postponed all the same."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.agents.teams import LIMITS, create_team
from core.database.connection import execute, fetch_value
from plugins.promises import ledger, reading
from plugins.promises.reading import Wanted
from plugins.promises.rows import Settled
from plugins.records.services import acting
from plugins.records.services.items import ItemView, Shown
from plugins.records.services.steps import steps_of
from plugins.records.services.taking import NothingWaits, next_record
from switchroom.errors import InvalidInput
from switchroom.runtime import Context, Platform, TenantRef
from switchroom.testing.enabling import switch_off
from switchroom.testing.people import add_agent
from tests.conftest import Jobs
from tests.plugins.records.work import Worker, fill, make_queue, working

pytestmark = pytest.mark.anyio


async def postponed(worker: Worker, hours: float = 24, **queue: object) -> ItemView:
    """A record that the agent has put off."""
    await fill(worker.ctx, await make_queue(worker.ctx, **queue), "first")  # type: ignore[arg-type]
    item = await next_record(worker.ctx, worker.id)
    at = datetime.now(UTC) + timedelta(hours=hours)
    await acting.postpone(worker.ctx, item.id, worker.id, item.version, at)
    return await worker.sees(item)


async def promise_of(ctx: Context, user_id: int) -> reading.PromiseView:
    """The only thing that somebody owes."""
    (found,) = await reading.promises(ctx.for_plugin("promises"), Wanted(owner_id=user_id), limit=5)
    return found


async def test_put_off_in_the_ledger_the_record_comes_back_at_the_new_time(anna: Worker, jobs: Jobs) -> None:
    item = await postponed(anna)
    promise, due = await promise_of(anna.ctx, anna.id), datetime.now(UTC) + timedelta(days=3)
    assert promise.due_at == item.next_at
    await ledger.put_off(anna.ctx.for_plugin("promises"), promise.id, due)
    after = await anna.sees(item)
    assert (after.shown, after.next_at, after.owner_id) == (Shown.POSTPONED, due, anna.id)
    assert (await promise_of(anna.ctx, anna.id)).due_at == due
    assert (await steps_of(anna.ctx, item.id))[0].detail == {"at": due.isoformat()}
    # The job of the first time finds nothing to do; that of the new one lets it come back.
    await jobs.run("records.come_back", anna.agent.tenant.id, item_id=item.id, version=item.version)
    assert await fetch_value("SELECT count(*) FROM core_job WHERE name = 'records.look_for_owner'") == 0
    await execute("UPDATE records_item SET next_at = now() - interval '1 second' WHERE id = $1", item.id)
    await jobs.run("records.come_back", anna.agent.tenant.id, item_id=item.id, version=after.version)
    assert (await anna.sees(item)).shown is Shown.DUE
    assert await fetch_value("SELECT count(*) FROM core_job WHERE name = 'records.look_for_owner'") == 1
    assert (await next_record(anna.ctx, anna.id)).id == item.id


async def test_a_record_that_is_due_is_put_off_with_its_promise(anna: Worker) -> None:
    item = await postponed(anna)
    promise, due = await promise_of(anna.ctx, anna.id), datetime.now(UTC) + timedelta(hours=1)
    await execute("UPDATE records_item SET next_at = now() - interval '1 minute' WHERE id = $1", item.id)
    await execute("UPDATE promises_promise SET due_at = now() - interval '1 minute', state = 'due'")
    assert (await anna.sees(item)).shown is Shown.DUE
    await ledger.put_off(anna.ctx.for_plugin("promises"), promise.id, due)
    after = await anna.sees(item)
    assert (after.shown, after.next_at) == (Shown.POSTPONED, due)
    with pytest.raises(NothingWaits):
        await next_record(anna.ctx, anna.id)


async def test_what_is_settled_moves_nothing(anna: Worker) -> None:
    item = await postponed(anna)
    promise = await promise_of(anna.ctx, anna.id)
    await execute("UPDATE records_item SET next_at = now() - interval '1 minute' WHERE id = $1", item.id)
    taken = await next_record(anna.ctx, anna.id)
    with pytest.raises(Settled):
        await ledger.put_off(anna.ctx.for_plugin("promises"), promise.id, datetime.now(UTC) + timedelta(hours=1))
    assert await anna.sees(taken) == taken


async def test_a_time_that_the_ledger_refuses_leaves_the_record(anna: Worker) -> None:
    item = await postponed(anna)
    promise = await promise_of(anna.ctx, anna.id)
    with pytest.raises(InvalidInput):
        await ledger.put_off(anna.ctx.for_plugin("promises"), promise.id, datetime.now(UTC) - timedelta(days=1))
    assert await anna.sees(item) == item


async def test_given_in_the_ledger_the_record_goes_with_its_promise(anna: Worker, ben: Worker, boss: Context) -> None:
    item = await postponed(anna)
    promise = await promise_of(anna.ctx, anna.id)
    await ledger.give(boss.for_plugin("promises"), promise.id, ben.id, "Anna is away")
    after = await ben.sees(item)
    assert (after.shown, after.owner_id, after.next_at) == (Shown.POSTPONED, ben.id, item.next_at)
    assert (await promise_of(ben.ctx, ben.id)).id == promise.id
    assert (await steps_of(boss, item.id))[0].detail == {"to": "Ben"}
    await execute("UPDATE records_item SET next_at = now() - interval '1 second' WHERE id = $1", item.id)
    with pytest.raises(NothingWaits):
        await next_record(anna.ctx, anna.id)
    assert (await next_record(ben.ctx, ben.id)).id == item.id


async def test_a_promise_is_not_given_to_who_does_not_work_in_the_queue(
    platform: Platform, acme: TenantRef, anna: Worker, boss: Context
) -> None:
    timing = {key: least for key, (least, _most) in LIMITS.items()}
    other = await create_team(boss.for_plugin("core"), name="Others", timing=timing)
    team = await fetch_value("SELECT team_id FROM core_agent WHERE user_id = $1", anna.id)
    item = await postponed(anna, teams=(team,))
    carl = await add_agent(platform, acme, "carl")
    await execute("UPDATE core_agent SET team_id = $2 WHERE user_id = $1", carl.id, other)
    promise = await promise_of(anna.ctx, anna.id)
    with pytest.raises(InvalidInput) as caught:
        await ledger.give(boss.for_plugin("promises"), promise.id, carl.id)
    assert set(caught.value.fields) == {"owner"}
    with pytest.raises(InvalidInput):
        await ledger.take(boss.for_plugin("promises"), promise.id)
    assert await anna.sees(item) == item
    assert (await promise_of(anna.ctx, anna.id)).id == promise.id


async def test_withdrawn_in_the_ledger_the_record_is_for_anybody_again(
    anna: Worker, ben: Worker, boss: Context, jobs: Jobs
) -> None:
    item = await postponed(anna)
    promise = await promise_of(anna.ctx, anna.id)
    with pytest.raises(InvalidInput):
        await ledger.withdraw(boss.for_plugin("promises"), promise.id, " ")
    assert await anna.sees(item) == item
    await ledger.withdraw(boss.for_plugin("promises"), promise.id, "The customer has called himself")
    after = await ben.sees(item)
    assert (after.shown, after.owner_id, after.next_at) == (Shown.WAITING, None, None)
    assert (await steps_of(boss, item.id))[0].text == "Put back: its promise was withdrawn"
    assert (await next_record(ben.ctx, ben.id)).id == item.id
    # What was to bring it back finds nothing to do, and a second word on the promise moves nothing.
    await jobs.run("records.come_back", anna.agent.tenant.id, item_id=item.id, version=item.version)
    with pytest.raises(Settled):
        await ledger.keep(anna.ctx.for_plugin("promises"), promise.id)
    assert (await ben.sees(item)).shown is Shown.IN_WORK


async def test_kept_in_the_ledger_the_record_comes_back_at_once(anna: Worker) -> None:
    item = await postponed(anna)
    promise = await promise_of(anna.ctx, anna.id)
    await ledger.keep(anna.ctx.for_plugin("promises"), promise.id)
    after = await anna.sees(item)
    assert (after.shown, after.owner_id) == (Shown.DUE, anna.id)
    assert (await next_record(anna.ctx, anna.id)).id == item.id


async def test_put_off_and_taken_up_at_the_same_moment_agree(anna: Worker) -> None:
    for _round in range(6):
        item = await postponed(anna, name=f"Queue {_round}")
        promise = await promise_of(anna.ctx, anna.id)
        await execute("UPDATE records_item SET next_at = now() - interval '1 second' WHERE id = $1", item.id)
        later = datetime.now(UTC) + timedelta(hours=2)
        results = await asyncio.gather(
            ledger.put_off(anna.ctx.for_plugin("promises"), promise.id, later),
            next_record(anna.ctx, anna.id, item.queue_id),
            ledger.put_off(anna.ctx.for_plugin("promises"), promise.id, later + timedelta(hours=1)),
            return_exceptions=True,
        )
        assert {type(result) for result in results if isinstance(result, BaseException)} <= {Settled, NothingWaits}
        after = await anna.sees(item)
        state, due = await fetch_value(
            "SELECT ARRAY[state, due_at::text] FROM promises_promise WHERE id = $1", promise.id
        )
        if after.shown is Shown.IN_WORK:
            assert state == "kept"
            await acting.done(anna.ctx, item.id, anna.id, after.version)
        else:
            assert (after.shown, state) == (Shown.POSTPONED, "open")
            assert after.next_at == datetime.fromisoformat(due)
            await ledger.withdraw(anna.ctx.for_plugin("promises"), promise.id, "over")


async def test_without_a_ledger_a_record_is_postponed_and_comes_back(
    platform: Platform, acme: TenantRef, anna: Worker, jobs: Jobs
) -> None:
    """The ledger is of use, and not needed: the record has a date and a job of its own."""
    await switch_off(platform, acme, "promises")
    async with working(anna.agent) as alone:
        item = await postponed(alone)
        assert item.shown is Shown.POSTPONED
        assert await fetch_value("SELECT count(*) FROM promises_promise") == 0
        await execute("UPDATE records_item SET next_at = now() - interval '1 second' WHERE id = $1", item.id)
        await jobs.run("records.come_back", acme.id, item_id=item.id, version=item.version)
        assert (await alone.sees(item)).shown is Shown.DUE
        again = await next_record(alone.ctx, alone.id)
        assert (again.id, again.shown) == (item.id, Shown.IN_WORK)


async def test_without_a_ledger_an_absent_agent_s_record_goes_back_into_the_queue(
    platform: Platform, acme: TenantRef, anna: Worker, jobs: Jobs
) -> None:
    await switch_off(platform, acme, "promises")
    async with working(anna.agent) as alone:
        item = await postponed(alone)
        await execute("UPDATE records_item SET next_at = now() - interval '1 second' WHERE id = $1", item.id)
        await execute("UPDATE core_agent SET connected_until = now() WHERE user_id = $1", anna.id)
        await jobs.run("records.look_for_owner", acme.id, item_id=item.id, version=item.version)
        assert (await alone.sees(item)).shown is Shown.WAITING


async def test_what_was_promised_before_the_ledger_was_switched_off_comes_back(
    platform: Platform, acme: TenantRef, anna: Worker
) -> None:
    item = await postponed(anna)
    await switch_off(platform, acme, "promises")
    await execute("UPDATE records_item SET next_at = now() - interval '1 second' WHERE id = $1", item.id)
    async with working(anna.agent) as alone:
        assert (await next_record(alone.ctx, alone.id)).id == item.id
