"""What was sent: a list to page through, one delivery with its attempts, sending again, and the figures of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from switchroom import Context
from switchroom.audit import record
from switchroom.database import execute, fetch, fetch_row, fetch_value, transaction
from switchroom.errors import Conflict, NotFound
from switchroom.locale import gettext as _
from switchroom_webhooks.endpoints import TOPIC, get_endpoint
from switchroom_webhooks.models import Attempt, Delivery, DeliveryState
from switchroom_webhooks.waking import wake

PAGE = 50


@dataclass(frozen=True)
class DeliveryView:
    """A delivery in the list.

    Attributes:
        due_at: When it is tried next, if it is the first of its line; None for one that is finished.
        status: Of the last answer.
        problem: Of the last attempt, a `Problem`; empty when it arrived.
        detail: What belongs to the problem.
    """

    id: int
    endpoint_id: int
    url: str
    event: str
    message_id: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    due_at: datetime | None
    status: int | None
    milliseconds: int | None
    problem: str
    detail: str


@dataclass(frozen=True)
class DeliveryPage:
    """A part of the list.

    Attributes:
        older: The id to go on before; None at the end.
    """

    items: list[DeliveryView]
    older: int | None


@dataclass(frozen=True)
class Figures:
    """How the last 24 hours went, and what is to be done."""

    delivered: int
    failed: int
    waiting: int
    dead: int
    median_milliseconds: int | None

    @property
    def success(self) -> int | None:
        """The share of attempts that arrived, in per cent; None without any."""
        total = self.delivered + self.failed
        return 100 * self.delivered // total if total else None


_VIEW = """
SELECT delivery.id, delivery.endpoint_id, endpoint.url, delivery.event, delivery.message_id, delivery.state,
    delivery.attempts, delivery.created_at, delivery.finished_at,
    CASE WHEN delivery.state = 'waiting' THEN line.due_at END AS due_at,
    last.status, last.milliseconds, coalesce(last.problem, '') AS problem, coalesce(last.detail, '') AS detail
FROM webhooks_delivery AS delivery
JOIN webhooks_endpoint AS endpoint ON endpoint.tenant_id = delivery.tenant_id AND endpoint.id = delivery.endpoint_id
JOIN webhooks_line AS line ON line.tenant_id = delivery.tenant_id AND line.id = delivery.line_id
LEFT JOIN webhooks_attempt AS last ON last.tenant_id = delivery.tenant_id AND last.delivery_id = delivery.id
    AND last.number = delivery.attempts
