"""Sends what waits: of each line the first delivery, and the next one only when that has arrived or is dead.

Whoever sends takes a line by putting off when it is due, in one statement that skips lines which others are taking. If
he dies, the line is due again by itself; if he is merely late, `claim` tells that his answer no longer counts.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from switchroom import Context
from switchroom.database import execute, fetch, fetch_row, transaction
from switchroom_webhooks.collecting import PING_LINE
from switchroom_webhooks.endpoints import TOPIC, keys_of, pause
from switchroom_webhooks.models import Endpoint, EndpointState
from switchroom_webhooks.posting import GONE, Answer, post
from switchroom_webhooks.problems import PauseReason
from switchroom_webhooks.settings import InstallationSettings, TenantSettings
from switchroom_webhooks.signing import signed_headers
from switchroom_webhooks.waking import wake

PARALLEL = 4
"""Lines of one endpoint that one run sends at the same time."""
RUN_SECONDS = 20.0
"""After which a run hands over to the next one, so that no endpoint holds a worker for long."""
CLAIM_MARGIN_SECONDS = 20
GROWTH = 3
"""How much longer each pause is than the one before."""
LONGEST_PAUSE_SECONDS = 6 * 3600
LONGEST_QUIET_SECONDS = 300
FEWEST_FAILURES = 5
"""An endpoint is not paused for fewer, however long ago the first was."""
USER_AGENT = "Switchroom-Webhooks/0.1"

# Takes lines and counts the attempt. By indexes webhooks_line_due and webhooks_delivery_first.
_CLAIM = """
WITH due AS (
    SELECT id FROM webhooks_line
    WHERE tenant_id = $1 AND endpoint_id = $2 AND due_at <= now() AND ($5 OR key = $6)
    ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE webhooks_line AS line SET due_at = now() + make_interval(secs => $4), claim = line.claim + 1
    FROM due WHERE line.id = due.id RETURNING line.id, line.claim
), started AS (
    UPDATE webhooks_delivery AS delivery SET attempts = delivery.attempts + 1
    FROM taken WHERE delivery.state = 'waiting' AND delivery.id = (
        SELECT first.id FROM webhooks_delivery AS first
        WHERE first.line_id = taken.id AND first.state = 'waiting' ORDER BY first.id LIMIT 1
    )
    RETURNING delivery.id, delivery.line_id, delivery.message_id, delivery.body, delivery.attempts,
        delivery.last_attempt
), noted AS (
    INSERT INTO webhooks_attempt (tenant_id, delivery_id, number, at, problem, detail, answer)
    SELECT $1, id, attempts, now(), '', '', '' FROM started
)
SELECT taken.id AS line_id, taken.claim, started.id AS delivery_id, started.message_id, started.body,
    started.attempts AS number, started.last_attempt
FROM taken LEFT JOIN started ON started.line_id = taken.id
"""


@dataclass(frozen=True)
class Claim:
    """A delivery that is this worker's to send."""

    line_id: int
    claim: int
    delivery_id: int
    message_id: str
    body: str
    number: int
    last_attempt: int


async def send_due(ctx: Context, endpoint_id: int) -> None:
    """Sends what is due to an endpoint, until nothing is or the time of a run is over; then plans the next run."""
    ends = time.monotonic() + RUN_SECONDS
    while time.monotonic() < ends:
        endpoint = await Endpoint.get_or_none(id=endpoint_id)
        claims = await _claim(ctx, endpoint) if endpoint is not None else []
        if endpoint is None or not claims:
            break
        answers = await asyncio.gather(*(_send(ctx, endpoint, claim) for claim in claims))
        if any(answer.unwell for answer in answers):
            break
    async with transaction():
        endpoint = await Endpoint.get_or_none(id=endpoint_id)
        if endpoint is not None and endpoint.state == EndpointState.ACTIVE:
            await wake(ctx, endpoint_id)


async def _claim(ctx: Context, endpoint: Endpoint) -> list[Claim]:
    settings: TenantSettings = ctx.settings
    async with transaction():
        rows = await fetch(
            _CLAIM,
            ctx.tenant.id,
            endpoint.id,
            PARALLEL,
            settings.timeout_seconds + CLAIM_MARGIN_SECONDS,
            await _may_send(ctx, endpoint),
            PING_LINE,
        )
        for row in rows:
            if row["delivery_id"] is None:  # what waited in it has been removed, or has just been sent by somebody late
                await _release(ctx, row["line_id"], None)
    return [Claim(**row) for row in rows if row["delivery_id"] is not None]


async def _may_send(ctx: Context, endpoint: Endpoint) -> bool:
    """Whether more than a test may be sent now."""
    if endpoint.state != EndpointState.ACTIVE:
        return False
    row = await fetch_row(
        "SELECT coalesce(quiet_until <= now(), true) AS may FROM webhooks_endpoint WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        endpoint.id,
    )
    return row is not None and bool(row["may"])


