"""Whoever has a deadline in hand may be killed: the next one acts on it, and no lease has to run out before."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio as redis

from core.agents.settling import lock_agent
from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.database.transaction import transaction
from core.interactions.lifecycle import end_interaction
from core.interactions.offers import accept_offer, make_offer
from core.plugins.context import Context
from switchroom.testing.jobs import Jobs
from tests.core.test_lifecycle import call, make_agent
from tests.scale.record_floor import start
from tests.scale.watching import until
from tests.serving import ServerProcess, server_environ

pytestmark = pytest.mark.anyio

PATIENCE = 60

DEADLINES = "name IN ('core.expire_offer', 'core.end_wrap_up')"

STEPS = """
SELECT subject, old, new, cause, count(*) FROM core_fact
WHERE subject IN ('offer', 'segment') AND old <> '' AND cause <> 'accepted' AND new <> 'wrap_up'
GROUP BY subject, old, new, cause ORDER BY subject
"""


@contextlib.contextmanager
def silent_broker() -> Iterator[str]:
    """The address of a Redis that takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@contextlib.asynccontextmanager
async def held(database_url: str, *agents: int) -> AsyncIterator[None]:
    """Whatever wants to change these agents waits until the end of the block."""
    holder = await asyncpg.connect(database_url)
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM core_agent WHERE user_id = ANY($1::bigint[]) FOR UPDATE", agents)
            yield
    finally:
        await holder.close()


async def deadlines_pass(ctx: Context, jobs: Jobs) -> tuple[int, int]:
    """An agent is asked and does not answer, another does not finish after a call; both clocks have run down."""
    asked, processing = await make_agent(ctx, "asked"), await make_agent(ctx, "processing")
    await jobs.run_due()
    first, second = await call(ctx), await call(ctx)
    offer = await make_offer(ctx, first.id, [processing], cause="test")
    assert offer
    await accept_offer(ctx, offer.id, processing)
    await execute("DELETE FROM core_job")
    await end_interaction(ctx, first.id, "caller_hung_up")
    assert await make_offer(ctx, second.id, [asked], cause="test")
    await execute("UPDATE core_offer SET deadline = now()")
    await execute("UPDATE core_segment SET wrap_up_until = now()")
    await execute(f"DELETE FROM core_job WHERE NOT ({DEADLINES})")  # noqa: S608 - a constant
    await execute("UPDATE core_job SET due_at = now()")
    return asked, processing


async def rows_are(started: int, waiting: int, attempt: int) -> bool:
    """Whether so many of the deadlines are begun, and so many sent and not begun, for this time."""
    row = await fetch_row(
        f"SELECT count(*) FILTER (WHERE started) = $1 AND count(*) FILTER (WHERE NOT started) = $2 AS so "  # noqa: S608
        f"FROM core_job WHERE {DEADLINES} AND state = 'sent' AND attempt = $3",
        started,
        waiting,
        attempt,
    )
    return bool(row and row["so"])


async def no_lease_ends() -> None:
    """Nobody is given up because of the time that has passed."""
    await execute("UPDATE core_job SET lease_until = 'infinity' WHERE state = 'sent'")


async def test_killed_scheduler_and_killed_worker_leave_no_deadline_behind(
    ctx: Context, jobs: Jobs, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    asked, processing = await deadlines_pass(ctx, jobs)
    environ = server_environ(
        database_url,
        tmp_path,
        SWITCHROOM__BROKER__URL=redis_url,
        SWITCHROOM__LIVE__URL=redis_url,
        SWITCHROOM__BROKER__WORKER_THREADS="1",
    )
    scheduler, first, second = (
        ServerProcess(name, environ, tmp_path / f"{number}.log", None)
        for number, name in enumerate(("scheduler", "worker", "worker"))
    )
    broker = redis.Redis.from_url(redis_url)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(broker.aclose)
        # A scheduler dies after it has claimed both, and before it has sent any.
        silent = {**environ, "SWITCHROOM__BROKER__URL": stack.enter_context(silent_broker())}
        dying = ServerProcess("scheduler", silent, tmp_path / "dying.log", None)
        stack.callback(dying.kill)
        await start([dying])
        await until(lambda: rows_are(0, 2, attempt=1), PATIENCE, dying.output)
        await no_lease_ends()
        dying.kill()

        async with held(database_url, asked, processing):
            # A worker dies in the middle of one, with the message of the other in its hands.
            for process in (scheduler, first):
                stack.callback(process.kill)
            await start([scheduler, first])

            async def both_taken() -> bool:
                return await rows_are(1, 1, attempt=2) and not await broker.llen("dramatiq:core")

            await until(both_taken, PATIENCE, first.output)
            await no_lease_ends()
            first.kill()

            stack.callback(second.kill)
            await start([second])
            await until(lambda: rows_are(1, 1, attempt=3), PATIENCE, scheduler.output)
            await no_lease_ends()

        async def both_done() -> bool:
            return not await fetch_value(f"SELECT count(*) FROM core_job WHERE {DEADLINES}")  # noqa: S608

        await until(both_done, PATIENCE, second.output)
    assert [tuple(row.values()) for row in await fetch(STEPS)] == [
        ("offer", "pending", "expired", "not_answered", 1),
        ("segment", "wrap_up", "closed", "time_over", 1),
    ]
    async with transaction():
        assert (await lock_agent(ctx, asked))["occupancy"] == "missed"
        assert (await lock_agent(ctx, processing))["occupancy"] == "free"
