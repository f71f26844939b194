"""How many claims a second several processes make, against the bare statement that any of them rests on.

4 processes with 50 clients each claim 10,000 items for 2,000 agents who may have 5 each; of every agent two clients act
at the same time, and there is room for exactly so many. Four ways, in alternating rounds:

- `reference`: one `UPDATE … WHERE id = (SELECT … FOR UPDATE SKIP LOCKED) RETURNING id`, and nothing else: no limit, no
  history, nobody is told.
- `written`: the same statement, and with it in one transaction the rows that a history needs, each table by one bare
  statement and without a question: what any implementation pays that keeps one in this database.
- `ours`: pull work, as *Next record*: the same statement, and in its transaction `begin_work`, which checks the limit,
  begins the interaction and the segment, settles the agent's status and his place in every pool, and writes facts and
  events.
- `offers`: each item waits, is matched with an agent, offered and accepted: two transactions, with jobs for deadlines;
  8 at a time in each process, as jobs are.

After each round the rows are asked whether anything was claimed twice, or anybody has more than he may.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from bench._floor import fresh_database, installation, make_agents, make_waiting, put_in_pool, tenant_of
from core.database.connection import execute, execute_script, fetch, fetch_value
from core.plugins.context import Context
from plugins.routing.matching import match_interaction
from switchroom.database import transaction
from switchroom.interactions import (
    AtCapacity,
    InteractionState,
    OfferGone,
    accept_offer,
    begin_work,
    get_interaction,
    pending_offer,
)

CHANNEL = "record"
QUEUE = "routing:queue:1"
MATCHERS = 8
"""How many jobs a process runs at a time."""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    processes: int = 4
    clients: int = 200
    items: int = 10_000
    each: int = 5
    """How many an agent may have."""
    offers: int = 1_000
    """How many of the items are offered, where they are offered: each takes far longer."""
    rounds: int = 3

    @property
    def agents(self) -> int:
        """As many as it takes to have all items in hand."""
        return self.items // self.each


# Index: the primary key, in whose order items are claimed.
CLAIM = """
UPDATE bench_item SET taken_by = $1 WHERE id = (
    SELECT id FROM bench_item WHERE taken_by IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id
"""


# What `begin_work` leaves behind, in as few statements as there are tables; nobody is locked, asked or told.
INTERACTION = """
INSERT INTO core_interaction (tenant_id, channel, direction, state, state_since, queue, priority, waiting_since,
    contact_name, contact_number, subject, cause, reference, created_at)
VALUES ($1, $2, 'inbound', 'active', now(), $3, 0, now(), '', '', '', '', $4, now()) RETURNING id
"""
SEGMENT = """
INSERT INTO core_segment (tenant_id, interaction_id, agent_id, state, started_at, extensions, channel, exclusive,
    outcome, comment) VALUES ($1, $2, $3, 'active', now(), 0, $4, false, '', '') RETURNING id
"""
OFFER = """
INSERT INTO core_offer (tenant_id, interaction_id, agent_id, state, made_at, deadline, decided_at)
VALUES ($1, $2, $3, 'accepted', now(), now(), now())
"""
AGENT = """
UPDATE core_agent SET work = jsonb_build_object($3::text, coalesce((work->>$3)::int, 0) + 1), occupancy = 'busy',
    status = 'busy', status_since = now() WHERE tenant_id = $1 AND user_id = $2
"""
POOLS = "UPDATE core_pool_member SET free = $3, rank = $4 WHERE tenant_id = $1 AND user_id = $2"
FACTS = """
INSERT INTO core_fact (tenant_id, at, subject, interaction_id, segment_id, agent_id, old, new, cause, actor, detail)
SELECT $1, now(), subject, $2, $3, $4, '', 'active', 'taken', 'system', '{}'
FROM unnest(ARRAY['interaction', 'segment', 'agent']) AS subject
"""


IN_HAND = "SELECT (work->>$2)::int FROM core_agent WHERE user_id = $1"


async def _bare(_ctx: Context, agents: list[int], _each: int) -> int:
    claimed = 0
    for agent in itertools.cycle(agents):
        if await fetch_value(CLAIM, agent) is None:
            break
        claimed += 1
    return claimed


async def _written(ctx: Context, agents: list[int], each: int) -> int:
    claimed = 0
    tenant = ctx.tenant.id
    for agent in itertools.cycle(agents):
        async with transaction():
            item = await fetch_value(CLAIM, agent)
            if item is None:
                break
            interaction = await fetch_value(INTERACTION, tenant, CHANNEL, QUEUE, f"bench:item:{item}")
            segment = await fetch_value(SEGMENT, tenant, interaction, agent, CHANNEL)
            await execute(OFFER, tenant, interaction, agent)
            await execute(AGENT, tenant, agent, CHANNEL)
            await execute(POOLS, tenant, agent, claimed % each > 0, float(item))
            await execute(FACTS, tenant, interaction, segment, agent)
        claimed += 1
    return claimed


async def _pull(ctx: Context, agents: list[int], each: int) -> int:
    """Takes the next for each of these agents until he has as many as he may: another client does the same."""
    claimed = 0
    for agent in agents:
        with contextlib.suppress(AtCapacity):
            while True:
                async with transaction():
                    item = await fetch_value(CLAIM, agent)
                    if item is None:
                        # Others have the last ones, and may have to give them back.
                        if await fetch_value(IN_HAND, agent, CHANNEL) == each:
                            break
                        continue
                    await begin_work(
                        ctx, agent, channel=CHANNEL, at_most=each, queue=QUEUE, reference=f"bench:item:{item}"
                    )
                claimed += 1
    return claimed


async def _offers(ctx: Context, interactions: list[int], _each: int) -> int:
    """Has each matched, and accepts for whoever is asked: another client does the same with the same ones."""
    claimed = 0
    for interaction in interactions:
        while (await get_interaction(ctx, interaction)).state in (InteractionState.WAITING, InteractionState.OFFERED):
            # A match gives an agent what is next, which may be another client's: that one accepts it.
            async with _matchers():
                await match_interaction.function(ctx, interaction_id=interaction)
            offer = await pending_offer(ctx, interaction_id=interaction)
            if offer is not None:
                with contextlib.suppress(OfferGone):
                    await accept_offer(ctx, offer.id, offer.agent_id)
                    claimed += 1
    return claimed


@functools.cache
def _matchers() -> asyncio.Semaphore:
    return asyncio.Semaphore(MATCHERS)


WAYS: dict[str, Callable[[Context, list[int], int], Awaitable[int]]] = {
    "bare": _bare,
    "written": _written,
    "pull": _pull,
    "offers": _offers,
}


def _process(url: str, number: int, size: Size, pipe: Connection) -> None:
    """One process: does what it is told, until told nothing more."""
    asyncio.run(_serve(url, number, size, pipe))


async def _serve(url: str, number: int, size: Size, pipe: Connection) -> None:
    async with installation(url) as platform, tenant_of(platform) as ctx:
        pipe.send("ready")
        while (told := await asyncio.to_thread(pipe.recv)) is not None:
            way, things = told
            mine = range(number, size.clients, size.processes)
            # Of each thing two clients, of different processes, are at it.
            pairs = size.clients // 2
            counts = await asyncio.gather(
                *(WAYS[way](ctx, things[client % pairs :: pairs], size.each) for client in mine)
            )
            pipe.send(sum(counts))


async def _prepare(ctx: Context, size: Size, way: str, agents: list[int]) -> list[int]:
    """Puts everything back to where nothing is claimed; gives what the clients are to work through."""
    await execute_script(
        "TRUNCATE core_fact, core_job, core_offer, core_segment, routing_decision; "
        "DELETE FROM core_interaction; TRUNCATE bench_item; "
        "UPDATE core_agent SET work = '{}', taking = true, occupancy = 'free', status = 'waiting'; "
        "UPDATE core_pool_member SET free = true;"
    )
    if way == "offers":
        await make_waiting(ctx, size.offers, QUEUE, CHANNEL)
    else:
        await execute("INSERT INTO bench_item (id) SELECT generate_series(1, $1::int)", size.items)
    await execute_script("VACUUM ANALYZE")
    if way == "offers":
        return [row["id"] for row in await fetch("SELECT id FROM core_interaction ORDER BY id")]
    return agents


async def _check(ctx: Context, size: Size, way: str) -> tuple[int, int]:
    """How many items have more than one agent, and how many agents more than they may."""
    twice = await fetch_value(
        "SELECT count(*) FROM (SELECT coalesce(nullif(reference, ''), interaction.id::text) AS item "
        "FROM core_interaction AS interaction JOIN core_segment AS segment ON segment.interaction_id = interaction.id "
        "GROUP BY 1 HAVING count(*) > 1) AS found"
    )
    above = await fetch_value(
        "SELECT count(*) FROM (SELECT agent_id FROM core_segment GROUP BY agent_id HAVING count(*) > $1) AS found",
        size.each,
    )
    if way in ("pull", "offers"):
        claimed = await fetch_value("SELECT count(*) FROM core_segment")
        wanted = size.offers if way == "offers" else size.items
        assert claimed == wanted, f"{claimed} of {wanted} items were claimed"
    return twice, above


async def _measure(url: str, size: Size) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    async with installation(url, make_tables=True) as platform, tenant_of(platform) as ctx:
        await execute_script("CREATE TABLE bench_item (id bigint PRIMARY KEY, taken_by bigint)")
        await execute_script("CREATE INDEX bench_item_waiting ON bench_item (id) WHERE taken_by IS NULL")
        agents = await make_agents(ctx, size.agents)
        await put_in_pool(ctx, QUEUE, CHANNEL, free=True)
        # What the offers are checked against: as many as pull work allows.
        await execute(
            "INSERT INTO core_team_channel (tenant_id, team_id, channel, capacity, alone) "
            "SELECT tenant_id, id, $1::text, $2, false FROM core_team",
            CHANNEL,
            size.each,
        )
        pipes = [context.Pipe() for _ in range(size.processes)]
        processes = [
            context.Process(target=_process, args=(url, number, size, theirs), daemon=True)
            for number, (_ours, theirs) in enumerate(pipes)
        ]
        for process in processes:
            process.start()
        for _ours, theirs in pipes:
            theirs.close()
        rates: dict[str, list[float]] = {way: [] for way in WAYS}
        twice = above = 0
        try:
            for ours, _theirs in pipes:
                await asyncio.to_thread(ours.recv)
            for _round in range(size.rounds):
                for way in WAYS:
                    things = await _prepare(ctx, size, way, agents)
                    started = time.perf_counter()
                    for ours, _theirs in pipes:
                        ours.send((way, things))
                    claimed = sum([await asyncio.to_thread(ours.recv) for ours, _theirs in pipes])
                    rates[way].append(claimed / (time.perf_counter() - started))
                    print(f"{way}: {rates[way][-1]:.0f} a second", file=sys.stderr, flush=True)
                    found = await _check(ctx, size, way)
                    # The references ask nobody whether he may.
                    if way in ("pull", "offers"):
                        twice, above = twice + found[0], above + found[1]
        finally:
            for ours, _theirs in pipes:
                with contextlib.suppress(OSError):
                    ours.send(None)
            for process in processes:
                await asyncio.to_thread(process.join, 20)
    medians = {way: statistics.median(rate) for way, rate in rates.items()}
    return {
        "name": "claims",
        "ours": round(medians["pull"]),
        "reference": round(medians["bare"]),
        "ratio": round(medians["pull"] / medians["bare"], 3),
        "unit": f"claims per second, {size.processes} processes, {size.clients} clients, {size.items} items; "
        "the reference is the bare UPDATE … SKIP LOCKED … RETURNING",
        "n": size.rounds,
        "claimed_twice": twice,
        "above_capacity": above,
        "written": {
            "ours": round(medians["pull"]),
            "reference": round(medians["written"]),
            "ratio": round(medians["pull"] / medians["written"], 3),
            "unit": "claims per second; the reference writes the same rows by bare statements, one for each table",
        },
        "offers": {
            "ours": round(medians["offers"]),
            "reference": round(medians["bare"]),
            "ratio": round(medians["offers"] / medians["bare"], 3),
            "unit": "interactions per second that are matched, offered and accepted",
        },
    }


def run(size: Size | None = None) -> dict[str, Any]:
    """Measure in alternating rounds."""
    with fresh_database() as url:
        return asyncio.run(_measure(url, size or Size()))
