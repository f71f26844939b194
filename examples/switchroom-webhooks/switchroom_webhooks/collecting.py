"""Puts what has happened into the lines of the endpoints that are told of it.

Each fact comes as a job of its own, so none is lost; but jobs of two facts may run in any order. The facts of one
interaction, though, are recorded in the order of their ids: whoever changes an interaction has it locked. So the job of
any fact takes all facts of its line that nobody has taken yet, and the jobs of those find nothing left to do.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

from switchroom import Context
from switchroom.database import execute, fetch_row, transaction
from switchroom.errors import NotFound
from switchroom.facts import Fact, facts_of_agent, facts_of_interaction, get_fact
from switchroom_webhooks.endpoints import TOPIC, get_endpoint
from switchroom_webhooks.events import EVERYTHING, PING, describe, line_of, type_of
from switchroom_webhooks.models import Delivery, Endpoint, EndpointState
from switchroom_webhooks.settings import TenantSettings
from switchroom_webhooks.waking import wake, wake_at

LONGEST_TRANSACTION = timedelta(hours=1)
"""A fact carries the time at which its transaction began, which may be before that of an earlier fact."""

PING_LINE = "ping"

_LINE = """
INSERT INTO webhooks_line (tenant_id, endpoint_id, key, last_fact_id, claim, touched_at)
VALUES ($1, $2, $3, 0, 0, now())
ON CONFLICT (endpoint_id, key) DO UPDATE SET key = excluded.key -- which locks the row
RETURNING id, last_fact_id, last_fact_at
"""


async def collect(ctx: Context, fact_id: int) -> None:
    """Adds deliveries of a fact, and of the earlier ones of its line, to the endpoints that are told of them."""
    endpoints = await Endpoint.exclude(state=EndpointState.OFF).order_by("id")
    if not endpoints:
        return
    try:
        fact = await get_fact(ctx, fact_id)
    except NotFound:
        return
    for endpoint in endpoints:
        if _is_told(endpoint, fact):
            async with transaction():
                await _collect_for(ctx, endpoint, fact)


async def ping(ctx: Context, endpoint_id: int) -> int:
    """Sends a test to an endpoint, once, whatever its state; gives the id of the delivery.

    Raises:
        NotFound: There is no such endpoint.
    """
    async with transaction():
        endpoint = await get_endpoint(endpoint_id)
        line = await fetch_row(_LINE, ctx.tenant.id, endpoint.id, PING_LINE)
        assert line is not None  # noqa: S101 - the statement gives the row
        event = {"type": PING, "timestamp": datetime.now(UTC).isoformat(), "data": {"tenant": ctx.tenant.slug}}
        delivery = await _add(endpoint, line["id"], PING, json.dumps(event), attempts=1)
        await _make_due(ctx, line["id"])
        await wake_at(ctx, endpoint.id)
        await ctx.publish(TOPIC)
    delivery_id: int = delivery.id
    return delivery_id


async def _collect_for(ctx: Context, endpoint: Endpoint, fact: Fact) -> None:
    settings: TenantSettings = ctx.settings
    line = await fetch_row(_LINE, ctx.tenant.id, endpoint.id, line_of(fact))
    assert line is not None  # noqa: S101 - the statement gives the row
    if line["last_fact_id"] >= fact.id:
        return
    facts = await _not_taken(ctx, endpoint, fact, line["last_fact_id"], line["last_fact_at"])
    wanted = [each for each in facts if _is_told(endpoint, each)]
    for each in wanted:
        event = await describe(ctx, each, include_contact=settings.include_contact)
        body = json.dumps(event, ensure_ascii=False)
        await _add(endpoint, line["id"], type_of(each), body, settings.attempts)
    await execute(
        "UPDATE webhooks_line SET last_fact_id = $3, last_fact_at = $4, touched_at = now() "
        "WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        line["id"],
        facts[-1].id,
        facts[-1].at,
    )
    if wanted:
        await _make_due(ctx, line["id"])
        if endpoint.state == EndpointState.ACTIVE:
            await wake(ctx, endpoint.id)
        await ctx.publish(TOPIC)


async def _not_taken(
    ctx: Context, endpoint: Endpoint, fact: Fact, last_id: int, last_at: datetime | None
) -> list[Fact]:
    """The facts of a line that have not been looked at, in order; `fact` is among them."""
    kept = datetime.now(UTC) - timedelta(days=ctx.settings.keep_days)
    # An empty line is removed when nothing has happened for as long as the log is kept: what is older was in it.
    since = max(last_at - LONGEST_TRANSACTION if last_at else _told_since(endpoint), kept)
    if fact.interaction_id is not None:
        found = await facts_of_interaction(ctx, fact.interaction_id, after=last_id, since=since)
    elif fact.agent_id is not None:
        found = await facts_of_agent(ctx, fact.agent_id, after=last_id, since=since)
    else:
        found = []
    return found if any(each.id == fact.id for each in found) else [*found, fact]


def _is_told(endpoint: Endpoint, fact: Fact) -> bool:
    since = endpoint.events.get(type_of(fact)) or endpoint.events.get(EVERYTHING)
    return since is not None and fact.at >= datetime.fromisoformat(since)


def _told_since(endpoint: Endpoint) -> datetime:
    return min(datetime.fromisoformat(since) for since in endpoint.events.values())


async def _add(endpoint: Endpoint, line_id: int, event: str, body: str, attempts: int) -> Delivery:
    return await Delivery.create(
        endpoint_id=endpoint.id,
        line_id=line_id,
        message_id=f"msg_{uuid.uuid4().hex}",
        event=event,
        body=body,
        last_attempt=attempts,
        created_at=datetime.now(UTC),
    )


async def _make_due(ctx: Context, line_id: int) -> None:
    """Lets the line be sent, unless it waits for another attempt already."""
    await execute(
        "UPDATE webhooks_line SET due_at = coalesce(due_at, now()) WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        line_id,
    )
