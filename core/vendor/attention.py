"""What somebody of the vendor has to look at, across all tenants: issues of plugins, jobs that were given up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from core.accounts.operators import SignedInOperator
from core.database.connection import fetch, fetch_value
from core.plugins.context import Context, Platform
from core.tenants.suspension import get_tenant
from core.vendor.operators import acting


@dataclass(frozen=True)
class TenantIssue:
    """Something of a plugin that has failed in a tenant."""

    id: int
    tenant_id: int
    slug: str
    tenant_name: str
    plugin: str
    kind: str
    place: str
    message: str
    incident: str
    count: int
    last_seen: datetime
    parked_until: datetime | None


@dataclass(frozen=True)
class DeadJob:
    """A job that was tried too often; `slug` is None for one of the installation."""

    id: int
    tenant_id: int | None
    slug: str | None
    name: str
    attempt: int
    error: str
    due_at: datetime


@asynccontextmanager
async def in_tenant(platform: Platform, tenant_id: int, operator: SignedInOperator) -> AsyncIterator[Context]:
    """A context of the tenant, suspended or not, in which the operator acts.

    Raises:
        NotFound: There is no such tenant.
    """
    row = await get_tenant(tenant_id)
    async with platform.context(row.ref(), acting(operator)) as ctx:
        yield ctx


async def all_issues(*, plugin: str = "", limit: int = 50) -> list[TenantIssue]:
    """What has failed and was not dismissed, of all tenants: what is parked first, then the latest."""
    rows = await fetch(
        "SELECT issue.id, issue.tenant_id, tenant.slug, tenant.name AS tenant_name, issue.plugin, issue.kind, "
        "issue.place, issue.message, issue.incident, issue.count, issue.last_seen, issue.parked_until "
        "FROM core_plugin_issue AS issue JOIN core_tenant AS tenant ON tenant.id = issue.tenant_id "
        "WHERE NOT issue.dismissed AND ($1 = '' OR issue.plugin = $1) "
        "ORDER BY issue.parked_until IS NULL, issue.last_seen DESC, issue.id DESC LIMIT $2",
        plugin,
        limit,
    )
    return [TenantIssue(**row) for row in rows]


async def count_issues() -> int:
    """How many there are."""
    number: int = await fetch_value("SELECT count(*) FROM core_plugin_issue WHERE NOT dismissed")
    return number


async def dead_jobs(*, limit: int = 50) -> list[DeadJob]:
    """The jobs that were given up, of all tenants and of the installation, the latest first."""
    # Index core_job_due.
    rows = await fetch(
        "SELECT job.id, job.tenant_id, tenant.slug, job.name, job.attempt, job.error, job.due_at FROM core_job AS job "
        "LEFT JOIN core_tenant AS tenant ON tenant.id = job.tenant_id WHERE job.state = 'dead' "
        "ORDER BY job.due_at DESC LIMIT $1",
        limit,
    )
    return [DeadJob(**row) for row in rows]
