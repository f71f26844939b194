"""Endpoints: added, changed, paused and resumed, removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from switchroom import Context
from switchroom.audit import record
from switchroom.database import execute, fetch_value, transaction
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.locale import gettext as _
from switchroom.secrets import seal, unseal
from switchroom_webhooks.addresses import Unreachable, check_url, reachable
from switchroom_webhooks.events import EVERYTHING, NAMES
from switchroom_webhooks.models import Endpoint, EndpointState
from switchroom_webhooks.problems import PauseReason
from switchroom_webhooks.signing import new_secret
from switchroom_webhooks.waking import wake

BOTH_SECRETS = timedelta(hours=24)
"""How long deliveries are signed with the secret before the present one as well."""
LONGEST_DESCRIPTION = 200
TOPIC = "webhooks"
"""The live topic of everything that the pages show."""


@dataclass(frozen=True)
class NewEndpoint:
    """An endpoint that was just added, with its secret: it is not told again."""

    endpoint: Endpoint
    secret: str


async def all_endpoints() -> list[Endpoint]:
    """The tenant's endpoints, the oldest first."""
    return await Endpoint.all().order_by("id")


async def get_endpoint(endpoint_id: int) -> Endpoint:
    """One endpoint.

    Raises:
        NotFound: The tenant has none of that id.
    """
    endpoint = await Endpoint.get_or_none(id=endpoint_id)
    if endpoint is None:
        raise NotFound(_("There is no such endpoint."))
    return endpoint


async def add_endpoint(ctx: Context, url: str, description: str, events: Collection[str]) -> NewEndpoint:
    """Adds an endpoint, which is told of what happens from now on.

    Raises:
        InvalidInput: The address cannot be used, or nothing was chosen; names the field.
        Conflict: The tenant has as many as it may have.
    """
    await _check(ctx, url, description, events)
    secret = new_secret()
    async with transaction():
        now = await _lock_count(ctx)
        endpoint = await Endpoint.create(
            url=url,
            description=description.strip(),
            events=dict.fromkeys(_simplest(events), now.isoformat()),
            secret=seal(ctx, secret),
        )
        await _audit(ctx, "webhooks.endpoint_added", endpoint, after=_shown(endpoint))
        await ctx.publish(TOPIC)
    return NewEndpoint(endpoint, secret)


async def change_endpoint(
    ctx: Context, endpoint_id: int, url: str, description: str, events: Collection[str]
) -> Endpoint:
    """Changes an endpoint; what was chosen before and still is goes on without a gap.

    Raises:
        NotFound: There is none of that id.
        InvalidInput: The address cannot be used, or nothing was chosen; names the field.
    """
    await get_endpoint(endpoint_id)
    await _check(ctx, url, description, events)
    async with transaction():
        endpoint = await _locked(endpoint_id)
        before, now = _shown(endpoint), await _now()
        kept = endpoint.events
        endpoint.url, endpoint.description = url, description.strip()
        endpoint.events = {name: kept.get(name, now.isoformat()) for name in _simplest(events)}
        endpoint.quiet_until = None
        await endpoint.save()
        await _audit(ctx, "webhooks.endpoint_changed", endpoint, before=before, after=_shown(endpoint))
        await wake(ctx, endpoint.id)
        await ctx.publish(TOPIC)
    return endpoint


async def replace_secret(ctx: Context, endpoint_id: int) -> NewEndpoint:
    """Gives an endpoint a new secret; for a day deliveries are signed with the old one too.

    Raises:
        NotFound: There is none of that id.
    """
    secret = new_secret()
    async with transaction():
        endpoint = await _locked(endpoint_id)
        endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, await _now() + BOTH_SECRETS
        endpoint.secret = seal(ctx, secret)
        await endpoint.save()
        await _audit(ctx, "webhooks.secret_replaced", endpoint)
    return NewEndpoint(endpoint, secret)


async def switch_off(ctx: Context, endpoint_id: int) -> Endpoint:
    """What happens from now on is not for the endpoint; what waits stays, and is not sent.

    Raises:
        NotFound: There is none of that id.
    """
    async with transaction():
        endpoint = await _locked(endpoint_id)
        await _move(ctx, endpoint, EndpointState.OFF)
    return endpoint


