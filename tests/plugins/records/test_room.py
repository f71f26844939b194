"""What an agent's team says of records, beside what the settings of record queues say."""

from __future__ import annotations

import asyncio

import pytest

from core.agents.team_rules import ChannelRule
from core.agents.teams import LIMITS, all_teams, save_team
from plugins.records.services import acting
from plugins.records.services.items import Shown
from plugins.records.services.queues import get_queue
from plugins.records.services.taking import next_record, open_item, why_not_next
from switchroom.agents import room_on
from switchroom.errors import NotFound
from switchroom.interactions import AtCapacity, create_interaction, end_interaction, make_offer, reject_offer
from switchroom.runtime import Context, Platform, TenantRef
from switchroom.testing.people import add_person
from tests.plugins.records.work import Worker, fill, make_queue, with_settings

pytestmark = pytest.mark.anyio


async def team_says(ctx: Context, *rules: ChannelRule) -> None:
    """Makes these what the only team says of channels."""
    (team,) = await all_teams(ctx)
    timing = {key: getattr(team, key) for key in LIMITS}
    await save_team(ctx.for_plugin("core"), team.id, name=team.name, timing=timing, channels=rules)


async def button(worker: Worker, queue: int) -> str:
    """Why the button of a queue is off."""
    return (await why_not_next(worker.ctx, worker.id, [await get_queue(worker.ctx, queue)]))[queue]


async def test_a_team_that_says_nothing_leaves_it_to_the_settings(anna: Worker) -> None:
    anna = await with_settings(anna, most_in_work=2)
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first", "second", "third")
    for _number in range(2):
        assert await button(anna, queue) == ""
        await next_record(anna.ctx, anna.id)
    assert "2 records in work" in await button(anna, queue)
    with pytest.raises(AtCapacity):
        await next_record(anna.ctx, anna.id)


async def test_a_team_that_gives_fewer_than_the_settings_rules(anna: Worker) -> None:
    anna = await with_settings(anna, most_in_work=5)
    await team_says(anna.ctx, ChannelRule("record", capacity=2))
    closed, listed = await make_queue(anna.ctx), await make_queue(anna.ctx, "open")
    await fill(anna.ctx, closed, "first", "second")
    one, other = await fill(anna.ctx, listed, "third", "fourth")
    await next_record(anna.ctx, anna.id)
    await open_item(anna.ctx, one.id, anna.id)
    assert "2 records in work" in await button(anna, closed)
    with pytest.raises(AtCapacity, match="as many records in work as you may"):
        await next_record(anna.ctx, anna.id)
    with pytest.raises(AtCapacity, match="as many records in work as you may"):
        await open_item(anna.ctx, other.id, anna.id)
    assert (await anna.sees(other)).shown is Shown.WAITING


async def test_a_team_that_gives_one_record_holds_for_lists_too(anna: Worker) -> None:
    await team_says(anna.ctx, ChannelRule("record", capacity=1))
    listed = await make_queue(anna.ctx, "open")
    one, other = await fill(anna.ctx, listed, "first", "second")
    await open_item(anna.ctx, one.id, anna.id)
    with pytest.raises(AtCapacity):
        await open_item(anna.ctx, other.id, anna.id)


async def test_a_team_that_gives_more_than_the_settings_does_not(anna: Worker) -> None:
    await team_says(anna.ctx, ChannelRule("record", capacity=20))
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first", "second")
    await next_record(anna.ctx, anna.id)
    with pytest.raises(AtCapacity):
        await next_record(anna.ctx, anna.id)


async def test_one_s_own_is_not_taken_up_again_without_room(anna: Worker) -> None:
    await team_says(anna.ctx, ChannelRule("record", capacity=1))
    listed = await make_queue(anna.ctx, "open")
    one, other = await fill(anna.ctx, listed, "first", "second")
    kept = await open_item(anna.ctx, one.id, anna.id)
    await acting.keep(anna.ctx, kept.id, anna.id, kept.version)
    await open_item(anna.ctx, other.id, anna.id)
    with pytest.raises(AtCapacity):
        await open_item(anna.ctx, one.id, anna.id)
    assert (await anna.sees(one)).shown is Shown.KEPT


