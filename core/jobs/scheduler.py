"""Claims due rows of the outbox and sends them to the workers; any number of schedulers may run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from core.database.connection import execute, fetch, fetch_value
from core.database.listener import Listener
from core.jobs.outbox import WAKE_CHANNEL
from core.jobs.presence import give_up_the_dead
from core.jobs.schedules import Schedules

log = structlog.get_logger(__name__)

BATCH = 100
IDLE_SECONDS = 1.0
"""The longest sleep: a wake-up call may be lost, a due time must not be."""
SEND_LEASE_SECONDS = 15
"""A row that no worker has begun within this time is sent again: the broker may have lost it."""

Send = Callable[[str, int, int], None]
"""Hands (job name, row id, attempt) to the broker; must not block for long."""

# Uses index core_job_due; the number of rows that are not due does not matter.
CLAIM = """
WITH due AS (
    SELECT id FROM core_job WHERE state = 'due' AND due_at <= now()
    ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE core_job AS job
SET state = 'sent', attempt = attempt + 1, started = false, lease_until = now() + make_interval(secs => $2)
FROM due WHERE job.id = due.id RETURNING job.id, job.name, job.attempt
"""

# Of keyed work one row may be due. Another row that does the same is due already, or was lost as well: when a process
# dies, one run may have begun and the next one been sent.
_REPLACED = """
    lost.key IS NOT NULL AND other.key = lost.key AND other.name = lost.name
    AND other.tenant_id IS NOT DISTINCT FROM lost.tenant_id
    AND (other.state = 'due' OR other.state = 'sent' AND other.lease_until < now() AND other.id > lost.id)
"""

DROP_REPLACED = f"""
DELETE FROM core_job AS lost USING core_job AS other
WHERE lost.state = 'sent' AND lost.lease_until < now() AND {_REPLACED}
"""  # noqa: S608 - a constant

# A lease runs out when the worker died or hangs, or the message was lost. The attempt number fences what may still be
# running.
RELEASE = f"""
UPDATE core_job SET state = 'due', due_at = now(), error = 'The worker has not finished it.'
WHERE id IN (
    SELECT lost.id FROM core_job AS lost WHERE lost.state = 'sent' AND lost.lease_until < now()
    AND NOT EXISTS (SELECT FROM core_job AS other WHERE {_REPLACED})
    ORDER BY lost.lease_until LIMIT $1 FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608 - a constant

# What the broker would not take is due again with the next look.
TAKE_BACK = """
UPDATE core_job SET lease_until = now() - interval '1 second'
WHERE id = ANY($1::bigint[]) AND state = 'sent' AND NOT started
"""


class Scheduler:
    """The loop that turns due rows into messages."""

    def __init__(self, dsn: str, send: Send, *, schedules: Schedules | None = None) -> None:
        self._send = send
        self._schedules = schedules or Schedules([])
        self._woken = asyncio.Event()
        self._listener = Listener(dsn, on_message=self._wake)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins."""
        await self._schedules.reconcile()
        await self._listener.start()
        await self._listener.listen(WAKE_CHANNEL)
        self._task = asyncio.create_task(self._run(), name="scheduler")

    async def stop(self) -> None:
        """Ends the loop; rows stay as they are."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._listener.stop()

    def _wake(self, _channel: str, _payload: str) -> None:
        self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._schedules.enqueue_due()
                sent = await self.send_due()
                pause = 0.0 if sent == BATCH else await self._seconds_to_next()
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("scheduler_failed")
                pause = IDLE_SECONDS
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    # `wait_for` of Python 3.11 loses a cancellation that comes together with the wake-up.
                    async with asyncio.timeout(pause):
                        await self._woken.wait()

    async def send_due(self) -> int:
        """Sends what is due now, and again what the dead had in hand; gives the number of rows."""
        await give_up_the_dead()
        await execute(DROP_REPLACED)
        await execute(RELEASE, BATCH)
        rows = await fetch(CLAIM, BATCH, SEND_LEASE_SECONDS)
        for place, row in enumerate(rows):
            try:
                await asyncio.to_thread(self._send, row["name"], row["id"], row["attempt"])
            except Exception:
                await execute(TAKE_BACK, [unsent["id"] for unsent in rows[place:]])
                raise
        return len(rows)

    async def _seconds_to_next(self) -> float:
        due: datetime | None = await fetch_value("SELECT min(due_at) FROM core_job WHERE state = 'due'")
        if due is None:
            return IDLE_SECONDS
        return min(max((due - datetime.now(UTC)).total_seconds(), 0.005), IDLE_SECONDS)
