"""Jobs that were not done stay with their reason, and somebody can have them done, or put them away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core import app as core_app
from core import attention
from core.audit.log import entries
from core.database.connection import execute, fetch
from core.errors import NotFound
from core.jobs.outbox import Entry, enqueue
from core.jobs.presence import Presence
from core.jobs.registry import Job, JobRegistry
from core.jobs.scheduler import Scheduler
from core.jobs.worker import PLUGIN_OFF, TENANT_SUSPENDED, JobRunner, open_broker
from core.plugin_lifecycle import disable_plugin
from core.plugins.context import SYSTEM, Actor, ActorKind, Context, Platform
from core.tenancy.context import TenantRef

pytestmark = pytest.mark.anyio

OPERATOR = Actor(ActorKind.OPERATOR, operator_id=1, name="Olga")


class Deliver:
    """A job of telephony that counts its runs."""

    def __init__(self) -> None:
        self.runs: list[int] = []

    async def __call__(self, _ctx: Context, number: int = 0) -> None:
        self.runs.append(number)


@asynccontextmanager
async def at_work(platform: Platform, dsn: str, deliver: Deliver) -> AsyncIterator[None]:
    """A scheduler and a worker that know the job `telephony.deliver`."""
    registry = JobRegistry([Job("telephony.deliver", deliver)])
    runner = JobRunner(open_broker(None), registry, core_app._run_in_tenant(platform), Presence(dsn))
    scheduler = Scheduler(dsn, runner.send)
    runner.start(2)
    await scheduler.start()
    try:
        yield
    finally:
        await scheduler.stop()
        await runner.stop()


async def settled(name: str = "telephony.deliver") -> list[dict[str, Any]]:
    """The rows of a job, once none is due or at work."""
    async with asyncio.timeout(10):
        while True:
            rows = await fetch("SELECT id, state, error, key FROM core_job WHERE name = $1 ORDER BY id", name)
            if all(row["state"] in ("dead", "skipped") for row in rows):
                return rows
            await asyncio.sleep(0.01)


async def give_up(
    tenant_id: int | None, state: str = "dead", name: str = "telephony.deliver", key: str | None = None
) -> int:
    rows = await fetch(
        "INSERT INTO core_job (tenant_id, name, arguments, key, due_at, state, attempt, started, error, created_at) "
        "VALUES ($1, $2, '{\"number\": 7}', $4, now(), $3, 10, true, 'It failed.', now()) RETURNING id",
        tenant_id,
        name,
        state,
        key,
    )
    return int(rows[0]["id"])


async def test_a_job_of_a_plugin_that_was_switched_off_since_is_skipped_with_the_reason(
    platform: Platform, ctx: Context, database_url: str
) -> None:
    deliver = Deliver()
    await enqueue(Entry("telephony.deliver", ctx.tenant.id, {"number": 1}))
    await disable_plugin(platform, ctx, "telephony")

    async with at_work(platform, database_url, deliver):
        rows = await settled()

    assert [(row["state"], row["error"]) for row in rows] == [("skipped", PLUGIN_OFF)]
    assert deliver.runs == []


async def test_a_job_of_a_suspended_tenant_is_skipped_and_done_once_it_is_resumed(
    platform: Platform, ctx: Context, database_url: str
) -> None:
    deliver = Deliver()
    await enqueue(Entry("telephony.deliver", ctx.tenant.id, {"number": 1}))
    await execute("UPDATE core_tenant SET suspended = true WHERE id = $1", ctx.tenant.id)

    async with at_work(platform, database_url, deliver):
        assert [row["error"] for row in await settled()] == [TENANT_SUSPENDED]
        await execute("UPDATE core_tenant SET suspended = false WHERE id = $1", ctx.tenant.id)
        assert await attention.resume_jobs(ctx.tenant.id) == 1
        assert await settled() == []

    assert deliver.runs == [1]


async def test_a_job_of_a_tenant_that_is_gone_leaves_nothing(platform: Platform, database_url: str) -> None:
    await enqueue(Entry("telephony.deliver", 4711, {}))

    async with at_work(platform, database_url, Deliver()):
        assert await settled() == []


async def test_what_is_skipped_again_and_again_is_listed_once(
    platform: Platform, ctx: Context, database_url: str
) -> None:
    await disable_plugin(platform, ctx, "telephony")
    async with at_work(platform, database_url, Deliver()):
        for _ in range(3):
            await enqueue(Entry("telephony.deliver", ctx.tenant.id, {}, key="once"))
            rows = await settled()

    assert len(rows) == 1


async def test_the_list_shows_a_tenants_own_by_plugin_and_state_page_by_page(
    ctx: Context, other_tenant: TenantRef
) -> None:
    dead = [await give_up(ctx.tenant.id) for _ in range(3)]
    skipped = await give_up(ctx.tenant.id, "skipped", "wrapup.x")
    theirs = await give_up(other_tenant.id)

    own = await attention.troubled_jobs(ctx.tenant.id)
    assert [job.id for job in own] == [skipped, *reversed(dead)]
    assert (own[0].plugin, own[0].state, own[0].error, own[0].arguments) == (
        "wrapup", "skipped", "It failed.", {"number": 7},
    )  # fmt: skip
    assert [job.id for job in await attention.troubled_jobs(ctx.tenant.id, plugin="telephony", limit=2)] == dead[:0:-1]
    assert [job.id for job in await attention.troubled_jobs(ctx.tenant.id, before_id=dead[1])] == dead[:1]
    assert next(job.id for job in await attention.troubled_jobs(None, state="dead")) == theirs
    assert [
        (count.plugin, count.state, count.jobs) for count in await attention.count_troubled_jobs(ctx.tenant.id)
    ] == [
        ("telephony", "dead", 3),
        ("wrapup", "skipped", 1),
    ]


async def test_a_job_is_tried_again_from_its_first_attempt(platform: Platform, ctx: Context, database_url: str) -> None:
    deliver = Deliver()
    row = await give_up(ctx.tenant.id)

    await attention.retry_job(ctx.tenant.id, OPERATOR, row)
    async with at_work(platform, database_url, deliver):
        assert await settled() == []

    assert deliver.runs == [7]
    entry = (await entries(ctx.tenant.id, action="core.job_retried"))[0]
    assert (entry.subject_name, entry.actor_name, entry.before) == ("telephony.deliver", "Olga", {"state": "dead"})


async def test_retrying_keyed_work_that_is_due_already_leaves_one_row(ctx: Context) -> None:
    await enqueue(Entry("telephony.deliver", ctx.tenant.id, {}, key="k"))
    await attention.retry_job(ctx.tenant.id, SYSTEM, await give_up(ctx.tenant.id, key="k"))

    assert [row["state"] for row in await fetch("SELECT state FROM core_job WHERE key = 'k'")] == ["due"]


async def test_a_job_is_put_away(ctx: Context) -> None:
    row = await give_up(ctx.tenant.id)

    await attention.discard_job(ctx.tenant.id, SYSTEM, row)

    assert await attention.troubled_jobs(ctx.tenant.id) == []
    with pytest.raises(NotFound):
        await attention.discard_job(ctx.tenant.id, SYSTEM, row)


async def test_nobody_touches_jobs_of_another_tenant_nor_such_as_are_under_way(
    ctx: Context, other_tenant: TenantRef
) -> None:
    theirs = await give_up(other_tenant.id)
    under_way = await give_up(ctx.tenant.id, "sent")

    for row in (theirs, under_way):
        with pytest.raises(NotFound):
            await attention.retry_job(ctx.tenant.id, SYSTEM, row)
        with pytest.raises(NotFound):
            await attention.discard_job(ctx.tenant.id, SYSTEM, row)
    await attention.retry_job(None, OPERATOR, theirs)


async def test_all_of_a_plugin_are_tried_again_or_put_away_at_once(ctx: Context, other_tenant: TenantRef) -> None:
    for _ in range(3):
        await give_up(ctx.tenant.id)
    await give_up(ctx.tenant.id, "skipped")
    await give_up(ctx.tenant.id, "dead", "wrapup.x")
    await give_up(other_tenant.id)

    assert await attention.retry_jobs(ctx.tenant.id, SYSTEM, "telephony", "dead") == 3
    assert await attention.discard_jobs(ctx.tenant.id, SYSTEM, "telephony", "skipped") == 1

    assert [job.name for job in await attention.troubled_jobs(ctx.tenant.id)] == ["wrapup.x"]
    assert len(await attention.troubled_jobs(other_tenant.id)) == 1
    assert (await entries(ctx.tenant.id, action="core.jobs_retried"))[0].after == {"state": "dead", "jobs": 3}
