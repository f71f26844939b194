"""The queue page: what waits now, how today went, and the timing of teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from plugins.routing.permissions import MANAGE_QUEUES, SEE_QUEUES
from plugins.routing.services import LONGEST_TARGET_SECONDS, overview, save_queue, waiting_line
from switchroom import Context
from switchroom.agents import LIMITS, all_agents, all_teams, save_team
from switchroom.locale import gettext as _
from switchroom.web import STATUS_LABELS, SignedIn, fragment, page, with_toast

SHOWN_WAITING = 50


@dataclass
class QueueForm:
    """What the administrator may change of a queue."""

    name: str
    target_seconds: int


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


QueueData = Annotated[QueueForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
TeamData = Annotated[TeamForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/queues", permission=SEE_QUEUES)
async def queues_page(ctx: Context, user: SignedIn) -> Response[Any]:
    """The page; its parts load by themselves."""
    return await page("routing/queues.html", title=_("Queues"), may_manage=user.may(MANAGE_QUEUES))


@get("/queues/now", permission=SEE_QUEUES)
async def queues_now(ctx: Context) -> Response[Any]:
    """What waits at this moment, and the day so far."""
    return fragment(
        "routing/now.html", queues=await overview(ctx), line=await waiting_line(ctx, SHOWN_WAITING), most=SHOWN_WAITING
    )


@get("/queues/agents", permission=SEE_QUEUES)
async def queues_agents(ctx: Context) -> Response[Any]:
    """The agents and what they do."""
    return fragment("routing/agents.html", agents=await all_agents(ctx), labels=STATUS_LABELS)


@get("/queues/settings", permission=MANAGE_QUEUES)
async def queue_settings(ctx: Context) -> Response[Any]:
    """The forms of queues and teams."""
    return await _settings(ctx)


@post("/queues/{queue_id:int}", permission=MANAGE_QUEUES, status_code=200)
async def change_queue(ctx: Context, queue_id: int, data: QueueData) -> Response[Any]:
    """Saves a queue.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    await save_queue(ctx, queue_id, name=data.name, target_seconds=data.target_seconds)
    return with_toast(await _settings(ctx), _("The queue is saved."))


@post("/teams/{team_id:int}", permission=MANAGE_QUEUES, status_code=200)
async def change_team(ctx: Context, team_id: int, data: TeamData) -> Response[Any]:
    """Saves a team's timing.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    await save_team(ctx, team_id, name=data.name, timing=data.timing)
    return with_toast(await _settings(ctx), _("The team is saved. New times hold from the next call on."))


async def _settings(ctx: Context) -> Response[Any]:
    return fragment(
        "routing/settings.html",
        queues=await overview(ctx),
        teams=await all_teams(ctx),
        limits=LIMITS,
        longest_target=LONGEST_TARGET_SECONDS,
    )


PAGES = [queues_page, queues_now, queues_agents, queue_settings, change_queue, change_team]
