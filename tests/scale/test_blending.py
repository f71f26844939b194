"""Calls come to agents who work through records meanwhile: what is offered and what they take by themselves agree."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scale.desks import Program
from tests.scale.floor import MOST_RECORDS, Floor, open_floor
from tests.scale.record_rows import check_nothing_else, check_records
from tests.scale.supply import Supply, make_supply
from tests.scale.test_floor import at_work, check_end, make_agents, make_callers

pytestmark = pytest.mark.anyio

CALLERS = 10


@dataclass(kw_only=True)
class BlendedFloor(Floor):
    """A server that carries calls and keeps records.

    Attributes:
        supply: The records that are worked on.
    """

    supply: Supply

    async def check(self) -> None:
        """The rows of this moment agree with each other, and with what people were told before it."""
        await super().check()
        told = self.supply.told.so_far()
        async with self.snapshot():
            await check_records(self.database.fetch, self.tenant_id, told, MOST_RECORDS)


@pytest.fixture
async def floor(database_server: str, migrated: str, tmp_path: Path) -> AsyncIterator[BlendedFloor]:
    """The product with its demo tenant and record queues."""
    async with open_floor(database_server, migrated, tmp_path) as opened:
        supply = await make_supply(opened.server.url)
        yield BlendedFloor(opened.processes, opened.database, opened.tenant_id, supply=supply)


async def test_everybody_is_served_by_agents_who_work_through_records(floor: BlendedFloor, seed: str) -> None:
    closing = asyncio.Event()
    agents, callers = make_agents(floor.server.url, seed), make_callers(floor.server.url, seed)[:CALLERS]
    async with at_work(floor, agents):
        async with asyncio.TaskGroup() as group:
            group.create_task(floor.supply.go_on_bringing(closing))
            for agent in agents:
                chance = random.Random(f"{seed} {agent.username} desk")  # noqa: S311 - no secret
                desk = Program(agent.url, agent.username, chance, supply=floor.supply, closing=closing)
                group.create_task(desk.work())
            outcomes = await asyncio.gather(*(caller.call() for caller in callers))
            closing.set()
        await check_end(floor, agents, callers, outcomes)
    check_nothing_else(floor.supply.told, await floor.database.fetch("SELECT * FROM records_step"))
    assert floor.supply.told.did, "nobody worked on a record"
