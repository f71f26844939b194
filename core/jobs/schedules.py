"""Enqueues scheduled jobs when their time has come; any number of schedulers may do it, each time is served once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import structlog
from cronsim import CronSim

from core.database.connection import execute, fetch_row, fetch_value
from core.database.transaction import transaction
from core.jobs.outbox import WAKE_CHANNEL
from core.jobs.registry import InstallationSchedule, Job, Schedule

log = structlog.get_logger(__name__)

CORE = "core"
KEY = "schedule"
"""The key of scheduled rows: of a job that has not run since its last time, one row waits."""

_CLAIM = """
SELECT job, due_at FROM core_schedule WHERE job = ANY($1::text[]) AND due_at <= now()
ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""

_INSERT = """
INSERT INTO core_job (tenant_id, name, arguments, key, due_at, state, attempt, started, error, created_at)
SELECT tenant.id, $1, '{{}}', $2, now(), 'due', 0, false, '', now() FROM {tenants} AS tenant (id)
ON CONFLICT (tenant_id, name, key) WHERE state = 'due' AND key IS NOT NULL DO NOTHING
"""

# Index core_tenant_plugin_on. In the order of tenants, as all transactions that write keyed rows.
_WITH_PLUGIN = """(
    SELECT chosen.tenant_id FROM core_tenant_plugin AS chosen
    JOIN core_tenant ON core_tenant.id = chosen.tenant_id AND NOT core_tenant.suspended
    WHERE chosen.plugin = $3 AND chosen.enabled AND chosen.suspended_reason = '' ORDER BY chosen.tenant_id
)"""
_ALL_TENANTS = "(SELECT id FROM core_tenant WHERE NOT suspended ORDER BY id)"
_INSTALLATION = "(VALUES (NULL::bigint))"


class Schedules:
    """The schedules of one application instance."""

    def __init__(self, schedules: Iterable[Schedule]) -> None:
        self._by_job: dict[str, Schedule] = {}
        for schedule in schedules:
            if schedule.job.name in self._by_job:
                raise ValueError(f"The job {schedule.job.name!r} has two schedules.")
            self._by_job[schedule.job.name] = schedule

    async def reconcile(self) -> None:
        """Makes rows of schedules that are new, and changes those whose cron was changed.

        The row of one that is gone stays and is not looked at: another process may still know it.
        """
        now = await _now()
        for name, schedule in sorted(self._by_job.items()):
            await execute(
                "INSERT INTO core_schedule AS known (job, cron, due_at) VALUES ($1, $2, $3) ON CONFLICT (job) "
                "DO UPDATE SET cron = excluded.cron, due_at = excluded.due_at WHERE known.cron <> excluded.cron",
                name,
                schedule.cron,
                next_time(schedule.cron, now),
            )

    async def enqueue_due(self) -> int:
        """Enqueues what is due, and gives the number of schedules. A time that nobody served is served once, late."""
        count = 0
        while self._by_job and await self._enqueue_one():
            count += 1
        return count

    async def _enqueue_one(self) -> bool:
        async with transaction():
            row = await fetch_row(_CLAIM, list(self._by_job))
            if row is None:
                return False
            schedule = self._by_job[row["job"]]
            rows = await _fan_out(schedule)
            await execute(
                "UPDATE core_schedule SET due_at = $2 WHERE job = $1",
                row["job"],
                next_time(schedule.cron, await _now()),
            )
            if rows:
                await fetch_value("SELECT pg_notify($1, '')", WAKE_CHANNEL)
        log.debug("schedule_served", job=row["job"], rows=rows)
        return True


def next_time(cron: str, after: datetime) -> datetime:
    """When a cron expression, read in UTC, is due next."""
    found: datetime = next(CronSim(cron, after.astimezone(UTC)))
    return found


async def _fan_out(schedule: Schedule) -> int:
    """One row for each tenant that the schedule concerns, in one statement."""
    job, key = schedule.job, _key(schedule.job)
    if isinstance(schedule, InstallationSchedule):
        return await execute(_INSERT.format(tenants=_INSTALLATION), job.name, key)
    if job.plugin == CORE:
        return await execute(_INSERT.format(tenants=_ALL_TENANTS), job.name, key)
    return await execute(_INSERT.format(tenants=_WITH_PLUGIN), job.name, key, job.plugin)


def _key(job: Job) -> str:
    return "once" if job.coalesce else KEY


async def _now() -> datetime:
    """The database's clock: the one that due times are compared with."""
    now: datetime = await fetch_value("SELECT now()")
    return now
