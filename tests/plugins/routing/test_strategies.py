"""The order among those who are free: each strategy does what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.database.connection import execute
from core.tenancy.context import TenantRef
from plugins.routing.models import Queue
from plugins.routing.serving import place
from switchroom.agents import Intent, choose_intent
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


async def test_longest_idle_keeps_his_place_when_his_other_queues_change(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    anna, _ben = await floor.agent("anna"), await floor.agent("ben")
    await floor.queue("Another")
    await place.function(floor.ctx, user_id=anna)
    assert await floor.asked(await floor.comes("Kim", queue)) == anna


async def test_new_member_who_has_been_idle_for_long_comes_first(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    await floor.skill("English", [queue], 1)
    anna, ben = await floor.agent("anna"), await floor.agent("ben")
    await floor.skill("English", ben=1)
    await floor.skill("English", anna=1)
    assert ben
    assert await floor.asked(await floor.comes("Kim", queue)) == anna


async def _served(floor: MatchingFloor, queue: Queue, agents: list[int], calls: list[int]) -> None:
    """Each agent of the list takes a call in turn, of so many seconds."""
    everybody = list(floor.agents.values())
    for agent, seconds in zip(agents, calls, strict=True):
        for other in everybody:
            if other != agent:
                await choose_intent(floor.ctx, other, Intent.PAUSE)
        call = await floor.comes("Kim", queue)
        assert await floor.asked(call) == agent
        await floor.takes(agent)
        await execute(
            "UPDATE core_segment SET started_at = started_at - make_interval(secs => $2) WHERE interaction_id = $1",
            call,
            seconds,
        )
        await floor.ends(call)
        for other in everybody:
            await choose_intent(floor.ctx, other, Intent.AVAILABLE)
    await floor.outbox.run_due()


async def test_fewest_calls_of_the_day(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls", strategy="fewest_calls")
    anna, ben = await floor.agent("anna"), await floor.agent("ben")
    await _served(floor, queue, [anna, anna, ben], [0, 0, 0])
    assert await floor.asked(await floor.comes("Kim", queue)) == ben


async def test_least_talk_of_the_day(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls", strategy="least_talk")
    anna, ben = await floor.agent("anna"), await floor.agent("ben")
    await _served(floor, queue, [anna, ben, ben], [600, 200, 200])
    assert await floor.asked(await floor.comes("Kim", queue)) == ben


async def test_best_skill_and_among_equals_the_longest_idle(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls", strategy="best_skill")
    anna, ben, cid = [await floor.agent(name) for name in ("anna", "ben", "cid")]
    await floor.skill("English", [queue], 2, anna=3, ben=7, cid=7)
    order = [await floor.asked(await floor.comes(f"caller {number}", queue)) for number in range(3)]
    assert order == [ben, cid, anna]


async def test_round_robin_asks_whom_it_has_asked_the_longest_ago(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls", strategy="round_robin")
    agents = [await floor.agent(name) for name in ("anna", "ben", "cid")]
    order = []
    for number in range(7):
        call = await floor.comes(f"caller {number}", queue)
        asked = await floor.asked(call)
        assert asked is not None
        order.append(asked)
        await floor.takes(asked)
        await floor.ends(call)
    assert order == (agents * 3)[:7]


async def test_random_is_not_always_the_same(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls", strategy="random")
    agents = [await floor.agent(name) for name in ("anna", "ben", "cid", "dan")]
    asked = set()
    for number in range(30):
        call = await floor.comes(f"caller {number}", queue)
        agent = await floor.asked(call)
        assert agent is not None
        asked.add(agent)
        await floor.takes(agent)
        await floor.ends(call)
    assert asked <= set(agents)
    assert len(asked) > 1


@pytest.mark.parametrize("strategy", ["fewest_calls", "least_talk"])
async def test_calls_of_yesterday_do_not_count_today(floor: MatchingFloor, strategy: str) -> None:
    queue = await floor.queue("Calls", strategy=strategy)
    busy, lazy = await floor.agent("busy"), await floor.agent("lazy")
    await _served(floor, queue, [busy, busy, busy, lazy], [20, 20, 20, 10])
    # Midnight passes while both are free.
    await floor.becomes_yesterday(1e5 if strategy == "fewest_calls" else 1e7)
    early = await floor.comes("early", queue)
    assert await floor.asked(early) == lazy
    await floor.takes(lazy)
    await floor.ends(early)
    assert await floor.asked(await floor.comes("Kim", queue)) == busy


# Coming back.
