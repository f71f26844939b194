"""Removes what the log need not keep any longer, a few rows at a time."""

from __future__ import annotations

import time

from switchroom import Context
from switchroom.database import execute, transaction
from switchroom_webhooks.endpoints import all_endpoints
from switchroom_webhooks.models import EndpointState
from switchroom_webhooks.waking import wake

BATCH = 1000
RUN_SECONDS = 60.0

# What has waited for as long as the log is kept will not be wanted any more: it goes as well. By index
# webhooks_delivery_age.
_OLD_DELIVERIES = """
DELETE FROM webhooks_delivery WHERE tenant_id = $1 AND id IN (
    SELECT id FROM webhooks_delivery WHERE tenant_id = $1 AND created_at < now() - make_interval(days => $2)
    ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
"""
# By index webhooks_line_touched.
_EMPTY_LINES = """
DELETE FROM webhooks_line AS line WHERE line.tenant_id = $1 AND line.id IN (
    SELECT old.id FROM webhooks_line AS old
    WHERE old.tenant_id = $1 AND old.touched_at < now() - make_interval(days => $2)
    AND NOT EXISTS (SELECT FROM webhooks_delivery AS delivery WHERE delivery.line_id = old.id)
    ORDER BY old.touched_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
"""


async def clean(ctx: Context) -> None:
    """Removes old deliveries and empty lines, and wakes endpoints whose work nobody has taken."""
    ends = time.monotonic() + RUN_SECONDS
    for statement in (_OLD_DELIVERIES, _EMPTY_LINES):
        while time.monotonic() < ends:
            if await execute(statement, ctx.tenant.id, ctx.settings.keep_days, BATCH) < BATCH:
                break
    await wake_all(ctx)


async def wake_all(ctx: Context) -> None:
    """Enqueues the sending of what waits for each endpoint: after the plugin was off, its jobs are gone."""
    for endpoint in await all_endpoints():
        if endpoint.state == EndpointState.ACTIVE:
            async with transaction():
                await wake(ctx, endpoint.id)
