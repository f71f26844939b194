"""Jobs that somebody has to look at: those that have failed for good, and those that were not done.

Services for the administration of a tenant, and, without a tenant, for the vendor's console.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.audit.log import record_of
from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.database.transaction import transaction
from core.errors import NotFound
from core.jobs.outbox import WAKE_CHANNEL
from core.jobs.worker import TENANT_SUSPENDED
from core.locale import gettext as _
from core.plugins.context import Actor

MOST = 200


@dataclass(frozen=True)
class TroubledJob:
    """A job that was given up.

    Attributes:
        tenant_id: None for the installation's own.
        plugin: `core` for core's.
        state: `dead` when it has failed too often, `skipped` when it was not done.
        error: Why, in a sentence.
        attempts: How often it was tried.
        arguments: What it was to work on.
        since: When it was given up.
    """

    id: int
    tenant_id: int | None
    plugin: str
    name: str
    state: str
    error: str
    attempts: int
    arguments: dict[str, Any]
    created_at: datetime
    since: datetime


@dataclass(frozen=True)
class TroubleCount:
    """How many jobs of a plugin were given up in a tenant."""

    tenant_id: int | None
    plugin: str
    state: str
    jobs: int


# Index core_job_attention: all three read rows that were given up alone.
_GIVEN_UP = "state IN ('dead', 'skipped')"


async def troubled_jobs(
    tenant_id: int | None, *, plugin: str = "", state: str = "", before_id: int | None = None, limit: int = 50
) -> list[TroubledJob]:
    """The jobs that were given up, the newest first.

    Args:
        tenant_id: Whose; None is everybody's, for the vendor alone.
        plugin: Of this plugin alone.
        state: `dead` or `skipped` alone.
        before_id: Older than this one, for the next page.
        limit: At most so many.
    """
    rows = await fetch(
        "SELECT id, tenant_id, split_part(name, '.', 1) AS plugin, name, state, error, attempt AS attempts, arguments, "  # noqa: S608
        f"created_at, coalesce(lease_until, due_at) AS since FROM core_job WHERE {_GIVEN_UP} "
        "AND ($1::bigint IS NULL OR tenant_id = $1) AND ($2::text = '' OR split_part(name, '.', 1) = $2) "
        "AND ($3::text = '' OR state = $3) AND ($4::bigint IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
        tenant_id,
        plugin,
        state,
        before_id,
        min(limit, MOST),
    )
    return [TroubledJob(**{**row, "arguments": json.loads(row["arguments"])}) for row in rows]


async def count_troubled_jobs(tenant_id: int | None) -> list[TroubleCount]:
    """How many were given up, by tenant, plugin and state; None is everybody's, for the vendor alone."""
    rows = await fetch(
        f"SELECT tenant_id, split_part(name, '.', 1) AS plugin, state, count(*) AS jobs FROM core_job "  # noqa: S608
        f"WHERE {_GIVEN_UP} AND ($1::bigint IS NULL OR tenant_id = $1) GROUP BY 1, 2, 3 ORDER BY 1 NULLS FIRST, 2, 3",
        tenant_id,
    )
    return [TroubleCount(**row) for row in rows]


async def retry_job(tenant_id: int | None, actor: Actor, job_id: int) -> None:
    """Has a job done after all, from its first attempt.

    Args:
        tenant_id: Whose it must be; None is anybody's, for the vendor alone.
        actor: Who asks for it.
        job_id: The row.

    Raises:
        NotFound: No such job was given up; somebody else may have been first.
    """
    async with transaction():
        row = await _take(tenant_id, job_id)
        await _again("id = $1", job_id)
        await _audit(row, actor, "core.job_retried")


async def discard_job(tenant_id: int | None, actor: Actor, job_id: int) -> None:
    """Deletes a job that was given up. Arguments and errors as for `retry_job`."""
    async with transaction():
        row = await _take(tenant_id, job_id)
        await execute("DELETE FROM core_job WHERE id = $1", job_id)
        await _audit(row, actor, "core.job_discarded")


async def retry_jobs(tenant_id: int, actor: Actor, plugin: str, state: str) -> int:
    """Has all jobs of a plugin and a state done after all; gives their number."""
    async with transaction():
        count = await _again(
            "tenant_id = $1 AND split_part(name, '.', 1) = $2 AND state = $3", tenant_id, plugin, state
        )
        await _audit_all(tenant_id, actor, "core.jobs_retried", plugin, state, count)
    return count


async def discard_jobs(tenant_id: int, actor: Actor, plugin: str, state: str) -> int:
    """Deletes all jobs of a plugin that were given up in this state; gives their number."""
    async with transaction():
        count = await execute(
            f"DELETE FROM core_job WHERE {_GIVEN_UP} "  # noqa: S608
            "AND tenant_id = $1 AND split_part(name, '.', 1) = $2 AND state = $3",
            tenant_id,
            plugin,
            state,
        )
        await _audit_all(tenant_id, actor, "core.jobs_discarded", plugin, state, count)
    return count


async def resume_jobs(tenant_id: int) -> int:
    """Has done what was due while the tenant was suspended; for the service that resumes it, in its transaction."""
    async with transaction():
        return await _again("tenant_id = $1 AND state = 'skipped' AND error = $2", tenant_id, TENANT_SUSPENDED)


async def _take(tenant_id: int | None, job_id: int) -> dict[str, Any]:
    row = await fetch_row(
        f"SELECT id, tenant_id, name, state FROM core_job WHERE {_GIVEN_UP} AND id = $1 "  # noqa: S608
        "AND ($2::bigint IS NULL OR tenant_id = $2) FOR UPDATE",
        job_id,
        tenant_id,
    )
    if row is None:
        raise NotFound(_("There is no such job that was given up."))
    return row


async def _again(condition: str, *values: object) -> int:
    """Makes rows due; of keyed work that is due already, the row that is due does both."""
    # New rows: other schedulers and workers may still hold messages of the old ones.
    count: int = await fetch_value(
        f"WITH taken AS (DELETE FROM core_job WHERE {_GIVEN_UP} AND {condition} "  # noqa: S608
        "RETURNING id, tenant_id, name, arguments, key, created_at), "
        "again AS (INSERT INTO core_job "
        "(tenant_id, name, arguments, key, due_at, state, attempt, started, error, created_at) "
        "SELECT tenant_id, name, arguments, key, now(), 'due', 0, false, '', created_at FROM taken "
        "ORDER BY tenant_id, name, key, id "
        "ON CONFLICT (tenant_id, name, key) WHERE state = 'due' AND key IS NOT NULL DO NOTHING) "
        "SELECT count(*) FROM taken",
        *values,
    )
    await fetch_value("SELECT pg_notify($1, '')", WAKE_CHANNEL)
    return count


async def _audit(row: dict[str, Any], actor: Actor, action: str) -> None:
    subject = f"core:job:{row['id']}"
    await record_of(row["tenant_id"], actor, action, subject, row["name"], {"state": row["state"]}, {})


async def _audit_all(tenant_id: int, actor: Actor, action: str, plugin: str, state: str, count: int) -> None:
    after = {"state": state, "jobs": count}
    await record_of(tenant_id, actor, action, f"core:plugin:{plugin}", plugin, {}, after)
