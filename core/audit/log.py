"""Writes and reads the audit log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.database.connection import execute, fetch, fetch_value

if TYPE_CHECKING:
    from core.plugins.context import Actor, Context

MOST_ENTRIES = 200


@dataclass(frozen=True)
class Entry:
    """One change; see `core.audit.models.AuditEntry`."""

    id: int
    at: datetime
    tenant_id: int | None
    actor: str
    actor_name: str
    action: str
    subject: str
    subject_name: str
    before: dict[str, Any]
    after: dict[str, Any]


async def record(
    ctx: Context,
    action: str,
    *,
    subject: str = "",
    subject_name: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Adds one entry to the current transaction.

    Args:
        ctx: Where it happened, and who did it.
        action: `<plugin or core>.<what>`, such as `core.user_created`.
        subject: An opaque reference to what was changed.
        subject_name: What people call it.
        before: Values as they were, JSON. What is the same before and after is left out. Never a secret.
        after: Values as they are now.
    """
    await record_of(ctx.tenant.id, ctx.actor, action, subject, subject_name, before or {}, after or {})


async def record_of(
    tenant_id: int | None,
    actor: Actor,
    action: str,
    subject: str,
    subject_name: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """Adds one entry, also one that belongs to no tenant; see `record`."""
    same = {key for key in before.keys() & after.keys() if before[key] == after[key]}
    await execute(
        "INSERT INTO core_audit (tenant_id, at, actor, actor_name, action, subject, subject_name, before, after) "
        "VALUES ($1, now(), $2, coalesce((SELECT name FROM core_user WHERE id = $3 AND tenant_id = $1), $4::text), "
        "$5, $6, $7, $8::text::jsonb, $9::text::jsonb)",
        tenant_id,
        str(actor),
        actor.user_id,
        actor.name,
        action,
        subject,
        subject_name,
        json.dumps({key: value for key, value in before.items() if key not in same}, default=str),
        json.dumps({key: value for key, value in after.items() if key not in same}, default=str),
    )


async def entries(
    tenant_id: int | None, *, before_id: int | None = None, action: str = "", actor: str = "", limit: int = 50
) -> list[Entry]:
    """The newest entries of a tenant (of all, when None: for the vendor alone), older than `before_id`."""
    # Index core_audit_of_tenant.
    rows = await fetch(
        "SELECT id, at, tenant_id, actor, actor_name, action, subject, subject_name, before, after FROM core_audit "
        "WHERE ($1::bigint IS NULL OR tenant_id = $1) AND ($2::bigint IS NULL OR id < $2) "
        "AND ($3::text = '' OR action = $3) AND ($4::text = '' OR actor = $4) ORDER BY id DESC LIMIT $5",
        tenant_id,
        before_id,
        action,
        actor,
        min(limit, MOST_ENTRIES),
    )
    return [Entry(**{**row, "before": json.loads(row["before"]), "after": json.loads(row["after"])}) for row in rows]


async def actions(tenant_id: int) -> list[str]:
    """The actions that occur in a tenant's log, for a filter."""
    found: list[str] = await fetch_value(
        "SELECT coalesce(array_agg(DISTINCT action), '{}') FROM core_audit WHERE tenant_id = $1", tenant_id
    )
    return sorted(found)
