"""Who gets what: no wake-up is lost and nobody stands in another's way."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest

from core.agents import settling
from core.agents.connection import keep_alive
from core.database.connection import execute, fetch, fetch_value
from core.tenancy.context import TenantRef
from core.tenant_plugins.switching_off import disable_plugin
from core.tenant_plugins.switching_on import enable_with_requirements
from plugins.routing.matching import match_agent, match_interaction
from plugins.routing.models import Decision, Queue
from plugins.routing.serving import place, place_everybody
from switchroom.agents import Intent, Strategy, all_teams, choose_intent
from switchroom.errors import Conflict
from switchroom.interactions import begin_work, end_interaction, move_to_queue, pending_offer, reject_offer
from switchroom.runtime import Platform
from tests.conftest import Jobs
from tests.plugins.routing.floors import TWO_CHANNELS, MatchingFloor, noon_floor

pytestmark = pytest.mark.anyio


@pytest.fixture
def switchroom_settings() -> dict[str, str]:
    """The platform has a second channel."""
    return TWO_CHANNELS


@pytest.fixture
async def floor(platform: Platform, tenant: TenantRef, jobs: Jobs) -> AsyncIterator[MatchingFloor]:
    """An empty floor with both channels, where it is noon or a little later."""
    async with noon_floor(platform, tenant, jobs) as made:
        yield made


# What is never to happen, whatever processes do at the same time.


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_at_once_nobody_waits_for_whom_somebody_is_free(floor: MatchingFloor, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    queues = [
        await floor.queue("Calls", "voice", strategy=chance.choice(list(Strategy))),
        await floor.queue("Both", "voice", "talk", strategy=chance.choice(list(Strategy)), priority=1),
        await floor.queue("Talks", "talk", strategy=chance.choice(list(Strategy))),
    ]
    agents = [await floor.agent(f"agent{number}") for number in range(5)]
    await floor.skill("English", queues[:1], agent0=3, agent1=3)
    calls: list[int] = []

    async def act() -> None:
        agent, queue = chance.choice(agents), chance.choice(queues)
        what = chance.choices(
            ["comes", "takes", "ends", "rejects", "break", "available", "pull", "moves", "placed"],
            weights=[8, 8, 5, 1, 1, 3, 1, 1, 1],
        )[0]
        with contextlib.suppress(Conflict):
            match what:
                case "comes":
                    channel = chance.choice(["voice", "talk"])
                    calls.append(await floor.comes("Kim", queue, channel, priority=chance.choice([0, 0, 5])))
                case "takes":
                    if await pending_offer(floor.ctx, agent_id=agent):
                        calls.append(await floor.takes(agent))
                case "ends" if calls:
                    await floor.ends(chance.choice(calls))
                case "rejects":
                    if offer := await pending_offer(floor.ctx, agent_id=agent):
                        await reject_offer(floor.ctx, offer.id, agent)
                case "break":
                    await choose_intent(floor.ctx, agent, Intent.PAUSE)
                case "available":
                    await choose_intent(floor.ctx, agent, Intent.AVAILABLE)
                case "pull":
                    segment = await begin_work(floor.ctx, agent, channel="talk", at_most=2)
                    calls.append(segment.interaction_id)
                case "moves" if calls:
                    await move_to_queue(floor.ctx, chance.choice(calls), queue.reference, priority=0, cause="overflow")
                case "placed":
                    await place.function(floor.ctx, user_id=agent)

    for _step in range(12):
        # What people do goes on beside what processes do.
        await asyncio.gather(*(act() for _ in range(6)), floor.run_at_once(4))
        await floor.run_at_once(4)
        await floor.check()


async def test_two_who_become_free_at_once_both_get_something(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    calls = [await floor.comes(f"caller {number}", queue) for number in range(8)]
    agents = [await floor.agent(f"agent{number}") for number in range(8)]
    # The events of interactions have passed long ago, when nobody was free.
    await execute("DELETE FROM core_job")
    await asyncio.gather(*(match_agent.function(floor.ctx, user_id=agent) for agent in agents))
    await floor.run_at_once()
    offered = await floor.offered()
    assert (sorted(offered), sorted(offered.values())) == (calls, sorted(agents))


async def test_matchers_that_contend_for_few_agents_leave_none_of_them_idle(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    agents = [await floor.agent(f"agent{number}") for number in range(3)]
    await floor.outbox.run_due()
    calls = [await floor.comes(f"caller {number}", queue) for number in range(15)]
    await execute("DELETE FROM core_job")
    await asyncio.gather(*(match_interaction.function(floor.ctx, interaction_id=call) for call in calls))
    await floor.run_at_once()
    assert sorted((await floor.offered()).values()) == sorted(agents)


async def test_queue_that_changes_while_its_agents_change_status_neither_deadlocks_nor_goes_wrong(
    floor: MatchingFloor,
) -> None:
    queue = await floor.queue("Calls")
    agents = [await floor.agent(f"agent{number}") for number in range(4)]
    skill = await floor.skill("English", [], **{f"agent{number}": 5 for number in range(4)})

    async def change() -> None:
        for strategy in ("random", "round_robin", "best_skill"):
            await Queue.filter(id=queue.id).update(strategy=strategy)
            await place_everybody(floor.ctx, await Queue.get(id=queue.id))

    async def breaks(agent: int) -> None:
        for intent in (Intent.PAUSE, Intent.AVAILABLE) * 3:
            await choose_intent(floor.ctx, agent, intent)

    await asyncio.gather(change(), change(), *(breaks(agent) for agent in agents), keep_alive(agents))
    await floor.run_at_once()
    rows = await fetch("SELECT user_id, free, strategy FROM core_pool_member ORDER BY user_id")
    assert [row["user_id"] for row in rows] == sorted(agents)
    assert {(row["free"], row["strategy"]) for row in rows} == {(True, "best_skill")}
    assert skill.name == "English"


# Channels and room.


async def test_call_behind_talks_for_which_nobody_has_room_is_offered(floor: MatchingFloor) -> None:
    queue = await floor.queue("Both", "voice", "talk")
    agent = await floor.agent("anna")
    for name in ("first", "second"):
        await floor.comes(name, queue, "talk")
        await floor.outbox.run_due()
        await floor.takes(agent)
    third = await floor.comes("third", queue, "talk", priority=9)
    call = await floor.comes("caller", queue, "voice")
    assert await floor.asked(call) == agent
    assert third not in await floor.offered()


async def test_agents_who_are_full_do_not_stand_before_one_who_has_room(floor: MatchingFloor) -> None:
    queue = await floor.queue("Talks", "talk")
    full = [await floor.agent(f"full{number}") for number in range(7)]
    for agent in full:
        for _ in range(2):
            await begin_work(floor.ctx, agent, channel="talk")
    free = await floor.agent("free")
    in_index = await fetch("SELECT user_id FROM core_pool_member WHERE pool = $1 AND free", queue.reference)
    assert [row["user_id"] for row in in_index] == [free]
    assert await floor.asked(await floor.comes("Kim", queue, "talk")) == free


async def test_room_that_comes_back_is_used(floor: MatchingFloor) -> None:
    queue = await floor.queue("Talks", "talk")
    agent = await floor.agent("anna")
    mine = [(await begin_work(floor.ctx, agent, channel="talk")).interaction_id for _ in range(2)]
    waits = await floor.comes("Kim", queue, "talk")
    assert await floor.asked(waits) is None
    await end_interaction(floor.ctx, mine[0], "done")
    assert await floor.asked(waits) == agent


async def test_team_that_allows_more_gives_its_agents_what_waits(floor: MatchingFloor) -> None:
    queue = await floor.queue("Talks", "talk")
    agent = await floor.agent("anna")
    for _ in range(2):
        await begin_work(floor.ctx, agent, channel="talk")
    waits = await floor.comes("Kim", queue, "talk")
    assert await floor.asked(waits) is None
    (team,) = await all_teams(floor.ctx)
    await execute(
        "INSERT INTO core_team_channel (tenant_id, team_id, channel, capacity, alone) "
        "VALUES ($1, $2, 'talk', 3, false)",
        floor.ctx.tenant.id,
        team.id,
    )
    await place.function(floor.ctx, user_id=agent)
    assert await floor.asked(waits) == agent


async def test_what_waits_in_a_queue_that_is_meant_for_other_channels_is_offered_all_the_same(
    floor: MatchingFloor,
) -> None:
    queue = await floor.queue("Talks", "talk")
    agent = await floor.agent("anna")
    for _ in range(2):
        await begin_work(floor.ctx, agent, channel="talk")
    assert await floor.asked(await floor.comes("Kim", queue, "voice")) == agent


async def test_after_contact_work_of_one_queue_counts_in_all(floor: MatchingFloor) -> None:
    calls, talks = await floor.queue("Calls"), await floor.queue("Talks", "talk")
    agent = await floor.agent("anna")
    call = await floor.comes("Kim", calls)
    assert await floor.asked(call) == agent
    await floor.takes(agent)
    await execute(
        "UPDATE core_segment SET state = 'wrap_up', ended_at = now(), wrap_up_until = now() + interval '1 minute'"
    )
    await execute("UPDATE core_interaction SET state = 'ended' WHERE id = $1", call)
    await settling.settle(floor.ctx, agent, "caller_hung_up")
    waiting = [await floor.comes("Lee", calls), await floor.comes("Lou", talks, "talk")]
    await floor.outbox.run_due()
    assert await floor.offered() == {}
    await execute("UPDATE core_segment SET wrap_up_until = now()")
    segment = await fetch_value("SELECT id FROM core_segment")
    await floor.outbox.run("core.end_wrap_up", floor.ctx.tenant.id, segment_id=segment)
    assert await floor.asked(waiting[0]) == agent


# Fairness between queues.


async def test_agent_of_several_queues_gets_the_highest_and_then_the_oldest_of_all(floor: MatchingFloor) -> None:
    one, two, three = [await floor.queue(name) for name in ("One", "Two", "Three")]
    expected = [
        await floor.comes("urgent", two, priority=5),
        await floor.comes("old", three),
        await floor.comes("older than the next", one),
        await floor.comes("new", two),
    ]
    agent = await floor.agent("anna")
    served = []
    for _ in expected:
        await floor.outbox.run_due()
        served.append(await floor.takes(agent))
        await floor.ends(served[-1])
    assert served == expected


async def test_what_has_just_come_does_not_overtake_what_waits_in_another_queue(floor: MatchingFloor) -> None:
    one, two = await floor.queue("One"), await floor.queue("Two")
    old = await floor.comes("old", one)
    agent = await floor.agent("anna")
    new = await floor.comes("new", two)
    # The event of the new one is seen first.
    await match_interaction.function(floor.ctx, interaction_id=new)
    assert await floor.offered() == {old: agent}


# Who comes before the others.


async def test_interaction_without_a_queue_gets_one(floor: MatchingFloor) -> None:
    await floor.queue("Calls")
    talks = await floor.queue("Talks", "talk")
    agent = await floor.agent("anna")
    waits = await floor.comes("Kim", None, "talk")
    assert await floor.asked(waits) == agent
    assert await fetch_value("SELECT queue FROM core_interaction WHERE id = $1", waits) == talks.reference


async def test_last_agent_comes_first_while_he_serves_the_queue(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls", sticky_hours=24)
    await floor.agent("anna")
    ben = await floor.agent("ben", available=False)
    number = {"contact_number": "+4930123456"}
    await choose_intent(floor.ctx, floor.agents["anna"], Intent.PAUSE)
    await choose_intent(floor.ctx, ben, Intent.AVAILABLE)
    first = await floor.comes("Kim", queue, **number)
    assert await floor.asked(first) == ben
    await floor.takes(ben)
    await floor.ends(first)
    await choose_intent(floor.ctx, floor.agents["anna"], Intent.AVAILABLE)
    await execute("UPDATE core_pool_member SET rank = 1 WHERE user_id = $1", floor.agents["anna"])
    second = await floor.comes("Kim", queue, **number)
    assert await floor.asked(second) == ben
    assert (await Decision.get(interaction_id=second)).detail["cause"] == "sticky"
    await floor.takes(ben)
    await floor.ends(second)
    await floor.outbox.run_due()
    await execute("UPDATE core_pool_member SET rank = 1 WHERE user_id = $1", floor.agents["anna"])
    await floor.skill("English", [queue], anna=1)
    third = await floor.comes("Kim", queue, **number)
    assert await floor.asked(third) == floor.agents["anna"]
    assert (await Decision.get(interaction_id=third)).detail["cause"] == "longest_idle"


async def test_last_agent_who_is_busy_does_not_keep_the_customer_waiting(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls", sticky_hours=24)
    anna = await floor.agent("anna")
    first = await floor.comes("Kim", queue, contact_number="+4930123456")
    await floor.asked(first)
    await floor.takes(anna)
    ben = await floor.agent("ben")
    assert await floor.asked(await floor.comes("Kim", queue, contact_number="+4930123456")) == ben


async def test_plugin_chooses_among_all_who_are_free_and_of_nobody_else(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    agents = [await floor.agent(f"agent{number}") for number in range(8)]
    away = await floor.agent("away", available=False)
    await floor.outbox.run_due()
    kim = await floor.comes("Kim", queue, subject=f"wants {agents[-1]}")
    assert await floor.asked(kim) == agents[-1]
    assert (await Decision.get(interaction_id=kim)).detail["cause"] == "routed"
    assert await floor.asked(await floor.comes("Lee", queue, subject=f"wants {away}")) == agents[0]


async def test_routing_that_is_switched_on_again_matches_all_that_waits(
    platform: Platform, floor: MatchingFloor
) -> None:
    queue = await floor.queue("Calls")
    known = await floor.agent("known")
    tenant = floor.ctx.tenant
    await disable_plugin(platform, floor.ctx, "routing")
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as off:
        floor.ctx = off
        waits = [await floor.comes("Kim", queue), await floor.comes("Lee", None)]
        await floor.outbox.run_due()
        new = await floor.agent("new", placed=False)
        assert await floor.offered() == {}
        await enable_with_requirements(platform, off, "routing")
    await floor.outbox.run_due()
    assert sorted((await floor.offered()).items()) == sorted(zip(waits, [known, new], strict=True))


async def test_agent_whose_connection_was_nearly_lost_gets_what_has_come_meanwhile(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    agent = await floor.agent("anna")
    await floor.outbox.run_due()
    await execute("UPDATE core_agent SET connected_until = now() + interval '2 seconds'")
    call = await floor.comes("Kim", queue)
    assert await floor.asked(call) is None
    await keep_alive([agent])
    assert await floor.asked(call) == agent


async def test_agent_who_learns_a_skill_gets_what_waits_for_it(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    await floor.agent("anna")
    await floor.skill("English", [queue], 3)
    call = await floor.comes("Kim", queue)
    assert await floor.asked(call) is None
    await floor.skill("English", anna=2)
    assert await floor.asked(call) is None
    await execute("UPDATE routing_agent_skill SET level = 3")
    await place.function(floor.ctx, user_id=floor.agents["anna"])
    assert await floor.asked(call) == floor.agents["anna"]
