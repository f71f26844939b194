"""Makes the job that sends run when there is something to send."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from switchroom.database import fetch_row

if TYPE_CHECKING:
    from switchroom import Context

# By index webhooks_line_due.
_NEXT = """
SELECT endpoint.quiet_until, (
    SELECT min(line.due_at) FROM webhooks_line AS line
    WHERE line.tenant_id = $1 AND line.endpoint_id = endpoint.id AND line.due_at IS NOT NULL
) AS due_at
FROM webhooks_endpoint AS endpoint WHERE endpoint.tenant_id = $1 AND endpoint.id = $2
"""


async def wake(ctx: Context, endpoint_id: int) -> None:
    """Enqueues the sending of what waits for an endpoint, for when the first of it is due.

    Part of the caller's transaction. Of several waiting jobs of one endpoint the earliest is kept.
    """
    row = await fetch_row(_NEXT, ctx.tenant.id, endpoint_id)
    if row is not None and row["due_at"] is not None:
        await wake_at(ctx, endpoint_id, max(row["due_at"], row["quiet_until"] or row["due_at"]))


async def wake_at(ctx: Context, endpoint_id: int, moment: datetime | None = None) -> None:
    """Enqueues the sending of what waits for an endpoint; None is at once."""
    from switchroom_webhooks.jobs import send  # the job calls what wakes it

    await ctx.enqueue(send, at=moment, key=f"endpoint:{endpoint_id}", endpoint_id=endpoint_id)
