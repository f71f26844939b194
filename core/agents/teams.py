"""Teams and their timing."""

from __future__ import annotations

from dataclasses import dataclass

from core.agents.models import Team
from core.database.connection import fetch
from core.database.transaction import transaction
from core.errors import InvalidInput, NotFound
from core.locale import gettext as _
from core.plugins.context import Context

LIMITS = {"offer_seconds": (5, 300), "no_answer_seconds": (1, 600), "wrap_up_seconds": (0, 3600)}
"""Least and most seconds that each time of a team may be."""


@dataclass(frozen=True)
class TeamView:
    """A team with its timing, in seconds, and the number of its agents."""

    id: int
    name: str
    offer_seconds: int
    no_answer_seconds: int
    wrap_up_seconds: int
    agents: int


async def all_teams(ctx: Context) -> list[TeamView]:
    """Every team of the tenant, by name."""
    rows = await fetch(
        "SELECT team.id, team.name, team.offer_seconds, team.no_answer_seconds, team.wrap_up_seconds, "
        "(SELECT count(*) FROM core_agent AS agent WHERE agent.team_id = team.id) AS agents "
        "FROM core_team AS team WHERE team.tenant_id = $1 ORDER BY team.name",
        ctx.tenant.id,
    )
    return [TeamView(**row) for row in rows]


async def save_team(ctx: Context, team_id: int, *, name: str, timing: dict[str, int]) -> None:
    """Changes a team; the new times hold from the next offer, miss and wrap-up on.

    Args:
        ctx: Where.
        team_id: Which.
        name: At most 100 characters.
        timing: The seconds of each key of `LIMITS`.

    Raises:
        NotFound: The tenant has no such team.
        InvalidInput: A value cannot be used; names the field.
    """
    problems = {
        key: _("Give a number of seconds between %(least)s and %(most)s.") % {"least": least, "most": most}
        for key, (least, most) in LIMITS.items()
        if not least <= timing[key] <= most
    }
    if not name.strip() or len(name) > 100:
        problems["name"] = _("Give the team a name of at most 100 characters.")
    if problems:
        raise InvalidInput(_("The team was not saved."), fields=problems)
    async with transaction():
        team = await Team.get_or_none(id=team_id)
        if team is None:
            raise NotFound(_("There is no such team."))
        await team.update_from_dict({"name": name.strip(), **{key: timing[key] for key in LIMITS}}).save()
        await ctx.publish("agents")
