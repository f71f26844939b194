"""Finds entries of a tenant's audit log, page by page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.audit.log import MOST_ENTRIES, Entry
from core.database.connection import fetch


@dataclass(frozen=True)
class Wanted:
    """Which entries are wanted; what is empty is not asked for.

    Attributes:
        actor: Such as `user:5`.
        action: Such as `core.user_created`.
        subject: Such as `core:user:5`.
        since: From this moment on.
        until: Before this moment.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


# Only what is asked for stands in the statement, so that each gets a plan over the index that fits:
# core_audit_of_tenant, core_audit_by_actor, core_audit_by_action, core_audit_by_subject or core_audit_by_time.
_COLUMNS = "id, at, tenant_id, actor, actor_name, action, subject, subject_name, before, after"
_CONDITIONS = {
    "actor": "actor = ${}",
    "action": "action = ${}",
    "subject": "subject = ${}",
    "since": "at >= ${}",
    "until": "at < ${}",
}


async def find_entries(tenant_id: int, wanted: Wanted, *, before_id: int | None = None, limit: int = 50) -> list[Entry]:
    """The newest entries that fit, older than `before_id`; at most `limit`, and never more than 200."""
    values: list[Any] = [tenant_id, min(limit, MOST_ENTRIES)]
    conditions = ["tenant_id = $1"]
    asked = [(text, getattr(wanted, name)) for name, text in _CONDITIONS.items()]
    for condition, value in [*asked, ("id < ${}", before_id)]:
        if value:
            values.append(value)
            conditions.append(condition.format(len(values)))
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM core_audit WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT $2",  # noqa: S608
        *values,
    )
    return [Entry(**{**row, "before": json.loads(row["before"]), "after": json.loads(row["after"])}) for row in rows]


async def each_entry(tenant_id: int, wanted: Wanted) -> AsyncIterator[Entry]:
    """Every entry that fits, the newest first, read page by page."""
    before_id: int | None = None
    while found := await find_entries(tenant_id, wanted, before_id=before_id, limit=MOST_ENTRIES):
        for entry in found:
            yield entry
        before_id = found[-1].id


# One look into the index for each different value, however many rows there are of it.
_LOOSE = """
WITH RECURSIVE found AS (
    (SELECT {column} FROM core_audit WHERE tenant_id = $1 ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT next.{column} FROM core_audit AS next WHERE next.tenant_id = $1 AND next.{column} > found.{column}
            ORDER BY next.{column} LIMIT 1)
    FROM found WHERE found.{column} IS NOT NULL
)
"""


async def actions_in(tenant_id: int) -> list[str]:
    """The actions that occur in a tenant's log."""
    # Index core_audit_by_action.
    rows = await fetch(
        _LOOSE.format(column="action") + "SELECT action FROM found WHERE action IS NOT NULL ORDER BY action",  # noqa: S608
        tenant_id,
    )
    return [row["action"] for row in rows]


async def actors_in(tenant_id: int) -> list[tuple[str, str]]:
    """Those who occur in a tenant's log, with the name that each had last."""
    # Index core_audit_by_actor.
    rows = await fetch(
        _LOOSE.format(column="actor")  # noqa: S608 - a column of ours
        + "SELECT found.actor, (SELECT actor_name FROM core_audit AS latest WHERE latest.tenant_id = $1 "
        "AND latest.actor = found.actor ORDER BY latest.id DESC LIMIT 1) AS name "
        "FROM found WHERE found.actor IS NOT NULL",
        tenant_id,
    )
    return sorted(((row["actor"], row["name"]) for row in rows), key=lambda pair: pair[1].casefold())
