"""The queue page: what waits now, how today went, and the timing of teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from plugins.routing.explain_routes import WHY_PAGES
from plugins.routing.permissions import MANAGE_QUEUES, MANAGE_SKILLS, SEE_QUEUES
from plugins.routing.services.numbers import overview, waiting_line
from plugins.routing.settings_routes import SETTINGS_PAGES
from plugins.routing.skill_routes import SKILL_PAGES
from plugins.routing.today import together
from switchroom import Context
from switchroom.agents import LIMITS, all_agents, all_teams, save_team
from switchroom.locale import gettext as _
from switchroom.web import STATUS_LABELS, SignedIn, fragment, page, with_toast

SHOWN_WAITING = 50


@dataclass
class TeamForm:
    """What the administrator may change of a team."""

    name: str
    offer_seconds: int
    no_answer_seconds: int
    wrap_up_seconds: int

    @property
    def timing(self) -> dict[str, int]:
        """The seconds of each time."""
        return {key: getattr(self, key) for key in LIMITS}


TeamData = Annotated[TeamForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/queues", permission=SEE_QUEUES)
async def queues_page(ctx: Context, user: SignedIn) -> Response[Any]:
    """The page; its parts load by themselves."""
    return await page(
        "routing/queues.html", title=_("Queues"), may_manage=user.may(MANAGE_QUEUES), may_skill=user.may(MANAGE_SKILLS)
    )


@get("/queues/now", permission=SEE_QUEUES)
async def queues_now(ctx: Context) -> Response[Any]:
    """What waits at this moment, and the day so far."""
    queues = await overview(ctx)
    return fragment(
        "routing/now.html",
        queues=queues,
        day=together(queues),
        line=await waiting_line(ctx, SHOWN_WAITING),
        most=SHOWN_WAITING,
    )


@get("/queues/agents", permission=SEE_QUEUES)
async def queues_agents(ctx: Context) -> Response[Any]:
    """The agents and what they do."""
    return fragment("routing/agents.html", agents=await all_agents(ctx), labels=STATUS_LABELS)


@get("/teams", permission=MANAGE_QUEUES)
async def teams(ctx: Context) -> Response[Any]:
    """The times of teams."""
    return await _teams(ctx)


@post("/teams/{team_id:int}", permission=MANAGE_QUEUES, status_code=200)
async def change_team(ctx: Context, team_id: int, data: TeamData) -> Response[Any]:
    """Saves a team's timing.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    await save_team(ctx, team_id, name=data.name, timing=data.timing)
    return with_toast(await _teams(ctx), _("The team is saved. New times hold from the next call on."))


async def _teams(ctx: Context) -> Response[Any]:
    return fragment("routing/teams.html", teams=await all_teams(ctx), limits=LIMITS)


@get("/widget", permission=SEE_QUEUES)
async def service_level(ctx: Context) -> Response[Any]:
    """The day of all queues together, for the start page."""
    return fragment("routing/widget.html", day=together(await overview(ctx)))


PAGES = [
    service_level,
    queues_page,
    queues_now,
    queues_agents,
    teams,
    change_team,
    *SETTINGS_PAGES,
    *SKILL_PAGES,
    *WHY_PAGES,
]
