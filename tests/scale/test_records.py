"""Agents work through record queues, each at two desks at once, while the processes that they use keep dying."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from tests.scale.desks import ACTIONS, Desk, Pages, Program
from tests.scale.people import client
from tests.scale.record_floor import MOST, RecordFloor, open_record_floor
from tests.serving import ServerProcess

pytestmark = pytest.mark.anyio

AGENTS = ["agent1", "agent2", "agent3"]
PATIENCE = 600
REST_SECONDS = 20

SOMETHING = {
    "is in work": "SELECT FROM records_item WHERE owner_id IS NOT NULL AND state = 'in_work' AND aside = ''",
    "is postponed": "SELECT FROM records_item WHERE aside = 'postponed' AND state = 'in_work'",
    "is due": "SELECT FROM records_item WHERE aside = 'postponed' AND next_at < now() AND state = 'in_work'",
    "is kept": "SELECT FROM records_item WHERE aside = 'kept' AND state = 'in_work'",
}


@pytest.fixture
async def floor(database_server: str, migrated: str, redis_url: str, tmp_path: Path) -> AsyncIterator[RecordFloor]:
    """The product in several processes."""
    async with open_record_floor(database_server, migrated, redis_url, tmp_path) as opened:
        yield opened


def make_desks(floor: RecordFloor, seed: str, closing: asyncio.Event) -> list[Desk]:
    """Each agent has a browser at one web server, and a program at the other."""
    desks: list[Desk] = []
    for number, name in enumerate(AGENTS):
        for at, kind in zip(floor.web[:: -1 if number % 2 else 1], (Pages, Program), strict=True):
            chance = random.Random(f"{seed} {name} {kind.__name__}")  # noqa: S311 - no secret
            desks.append(kind(at.url, name, chance, supply=floor.supply, closing=closing))
    return desks


async def two_at_once(floor: RecordFloor, seed: str) -> None:
    """An agent asks for too many at two processes, and acts on each record in two ways: one wins, the other is told."""

    def program(web: ServerProcess) -> Program:
        chance = random.Random(seed)  # noqa: S311 - no secret
        return Program(web.url, AGENTS[0], chance, supply=floor.supply, closing=asyncio.Event())

    first, second = (program(web) for web in floor.web)
    async with client(first.url) as here, client(second.url) as there:
        await asyncio.gather(first.sign_in(here), second.sign_in(there))
        asked = [desk.take_next(browser) for desk, browser in ((first, here), (second, there)) for _time in range(MOST)]
        assert await _how_many(*asked) == MOST
        assert floor.told.refused == {"at_capacity": MOST}
        for item in await first.mine(here):
            assert await _how_many(first.act(here, item, "kept"), second.act(there, item, "moved_to_end")) == 1
            # Who has it in work again is not to be surprised by what was asked of it as it was before.
            await first.take_up(here, item)
            assert not await second.act(there, item, "done")
        assert floor.told.refused["not_yours"] >= 2 * MOST


async def _how_many(*answers: Awaitable[bool]) -> int:
    return sum(await asyncio.gather(*answers))


@contextlib.asynccontextmanager
async def at_work(floor: RecordFloor, desks: list[Desk], closing: asyncio.Event) -> AsyncIterator[None]:
    """Records come, and are worked on; then the agents do what is left. The rows are watched; what is wrong ends it."""
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        watching = group.create_task(floor.watch())
        working = [group.create_task(desk.work()) for desk in desks]
        bringing = group.create_task(floor.supply.go_on_bringing(closing))
        yield
        closing.set()
        await asyncio.gather(bringing, *working)
        watching.cancel()


async def test_processes_that_keep_dying_lose_no_record_and_give_none_to_two(floor: RecordFloor, seed: str) -> None:
    chance = random.Random(f"{seed} power cuts")  # noqa: S311 - no secret
    closing = asyncio.Event()
    desks = make_desks(floor, seed, closing)
    one, other = chance.sample(floor.web, 2)
    background = chance.sample(floor.background, 2)
    victims = [[one], [other, background[0]], [one, other, background[1]]]
    moments = chance.sample(list(SOMETHING.values()), len(victims))
    await floor.supply.bring(2 * MOST * len(AGENTS))
    await two_at_once(floor, seed)
    async with at_work(floor, desks, closing):
        for dying, moment in zip(victims, moments, strict=True):
            await floor.there_is(moment, 5)
            await asyncio.sleep(chance.uniform(0.2, 1.0))
            await floor.kill_and_restart(dying)
        await floor.all_is_done_once(ACTIONS, PATIENCE)
    await floor.check_end([desk.user_id for desk in desks], REST_SECONDS)
    assert sum(floor.told.unanswered.values()), "no answer was lost"
