"""What of plugins has failed in a tenant, and the circuit breaker of its hooks: all of it in rows.

A hook of a plugin that fails `FAILURES` times within `WINDOW` is parked for that tenant: it is not called until
`parked_until`. Then one call tries again. Another failure parks it for twice as long, up to `LONGEST_PAUSE`; an answer
closes the breaker. Which hooks are parked travels with the version of the tenant's plugins, so that all processes know
it without asking at each call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit import log as audit
from core.database.connection import execute, fetch, fetch_row
from core.database.transaction import transaction
from core.errors import NotFound, SwitchroomError
from core.locale import mark as _
from core.plugins.faults import where

if TYPE_CHECKING:
    from core.plugins.context import Context, Platform

FAILURES = 5
WINDOW = timedelta(minutes=10)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)

TOPIC = "plugin-issues"
"""The live topic that says that the issues of a tenant have changed."""

_LONGEST_MESSAGE = 300
_NO_ISSUE = _("There is no such issue.")


class Kind(StrEnum):
    """What of a plugin has failed."""

    HOOK = "hook"
    """The only kind that is parked."""
    ROUTE = "route"
    PANEL = "panel"
    JOB = "job"
    SETTINGS = "settings"


@dataclass(frozen=True)
class Place:
    """Where something has failed: there is one row for each."""

    tenant_id: int
    plugin: str
    kind: Kind
    name: str


@dataclass(frozen=True)
class Issue:
    """One thing that has failed, as administrators see it; see `core.plugins.models.PluginIssue`."""

    id: int
    plugin: str
    kind: Kind
    place: str
    message: str
    incident: str
    count: int
    failures: int
    first_seen: datetime
    last_seen: datetime
    parked_until: datetime | None

    @property
    def parked(self) -> bool:
        """Whether the hook is not called; after `parked_until` it is, once, to see whether it works again."""
        return self.parked_until is not None


def note(
    platform: Platform,
    tenant_id: int,
    plugin: str,
    kind: Kind | str,
    place: str,
    error: BaseException | str,
    incident: str = "",
) -> None:
    """Says that something of a plugin has failed; it is stored soon, outside of any transaction of the caller.

    Args:
        platform: The services of the process.
        tenant_id: Where it has failed.
        plugin: Whose it is.
        kind: What has failed.
        place: The hook, the route, the panel or the job.
        error: What was raised, or a sentence for the administrator.
        incident: The number under which the log tells more.
    """
    record = platform.registry.get(plugin)
    text = describe(error, record.folder if record else None)
    platform.issues.note(Place(tenant_id, plugin, Kind(kind), place), text, incident)


def describe(error: BaseException | str, folder: Path | None = None) -> str:
    """What an administrator is told of an error of the plugin whose code is in `folder`.

    The text of an error that nobody foresaw stays in the log: it may hold what is not meant for people.
    """
    if isinstance(error, str):
        text = error
    elif isinstance(error, SwitchroomError) and error.status < 500:
        text = str(error)
    else:
        text = f"{type(error).__name__}{where(error, folder) if folder else ''}"
    return text[:_LONGEST_MESSAGE]


# One statement: the row, and, where it parks the hook, the tenant's version. While a hook is parked, failures of calls
# that were under way then count as seen and change no pause; after that, a failure is that of the call that tried
# again. `now()` stands still within the statement, so a pause that begins now is one that this failure has begun.
_RECORD = """
WITH issue AS (
    INSERT INTO core_plugin_issue AS old (tenant_id, plugin, kind, place, message, incident, count, failures,
        failing_since, first_seen, last_seen, parked_until, dismissed)
    SELECT id, $2::text, $3::text, $4::text, $5::text, $6::text, $7::int, $7::int, now(), now(), now(),
        CASE WHEN $3::text = 'hook' AND $7::int >= $8::int THEN now() + $10::interval END, false
    FROM core_tenant WHERE id = $1
    ON CONFLICT (tenant_id, plugin, kind, place) DO UPDATE SET
        message = excluded.message,
        incident = excluded.incident,
        count = old.count + excluded.count,
        last_seen = now(),
        dismissed = false,
        failures = CASE
            WHEN old.parked_until > now() THEN old.failures
            WHEN old.parked_until IS NOT NULL THEN old.failures + 1
            WHEN old.failing_since < now() - $9::interval THEN excluded.failures
            ELSE old.failures + excluded.failures END,
        failing_since = CASE
            WHEN old.parked_until IS NULL AND (old.failures = 0 OR old.failing_since < now() - $9::interval)
            THEN now() ELSE old.failing_since END,
        parked_until = CASE
            WHEN old.kind <> 'hook' THEN NULL
            WHEN old.parked_until > now() THEN old.parked_until
            WHEN old.parked_until IS NOT NULL
            THEN now() + least($11::interval, $10::interval * 2 ^ least(old.failures + 1 - $8::int, 20))
            WHEN old.failing_since >= now() - $9::interval AND old.failures + excluded.failures >= $8::int
                OR excluded.failures >= $8::int
            THEN now() + $10::interval END
    RETURNING tenant_id, parked_until, failures
), told AS (
    UPDATE core_tenant SET enablement_version = enablement_version + 1 FROM issue
    WHERE core_tenant.id = issue.tenant_id AND issue.parked_until > now() AND issue.parked_until = now() + CASE
        WHEN issue.failures <= $8::int THEN $10::interval
        ELSE least($11::interval, $10::interval * 2 ^ least(issue.failures - $8::int, 20)) END
    RETURNING core_tenant.id
)
SELECT parked_until FROM issue WHERE EXISTS (SELECT FROM told)
"""

_CLOSE = """
WITH issue AS (
    UPDATE core_plugin_issue SET parked_until = NULL, failures = 0
    WHERE tenant_id = $1 AND plugin = $2 AND kind = $3 AND place = $4 AND parked_until IS NOT NULL
    RETURNING tenant_id
)
UPDATE core_tenant SET enablement_version = enablement_version + 1 FROM issue WHERE core_tenant.id = issue.tenant_id
"""


async def record(place: Place, message: str, incident: str = "", times: int = 1) -> datetime | None:
    """Stores a failure, and parks the hook when it has failed too often.

    Args:
        place: Where.
        message: What an administrator is told.
        incident: The number under which the log tells more.
        times: How often it has failed since it was stored last.

    Returns:
        Until when it is parked, when this failure has parked it; else None. Nothing is stored of a tenant that is gone.
    """
    row = await fetch_row(
        _RECORD,
        place.tenant_id,
        place.plugin,
        place.kind,
        place.name,
        message,
        incident,
        times,
        FAILURES,
        WINDOW,
        FIRST_PAUSE,
        LONGEST_PAUSE,
    )
    return row["parked_until"] if row else None


async def close(place: Place) -> bool:
    """A hook that was parked has answered: it is called again. Gives whether it was parked."""
    return bool(await execute(_CLOSE, place.tenant_id, place.plugin, place.kind, place.name))


async def parked_hooks(tenant_id: int) -> Mapping[tuple[str, str], datetime]:
    """The hooks of a tenant that are parked: (plugin, hook) and until when."""
    rows = await fetch(
        "SELECT plugin, place, parked_until FROM core_plugin_issue "
        "WHERE tenant_id = $1 AND kind = 'hook' AND parked_until IS NOT NULL",
        tenant_id,
    )
    return {(row["plugin"], row["place"]): row["parked_until"].astimezone(UTC) for row in rows}


async def issues(tenant_id: int) -> list[Issue]:
    """What has failed in a tenant and was not dismissed: what is parked first, then the latest."""
    rows = await fetch(
        "SELECT id, plugin, kind, place, message, incident, count, failures, first_seen, last_seen, parked_until "
        "FROM core_plugin_issue WHERE tenant_id = $1 AND NOT dismissed "
        "ORDER BY parked_until IS NULL, last_seen DESC, id DESC",
        tenant_id,
    )
    return [Issue(**{**row, "kind": Kind(row["kind"])}) for row in rows]


async def resume(ctx: Context, issue_id: int) -> None:
    """Has a parked hook of the tenant of `ctx` called again at once, as if it had never failed.

    Raises:
        NotFound: The tenant has no such issue.
    """
    async with transaction():
        row = await fetch_row(
            "UPDATE core_plugin_issue SET parked_until = NULL, failures = 0 WHERE id = $1 AND tenant_id = $2 "
            "RETURNING plugin, place",
            issue_id,
            ctx.tenant.id,
        )
        if row is None:
            raise NotFound(_NO_ISSUE)
        await execute("UPDATE core_tenant SET enablement_version = enablement_version + 1 WHERE id = $1", ctx.tenant.id)
        await _audited(ctx, "core.plugin_issue_resumed", issue_id, row)


async def dismiss(ctx: Context, issue_id: int) -> None:
    """Puts an issue of the tenant of `ctx` away until it fails again; a hook that is parked stays so.

    Raises:
        NotFound: The tenant has no such issue.
    """
    async with transaction():
        row = await fetch_row(
            "UPDATE core_plugin_issue SET dismissed = true WHERE id = $1 AND tenant_id = $2 RETURNING plugin, place",
            issue_id,
            ctx.tenant.id,
        )
        if row is None:
            raise NotFound(_NO_ISSUE)
        await _audited(ctx, "core.plugin_issue_dismissed", issue_id, row)


async def _audited(ctx: Context, action: str, issue_id: int, row: Mapping[str, str]) -> None:
    await audit.record(
        ctx, action, subject=f"core:plugin_issue:{issue_id}", subject_name=f"{row['plugin']}: {row['place']}"
    )
    await ctx.publish(TOPIC)
