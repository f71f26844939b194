"""What tenants use: counted per day, from indexes and samples; no statement reads all rows of a large table.

Interactions and agents of a day come from indexes on tenant and time. Jobs are counted by the processes that run them.
Storage is estimated: the planner's statistics say how many rows a tenant has, a sample how large they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.jobs.registry import Job, Schedule, job
from core.jobs.worker import RunInTenant
from core.plugins.context import Context
from core.tenants.tables import TenantTable, estimated_rows, tenant_tables

SAMPLE = 500
"""Rows of one table that are looked at to learn how large a tenant's rows are."""
ROW_OVERHEAD = 28
"""Bytes that PostgreSQL needs for each row besides its values."""


@dataclass(frozen=True)
class Day:
    """What a tenant, or all together, used on one day (UTC)."""

    day: date
    interactions: int
    agents: int
    jobs: int
    storage_bytes: int


@dataclass(frozen=True)
class TenantUsage:
    """What one tenant used in a span of days.

    Attributes:
        agents: The most on one day.
        storage_bytes: As of its last day.
        trend: Interactions of each day.
    """

    tenant_id: int
    slug: str
    name: str
    interactions: int
    agents: int
    jobs: int
    storage_bytes: int
    trend: tuple[int, ...]


class JobCounts:
    """Jobs that this process has executed for tenants, written in batches."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, date]] = Counter()

    def add(self, tenant_id: int) -> None:
        """One more."""
        self._counts[tenant_id, datetime.now(UTC).date()] += 1

    def counting(self, run: RunInTenant) -> RunInTenant:
        """The same, with each job counted that was done for a tenant; one that was skipped is not."""

        async def run_and_count(job: Job, tenant_id: int | None, arguments: dict[str, Any]) -> str | None:
            skipped = await run(job, tenant_id, arguments)
            if tenant_id is not None and skipped is None:
                self.add(tenant_id)
            return skipped

        return run_and_count

    async def write(self) -> None:
        """Adds what was counted since the last time to the rows; a tenant that is gone is left out."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await execute(
                "INSERT INTO core_usage_day (tenant_id, day, interactions, agents, jobs, storage_bytes) "
                "SELECT counted.tenant_id, counted.day, 0, 0, counted.jobs, 0 "
                "FROM unnest($1::bigint[], $2::date[], $3::int[]) AS counted (tenant_id, day, jobs) "
                "JOIN core_tenant AS tenant ON tenant.id = counted.tenant_id ORDER BY 1, 2 "
                "ON CONFLICT (tenant_id, day) DO UPDATE SET jobs = core_usage_day.jobs + excluded.jobs",
                [tenant_id for tenant_id, _day in counts],
                [day for _tenant_id, day in counts],
                list(counts.values()),
            )
        except Exception:
            self._counts.update(counts)
            raise


# Indexes core_interaction_day (tenant_id, created_at) and core_segment_day (tenant_id, started_at).
_MEASURE = """
INSERT INTO core_usage_day (tenant_id, day, interactions, agents, jobs, storage_bytes)
VALUES ($1, $2,
    (SELECT count(*) FROM core_interaction WHERE tenant_id = $1 AND created_at >= $3 AND created_at < $4),
    (SELECT count(DISTINCT agent_id) FROM core_segment WHERE tenant_id = $1 AND started_at >= $3 AND started_at < $4),
    0, coalesce($5::bigint, 0))
ON CONFLICT (tenant_id, day) DO UPDATE SET interactions = excluded.interactions, agents = excluded.agents,
    storage_bytes = coalesce($5::bigint, core_usage_day.storage_bytes)
"""


