"""The outbox promises: together with the transaction or not at all, at least once, and nothing lost with the broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from core.app import Application
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.jobs.outbox import Entry, enqueue
from core.jobs.presence import Presence
from core.jobs.registry import Job, JobRegistry
from core.jobs.scheduler import Scheduler
from core.jobs.worker import JobRunner, open_broker

pytestmark = pytest.mark.anyio

PATIENCE = 60


class Work:
    """A job whose runs a test can wait for, and that fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.runs: list[dict[str, Any]] = []
        self.failures = failures
        self._ran = asyncio.Condition()

    async def __call__(self, _ctx: object, **arguments: Any) -> None:
        async with self._ran:
            self.runs.append(arguments)
            self._ran.notify_all()
        if len(self.runs) <= self.failures:
            raise RuntimeError("told to fail")

    async def wait_for_runs(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE), self._ran:
            await self._ran.wait_for(lambda: len(self.runs) >= count)


async def until(condition: Callable[[], Any]) -> None:
    """Waits for an asynchronous condition to hold."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - rows tell nobody that they have changed
            await asyncio.sleep(0.01)


@asynccontextmanager
async def background(work: Work, dsn: str, broker_url: str | None = None, **limits: Any) -> AsyncIterator[JobRunner]:
    """A scheduler and a worker that know one job, `core.work`."""

    async def run(job: Job, _tenant: int | None, arguments: dict[str, Any]) -> None:
        await job.function(None, **arguments)

    presence = Presence(dsn)
    runner = JobRunner(open_broker(broker_url), JobRegistry([Job("core.work", work, **limits)]), run, presence)
    scheduler = Scheduler(dsn, runner.send)
    await presence.start()
    runner.start(threads=2)
    await scheduler.start()
    try:
        yield runner
    finally:
        await scheduler.stop()
        await runner.stop()
        await presence.stop()


async def nothing_left() -> bool:
    return await fetch_value("SELECT count(*) FROM core_job") == 0


async def test_work_is_done_once_the_transaction_has_committed(application: Application, database_url: str) -> None:
    work = Work()
    async with background(work, database_url):
        async with transaction():
            await enqueue(Entry("core.work", None, {"number": 7}))
            assert await fetch_value("SELECT count(*) FROM core_job") == 0, "rows are written last"
        await work.wait_for_runs(1)
        await until(nothing_left)
    assert work.runs == [{"number": 7}]


async def test_work_of_a_transaction_that_failed_is_never_done(application: Application, database_url: str) -> None:
    work = Work()
    async with background(work, database_url):
        with pytest.raises(RuntimeError, match="undone"):
            await _undone()
        await enqueue(Entry("core.work", None, {"number": 2}))
        await work.wait_for_runs(1)
    assert work.runs == [{"number": 2}]


async def _undone() -> None:
    async with transaction():
        await enqueue(Entry("core.work", None, {"number": 1}))
        raise RuntimeError("undone")


async def test_work_waits_for_its_time(application: Application, database_url: str) -> None:
    work = Work()
    later = datetime.now(UTC) + timedelta(hours=1)
    async with background(work, database_url):
        await enqueue(Entry("core.work", None, {"number": 1}, at=later))
        await enqueue(Entry("core.work", None, {"number": 2}))
        await work.wait_for_runs(1)
        assert work.runs == [{"number": 2}]
        await execute("UPDATE core_job SET due_at = now()")
        await work.wait_for_runs(2)


async def test_of_keyed_work_one_row_waits_with_the_earliest_time(application: Application) -> None:
    soon, later = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, 2))
    for at in (later, soon, later):
        await enqueue(Entry("core.work", None, {}, at=at, key="once"))
    assert [row["due_at"] for row in await fetch("SELECT due_at FROM core_job")] == [soon]


async def test_failing_work_is_tried_again_and_then_dead_with_its_reason(
    application: Application, database_url: str
) -> None:
    work = Work(failures=99)
    async with background(work, database_url, attempts=2):
        await enqueue(Entry("core.work", None, {}))
        await work.wait_for_runs(1)
        await until(lambda: fetch_value("SELECT count(*) = 1 FROM core_job WHERE state = 'due' AND attempt = 1"))
        await execute("UPDATE core_job SET due_at = now()")
        await work.wait_for_runs(2)
        await until(lambda: fetch_value("SELECT count(*) = 1 FROM core_job WHERE state = 'dead'"))
    assert await fetch_value("SELECT error FROM core_job") == "RuntimeError: told to fail"


async def test_work_whose_message_was_lost_is_sent_again(application: Application, database_url: str) -> None:
    work = Work()
    await enqueue(Entry("core.work", None, {"number": 1}))
    lost: list[int] = []
    scheduler = Scheduler(database_url, lambda _name, row, _attempt: lost.append(row))
    assert await scheduler.send_due() == 1
    assert len(lost) == 1
    await execute("UPDATE core_job SET lease_until = now() - interval '1 second'")
    async with background(work, database_url):
        await work.wait_for_runs(1)
        await until(nothing_left)


async def test_two_lost_runs_of_the_same_keyed_work_are_one_again(application: Application, database_url: str) -> None:
    work = Work()
    presence = Presence(database_url)
    await presence.start()
    lost = Scheduler(database_url, lambda _name, _row, _attempt: None)
    for number in (1, 2):
        # The first is with a worker already when the same work becomes due again; then the process dies with both.
        await enqueue(Entry("core.work", None, {"number": number}, key="once"))
        assert await lost.send_due() == 1
    await presence.stop()
    async with background(work, database_url):
        await work.wait_for_runs(1)
        await until(nothing_left)
    assert len(work.runs) == 1


async def test_two_schedulers_never_send_the_same_attempt(application: Application, database_url: str) -> None:
    for number in range(200):
        await enqueue(Entry("core.work", None, {"number": number}))
    sent: list[int] = []
    schedulers = [Scheduler(database_url, lambda _name, row, _attempt: sent.append(row)) for _ in range(4)]
    while sum(await asyncio.gather(*(scheduler.send_due() for scheduler in schedulers))):
        pass
    assert len(sent) == len(set(sent)) == 200


async def test_a_second_copy_of_a_message_does_nothing(application: Application, database_url: str) -> None:
    work = Work()
    async with background(work, database_url) as runner:
        await enqueue(Entry("core.work", None, {}))
        await work.wait_for_runs(1)
        await until(nothing_left)
        runner.send("core.work", 1, 1)
        await enqueue(Entry("core.work", None, {"number": 2}))
        await work.wait_for_runs(2)
    assert len(work.runs) == 2


@pytest.mark.parametrize("broker", ["redis_url", "rabbitmq_url"])
async def test_work_is_done_over_a_real_broker(
    broker: str, application: Application, database_url: str, request: pytest.FixtureRequest
) -> None:
    work = Work(failures=1)
    async with background(work, database_url, request.getfixturevalue(broker)):
        await enqueue(Entry("core.work", None, {}))
        await work.wait_for_runs(1)
        await until(lambda: fetch_value("SELECT count(*) = 1 FROM core_job WHERE state = 'due'"))
        await execute("UPDATE core_job SET due_at = now()")
        await work.wait_for_runs(2)
        await until(nothing_left)


def test_without_an_address_the_broker_is_in_memory() -> None:
    assert isinstance(open_broker(None), StubBroker)
