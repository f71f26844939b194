"""Who is let in, where he waits, what he is told, and how long it will probably take."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from core.database.connection import execute, fetch_value
from core.locale.languages import Languages
from plugins.routing.models import reference_of
from plugins.routing.services.admission import QueueService
from plugins.routing.services.queues import change_queue, delete_queue, ensure_queue, order_queues, read_values
from plugins.routing.services.values import HolidayValue
from switchroom import Context
from switchroom.capabilities import Admission
from switchroom.database import transaction
from switchroom.errors import Conflict
from switchroom.interactions import accept_offer, create_interaction, end_interaction, finish_segment, pending_offer
from switchroom.runtime import Platform
from switchroom.testing.app import web_application
from tests.conftest import ROOT, Jobs
from tests.core.web_client import client
from tests.plugins.routing.queues import make_agent, make_call, make_queue

pytestmark = pytest.mark.anyio

CALL = {"name": "Kim", "number": "+44 20 7946 0000", "subject": "Delivery", "sdp": "v=0"}
DAY = timedelta(days=1)


async def admit(ctx: Context) -> Admission:
    """Where a call that began now would wait."""
    async with transaction():
        return await QueueService().admit(ctx, "voice")


async def come_in(ctx: Context) -> str:
    """A call begins, if there is a place for it; gives the refusal."""
    async with transaction():
        place = await QueueService().admit(ctx, "voice")
        if not place.refusal:
            await create_interaction(ctx, channel="voice", queue=place.queue, priority=place.priority)
        return place.refusal


async def close_until_the_day_after_tomorrow(ctx: Context, queue_id: int, **other: str) -> datetime:
    """Gives a queue three holidays, and when it opens again: the same on either side of midnight."""
    today = datetime.now(UTC).date()
    holidays = tuple(HolidayValue(today + number * DAY) for number in (-1, 0, 1))
    values = replace(await read_values(queue_id), timezone="UTC", holidays=holidays, **other)
    await change_queue(ctx, queue_id, values)
    return datetime.combine(today + 2 * DAY, time(), UTC)


async def test_a_new_call_waits_in_the_first_queue_of_its_channel(ctx: Context) -> None:
    main = await ensure_queue(ctx)
    records = await make_queue(ctx, "Nothing", channels=())
    sales = await make_queue(ctx, "Sales", priority=4)
    assert await admit(ctx) == Admission(main.reference)
    await order_queues(ctx, [records, sales, main.id])
    assert await admit(ctx) == Admission(reference_of(sales), 4)
    assert await QueueService().title(ctx, reference_of(sales)) == "Sales"
    assert await QueueService().title(ctx, "records:queue:1") == ""


async def test_where_no_queue_takes_the_channel_it_is_said(ctx: Context) -> None:
    main = await ensure_queue(ctx)
    await change_queue(ctx, main.id, replace(await read_values(main.id), channels=()))
    assert "Nobody can be reached" in (await admit(ctx)).refusal


async def test_who_calls_while_it_is_closed_is_told_when_it_opens(ctx: Context) -> None:
    main = await ensure_queue(ctx)
    reopens = await close_until_the_day_after_tomorrow(ctx, main.id)
    place = await admit(ctx)
    assert (place.queue, place.reopens_at) == ("", reopens)
    assert f"We open again on {reopens:%A}, {reopens.day} {reopens:%B}, 00:00" in place.refusal
    with Languages([("routing", ROOT / "plugins" / "routing")]).speaking("ru"):
        assert "Откроемся" in (await admit(ctx)).refusal
    await change_queue(ctx, main.id, replace(await read_values(main.id), always_open=False, holidays=()))
    assert await admit(ctx) == Admission("", refusal="We are closed.")


async def test_who_waits_when_it_closes_is_still_served(platform: Platform, ctx: Context, jobs: Jobs) -> None:
    main = await ensure_queue(ctx)
    call = await make_call(ctx, main.id)
    await close_until_the_day_after_tomorrow(ctx, main.id)
    await make_agent(platform, ctx, "anna")
    await jobs.run_due()
    assert await pending_offer(ctx, interaction_id=call) is not None


async def test_a_full_queue_sends_on_to_the_next_that_has_room_and_is_open(ctx: Context) -> None:
    main = await ensure_queue(ctx)
    last = await make_queue(ctx, "Last", channels=(), most_waiting=1, priority=2)
    closed = await make_queue(ctx, "Closed", channels=(), always_open=False, overflow_queue_id=last)
    await change_queue(ctx, main.id, replace(await read_values(main.id), most_waiting=1, overflow_queue_id=closed))
    assert await come_in(ctx) == ""
    assert await admit(ctx) == Admission(reference_of(last), 2)
    assert await come_in(ctx) == ""
    assert "So many people are waiting" in await come_in(ctx)


async def test_calls_at_the_same_instant_do_not_exceed_what_a_queue_takes(ctx: Context) -> None:
    main = await ensure_queue(ctx)
    await change_queue(ctx, main.id, replace(await read_values(main.id), most_waiting=3))
    refusals = await asyncio.gather(*(come_in(ctx) for _call in range(12)))
    assert sum(not refusal for refusal in refusals) == 3
    assert await fetch_value("SELECT count(*) FROM core_interaction") == 3


async def test_nobody_comes_into_a_queue_that_is_being_deleted(ctx: Context) -> None:
    main, sales = await ensure_queue(ctx), await make_queue(ctx, "Sales")
    await order_queues(ctx, [sales, main.id])

    async def delete() -> bool:
        try:
            await delete_queue(ctx, sales)
        except Conflict:
            return False
        return True

    outcomes = await asyncio.gather(*(come_in(ctx) for _call in range(6)), delete())
    lost = await fetch_value("SELECT count(*) FROM core_interaction WHERE queue = $1", reference_of(sales))
    assert not (outcomes[-1] and lost)


# --- How long it will take -------------------------------------------------------------------------------------------


async def test_the_wait_is_estimated_from_the_last_who_were_served(
    platform: Platform, ctx: Context, jobs: Jobs
) -> None:
    main = await ensure_queue(ctx)
    anna = await make_agent(platform, ctx, "anna")
    first = await make_call(ctx, main.id)
    assert await QueueService().estimated_wait(ctx, first) is None
    for _time in range(3):
        await jobs.run_due()
        offer = await pending_offer(ctx, agent_id=anna)
        assert offer is not None
        segment = await accept_offer(ctx, offer.id, anna)
        await end_interaction(ctx, offer.interaction_id, "caller_hung_up")
        await finish_segment(ctx, segment.id, anna, outcome="", comment="")
        await make_call(ctx, main.id)
    await execute("UPDATE core_segment SET started_at = closed_at - interval '90 seconds' WHERE closed_at IS NOT NULL")
    await jobs.run_due()
    waiting = [await make_call(ctx, main.id), await make_call(ctx, main.id)]
    # Anna is offered one, which is first in line.
    assert [await QueueService().estimated_wait(ctx, call) for call in waiting] == [180, 270]
    await make_agent(platform, ctx, "ben")
    await jobs.run_due()
    assert await QueueService().estimated_wait(ctx, waiting[1]) == 135
    await end_interaction(ctx, waiting[1], "caller_hung_up")
    assert await QueueService().estimated_wait(ctx, waiting[1]) is None


# --- The page of the customer ----------------------------------------------------------------------------------------


async def test_the_customers_page_says_it_before_anything_is_asked_and_at_the_call(
    platform: Platform, ctx: Context
) -> None:
    main = await ensure_queue(ctx)
    async with client(web_application(platform), **{"sec-fetch-site": "same-origin"}) as browser:
        assert (await browser.get("/call/acme/admission")).json() == {"refusal": "", "reopens_at": None}
        assert 'data-phase="form"' in (await browser.get("/call/acme")).text
        await close_until_the_day_after_tomorrow(ctx, main.id)
        shown = (await browser.get("/call/acme", headers={"accept-language": "ru"})).text
        assert 'data-phase="closed"' in shown
        assert "Сейчас мы не работаем" in shown
        assert "We are closed now" in (await browser.get("/call/acme/admission")).json()["refusal"]
        refused = await browser.post("/call/acme/calls", json=CALL, headers={"accept": "application/json"})
        assert (refused.status_code, refused.json()["code"]) == (503, "not_admitted")
        assert "We are closed now" in refused.json()["title"]
    assert await fetch_value("SELECT count(*) FROM core_interaction") == 0
