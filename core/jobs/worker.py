"""Runs jobs that the scheduler has sent: dramatiq carries the message, the row decides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import dramatiq
import structlog
from dramatiq import Broker, Worker
from dramatiq.brokers.stub import StubBroker

from core.database.connection import execute, fetch_row
from core.database.transaction import transaction
from core.jobs.presence import Presence
from core.jobs.registry import Job, JobRegistry
from core.locale import mark

log = structlog.get_logger(__name__)

LEASE_MARGIN_SECONDS = 10
FIRST_RETRY_SECONDS = 2
LONGEST_RETRY_SECONDS = 600

TENANT_SUSPENDED = mark("The organisation was suspended.")
"""The reason of jobs that are done once the tenant is resumed."""

PLUGIN_OFF = mark("The plugin was off.")

RunInTenant = Callable[[Job, int | None, dict[str, Any]], Awaitable[str | None]]
"""Calls the job's function in the context of the tenant; gives why it did not, or None when it did."""

NoteFailure = Callable[[Job, int | None, BaseException], None]
"""Takes note of a run that has failed; must not block."""

# The attempt number fences: a message of an earlier attempt, or a second copy of this one, finds nothing to begin.
BEGIN = """
UPDATE core_job SET started = true, presence = $4, lease_until = now() + make_interval(secs => $3)
WHERE id = $1 AND attempt = $2 AND state = 'sent' AND NOT started
RETURNING tenant_id, arguments
"""

# Due again after a pause that doubles, unless the same keyed work is due already; dead after the last attempt.
FAIL = """
UPDATE core_job SET error = $3, due_at = now() + make_interval(secs => $4),
    state = CASE WHEN attempt >= $5 THEN 'dead' ELSE 'due' END
WHERE id = $1 AND attempt = $2 AND state = 'sent'
AND NOT EXISTS (
    SELECT FROM core_job AS next WHERE core_job.key IS NOT NULL AND next.state = 'due' AND next.key = core_job.key
    AND next.name = core_job.name AND next.tenant_id IS NOT DISTINCT FROM core_job.tenant_id
)
"""

# The row stays, with the reason: somebody may want it done after all. Its lease tells when.
SKIP = "UPDATE core_job SET state = 'skipped', error = $3, lease_until = now() WHERE id = $1 AND attempt = $2"

# Of keyed work that is skipped again and again, the last row tells all. Index core_job_attention.
DROP_SKIPPED_BEFORE = """
DELETE FROM core_job AS old USING core_job AS last
WHERE last.id = $1 AND last.key IS NOT NULL AND old.tenant_id = last.tenant_id AND old.state = 'skipped'
AND old.id < last.id AND old.key = last.key AND old.name = last.name
"""


def open_broker(url: str | None) -> Broker:
    """The message broker: in this process's memory, Redis or RabbitMQ."""
    if url is None:
        return StubBroker(middleware=[])
    if url.startswith(("redis://", "rediss://")):
        from dramatiq.brokers.redis import RedisBroker

        return RedisBroker(url=url, middleware=[])  # type: ignore[no-untyped-call]
    from dramatiq.brokers.rabbitmq import RabbitmqBroker

    return RabbitmqBroker(url=url, middleware=[])


class JobRunner:
    """The actors of one process: one per plugin, so that one plugin's backlog does not hold up another's."""

    def __init__(
        self,
        broker: Broker,
        jobs: JobRegistry,
        run: RunInTenant,
        presence: Presence,
        note_failure: NoteFailure | None = None,
    ) -> None:
        self._broker = broker
        self._jobs = jobs
        self._run_in_tenant = run
        self._presence = presence
        self._note_failure = note_failure
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: Worker | None = None
        self._actors = {plugin: self._actor(plugin) for plugin in _plugins(jobs.by_name.values())}

    def send(self, name: str, row_id: int, attempt: int) -> None:
        """Hands a claimed row to the broker."""
        actor = self._actors.get(name.partition(".")[0]) or self._actors["core"]
        actor.send(name, row_id, attempt)

    def start(self, threads: int) -> None:
        """Begins to execute; at most `threads` jobs at once. Jobs run on the event loop of the caller."""
        self._loop = asyncio.get_running_loop()
        self._worker = Worker(self._broker, worker_threads=threads, worker_timeout=200)
        self._worker.start()

    async def stop(self) -> None:
        """Lets what is running finish, and stops."""
        if self._worker is not None:
            await asyncio.to_thread(self._worker.stop)
        await asyncio.to_thread(self._broker.close)

    def _actor(self, plugin: str) -> dramatiq.Actor[[str, int, int], None]:
        def run(name: str, row_id: int, attempt: int) -> None:
            assert self._loop is not None  # noqa: S101 - a worker thread runs only after start()
            asyncio.run_coroutine_threadsafe(self._execute(name, row_id, attempt), self._loop).result()

        return dramatiq.actor(actor_name=f"{plugin}.run", queue_name=plugin, broker=self._broker)(run)

    async def _execute(self, name: str, row_id: int, attempt: int) -> None:
        job = self._jobs.named(name)
        limit = job.time_limit if job else 0
        row = await fetch_row(BEGIN, row_id, attempt, limit + LEASE_MARGIN_SECONDS, self._presence.number)
        if row is None:
            return
        try:
            if job is None:
                raise LookupError(f"No plugin that is ready knows the job {name!r}.")
            async with asyncio.timeout(limit):
                skipped = await self._run_in_tenant(job, row["tenant_id"], json.loads(row["arguments"]))
        except (Exception, SystemExit) as error:
            log.exception("job_failed", job=name, row=row_id, attempt=attempt)
            if job is not None and self._note_failure is not None:
                self._note_failure(job, row["tenant_id"], error)
            await self._failed(job, row_id, attempt, error)
        else:
            if skipped is None:
                await execute("DELETE FROM core_job WHERE id = $1 AND attempt = $2", row_id, attempt)
            else:
                await self._skipped(job, row_id, attempt, skipped)

    async def _skipped(self, job: Job, row_id: int, attempt: int, reason: str) -> None:
        log.info("job_skipped", job=job.name, row=row_id, reason=reason)
        async with transaction():
            if await execute(SKIP, row_id, attempt, reason):
                await execute(DROP_SKIPPED_BEFORE, row_id)

    async def _failed(self, job: Job | None, row_id: int, attempt: int, error: BaseException) -> None:
        pause = min(FIRST_RETRY_SECONDS * 2 ** (attempt - 1), LONGEST_RETRY_SECONDS)
        text = f"{type(error).__name__}: {error}"[:2000]
        kept = await execute(FAIL, row_id, attempt, text, pause, job.attempts if job else 1)
        if not kept:
            await execute("DELETE FROM core_job WHERE id = $1 AND attempt = $2 AND state = 'sent'", row_id, attempt)


def _plugins(jobs: Iterable[Job]) -> set[str]:
    return {"core", *(item.plugin for item in jobs)}
