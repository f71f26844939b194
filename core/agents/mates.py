"""The colleagues of an agent's team, those first who are free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.agents.states import Status
from core.database.connection import fetch, fetch_value
from core.plugins.context import Context


@dataclass(frozen=True)
class Mate:
    """A colleague who is there.

    Attributes:
        pause_reason: Of a break, the code of its reason; else empty.
        taking: Whether he takes new work at this moment.
    """

    user_id: int
    name: str
    status: Status
    since: datetime
    pause_reason: str
    taking: bool


@dataclass(frozen=True)
class Mates:
    """The colleagues of a team.

    Attributes:
        shown: The first of those who are there: the free, then those at work, then those on a break.
        counts: Status → how many of all colleagues have it.
    """

    shown: list[Mate]
    counts: Mapping[Status, int]

    @property
    def there(self) -> int:
        """How many are not offline."""
        return sum(number for status, number in self.counts.items() if status is not Status.OFFLINE)


# Index core_agent_of_team.
_SHOWN = """
SELECT agent.user_id, person.name, agent.status, agent.status_since AS since, agent.taking,
    CASE WHEN agent.status = 'paused' THEN agent.pause_reason ELSE '' END AS pause_reason
FROM core_agent AS agent JOIN core_user AS person ON person.id = agent.user_id
WHERE agent.tenant_id = $1 AND agent.team_id = $2 AND agent.user_id <> $3 AND agent.status <> 'offline'
ORDER BY agent.status = 'paused', NOT agent.taking, agent.status NOT IN ('ready', 'outbound'), person.name,
    agent.user_id
LIMIT $4
"""

_COUNTS = """
SELECT status, count(*) AS number FROM core_agent
WHERE tenant_id = $1 AND team_id = $2 AND user_id <> $3 GROUP BY status
"""


async def mates_of(ctx: Context, user_id: int, team_id: int, limit: int) -> Mates:
    """The colleagues of an agent in a team.

    Args:
        ctx: Where.
        user_id: The agent, who is not his own colleague.
        team_id: The team.
        limit: How many are listed.
    """
    rows = await fetch(_SHOWN, ctx.tenant.id, team_id, user_id, limit)
    counts = await fetch(_COUNTS, ctx.tenant.id, team_id, user_id)
    return Mates([_mate(row) for row in rows], {Status(row["status"]): row["number"] for row in counts})


async def how_many_there(ctx: Context) -> int:
    """How many agents of the tenant are not offline."""
    number: int = await fetch_value(
        "SELECT count(*) FROM core_agent WHERE tenant_id = $1 AND status <> 'offline'", ctx.tenant.id
    )
    return number


def _mate(row: dict[str, Any]) -> Mate:
    return Mate(**{**row, "status": Status(row["status"])})
