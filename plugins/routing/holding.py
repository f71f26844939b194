"""One change of queues and skills at a time, so that who serves a queue is reckoned from what is there."""

from __future__ import annotations

from switchroom import Context
from switchroom.database import execute


async def hold_settings(ctx: Context) -> None:
    """Keeps everybody else of the tenant from changing queues, skills or who serves what until the transaction ends.

    Asked for before any row is locked. Those who wait in queues, and those who serve them, go on.
    """
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('routing:settings', $1))", ctx.tenant.id)
