"""Teams, their timing, and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.agents.models import Team
from core.agents.reasons import leave_reasons
from core.agents.team_rules import (
    ChannelRule,
    TeamRules,
    channel_problems,
    channel_rules,
    rule_problems,
    set_channel_rules,
    told,
)
from core.audit.log import record
from core.database.connection import execute, fetch
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.jobs.registry import Event
from core.locale import gettext as _
from core.plugins.context import Context

LIMITS = {"offer_seconds": (5, 300), "no_answer_seconds": (1, 600), "wrap_up_seconds": (0, 3600)}
"""Least and most seconds that each time of a team may be."""


@dataclass(frozen=True)
class TeamView:
    """A team with its timing, in seconds, its rules, and the number of its agents.

    Attributes:
        channels: What differs from the usual on channels; see `ChannelRule`.
    """

    id: int
    name: str
    offer_seconds: int
    no_answer_seconds: int
    wrap_up_seconds: int
    missed_limit: int
    least_available: int
    auto_answer: bool
    agents: int
    channels: tuple[ChannelRule, ...] = ()

    @property
    def rules(self) -> TeamRules:
        """How it deals with offers and breaks."""
        return TeamRules(self.missed_limit, self.least_available, self.auto_answer)


@dataclass(frozen=True)
class Member:
    """An agent of a team; `active` is whether the account is on."""

    user_id: int
    name: str
    username: str
    active: bool


async def all_teams(ctx: Context) -> list[TeamView]:
    """Every team of the tenant, by name."""
    rows = await fetch(
        "SELECT team.id, team.name, team.offer_seconds, team.no_answer_seconds, team.wrap_up_seconds, "
        "team.missed_limit, team.least_available, team.auto_answer, "
        "(SELECT count(*) FROM core_agent AS agent WHERE agent.team_id = team.id) AS agents "
        "FROM core_team AS team WHERE team.tenant_id = $1 ORDER BY team.name",
        ctx.tenant.id,
    )
    channels = await channel_rules(ctx, [row["id"] for row in rows])
    return [TeamView(**row, channels=channels[row["id"]]) for row in rows]


async def get_team(ctx: Context, team_id: int) -> TeamView:
    """One team.

    Raises:
        NotFound: The tenant has no such team.
    """
    for team in await all_teams(ctx):
        if team.id == team_id:
            return team
    raise NotFound(_("There is no such team."))


async def members(ctx: Context, team_id: int, limit: int | None = None) -> list[Member]:
    """The agents of a team, by name, at most `limit`."""
    # Index core_agent_of_team.
    rows = await fetch(
        "SELECT person.id AS user_id, person.name, person.username, person.active FROM core_agent AS agent "
        "JOIN core_user AS person ON person.id = agent.user_id "
        "WHERE agent.tenant_id = $1 AND agent.team_id = $2 ORDER BY lower(person.name), person.id LIMIT $3",
        ctx.tenant.id,
        team_id,
        limit,
    )
    return [Member(**row) for row in rows]


async def team_of(ctx: Context, user_id: int) -> TeamView | None:
    """The team of an agent; None of somebody who is none."""
    rows = await fetch("SELECT team_id FROM core_agent WHERE tenant_id = $1 AND user_id = $2", ctx.tenant.id, user_id)
    return await get_team(ctx, rows[0]["team_id"]) if rows else None


async def create_team(
    ctx: Context,
    *,
    name: str,
    timing: dict[str, int],
    rules: TeamRules | None = None,
    channels: Sequence[ChannelRule] = (),
) -> int:
    """Makes a team without agents, and gives its id.

    Args:
        ctx: Where.
        name: At most 100 characters, unlike that of any other team.
        timing: The seconds of each key of `LIMITS`.
        rules: How it deals with offers and breaks; None for the usual.
        channels: What differs from the usual on channels.

    Raises:
        InvalidInput: A value cannot be used; names the field.
    """
    rules = rules or TeamRules()
    async with transaction():
        await _check(ctx, name, timing, None, rules, channels)
        values: dict[str, Any] = {"name": name.strip(), **{key: timing[key] for key in LIMITS}, **asdict(rules)}
        team = await Team.create(**values)
        await set_channel_rules(ctx, team.id, channels)
        after = values | ({"channels": told(channels)} if channels else {})
        await record(ctx, "core.team_created", subject=_subject(team), subject_name=team.name, after=after)
        await ctx.publish("agents")
    team_id: int = team.id
    return team_id


async def save_team(
    ctx: Context,
    team_id: int,
    *,
    name: str,
    timing: dict[str, int],
    rules: TeamRules | None = None,
    channels: Sequence[ChannelRule] | None = None,
) -> None:
    """Changes a team; the new times hold from the next offer, miss and wrap-up on.

    Args:
        ctx: Where.
        team_id: Which.
        name: At most 100 characters, unlike that of any other team.
        timing: The seconds of each key of `LIMITS`.
        rules: How it deals with offers and breaks; None leaves that as it is.
        channels: All that differs from the usual on channels; None leaves that as it is.

    Raises:
        NotFound: The tenant has no such team.
        InvalidInput: A value cannot be used; names the field.
    """
    async with transaction():
        await _check(ctx, name, timing, team_id, rules or TeamRules(), channels or ())
        team = await _locked(team_id)
        before = {**_values(team), "channels": told((await get_team(ctx, team_id)).channels)}
        after = {"name": name.strip(), **{key: timing[key] for key in LIMITS}, **(asdict(rules) if rules else {})}
        await team.update_from_dict(after).save(update_fields=list(after))
        if channels is not None:
            await set_channel_rules(ctx, team_id, channels)
        after = {**_values(team), "channels": told((await get_team(ctx, team_id)).channels)}
        if before == after:
            return
        await record(
            ctx, "core.team_changed", subject=_subject(team), subject_name=team.name, before=before, after=after
        )
        await ctx.publish("agents")


async def delete_team(ctx: Context, team_id: int) -> None:
    """Removes a team that nobody is in.

    Raises:
        Conflict: There are agents in it, it is the only one, or a reason of a break is for it alone.
        NotFound: The tenant has no such team.
    """
    async with transaction():
        team = await _locked(team_id)
        # An agent who joins needs the row that is locked here, so nobody comes in after this look.
        if (await get_team(ctx, team_id)).agents:
            raise Conflict(
                _("There are agents in this team: %(people)s.") % {"people": await _first_of(ctx, team_id)},
                mend=_("Move them to another team first."),
            )
        if await Team.all().count() == 1:
            raise Conflict(_("This is the only team."), mend=_("New agents need one: make another team first."))
        await leave_reasons(ctx, team_id)
        before = {**_values(team), "channels": told((await get_team(ctx, team_id)).channels)}
        await team.delete()
        await record(ctx, "core.team_deleted", subject=_subject(team), subject_name=team.name, before=before)
        await ctx.publish("agents")


async def move_agents(ctx: Context, user_ids: Collection[int], team_id: int) -> int:
    """Puts agents into a team, and gives the number of those who were in another; offers that are out keep their time.

    Raises:
        NotFound: The tenant has no such team, or one of these people is no agent of it.
    """
    async with transaction():
        team = await _locked(team_id)
        rows = await fetch(
            "SELECT agent.user_id, person.name, team.id AS team_id, team.name AS team FROM core_agent AS agent "
            "JOIN core_user AS person ON person.id = agent.user_id JOIN core_team AS team ON team.id = agent.team_id "
            "WHERE agent.tenant_id = $1 AND agent.user_id = ANY($2::bigint[]) ORDER BY agent.user_id "
            "FOR UPDATE OF agent",
            ctx.tenant.id,
            list(user_ids),
        )
        if {row["user_id"] for row in rows} != set(user_ids):
            raise NotFound(_("There is no such agent."))
        moved = [row for row in rows if row["team_id"] != team_id]
        await execute(
            "UPDATE core_agent SET team_id = $3 WHERE tenant_id = $1 AND user_id = ANY($2::bigint[])",
            ctx.tenant.id,
            [row["user_id"] for row in moved],
            team_id,
        )
        for row in moved:
            await ctx.emit(Event.AGENT_PLACED, user_id=row["user_id"])
            await record(
                ctx,
                "core.agent_moved",
                subject=f"core:user:{row['user_id']}",
                subject_name=row["name"],
                before={"team": row["team"]},
                after={"team": team.name},
            )
        await ctx.publish("agents")
    return len(moved)


def _subject(team: Team) -> str:
    return f"core:team:{team.id}"


def _values(team: Team) -> dict[str, Any]:
    rules = TeamRules(team.missed_limit, team.least_available, team.auto_answer)
    return {"name": team.name, **{key: getattr(team, key) for key in LIMITS}, **asdict(rules)}


async def _first_of(ctx: Context, team_id: int, shown: int = 5) -> str:
    """Who is in a team, for a sentence."""
    names = ", ".join(person.name for person in await members(ctx, team_id, shown))
    more = (await get_team(ctx, team_id)).agents - shown
    return names + (_(" and %(number)s more") % {"number": more} if more > 0 else "")


async def _locked(team_id: int) -> Team:
    team = await Team.filter(id=team_id).select_for_update().first()
    if team is None:
        raise NotFound(_("There is no such team."))
    return team


async def _check(
    ctx: Context,
    name: str,
    timing: dict[str, int],
    team_id: int | None,
    rules: TeamRules,
    channels: Sequence[ChannelRule],
) -> None:
    problems = {
        key: _("Give a number of seconds between %(least)s and %(most)s.") % {"least": least, "most": most}
        for key, (least, most) in LIMITS.items()
        if not least <= timing[key] <= most
    }
    problems |= rule_problems(rules) | channel_problems(ctx, channels)
    wanted = name.strip().casefold()
    if not wanted or len(name) > 100:
        problems["name"] = _("Give the team a name of at most 100 characters.")
    elif wanted in {team.name.casefold() for team in await all_teams(ctx) if team.id != team_id}:
        problems["name"] = _("There is a team of this name already.")
    if problems:
        raise InvalidInput(_("The team was not saved."), fields=problems)