WHERE delivery.tenant_id = $1
"""


async def deliveries(
    ctx: Context,
    *,
    state: DeliveryState | None = None,
    endpoint_id: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> DeliveryPage:
    """The newest deliveries, older than `before`.

    Args:
        ctx: Whose.
        state: Only those in this state.
        endpoint_id: Only those to this endpoint.
        before: Only those with a lower id.
        limit: How many at most.
    """
    conditions, values = _chosen(ctx, state, endpoint_id, before)
    # Index webhooks_delivery_of, _state or _log, by what is asked for.
    rows = await fetch(
        f"{_VIEW}{conditions} ORDER BY delivery.id DESC LIMIT {int(limit) + 1}",
        *values,
    )
    items = [_view(row) for row in rows[:limit]]
    return DeliveryPage(items, items[-1].id if len(rows) > limit else None)


async def get_delivery(ctx: Context, delivery_id: int) -> tuple[DeliveryView, str, list[Attempt]]:
    """A delivery, its body, and its attempts, the newest first.

    Raises:
        NotFound: The tenant has none of that id.
    """
    row = await fetch_row(f"{_VIEW} AND delivery.id = $2", ctx.tenant.id, delivery_id)
    if row is None:
        raise NotFound(_("There is no such delivery."))
    body: str = await fetch_value(
        "SELECT body FROM webhooks_delivery WHERE tenant_id = $1 AND id = $2", ctx.tenant.id, delivery_id
    )
    return _view(row), body, await Attempt.filter(delivery_id=delivery_id).order_by("-number")


async def replay(ctx: Context, delivery_id: int) -> None:
    """Sends a finished delivery again, with the same id and in its place in the line.

    Raises:
        NotFound: The tenant has none of that id.
        Conflict: It waits to be sent already.
    """
    async with transaction():
        delivery = await Delivery.get_or_none(id=delivery_id)
        if delivery is None:
            raise NotFound(_("There is no such delivery."))
        await _lock_line(ctx, delivery.line_id)
        if not await _revive(ctx, [delivery_id], DeliveryState(delivery.state)):
            raise Conflict(_("This delivery waits to be sent already."))
        await wake(ctx, delivery.endpoint_id)
        await record(
            ctx, "webhooks.replayed", subject=f"webhooks:delivery:{delivery_id}", subject_name=delivery.message_id
        )
        await ctx.publish(TOPIC)


async def replay_dead(ctx: Context, endpoint_id: int) -> int:
    """Sends all dead deliveries of an endpoint again, in order; gives their number.

    Raises:
        NotFound: The tenant has no such endpoint.
    """
    async with transaction():
        endpoint = await get_endpoint(endpoint_id)
        lines = await fetch(
            "SELECT DISTINCT line_id FROM webhooks_delivery WHERE tenant_id = $1 AND endpoint_id = $2 "
            "AND state = 'dead' ORDER BY line_id",
            ctx.tenant.id,
            endpoint_id,
        )
        for line in lines:
            await _lock_line(ctx, line["line_id"])
        dead: list[int] = await fetch_value(
            "SELECT coalesce(array_agg(id), '{}') FROM webhooks_delivery WHERE tenant_id = $1 AND state = 'dead' "
            "AND line_id = any($2::bigint[])",
            ctx.tenant.id,
            [line["line_id"] for line in lines],
        )
        count = await _revive(ctx, dead, DeliveryState.DEAD)
        if count:
            await wake(ctx, endpoint_id)
            subject = f"webhooks:endpoint:{endpoint_id}"
            await record(
                ctx,
                "webhooks.dead_replayed",
                subject=subject,
                subject_name=endpoint.url[:200],
                after={"deliveries": count},
            )
            await ctx.publish(TOPIC)
    return count


# By indexes webhooks_attempt_at, webhooks_delivery_first and webhooks_delivery_state.
_FIGURES = """
SELECT
    count(*) FILTER (WHERE attempt.milliseconds IS NOT NULL AND attempt.problem = '') AS delivered,
    count(*) FILTER (WHERE attempt.problem <> '') AS failed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY attempt.milliseconds) AS median_milliseconds,
    (SELECT count(*) FROM webhooks_delivery WHERE tenant_id = $1 AND state = 'waiting') AS waiting,
    (SELECT count(*) FROM webhooks_delivery WHERE tenant_id = $1 AND state = 'dead') AS dead
FROM webhooks_attempt AS attempt WHERE attempt.tenant_id = $1 AND attempt.at >= now() - interval '24 hours'
"""


async def figures(ctx: Context) -> Figures:
    """The figures that pages and the API show."""
    row = await fetch_row(_FIGURES, ctx.tenant.id)
    assert row is not None  # noqa: S101 - an aggregate gives a row
    median = row.pop("median_milliseconds")
    return Figures(**row, median_milliseconds=None if median is None else round(median))


def _chosen(
    ctx: Context, state: DeliveryState | None, endpoint_id: int | None, before: int | None
) -> tuple[str, list[object]]:
    values: list[object] = [ctx.tenant.id]
    conditions = ""
    for column, operator, value in (
        ("state", "=", state.value if state else None),
        ("endpoint_id", "=", endpoint_id),
        ("id", "<", before),
    ):
        if value is not None:
            values.append(value)
            conditions += f" AND delivery.{column} {operator} ${len(values)}"
    return conditions, values


def _view(row: dict[str, object]) -> DeliveryView:
    return DeliveryView(**{**row, "state": DeliveryState(str(row["state"]))})  # type: ignore[arg-type]


async def _lock_line(ctx: Context, line_id: int) -> None:
    await execute("SELECT FROM webhooks_line WHERE tenant_id = $1 AND id = $2 FOR UPDATE", ctx.tenant.id, line_id)


async def _revive(ctx: Context, ids: list[int], state: DeliveryState) -> int:
    """Lets finished deliveries, whose lines are locked, wait again, with as many attempts as new ones have."""
    if state is DeliveryState.WAITING:
        return 0
    revived = await fetch(
        "UPDATE webhooks_delivery SET state = 'waiting', finished_at = NULL, last_attempt = attempts + $3 "
        "WHERE tenant_id = $1 AND id = any($2::bigint[]) AND state <> 'waiting' RETURNING line_id",
        ctx.tenant.id,
        ids,
        ctx.settings.attempts,
    )
    await execute(
        "UPDATE webhooks_line SET due_at = least(coalesce(due_at, now()), now()), touched_at = now() "
        "WHERE tenant_id = $1 AND id = any($2::bigint[])",
        ctx.tenant.id,
        sorted({row["line_id"] for row in revived}),
    )
    return len(revived)
