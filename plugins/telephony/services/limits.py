"""How many calls one address may begin, and how many callers may wait."""

from __future__ import annotations

import hashlib

from plugins.telephony.errors import LinesBusy
from plugins.telephony.legs import count_waiting
from switchroom import Context
from switchroom.database import execute, fetch_row
from switchroom.errors import TooManyRequests
from switchroom.locale import mark


async def check_rate(ctx: Context, address: str) -> None:
    """Counts a call of this address.

    Raises:
        TooManyRequests: The address has begun as many within this minute as it may.
    """
    key = hashlib.sha256(f"{ctx.tenant.id} {address}".encode()).hexdigest()
    row = await fetch_row(
        "INSERT INTO telephony_call_rate (tenant_id, address, minute, calls) "
        "VALUES ($1, $2, date_trunc('minute', now()), 1) "
        "ON CONFLICT (tenant_id, address, minute) DO UPDATE SET calls = telephony_call_rate.calls + 1 "
        "RETURNING calls, ceil(extract(epoch FROM minute + interval '1 minute' - now()))::int AS left",
        ctx.tenant.id,
        key,
    )
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives the row
    if row["calls"] == 1:
        await execute(
            "DELETE FROM telephony_call_rate WHERE tenant_id = $1 AND minute < now() - interval '10 minutes'",
            ctx.tenant.id,
        )
    if row["calls"] > ctx.settings.calls_per_minute:
        raise TooManyRequests(
            mark("Too many calls were begun from your network."),
            retry_after=max(1, row["left"]),
            mend=mark("Please try again in a minute."),
        )


async def check_room(ctx: Context) -> None:
    """Raises `LinesBusy` when as many callers wait as may; calls that begin at the same instant may exceed it."""
    if await count_waiting(ctx) >= ctx.settings.max_waiting:
        raise LinesBusy(mark("Too many callers are waiting."), mend=mark("Please try again in a few minutes."))
