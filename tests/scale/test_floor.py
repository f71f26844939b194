"""Twenty callers and five agents, until everybody is served: on a server that runs, and on one that keeps dying."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scale.floor import STILL_TO_DO, Floor, open_floor
from tests.scale.people import Agent, Answer, Caller, Outcome

pytestmark = pytest.mark.anyio

AGENTS = 5
CALLERS = 20
PATIENCE = 300
REST_SECONDS = 20

SOMEBODY = {
    "is asked": "SELECT FROM core_offer WHERE state = 'pending'",
    "processes": "SELECT FROM core_segment WHERE state = 'wrap_up'",
    "has missed a call": "SELECT FROM core_agent WHERE occupancy = 'missed'",
    "talks": "SELECT FROM core_segment WHERE state = 'active'",
}


@pytest.fixture
async def floor(database_server: str, migrated: str, tmp_path: Path) -> AsyncIterator[Floor]:
    """The product with its demo tenant."""
    async with open_floor(database_server, migrated, tmp_path) as opened:
        yield opened


def make_agents(url: str, seed: str) -> list[Agent]:
    """The agents; the first offers are accepted, rejected and left alone, so that each is done whatever the seed."""
    firsts = [Answer.ACCEPT, Answer.REJECT, Answer.IGNORE, Answer.ACCEPT, Answer.ACCEPT]
    names = [f"agent{number + 1}" for number in range(AGENTS)]
    return [
        Agent(url, name, random.Random(f"{seed} {name}"), first=first)  # noqa: S311 - no secret
        for name, first in zip(names, firsts, strict=True)
    ]


def make_callers(url: str, seed: str) -> list[Caller]:
    """The callers; every fifth one has little patience."""
    callers = []
    for number in range(CALLERS):
        chance = random.Random(f"{seed} caller {number}")  # noqa: S311 - no secret
        gives_up = chance.uniform(0.3, 2.0) if number % 5 == 4 else None
        callers.append(Caller(url, number, chance, chance.uniform(0, 4), gives_up))
    return callers


@contextlib.asynccontextmanager
async def at_work(floor: Floor, agents: list[Agent]) -> AsyncIterator[asyncio.TaskGroup]:
    """The agents work and the rows are watched; whatever goes wrong there ends the block."""
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in (floor.watch(), *(agent.work() for agent in agents))]
        yield group
        for task in tasks:
            task.cancel()


async def _all_call(callers: list[Caller]) -> list[Outcome]:
    return await asyncio.gather(*(caller.call() for caller in callers))


async def check_end(floor: Floor, agents: list[Agent], callers: list[Caller], outcomes: list[Outcome]) -> None:
    """Nobody was lost, nothing is left to do, every agent waits, and the server had nothing to complain of."""
    await floor.comes_to_rest(STILL_TO_DO, [agent.user_id for agent in agents], REST_SECONDS)
    last = await floor.last_calls()
    assert set(last) == {caller.phone for caller in callers}
    for caller, outcome in zip(callers, outcomes, strict=True):
        call = last[caller.phone]
        assert call["cause"] in ("agent_hung_up", "caller_hung_up"), call
        assert call["answered"] or outcome is Outcome.GAVE_UP, call
        assert outcome is Outcome.SERVED or caller.gives_up is not None, call
    assert not floor.complaints()


async def test_everybody_is_served_and_nothing_happens_twice(floor: Floor, seed: str) -> None:
    agents, callers = make_agents(floor.server.url, seed), make_callers(floor.server.url, seed)
    async with at_work(floor, agents):
        outcomes = await _all_call(callers)
        await check_end(floor, agents, callers, outcomes)
    assert not any(caller.lost for caller in callers)
    done = {what for agent in agents for what in agent.done}
    assert done >= {*Answer, "form"}


async def test_server_that_keeps_dying_loses_nobody(floor: Floor, seed: str) -> None:
    agents, callers = make_agents(floor.server.url, seed), make_callers(floor.server.url, seed)
    chance = random.Random(f"{seed} power cuts")  # noqa: S311 - no secret
    moments = chance.sample(list(SOMEBODY.values()), len(SOMEBODY))
    async with at_work(floor, agents) as group:
        calling = group.create_task(_all_call(callers))
        cut_off = 0
        for number, moment in enumerate(moments):
            await asyncio.sleep(chance.uniform(0.2, 1.5))
            await floor.there_is(moment, 5)
            remains = await floor.kill_and_restart(stay_away=number % 2 == 0)
            cut_off += len(remains.calls)
        outcomes = await calling
        await check_end(floor, agents, callers, outcomes)
    assert floor.passed, "no deadline has passed while the server was away"
    assert cut_off, "no call was cut off"
    # A call whose caller never heard of it was lost as well: the answer died with the server.
    assert 0 < sum(caller.lost for caller in callers) <= cut_off
