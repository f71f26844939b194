"""Teams: their times, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from litestar import get, post
from litestar.datastructures import FormMultiDict

from core.accounts.permissions import MANAGE_TEAMS
from core.admin.answers import AnyRequest, Page, at_address, seconds, text, texts
from core.admin.team_words import rule_words
from core.agents.team_rules import CHANNEL_LIMITS, RULE_LIMITS, ChannelRule, TeamRules, usual_rule
from core.agents.teams import LIMITS, all_teams, create_team, delete_team, get_team, members, move_agents, save_team
from core.locale import gettext as _
from core.locale import ngettext
from core.plugins.context import Context
from core.plugins.contributions import ChannelType
from core.web.rendering import page, with_toast

SHOWN_FACES = 6
"""Of each team's members, on the page of all teams."""
SHOWN_MEMBERS = 200
"""Of each team, on the page of one; the others are found and moved on the page of users."""
ALL_LIMITS = LIMITS | RULE_LIMITS | {f"channel_{key}": limits for key, limits in CHANNEL_LIMITS.items()}
DEFAULTS = {"offer_seconds": 20, "no_answer_seconds": 10, "wrap_up_seconds": 60}


@get("/admin/teams", permission=MANAGE_TEAMS)
async def teams_page(ctx: Context) -> Page:
    """All teams."""
    return await _teams_page(ctx)


@get("/admin/teams/new", permission=MANAGE_TEAMS)
async def new_team(ctx: Context) -> Page:
    """The form for a team."""
    return await page(
        "admin/team_new.html",
        title=_("Add a team"),
        limits=ALL_LIMITS,
        values=DEFAULTS | asdict(TeamRules()),
        channels=_channels(ctx, ()),
    )


@post("/admin/teams", permission=MANAGE_TEAMS, status_code=200)
async def create(request: AnyRequest, ctx: Context) -> Page:
    """Makes a team.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    team_id = await create_team(
        ctx, name=text(form, "name"), timing=_timing(form), rules=_rules(form), channels=_channel_rules(ctx, form, ())
    )
    shown = await _team_page(ctx, team_id)
    return with_toast(at_address(shown, f"/admin/teams/{team_id}"), _("The team is ready. Move agents into it now."))


@get("/admin/teams/{team_id:int}", permission=MANAGE_TEAMS)
async def team_page(ctx: Context, team_id: int) -> Page:
    """One team."""
    return await _team_page(ctx, team_id)


@post("/admin/teams/{team_id:int}", permission=MANAGE_TEAMS, status_code=200)
async def save(request: AnyRequest, ctx: Context, team_id: int) -> Page:
    """Saves name, times, rules, and what holds for channels.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    kept = (await get_team(ctx, team_id)).channels
    await save_team(
        ctx,
        team_id,
        name=text(form, "name"),
        timing=_timing(form),
        rules=_rules(form),
        channels=_channel_rules(ctx, form, kept),
    )
    return with_toast(await _team_page(ctx, team_id), _("The team is saved. New times hold from the next call on."))


@post("/admin/teams/{team_id:int}/move", permission=MANAGE_TEAMS, status_code=200)
async def move(request: AnyRequest, ctx: Context, team_id: int) -> Page:
    """Moves agents who are ticked to another team, or from other teams into this one."""
    form = await request.form()
    chosen = [int(value) for value in texts(form, "agents") if value.isdecimal() and len(value) < 19]
    target = text(form, "team")
    count = await move_agents(ctx, chosen, int(target) if target.isdecimal() and len(target) < 19 else team_id)
    said = ngettext("%(count)d agent is moved.", "%(count)d agents are moved.", count) % {"count": count}
    return with_toast(await _team_page(ctx, team_id), said if chosen else _("Nobody was ticked."))


@post("/admin/teams/{team_id:int}/delete", permission=MANAGE_TEAMS, status_code=200)
async def delete(ctx: Context, team_id: int) -> Page:
    """Removes an empty team.

    Raises:
        Conflict: There are agents in it, or it is the only one.
    """
    await delete_team(ctx, team_id)
    return with_toast(at_address(await _teams_page(ctx), "/admin/teams"), _("The team is deleted."))


def _timing(form: FormMultiDict) -> dict[str, int]:
    return {key: seconds(form, key) for key in LIMITS}


def _rules(form: FormMultiDict) -> TeamRules:
    numbers = {key: seconds(form, key) if key in form else 0 for key in RULE_LIMITS}
    return TeamRules(**numbers, auto_answer="auto_answer" in form)


def _channel_rules(ctx: Context, form: FormMultiDict, kept: Sequence[ChannelRule]) -> list[ChannelRule]:
    """What the form says of each channel that it shows; what is kept of others, whose plugins are off, stays."""
    rules = [rule for rule in kept if rule.channel in ctx.known_channels and rule.channel not in ctx.channels]
    for name in ctx.channels:
        offer, capacity = f"offer_seconds_{name}", f"capacity_{name}"
        rules.append(
            ChannelRule(
                name,
                offer_seconds=seconds(form, offer) if text(form, offer).strip() else None,
                capacity=seconds(form, capacity) if capacity in form else usual_rule(ctx, name).capacity,
                alone=f"alone_{name}" in form,
            )
        )
    return rules


def _channels(ctx: Context, rules: Sequence[ChannelRule]) -> list[tuple[ChannelType, ChannelRule]]:
    """Each channel of the tenant with what the team says of it."""
    said = {rule.channel: rule for rule in rules}
    return [(channel, said.get(name) or usual_rule(ctx, name)) for name, channel in ctx.channels.items()]


async def _teams_page(ctx: Context) -> Page:
    teams = [(team, await members(ctx, team.id, SHOWN_FACES), rule_words(ctx, team)) for team in await all_teams(ctx)]
    return await page("admin/teams.html", title=_("Teams"), teams=teams)


async def _team_page(ctx: Context, team_id: int) -> Page:
    team = await get_team(ctx, team_id)
    others = [other for other in await all_teams(ctx) if other.id != team_id]
    return await page(
        "admin/team.html",
        title=team.name,
        team=team,
        members=await members(ctx, team_id, SHOWN_MEMBERS),
        others=[(other, await members(ctx, other.id, SHOWN_MEMBERS)) for other in others],
        most=SHOWN_MEMBERS,
        limits=ALL_LIMITS,
        values=asdict(team),
        channels=_channels(ctx, team.channels),
    )


HANDLERS = [teams_page, new_team, create, team_page, save, move, delete]
