"""Background jobs that need attention."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from litestar import delete, get, post
from litestar.params import QueryParameter

from core.accounts.permissions import MANAGE_PLUGINS
from core.api.paging import Cursor, Limit, Page, page_of, read_cursor
from core.api.shapes import Answer, Id, Time
from core.attention import MOST, discard_job, retry_job, troubled_jobs
from core.plugins.context import Context


class StoppedState(StrEnum):
    """Why nothing will do the job any more by itself."""

    DEAD = "dead"
    SKIPPED = "skipped"


class StoppedJob(Answer):
    """A job that was given up."""

    id: int
    name: str
    """`<plugin>.<what>`."""
    state: StoppedState
    """`dead` when it has failed too often, `skipped` when its plugin or the organisation was off."""
    attempts: int
    error: str
    created_at: Time
    since: Time
    """When it was given up."""


@get("/jobs", permission=MANAGE_PLUGINS, tags=["jobs"])
async def list_stopped_jobs(
    ctx: Context,
    in_state: Annotated[
        StoppedState | None, QueryParameter(name="state", description="Those of one state alone.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[StoppedJob]:
    """Lists the background jobs that were given up, the newest first."""
    before = read_cursor(cursor, int)
    limit = min(limit, MOST - 1)
    found = await troubled_jobs(
        ctx.tenant.id,
        state=in_state.value if in_state else "",
        before_id=before[0] if before else None,
        limit=limit + 1,
    )
    return page_of(StoppedJob, found, limit, lambda job: (job.id,))


@post("/jobs/{job_id:int}/retry", permission=MANAGE_PLUGINS, status_code=204, tags=["jobs"])
async def retry_stopped_job(ctx: Context, job_id: Id) -> None:
    """Has a job that was given up done now."""
    await retry_job(ctx.tenant.id, ctx.actor, job_id)


@delete("/jobs/{job_id:int}", permission=MANAGE_PLUGINS, tags=["jobs"])
async def discard_stopped_job(ctx: Context, job_id: Id) -> None:
    """Deletes a job that was given up."""
    await discard_job(ctx.tenant.id, ctx.actor, job_id)


HANDLERS = [list_stopped_jobs, retry_stopped_job, discard_stopped_job]