async def test_records_for_empty_hands_are_not_taken_beside_other_work(anna: Worker) -> None:
    anna = await with_settings(anna, most_in_work=5)
    await team_says(anna.ctx, ChannelRule("record", capacity=5, alone=True))
    closed, listed = await make_queue(anna.ctx), await make_queue(anna.ctx, "open")
    await fill(anna.ctx, closed, "first")
    (other,) = await fill(anna.ctx, listed, "second")
    assert await button(anna, closed) == ""
    taken = await next_record(anna.ctx, anna.id)
    assert "beside no other work" in await button(anna, closed)
    with pytest.raises(AtCapacity, match="beside no other work"):
        await open_item(anna.ctx, other.id, anna.id)
    await acting.done(anna.ctx, taken.id, anna.id, taken.version)
    assert (await open_item(anna.ctx, other.id, anna.id)).shown is Shown.IN_WORK


async def test_beside_what_goes_with_nothing_else_no_record_is_taken(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    call = await anna.agent.answers()
    assert await button(anna, queue) == "", "usually a record may be taken beside a call"
    await team_says(anna.ctx, ChannelRule("voice", alone=True))
    assert "beside no other work" in await button(anna, queue)
    with pytest.raises(AtCapacity, match="beside no other work"):
        await next_record(anna.ctx, anna.id)
    await end_interaction(anna.ctx, call.interaction_id, "caller_hung_up")
    with pytest.raises(AtCapacity):
        await next_record(anna.ctx, anna.id)


async def test_what_is_being_offered_counts(anna: Worker) -> None:
    await team_says(anna.ctx, ChannelRule("voice", alone=True))
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    call = await create_interaction(anna.ctx, channel="voice", contact_name="Kim", contact_number="+4930123456")
    offer = await make_offer(anna.ctx, call.id, [anna.id], cause="test")
    assert offer is not None
    assert (await room_on(anna.ctx, anna.id, "record")).clashes
    with pytest.raises(AtCapacity, match="beside no other work"):
        await next_record(anna.ctx, anna.id)
    await reject_offer(anna.ctx, offer.id, anna.id)
    assert (await next_record(anna.ctx, anna.id)).shown is Shown.IN_WORK


async def test_of_many_who_take_at_once_an_agent_gets_what_the_team_gives(anna: Worker, ben: Worker) -> None:
    anna, ben = await with_settings(anna, most_in_work=9), await with_settings(ben, most_in_work=9)
    await team_says(anna.ctx, ChannelRule("record", capacity=2))
    closed, listed = await make_queue(anna.ctx), await make_queue(anna.ctx, "open")
    await fill(anna.ctx, closed, *(f"closed {number}" for number in range(6)))
    items = await fill(anna.ctx, listed, *(f"open {number}" for number in range(4)))
    takes = [next_record(worker.ctx, worker.id) for worker in (anna, ben, anna, ben, anna, ben)]
    opens = [open_item(worker.ctx, item.id, worker.id) for worker, item in zip((anna, ben) * 2, items, strict=True)]
    results = await asyncio.gather(*takes, *opens, return_exceptions=True)
    taken = [result for result in results if not isinstance(result, BaseException)]
    assert sorted(item.owner_id or 0 for item in taken) == sorted([anna.id, ben.id] * 2)
    assert {type(result).__name__ for result in results if isinstance(result, BaseException)} == {"AtCapacity"}
    waiting = [(await get_queue(anna.ctx, queue)).counters.waiting for queue in (closed, listed)]
    assert sum(waiting) == len(items) + 6 - len(taken), "what could not be taken waits as before"


async def test_who_is_no_agent_has_no_room(platform: Platform, acme: TenantRef, anna: Worker) -> None:
    person = await add_person(platform, acme, "sofia", "supervisor")
    with pytest.raises(NotFound):
        await room_on(anna.ctx, person.id, "record")
