"""Background work: what has happened is collected, sent, and in the end removed."""

from __future__ import annotations

from switchroom import Context, Event, job
from switchroom.jobs import Schedule
from switchroom_webhooks import cleaning, collecting, sending


@job("webhooks.collect", on=(Event.FACT_RECORDED,))
async def collect(ctx: Context, fact_id: int) -> None:
    """Puts a fact into the lines of the endpoints that are told of it."""
    await collecting.collect(ctx, fact_id)


@job("webhooks.send", time_limit=sending.RUN_SECONDS + 60)
async def send(ctx: Context, endpoint_id: int) -> None:
    """Sends what is due to one endpoint."""
    await sending.send_due(ctx, endpoint_id)


@job("webhooks.clean", time_limit=cleaning.RUN_SECONDS + 60)
async def clean(ctx: Context) -> None:
    """Removes what is older than the log is kept."""
    await cleaning.clean(ctx)


JOBS = [collect, send, clean]
SCHEDULES = [Schedule(clean, "23 3 * * *")]
