"""Agents as people see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.agents.states import Intent, Occupancy, Status
from core.database.connection import fetch, fetch_row
from core.errors import NotFound
from core.locale import gettext as _
from core.plugins.context import Context


@dataclass(frozen=True)
class AgentView:
    """An agent as people see him.

    Attributes:
        until: When the present state ends by itself: of wrap-up and `Missed`.
        next_intent: What the agent will do after the present work, while there is some.
        pause_reason: The code of the reason of the break that he has chosen; see `core.agents.reasons`.
        pause_limit_at: When the present break has lasted as long as its reason allows in a day.
        work: Channel → how many interactions are in hand there.
        taking: Whether new work may be offered to him.
    """

    user_id: int
    name: str
    team: str
    status: Status
    since: datetime
    until: datetime | None
    intent: Intent
    next_intent: Intent | None
    do_not_disturb: bool
    team_id: int
    pause_reason: str
    pause_limit_at: datetime | None
    work: Mapping[str, int]
    taking: bool


_VIEW = """
SELECT agent.user_id, person.name, team.name AS team, agent.team_id, agent.status, agent.status_since, agent.intent,
    agent.occupancy, agent.do_not_disturb, agent.pause_reason, agent.work, agent.taking,
    CASE WHEN agent.status = 'paused' THEN agent.pause_limit_at END AS pause_limit_at,
    CASE WHEN agent.status = 'missed' THEN agent.missed_until WHEN agent.status = 'wrap_up' THEN
        (SELECT max(wrap_up_until) FROM core_segment AS segment
         WHERE segment.agent_id = agent.user_id AND segment.state = 'wrap_up' AND segment.clock_shown) END AS until
FROM core_agent AS agent
JOIN core_user AS person ON person.id = agent.user_id
JOIN core_team AS team ON team.id = agent.team_id
WHERE agent.tenant_id = $1
"""


async def view(ctx: Context, user_id: int) -> AgentView | None:
    """The agent as people see him, or None when the user is no agent."""
    row = await fetch_row(f"{_VIEW} AND agent.user_id = $2", ctx.tenant.id, user_id)
    return _as_view(row) if row else None


async def all_agents(ctx: Context) -> list[AgentView]:
    """Every agent of the tenant, by name."""
    return [_as_view(row) for row in await fetch(f"{_VIEW} ORDER BY person.name", ctx.tenant.id)]


async def find_agents(
    ctx: Context, *, status: Status | None = None, team_id: int | None = None, after: int = 0, limit: int = 50
) -> list[AgentView]:
    """Agents by their user ids, from the one after `after` on; only those of a status or a team where one is given."""
    rows = await fetch(
        f"{_VIEW} AND ($2::text IS NULL OR agent.status = $2) AND ($3::bigint IS NULL OR agent.team_id = $3) "
        "AND agent.user_id > $4 ORDER BY agent.user_id LIMIT $5",
        ctx.tenant.id,
        str(status) if status else None,
        team_id,
        after,
        limit,
    )
    return [_as_view(row) for row in rows]


async def agents_by_team(
    ctx: Context, *, status: Status | None = None, team_id: int | None = None, text: str = "", limit: int = 300
) -> list[AgentView]:
    """Agents by team and name; only those of a status or a team, or with a text in their name, where one is given."""
    # Index core_agent_of_team where a team is given, else all agents of the tenant: people look for them by hand.
    rows = await fetch(
        f"{_VIEW} AND ($2::text IS NULL OR agent.status = $2) AND ($3::bigint IS NULL OR agent.team_id = $3) "
        "AND ($4::text = '' OR strpos(lower(person.name), lower($4)) > 0 OR strpos(person.username, lower($4)) > 0) "
        "AND person.active ORDER BY lower(team.name), team.id, lower(person.name), agent.user_id LIMIT $5",
        ctx.tenant.id,
        str(status) if status else None,
        team_id,
        text,
        limit,
    )
    return [_as_view(row) for row in rows]


async def count_by_status(ctx: Context, *, team_id: int | None = None) -> dict[Status, int]:
    """How many agents of the tenant, or of one team, are in each status; in the order of the statuses."""
    # As for agents_by_team.
    rows = await fetch(
        "SELECT agent.status, count(*) AS number FROM core_agent AS agent "
        "JOIN core_user AS person ON person.id = agent.user_id AND person.active "
        "WHERE agent.tenant_id = $1 AND ($2::bigint IS NULL OR agent.team_id = $2) GROUP BY agent.status",
        ctx.tenant.id,
        team_id,
    )
    found = {row["status"]: row["number"] for row in rows}
    return {status: found[status] for status in Status if status in found}


def _as_view(row: dict[str, Any]) -> AgentView:
    intent = Intent(row["intent"])
    return AgentView(
        user_id=row["user_id"],
        name=row["name"],
        team=row["team"],
        status=Status(row["status"]),
        since=row["status_since"],
        until=row["until"],
        intent=intent,
        next_intent=None if row["occupancy"] == Occupancy.FREE else intent,
        do_not_disturb=row["do_not_disturb"],
        team_id=row["team_id"],
        pause_reason=row["pause_reason"] if intent is Intent.PAUSE else "",
        pause_limit_at=row["pause_limit_at"],
        work=json.loads(row["work"]),
        taking=row["taking"],
    )


async def get_agent(ctx: Context, user_id: int) -> AgentView:
    """The agent as people see him.

    Raises:
        NotFound: The user is no agent.
    """
    found = await view(ctx, user_id)
    if found is None:
        raise NotFound(_("This user is no agent."))
    return found
