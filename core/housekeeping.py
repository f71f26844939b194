"""What core removes by itself once nobody needs it any more: scheduled jobs, each idempotent."""

from __future__ import annotations

from core.database.connection import execute
from core.jobs.registry import InstallationSchedule, Job, job
from core.plugins.context import Platform

BATCH = 5_000
"""Rows that one statement deletes: short locks, and little that a crash would undo."""

KEEP_SKIPPED_DAYS = 30
KEEP_ANSWERS_HOURS = 24


@job("core.remove_ended_logins", coalesce=True, time_limit=300)
async def remove_ended_logins(_platform: Platform) -> None:
    """Removes logins that have ended, of people and of operators."""
    # Index core_session_expires; operators are few.
    await _delete("core_session", "expires_at < now()")
    await _delete("core_operator_session", "expires_at < now()")


@job("core.remove_old_answers", coalesce=True, time_limit=300)
async def remove_old_answers(_platform: Platform) -> None:
    """Removes answers that the API would give again to a repeated request."""
    # Index core_idempotent_answer_age.
    await _delete("core_idempotent_answer", "created_at < now() - make_interval(hours => $2)", KEEP_ANSWERS_HOURS)


@job("core.remove_skipped_jobs", coalesce=True, time_limit=300)
async def remove_skipped_jobs(_platform: Platform) -> None:
    """Removes jobs that were skipped and that nobody has asked for since."""
    # Index core_job_attention.
    await _delete(
        "core_job", "state = 'skipped' AND lease_until < now() - make_interval(days => $2)", KEEP_SKIPPED_DAYS
    )


JOBS: list[Job] = [remove_ended_logins, remove_old_answers, remove_skipped_jobs]
SCHEDULES = [
    InstallationSchedule(remove_ended_logins, "7 * * * *"),
    InstallationSchedule(remove_old_answers, "17 * * * *"),
    InstallationSchedule(remove_skipped_jobs, "27 2 * * *"),
]


async def _delete(table: str, condition: str, *values: object) -> None:
    statement = f"DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {condition} LIMIT $1))"  # noqa: S608
    while await execute(statement, BATCH, *values) == BATCH:
        pass
