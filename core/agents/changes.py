"""What has changed in what an agent wanted and did: who, when and why; all from fact rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.agents.states import Intent
from core.database.connection import fetch, fetch_row
from core.plugins.context import Context


@dataclass(frozen=True)
class Change:
    """One change of an agent.

    Attributes:
        id: Of the fact.
        subject: `intent` for a choice, `agent` for the status that people see.
        old: An `Intent` or a `Status`, by the subject; empty when there was none.
        new: The same.
        reason: The code of the reason of a break, or empty.
        old_reason: The same of a choice, as it was before.
        cause: Why, as a stable word.
        comment: Why, in the words of whoever chose for the agent.
        missed: How many offers in a row were missed, where that is why.
        actor_id: The user who did it; None when it was the system or somebody of the vendor.
        actor_name: What people call that user.
    """

    id: int
    at: datetime
    subject: str
    old: str
    new: str
    reason: str
    old_reason: str
    cause: str
    comment: str
    missed: int
    actor_id: int | None
    actor_name: str


# Index core_fact_agent.
_CHANGES = """
SELECT fact.id, fact.at, fact.subject, fact.old, fact.new, fact.cause, fact.detail, person.id AS actor_id,
    coalesce(person.name, '') AS actor_name
FROM core_fact AS fact
LEFT JOIN core_user AS person ON person.tenant_id = fact.tenant_id AND fact.actor = 'user:' || person.id
WHERE fact.tenant_id = $1 AND fact.agent_id = $2
"""


_SINCE_WORK_BEGAN = f"""{_CHANGES} AND fact.subject = 'intent' AND fact.at >= (
    SELECT max(at) FROM core_fact WHERE tenant_id = $1 AND agent_id = $2 AND subject = 'agent'
    AND old IN ('waiting', 'outbound', 'ready', 'paused', 'offline', 'missed')
    AND new IN ('offered', 'busy', 'hold', 'wrap_up')
) ORDER BY fact.at, fact.id LIMIT 1
"""  # noqa: S608 - constants


async def last_changes(ctx: Context, user_id: int, limit: int = 20) -> list[Change]:
    """The last changes of an agent's choices and status, the latest first."""
    rows = await fetch(
        f"{_CHANGES} AND fact.subject IN ('intent', 'agent') ORDER BY fact.at DESC, fact.id DESC LIMIT $3",
        ctx.tenant.id,
        user_id,
        limit,
    )
    return [_change(row) for row in rows]


async def last_choice(ctx: Context, user_id: int) -> Change | None:
    """The choice that holds: the last one, whoever made it."""
    row = await fetch_row(
        f"{_CHANGES} AND fact.subject = 'intent' ORDER BY fact.at DESC, fact.id DESC LIMIT 1", ctx.tenant.id, user_id
    )
    return _change(row) if row else None


async def before_this_work(ctx: Context, user_id: int) -> tuple[Intent, str] | None:
    """What an agent who has work in hand wanted, and the reason of a break, when the work began.

    None when nothing has been chosen since.
    """
    row = await fetch_row(_SINCE_WORK_BEGAN, ctx.tenant.id, user_id)
    if row is None:
        return None
    change = _change(row)
    return Intent(change.old), change.old_reason


def _change(row: dict[str, Any]) -> Change:
    detail: dict[str, Any] = json.loads(row.pop("detail"))
    return Change(
        **row,
        reason=detail.get("reason", ""),
        old_reason=detail.get("old_reason", ""),
        comment=detail.get("comment", ""),
        missed=detail.get("missed", 0),
    )