async def resume(ctx: Context, endpoint_id: int) -> Endpoint:
    """Sends again: what waits first, then what happens from now on.

    Raises:
        NotFound: There is none of that id.
    """
    async with transaction():
        endpoint = await _locked(endpoint_id)
        if endpoint.state == EndpointState.OFF:
            now = await _now()
            endpoint.events = dict.fromkeys(endpoint.events, now.isoformat())
        endpoint.failing_since, endpoint.failures, endpoint.quiet_until = None, 0, None
        await _move(ctx, endpoint, EndpointState.ACTIVE)
        await wake(ctx, endpoint.id)
    return endpoint


async def pause(ctx: Context, endpoint: Endpoint, reason: PauseReason) -> None:
    """Stops sending to an endpoint that the caller has locked; what happens meanwhile waits."""
    await _move(ctx, endpoint, EndpointState.PAUSED, reason.value)
    ctx.log.warning("webhook_endpoint_paused", endpoint=endpoint.id, reason=reason.value)


async def remove_endpoint(ctx: Context, endpoint_id: int) -> None:
    """Removes an endpoint with its log.

    Raises:
        NotFound: There is none of that id.
    """
    async with transaction():
        endpoint = await _locked(endpoint_id)
        await endpoint.delete()
        await _audit(ctx, "webhooks.endpoint_removed", endpoint, before=_shown(endpoint))
        await ctx.publish(TOPIC)


def keys_of(ctx: Context, endpoint: Endpoint, now: datetime | None = None) -> list[str]:
    """The secrets to sign with, the present one first."""
    sealed = [endpoint.secret]
    if endpoint.old_secret_until is not None and endpoint.old_secret_until > (now or datetime.now(UTC)):
        sealed.append(endpoint.old_secret)
    return [unseal(ctx, each) for each in sealed]


async def _check(ctx: Context, url: str, description: str, events: Collection[str]) -> None:
    check_url(url, ctx.installation_settings)
    problems: dict[str, str] = {}
    if len(description) > LONGEST_DESCRIPTION:
        problems["description"] = _("At most %(most)d characters.") % {"most": LONGEST_DESCRIPTION}
    if not events or not set(events) <= NAMES | {EVERYTHING}:
        problems["events"] = _("Choose at least one event.")
    try:
        await reachable(url, ctx.installation_settings)
    except Unreachable as error:
        problems["url"] = str(error)
    if problems:
        raise InvalidInput(_("The endpoint was not saved."), fields=problems)


def _simplest(events: Collection[str]) -> list[str]:
    """The chosen events in order; all of them together are everything."""
    return [EVERYTHING] if EVERYTHING in events else sorted(events)


async def _lock_count(ctx: Context) -> datetime:
    """Lets one addition at a time count; gives the present."""
    await execute("SELECT pg_advisory_xact_lock(hashtext('webhooks_endpoint'), $1::int)", ctx.tenant.id % 2**31)
    if await Endpoint.all().count() >= ctx.installation_settings.endpoints_per_tenant:
        raise Conflict(_("There are as many endpoints as there may be."), mend=_("Remove one that is not needed."))
    return await _now()


async def _locked(endpoint_id: int) -> Endpoint:
    endpoint = await Endpoint.filter(id=endpoint_id).select_for_update().first()
    if endpoint is None:
        raise NotFound(_("There is no such endpoint."))
    return endpoint


async def _move(ctx: Context, endpoint: Endpoint, state: EndpointState, reason: str = "") -> None:
    before = endpoint.state
    endpoint.state, endpoint.state_reason = state.value, reason
    await endpoint.save()
    if before != state:
        after = {"state": state.value, "reason": reason}
        await _audit(ctx, "webhooks.endpoint_state", endpoint, before={"state": before}, after=after)
    await ctx.publish(TOPIC)


async def _now() -> datetime:
    """The database's own time, which facts carry too."""
    now: datetime = await fetch_value("SELECT clock_timestamp()")
    return now


async def _audit(
    ctx: Context,
    action: str,
    endpoint: Endpoint,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    subject, name = f"webhooks:endpoint:{endpoint.id}", endpoint.url[:200]
    await record(ctx, action, subject=subject, subject_name=name, before=before, after=after)


def _shown(endpoint: Endpoint) -> dict[str, object]:
    return {"url": endpoint.url, "description": endpoint.description, "events": sorted(endpoint.events)}
