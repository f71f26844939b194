"""Deliveries over real connections: signed, in order, tried again, dead, and sent again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from switchroom import Context
from switchroom.interactions import create_interaction
from switchroom.runtime import TenantRef
from switchroom.testing import Agent, App, Clock, Jobs
from switchroom_webhooks import cleaning, collecting, endpoints, log, sending
from switchroom_webhooks.models import Attempt, Delivery, DeliveryState, Endpoint, EndpointState, Line
from switchroom_webhooks.problems import Problem

pytestmark = pytest.mark.anyio


async def test_a_call_is_told_signed_and_in_order(receiver: Any, add_endpoint: Any, agent: Agent, jobs: Jobs) -> None:
    added = await add_endpoint(receiver, "interaction.waiting", "interaction.active", "interaction.ended")
    interaction = (await agent.has_served()).interaction_id
    await jobs.run_due()
    assert receiver.told == ["interaction.waiting", "interaction.active", "interaction.ended"]
    assert [request.event["data"]["interaction"]["id"] for request in receiver.received] == [interaction] * 3
    assert all(request.signed_with(added.secret) for request in receiver.received)
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 3
    assert receiver.received[0].headers["host"] == f"127.0.0.1:{receiver.port}"
    assert receiver.received[0].path == "/hooks?key=1"


async def test_customers_are_named_only_where_the_tenant_wants_it(
    receiver: Any, add_endpoint: Any, calls: Any, jobs: Jobs, enable: Any
) -> None:
    await add_endpoint(receiver, "interaction.waiting")
    await calls()
    await jobs.run_due()
    assert "+4930123456" not in receiver.received[0].body
    await enable("webhooks", {"include_contact": True})
    await calls()
    await jobs.run_due()
    assert receiver.received[1].event["data"]["interaction"]["contact_number"] == "+4930123456"


async def test_facts_whose_jobs_run_backwards_arrive_in_order(
    receiver: Any, add_endpoint: Any, agent: Agent, ctx: Context, jobs: Jobs
) -> None:
    await jobs.run_due()
    await add_endpoint(receiver)
    await agent.has_served()
    waiting = [row for row in await jobs.waiting() if row.name == "webhooks.collect"]
    for row in reversed(waiting):
        await collecting.collect(ctx, int(str(row.arguments["fact_id"])))
    await jobs.run_due()
    of_the_call = [request for request in receiver.received if request.event["data"]["interaction"]]
    facts = [request.event["data"]["fact_id"] for request in of_the_call]
    assert len(facts) >= 6
    assert facts == sorted(facts)
    assert len(set(receiver.facts)) == len(receiver.facts) == len(waiting), "each is told once"


async def test_order_holds_with_many_senders_and_failures(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, agent: Agent, ctx: Context, jobs: Jobs, clock: Clock
) -> None:
    added = await add_endpoint(receiver)
    await agent.has_served()
    for _call in range(6):
        await calls()
    asked: dict[str, int] = {}

    async def fail_first(request: Any, writer: asyncio.StreamWriter) -> None:
        first = asked.setdefault(request.headers["webhook-id"], 0) == 0
        asked[request.headers["webhook-id"]] += 1
        request.taken = not first
        await receiving["status"](500 if first else 204)(request, writer)

    receiver.answer = fail_first
    for row in await jobs.waiting():
        if row.name == "webhooks.collect":
            await collecting.collect(ctx, int(str(row.arguments["fact_id"])))
    while await Delivery.filter(state="waiting").exists():
        await asyncio.gather(*(sending.send_due(ctx, added.endpoint.id) for _sender in range(5)))
        await clock.advance(hours=1)
    lines: dict[str, list[int]] = {}
    for request in receiver.received:
        if request.taken:
            event = request.event["data"]
            line = f"i{event['interaction']['id']}" if event["interaction"] else f"a{event['agent_id']}"
            lines.setdefault(line, []).append(event["fact_id"])
    assert len(lines) == 8, "seven calls and an agent"
    for facts in lines.values():
        assert facts == sorted(set(facts)), "in order, and each once"
    assert await Delivery.exclude(state="delivered").count() == 0
    assert all(attempts == 2 for attempts in asked.values())


async def test_a_line_waits_for_its_first_and_others_go_on(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs
) -> None:
    await add_endpoint(receiver, "interaction.waiting", "interaction.ended")
    stuck = await calls()

    async def answer(request: Any, writer: asyncio.StreamWriter) -> None:
        code = 500 if request.event["data"]["interaction"]["id"] == stuck else 204
        await receiving["status"](code)(request, writer)

    receiver.answer = answer
    await jobs.run_due()
    other = await calls()
    await jobs.run_due()
    told = [(request.event["data"]["interaction"]["id"], request.event["type"]) for request in receiver.received]
    assert (stuck, "interaction.ended") not in told
    assert told[-2:] == [(other, "interaction.waiting"), (other, "interaction.ended")]


async def test_pauses_grow_until_the_delivery_is_dead_and_the_next_one_goes(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs, clock: Clock
) -> None:
    await add_endpoint(receiver, "interaction.waiting", "interaction.ended")
    receiver.answer = receiving["status"](500, "What went wrong")
    await calls()
    await jobs.run_due()
    pauses = []
    for _attempt in range(2):
        line = await Line.get(key__startswith="interaction")
        assert line.due_at is not None
        pauses.append((line.due_at - await clock.now()).total_seconds())
        await clock.advance(seconds=60)
        await jobs.run_due()
    assert 3 < pauses[0] <= 5 < 10 < pauses[1] <= 15
    assert receiver.told == ["interaction.waiting"] * 3 + ["interaction.ended"]
    first = await Delivery.get(event="interaction.waiting")
    assert (first.state, first.attempts) == ("dead", 3)
    assert {(each.status, each.answer) for each in await Attempt.filter(delivery_id=first.id)} == {
        (500, "What went wrong")
    }


async def test_a_slow_endpoint_is_given_up_and_left_alone_for_a_while(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs
) -> None:
    added = await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["never"]
    await calls()
    await jobs.run_due()
    attempt = await Attempt.get()
    assert attempt.status is None
    assert (attempt.problem, attempt.detail) == ("timeout", "1")
    endpoint = await Endpoint.get(id=added.endpoint.id)
    assert endpoint.quiet_until is not None
    await calls()
    await jobs.run_due()
    assert len(receiver.received) == 1, "nothing is sent while the endpoint is left alone"


async def test_a_broken_connection_is_tried_again(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs, clock: Clock
) -> None:
    await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["break_off"]
    await calls()
    await jobs.run_due()
    assert (await Attempt.get()).problem == "connection"
    receiver.answer = receiving["status"](200)
    await clock.advance(minutes=1)
    await jobs.run_due()
    assert (await Delivery.get()).state == "delivered"
    assert (await Endpoint.get()).failing_since is None
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1, "the same delivery"


async def test_redirects_are_not_followed(
    receiver: Any, open_receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs
) -> None:
    elsewhere = await open_receiver()
    await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["status"](307, location=elsewhere.url)
    await calls()
    await jobs.run_due()
    assert elsewhere.received == []
    assert (await Attempt.get()).status == 307


async def test_of_a_long_answer_only_the_beginning_is_kept(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs
) -> None:
    await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["status"](200, "x\0" * 500_000)
    await calls()
    await jobs.run_due()
    assert (await Delivery.get()).state == "delivered"
    assert len((await Attempt.get()).answer) == 1000


async def test_a_pause_that_the_endpoint_asks_for_is_kept(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs, clock: Clock
) -> None:
    await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["status"](429, retry_after="120")
    await calls()
    await jobs.run_due()
    receiver.answer = receiving["status"](200)
    await clock.advance(seconds=100)
    await jobs.run_due()
    assert len(receiver.received) == 1
    await clock.advance(seconds=30)
    await jobs.run_due()
    assert len(receiver.received) == 2


async def test_an_endpoint_that_fails_for_long_is_paused_and_resumed_without_a_gap(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, ctx: Context, jobs: Jobs, clock: Clock
) -> None:
    added = await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["status"](500)
    for _call in range(6):
        await calls()
        await jobs.run_due()
        await clock.advance(hours=5)
        await jobs.run_due()
    endpoint = await Endpoint.get(id=added.endpoint.id)
    assert endpoint.state == EndpointState.PAUSED
    assert endpoint.state_reason == "failing"
    seen = len(receiver.received)
    await calls()
    await jobs.run_due()
    assert len(receiver.received) == seen, "nothing is sent while it is paused"
    receiver.answer = receiving["status"](200)
    waiting = await Delivery.filter(state="waiting").count()
    await endpoints.resume(ctx, added.endpoint.id)
    await clock.advance(hours=1)
    await jobs.run_due()
    assert len(receiver.received) == seen + waiting, "what came meanwhile is sent"


async def test_an_endpoint_that_says_it_is_gone_is_paused(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, jobs: Jobs
) -> None:
    await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["status"](410)
    await calls()
    await jobs.run_due()
    assert (await Endpoint.get()).state == EndpointState.PAUSED


async def test_dead_deliveries_are_sent_again_in_order_with_their_ids(
    receiver: Any, receiving: Any, add_endpoint: Any, calls: Any, ctx: Context, jobs: Jobs, clock: Clock
) -> None:
    added = await add_endpoint(receiver, "interaction.waiting", "interaction.ended")
    receiver.answer = receiving["status"](500)
    await calls()
    while await Delivery.filter(state="waiting").exists() or not await Delivery.exists():
        await jobs.run_due()
        await clock.advance(hours=1)
    ids = [row.message_id for row in await Delivery.all().order_by("id")]
    receiver.received.clear()
    receiver.answer = receiving["status"](200)
    assert await log.replay_dead(ctx, added.endpoint.id) == 2
    await jobs.run_due()
    assert [request.headers["webhook-id"] for request in receiver.received] == ids
    assert await Delivery.filter(state="delivered").count() == 2
    assert await log.replay_dead(ctx, added.endpoint.id) == 0


async def test_one_delivery_is_sent_again_and_not_twice_at_once(
    receiver: Any, add_endpoint: Any, calls: Any, ctx: Context, jobs: Jobs
) -> None:
    await add_endpoint(receiver, "interaction.ended")
    await calls()
    await jobs.run_due()
    delivery = await Delivery.get()
    results = await asyncio.gather(*(log.replay(ctx, delivery.id) for _click in range(3)), return_exceptions=True)
    assert sum(result is None for result in results) >= 1
    await jobs.run_due()
    assert len(receiver.received) == 2
    assert (await Delivery.get()).last_attempt == 4


async def test_a_sender_that_dies_leaves_the_delivery_to_the_next(
    receiver: Any, add_endpoint: Any, calls: Any, ctx: Context, jobs: Jobs, clock: Clock
) -> None:
    added = await add_endpoint(receiver, "interaction.ended")
    await calls()
    for row in await jobs.waiting():
        if row.name == "webhooks.collect":
            await collecting.collect(ctx, int(str(row.arguments["fact_id"])))
    died = await sending._claim(ctx, await Endpoint.get(id=added.endpoint.id))
    assert len(died) == 1
    assert await sending._claim(ctx, await Endpoint.get(id=added.endpoint.id)) == []
    await clock.advance(minutes=2)
    await sending.send_due(ctx, added.endpoint.id)
    assert (await Delivery.get()).state == "delivered"
    assert (await Delivery.get()).attempts == 2
    await sending._note_answer(ctx, died[0], sending.Answer(5, 500, Problem.STATUS))
    assert (await Delivery.get()).state == "delivered", "an answer that comes late changes nothing"


async def test_two_secrets_hold_for_a_day(
    receiver: Any, add_endpoint: Any, calls: Any, ctx: Context, jobs: Jobs, clock: Clock
) -> None:
    added = await add_endpoint(receiver, "interaction.ended")
    replaced = await endpoints.replace_secret(ctx, added.endpoint.id)
    await calls()
    await jobs.run_due()
    assert receiver.received[0].signed_with(added.secret)
    assert receiver.received[0].signed_with(replaced.secret)
    await clock.advance(hours=25)
    await calls()
    await jobs.run_due()
    assert not receiver.received[1].signed_with(added.secret)
    assert receiver.received[1].signed_with(replaced.secret)
    stored = await Endpoint.get(id=added.endpoint.id)
    assert replaced.secret not in stored.secret
    assert added.secret not in stored.old_secret


async def test_a_test_is_sent_once_and_also_while_the_endpoint_is_off(
    receiver: Any, receiving: Any, add_endpoint: Any, ctx: Context, jobs: Jobs
) -> None:
    added = await add_endpoint(receiver, "interaction.ended")
    await endpoints.switch_off(ctx, added.endpoint.id)
    await collecting.ping(ctx, added.endpoint.id)
    await jobs.run_due()
    assert receiver.told == ["webhook.ping"]
    receiver.answer = receiving["status"](500)
    await collecting.ping(ctx, added.endpoint.id)
    await jobs.run_due()
    assert await Delivery.filter(state="dead").count() == 1


async def test_what_happens_while_an_endpoint_is_off_is_not_for_it(
    receiver: Any, add_endpoint: Any, calls: Any, ctx: Context, jobs: Jobs
) -> None:
    added = await add_endpoint(receiver, "interaction.ended")
    await endpoints.switch_off(ctx, added.endpoint.id)
    missed = await calls()
    await endpoints.resume(ctx, added.endpoint.id)
    heard = await calls()
    await jobs.run_due()
    ids = [request.event["data"]["interaction"]["id"] for request in receiver.received]
    assert ids == [heard]
    assert missed not in ids


async def test_an_event_chosen_later_is_told_from_then_on(
    receiver: Any, add_endpoint: Any, agent: Agent, ctx: Context, jobs: Jobs
) -> None:
    added = await add_endpoint(receiver, "interaction.ended")
    async with agent.context() as core:
        call = await create_interaction(core, channel="voice")
    await endpoints.change_endpoint(
        ctx, added.endpoint.id, receiver.url, "", {"interaction.ended", "interaction.waiting", "interaction.offered"}
    )
    from switchroom.interactions import end_interaction

    async with agent.context() as core:
        await end_interaction(core, call.id, "caller_hung_up")
    await jobs.run_due()
    assert receiver.told == ["interaction.ended"]


async def test_tenants_hear_of_themselves_alone(
    receiver: Any,
    open_receiver: Any,
    add_endpoint: Any,
    calls: Any,
    app: App,
    other_tenant: TenantRef,
    enable: Any,
    jobs: Jobs,
) -> None:
    theirs = await open_receiver()
    await enable("webhooks", tenant=other_tenant)
    async with app.platform.context(await app.platform.tenant(tenant_id=other_tenant.id)) as other:
        await endpoints.add_endpoint(other.for_plugin("webhooks"), theirs.url, "", {"*"})
    await add_endpoint(receiver)
    await calls()
    await jobs.run_due()
    assert receiver.received
    assert theirs.received == []


async def test_what_waited_while_the_plugin_was_off_is_sent_when_it_is_on_again(
    receiver: Any,
    receiving: Any,
    add_endpoint: Any,
    calls: Any,
    on: TenantRef,
    app: App,
    enable: Any,
    jobs: Jobs,
    clock: Clock,
) -> None:
    from switchroom.testing.enabling import switch_off

    await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["status"](500)
    await calls()
    await jobs.run_due()
    await switch_off(app.platform, on, "webhooks")
    await clock.advance(hours=1)
    await jobs.run_due()
    assert len(receiver.received) == 1
    receiver.answer = receiving["status"](200)
    await enable("webhooks")
    await jobs.run_due()
    assert len(receiver.received) == 2


async def test_the_log_is_cleaned(
    receiver: Any, add_endpoint: Any, calls: Any, ctx: Context, jobs: Jobs, clock: Clock
) -> None:
    await add_endpoint(receiver)
    await calls()
    await jobs.run_due()
    await cleaning.clean(ctx)
    assert await Delivery.exists()
    await clock.advance(days=31)
    await cleaning.clean(ctx)
    assert not await Delivery.exists()
    assert not await Attempt.exists()
    assert not await Line.exists()
    before = len(receiver.received)
    await calls()
    await jobs.run_due()
    assert len(receiver.received) > before
    assert len(set(receiver.facts)) == len(receiver.facts), "what was removed is not sent again"


async def test_the_log_is_read_page_by_page_and_by_state(
    receiver: Any, add_endpoint: Any, calls: Any, ctx: Context, jobs: Jobs
) -> None:
    await add_endpoint(receiver)
    await calls()
    await jobs.run_due()
    seen: list[int] = []
    before = None
    while True:
        found = await log.deliveries(ctx, state=DeliveryState.DELIVERED, before=before, limit=3)
        seen += [item.id for item in found.items]
        before = found.older
        if before is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == await Delivery.all().count()
    assert (await log.deliveries(ctx, state=DeliveryState.DEAD)).items == []
    figures = await log.figures(ctx)
    assert (figures.delivered, figures.failed, figures.success) == (len(seen), 0, 100)
    json.dumps(figures.median_milliseconds)
