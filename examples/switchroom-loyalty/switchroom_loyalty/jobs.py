"""Background work: points expire at night, and the partner hears of balances."""

from __future__ import annotations

from switchroom import Context, job
from switchroom.jobs import Schedule
from switchroom_loyalty import partner, points


@job("loyalty.expire", time_limit=600)
async def expire(ctx: Context) -> None:
    """Takes points that have expired."""
    count = await points.expire(ctx)
    if count:
        ctx.log.info("loyalty_points_expired", members=count)


@job("loyalty.report")
async def report(ctx: Context, member_id: int) -> None:
    """Tells the partner programme a member's balance."""
    await partner.tell(ctx, member_id)


JOBS = [expire, report]
SCHEDULES = [Schedule(expire, "10 2 * * *")]