async def _send(ctx: Context, endpoint: Endpoint, claim: Claim) -> Answer:
    settings: TenantSettings = ctx.settings
    installation: InstallationSettings = ctx.installation_settings
    headers = signed_headers(keys_of(ctx, endpoint), claim.message_id, int(time.time()), claim.body)
    headers |= {"content-type": "application/json", "user-agent": USER_AGENT}
    answer = await post(endpoint.url, headers, claim.body, settings.timeout_seconds, installation)
    async with transaction():
        # The endpoint before its line, here as everywhere: two transactions never wait for each other.
        await _note_health(ctx, endpoint.id, answer)
        await _note_answer(ctx, claim, answer)
        await ctx.publish(TOPIC)
    return answer


async def _note_answer(ctx: Context, claim: Claim, answer: Answer) -> None:
    await execute(
        "UPDATE webhooks_attempt SET status = $4, milliseconds = $5, problem = $6, detail = $7, answer = $8 "
        "WHERE tenant_id = $1 AND delivery_id = $2 AND number = $3",
        ctx.tenant.id,
        claim.delivery_id,
        claim.number,
        answer.status,
        answer.milliseconds,
        answer.problem.value if answer.problem else "",
        answer.detail,
        answer.excerpt,
    )
    line = await fetch_row(
        "SELECT claim FROM webhooks_line WHERE tenant_id = $1 AND id = $2 FOR UPDATE", ctx.tenant.id, claim.line_id
    )
    if line is None or line["claim"] != claim.claim:
        ctx.log.info("webhook_answer_late", delivery=claim.delivery_id, attempt=claim.number)
        return
    state = "delivered" if answer.delivered else "dead" if claim.number >= claim.last_attempt else "waiting"
    if state != "waiting":
        await execute(
            "UPDATE webhooks_delivery SET state = $3::text, finished_at = now() "
            "WHERE tenant_id = $1 AND id = $2 AND state = 'waiting'",
            ctx.tenant.id,
            claim.delivery_id,
            state,
        )
    pause_seconds = _pause_before_next(ctx.settings, claim, answer) if state == "waiting" else 0
    await _release(ctx, claim.line_id, pause_seconds)


async def _release(ctx: Context, line_id: int, pause_seconds: float | None) -> None:
    """Makes a line due again after a pause, or never while nothing waits in it."""
    await execute(
        "UPDATE webhooks_line AS line SET touched_at = now(), due_at = CASE WHEN EXISTS ("
        "SELECT FROM webhooks_delivery AS waiting WHERE waiting.line_id = line.id AND waiting.state = 'waiting') "
        "THEN now() + make_interval(secs => $3) END WHERE line.tenant_id = $1 AND line.id = $2",
        ctx.tenant.id,
        line_id,
        pause_seconds or 0.0,
    )


def _pause_before_next(settings: TenantSettings, claim: Claim, answer: Answer) -> float:
    """Each pause is longer than the one before; the last quarter is chance, lest many lines come back at once."""
    tried = max(0, claim.number - 1 - max(0, claim.last_attempt - settings.attempts))
    grown = min(float(settings.first_retry_seconds * GROWTH**tried), float(LONGEST_PAUSE_SECONDS))
    return max(grown * (0.75 + random.random() / 4), float(answer.pause))  # noqa: S311 - no secret


async def _note_health(ctx: Context, endpoint_id: int, answer: Answer) -> None:
    """Remembers whether the endpoint is well; one that has failed for long, or says that it is gone, is paused."""
    if answer.delivered:
        await execute(
            "UPDATE webhooks_endpoint SET failing_since = NULL, failures = 0, quiet_until = NULL "
            "WHERE tenant_id = $1 AND id = $2 AND failing_since IS NOT NULL",
            ctx.tenant.id,
            endpoint_id,
        )
        return
    row = await fetch_row(_FAILED, ctx.tenant.id, endpoint_id, answer.unwell, answer.pause, LONGEST_QUIET_SECONDS)
    if row is None or row["state"] != EndpointState.ACTIVE:
        return
    reason = _reason_to_pause(ctx.settings, answer, row)
    if reason:
        endpoint = await Endpoint.get(id=endpoint_id)
        await pause(ctx, endpoint, reason)


_FAILED = """
UPDATE webhooks_endpoint SET failures = failures + 1, failing_since = coalesce(failing_since, now()),
    quiet_until = CASE WHEN $3 THEN
        now() + make_interval(secs => greatest($4::int, least(power(2, least(failures, 12)), $5::int)))
        ELSE quiet_until END
WHERE tenant_id = $1 AND id = $2
RETURNING state, failures, now() - failing_since AS failing_for
"""


def _reason_to_pause(settings: TenantSettings, answer: Answer, row: dict[str, Any]) -> PauseReason | None:
    if answer.status == GONE:
        return PauseReason.GONE
    if row["failures"] >= FEWEST_FAILURES and row["failing_for"] >= timedelta(hours=settings.pause_after_hours):
        return PauseReason.FAILING
    return None