async def measure(tenant_id: int, day: date, *, storage_bytes: int | None = None) -> None:
    """Counts what a tenant used on a day, and stores it beside the jobs; None leaves the storage as it is."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    await execute(_MEASURE, tenant_id, day, begin, begin + timedelta(days=1), storage_bytes)


@job("core.measure_usage", coalesce=True, time_limit=120.0, attempts=3)
async def measure_usage(ctx: Context) -> None:
    """The day that is over, and the one that has begun."""
    today = datetime.now(UTC).date()
    storage = await estimate_storage(ctx.tenant.id)
    await measure(ctx.tenant.id, today - timedelta(days=1))
    await measure(ctx.tenant.id, today, storage_bytes=storage)


SCHEDULES = [Schedule(measure_usage, "20 0 * * *")]


async def measure_today(tenant_ids: Sequence[int]) -> None:
    """What these tenants have used today so far, for a page that shows it; storage stays as it was."""
    today = datetime.now(UTC).date()
    for tenant_id in tenant_ids:
        await measure(tenant_id, today)


async def estimate_storage(tenant_id: int) -> int:
    """Bytes that the rows of a tenant take, with their share of the indexes; an estimate."""
    total = 0
    for table in await tenant_tables():
        total += await _storage_in(table, tenant_id)
    return total


async def _storage_in(table: TenantTable, tenant_id: int) -> int:
    """Exact for a few rows; else what the statistics expect, in the size of a sample."""
    sample = await fetch_row(
        f"SELECT count(*) AS rows, coalesce(sum(pg_column_size(line.*)), 0)::bigint AS bytes "  # noqa: S608 - quoted
        f"FROM (SELECT * FROM {table.quoted} WHERE tenant_id = $1 LIMIT $2) AS line",
        tenant_id,
        SAMPLE,
    )
    assert sample is not None  # noqa: S101 - an aggregate gives a row
    if not sample["rows"]:
        return 0
    rows = sample["rows"]
    if rows == SAMPLE:
        rows = max(rows, await estimated_rows(table, tenant_id))
    size = rows * (sample["bytes"] / sample["rows"] + ROW_OVERHEAD)
    return int(size + await _index_share(table, rows))


async def _index_share(table: TenantTable, rows: int) -> float:
    if not table.rows:
        return 0.0
    whole = await fetch_value("SELECT pg_indexes_size($1::text::regclass)", table.quoted)
    return float(whole) * min(1.0, rows / table.rows)


_NOTHING = {"interactions": 0, "agents": 0, "jobs": 0, "storage_bytes": 0}


async def days_of(tenant_id: int | None, first: date, last: date) -> list[Day]:
    """Each day of a span, also those without use: of one tenant, or of all together when None."""
    rows = await fetch(
        "SELECT day, sum(interactions)::bigint AS interactions, sum(agents)::bigint AS agents, "
        "sum(jobs)::bigint AS jobs, sum(storage_bytes)::bigint AS storage_bytes FROM core_usage_day "
        "WHERE day BETWEEN $2 AND $3 AND ($1::bigint IS NULL OR tenant_id = $1) GROUP BY day",
        tenant_id,
        first,
        last,
    )
    known = {row["day"]: row for row in rows}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found: list[Day] = []
    storage = 0
    for day in days:
        row = {**_NOTHING, **known.get(day, {}), "day": day}
        # A day on which nobody has measured yet is as large as the one before.
        storage = row["storage_bytes"] = row["storage_bytes"] or storage
        found.append(Day(**row))
    return found


async def by_tenant(first: date, last: date, *, limit: int = 500) -> list[TenantUsage]:
    """What each tenant used in a span of days, the one with most interactions first."""
    rows = await fetch(
        "SELECT tenant.id AS tenant_id, tenant.slug, tenant.name, "
        "coalesce(sum(day.interactions), 0)::bigint AS interactions, coalesce(max(day.agents), 0) AS agents, "
        "coalesce(sum(day.jobs), 0)::bigint AS jobs, "
        "coalesce((array_agg(day.storage_bytes ORDER BY day.day DESC) FILTER (WHERE day.storage_bytes > 0))[1], 0) "
        "AS storage_bytes FROM core_tenant AS tenant LEFT JOIN core_usage_day AS day "
        "ON day.tenant_id = tenant.id AND day.day BETWEEN $1 AND $2 "
        "GROUP BY tenant.id ORDER BY interactions DESC, lower(tenant.name), tenant.id LIMIT $3",
        first,
        last,
        limit,
    )
    trends = await trends_of([row["tenant_id"] for row in rows], first, last)
    return [TenantUsage(**row, trend=trends[row["tenant_id"]]) for row in rows]


async def trends_of(tenant_ids: Sequence[int], first: date, last: date) -> Mapping[int, tuple[int, ...]]:
    """Interactions of each day of a span, of each of these tenants."""
    rows = await fetch(
        "SELECT tenant_id, day, interactions FROM core_usage_day "
        "WHERE tenant_id = ANY($1::bigint[]) AND day BETWEEN $2 AND $3",
        list(tenant_ids),
        first,
        last,
    )
    known = {(row["tenant_id"], row["day"]): row["interactions"] for row in rows}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return {tenant_id: tuple(known.get((tenant_id, day), 0) for day in days) for tenant_id in tenant_ids}


@dataclass(frozen=True)
class Today:
    """What all tenants do today, counted now.

    Attributes:
        agents: Who is there at this moment.
        waiting: Interactions that nobody has taken yet.
    """

    interactions: int
    agents: int
    waiting: int


async def count_today() -> Today:
    """What goes on at this moment; agents and waiting ones are few, by their indexes."""
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    row = await fetch_row(
        "SELECT (SELECT count(*) FROM core_tenant AS tenant JOIN core_interaction AS interaction "
        "ON interaction.tenant_id = tenant.id AND interaction.created_at >= $1) AS interactions, "
        "(SELECT count(*) FROM core_agent WHERE connected_until > now() AND status <> 'offline') AS agents, "
        "(SELECT count(*) FROM core_interaction WHERE state = 'waiting') AS waiting",
        begin,
    )
    assert row is not None  # noqa: S101 - a SELECT without FROM gives a row
    return Today(**row)


async def lines(tenant_id: int | None, first: date, last: date, *, limit: int) -> list[tuple[object, ...]]:
    """Day, short name, name, interactions, agents, jobs and bytes of each tenant and day that was measured."""
    rows = await fetch(
        "SELECT day.day, tenant.slug, tenant.name, day.interactions, day.agents, day.jobs, day.storage_bytes "
        "FROM core_usage_day AS day JOIN core_tenant AS tenant ON tenant.id = day.tenant_id "
        "WHERE day.day BETWEEN $2 AND $3 AND ($1::bigint IS NULL OR day.tenant_id = $1) "
        "ORDER BY day.day, tenant.slug LIMIT $4",
        tenant_id,
        first,
        last,
        limit,
    )
    return [tuple(row.values()) for row in rows]
