"""What one match costs: 100,000 waiting and 2,000 agents, against 100 waiting and 20 agents, in one database.

From the event to the row of the offer. Three events, in alternating rounds:

- `ours` and `reference`: an agent becomes free while everybody else talks, and gets the first of the queue.
- `arriving`: a customer comes to a queue where everybody is free, while all the others wait in a queue of nobody.
- `full`: of agents who may have several in hand, and have as many as they may, one has room again.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import Any

from bench._floor import fresh_database, installation, make_agents, make_waiting, put_in_pool, tenant_of
from core.database.connection import execute, execute_script, fetch_value
from core.plugins.context import Context, Platform
from plugins.routing.matching import match_agent, match_interaction
from switchroom.interactions import create_interaction

VOICE = "voice"
MANY_AT_ONCE = "record"
BUSY, QUIET, FULL = "routing:queue:101", "routing:queue:102", "routing:queue:103"


@dataclass(frozen=True)
class Size:
    """How much of everything, in the large tenant and in the small one."""

    waiting: int = 100_000
    agents: int = 2_000
    small_waiting: int = 100
    small_agents: int = 20
    rounds: int = 100


@dataclass(frozen=True)
class Floor:
    """A tenant, and whose turn it is."""

    ctx: Context
    agents: list[int]

    async def nobody_is_free(self) -> None:
        """Everybody talks."""
        await execute("UPDATE core_agent SET taking = false WHERE tenant_id = $1 AND taking", self.ctx.tenant.id)
        await execute("UPDATE core_pool_member SET free = false WHERE tenant_id = $1 AND free", self.ctx.tenant.id)

    async def one_is_free(self, number: int, *, pool: str) -> int:
        """The next of the agents has become free."""
        agent = self.agents[number % len(self.agents)]
        await execute(
            "UPDATE core_agent SET taking = true, occupancy = 'free', status = 'waiting' WHERE user_id = $1", agent
        )
        await execute("UPDATE core_pool_member SET free = true WHERE user_id = $1 AND pool = $2", agent, pool)
        return agent

    async def undo(self, agent: int) -> None:
        """The offer has not been made."""
        await execute("UPDATE core_interaction SET state = 'waiting' WHERE id = (SELECT interaction_id FROM core_offer "
                      "WHERE agent_id = $1)", agent)  # fmt: skip
        for table in ("routing_decision", "core_offer"):
            await execute(f"DELETE FROM {table} WHERE agent_id = $1", agent)  # noqa: S608 - constants


async def _make(platform: Platform, slug: str, waiting: int, agents: int) -> Floor:
    async with tenant_of(platform, slug) as ctx:
        people = await make_agents(ctx, agents)
        await make_waiting(ctx, waiting, BUSY, VOICE)
        await make_waiting(ctx, waiting, FULL, MANY_AT_ONCE)
        for pool, channel in ((BUSY, VOICE), (QUIET, VOICE), (FULL, MANY_AT_ONCE)):
            await put_in_pool(ctx, pool, channel, free=False)
        return Floor(ctx, people)


async def _becomes_free(floor: Floor, number: int) -> float:
    agent = await floor.one_is_free(number, pool=BUSY)
    seconds = await _timed(match_agent.function(floor.ctx, user_id=agent), agent)
    await floor.undo(agent)
    await floor.nobody_is_free()
    return seconds


async def _arrives(floor: Floor, number: int) -> float:
    tenant = floor.ctx.tenant.id
    await execute(
        "UPDATE core_agent SET taking = true, occupancy = 'free', status = 'waiting' WHERE tenant_id = $1", tenant
    )
    await execute("UPDATE core_pool_member SET free = true WHERE tenant_id = $1 AND pool = $2", tenant, QUIET)
    await execute("UPDATE core_pool_member SET pool = $2 WHERE tenant_id = $1 AND pool = $3", tenant, "other", BUSY)
    await execute("UPDATE core_pool_member SET pool = $2 WHERE tenant_id = $1 AND pool = $3", tenant, "others", FULL)
    new = await create_interaction(floor.ctx, channel=VOICE, queue=QUIET, contact_name="Kim")
    seconds = await _timed(match_interaction.function(floor.ctx, interaction_id=new.id), None)
    agent = await fetch_value("SELECT agent_id FROM core_offer WHERE interaction_id = $1", new.id)
    await floor.undo(agent)
    await execute("UPDATE core_interaction SET state = 'closed' WHERE id = $1", new.id)
    await execute("UPDATE core_pool_member SET pool = $3 WHERE tenant_id = $1 AND pool = $2", tenant, "other", BUSY)
    await execute("UPDATE core_pool_member SET pool = $3 WHERE tenant_id = $1 AND pool = $2", tenant, "others", FULL)
    await floor.nobody_is_free()
    return seconds


async def _has_room_again(floor: Floor, number: int) -> float:
    tenant = floor.ctx.tenant.id
    agent = await floor.one_is_free(number, pool=FULL)
    # Everybody else takes work, and has no room for more of this.
    await execute("UPDATE core_agent SET taking = true WHERE tenant_id = $1 AND NOT taking", tenant)
    seconds = await _timed(match_agent.function(floor.ctx, user_id=agent), agent)
    await floor.undo(agent)
    await floor.nobody_is_free()
    return seconds


async def _timed(match: Any, agent: int | None) -> float:
    started = time.perf_counter()
    await match
    seconds = time.perf_counter() - started
    offers = await fetch_value("SELECT count(*) FROM core_offer WHERE state = 'pending'")
    assert offers == 1, f"there are {offers} offers after the match of {agent}"
    return seconds


EVENTS = {"free": _becomes_free, "arriving": _arrives, "full": _has_room_again}


async def _measure(url: str, size: Size) -> dict[str, Any]:
    async with installation(url, make_tables=True) as platform:
        large = await _make(platform, "large", size.waiting, size.agents)
        small = await _make(platform, "small", size.small_waiting, size.small_agents)
        await execute_script("VACUUM ANALYZE")
        measured: dict[str, tuple[float, float]] = {}
        for name, happens in EVENTS.items():
            rounds = size.rounds if name != "arriving" else max(2, size.rounds // 5)
            ours, reference = [], []
            for number in range(rounds):
                for floor, times in ((large, ours), (small, reference)):
                    async with tenant_of(platform, floor.ctx.tenant.slug):
                        times.append(await happens(floor, number))
                if number % 10 == 9:
                    await execute_script("DELETE FROM core_job")
                    await execute_script("VACUUM core_agent, core_pool_member, core_interaction")
            measured[name] = statistics.median(ours), statistics.median(reference)
    unit = (
        f"milliseconds from the event to the offer, {size.waiting} waiting and {size.agents} agents; the reference is "
        f"{size.small_waiting} waiting and {size.small_agents} agents"
    )
    shown = {
        name: {"ours": round(ours * 1e3, 2), "reference": round(small * 1e3, 2), "ratio": round(ours / small, 2)}
        for name, (ours, small) in measured.items()
    }
    return {"name": "match", **shown.pop("free"), "unit": unit, "n": size.rounds, **shown}


def run(size: Size | None = None) -> dict[str, Any]:
    """Measure in alternating rounds."""
    with fresh_database() as url:
        return asyncio.run(_measure(url, size or Size()))
