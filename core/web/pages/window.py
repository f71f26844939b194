"""*Single window*: what an agent has before him all day. His work, what plugins add, and the colleagues of his team."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from core.accounts.permissions import HANDLE_INTERACTIONS
from core.accounts.sessions import SignedIn
from core.agents.mates import how_many_there, mates_of
from core.agents.reasons import all_reasons
from core.agents.states import Status
from core.agents.views import AgentView, view
from core.interactions.channels import type_of
from core.interactions.in_hand import Work, work_of
from core.interactions.states import InteractionState, SegmentState
from core.locale import gettext as _
from core.locale import mark
from core.plugins.context import Context
from core.plugins.contributions import WorkspaceSection
from core.web.agent_words import status_words
from core.web.allowed import allowed
from core.web.rendering import fragment, page
from core.web.working_on import page_of

FEW_MATES = 16
MANY_MATES = 200
"""Colleagues who are listed at first, and at most."""

QUICKEST = 600
SLOWEST = 10_000
A_SECOND = 40
"""Milliseconds between two looks of one page at what many pages show. The more agents there are, the more of them look,
and the more there is to see: so the pages of all together look about so many times a second, however many they are."""

_STATES = {
    "offered": mark("Offered to you"),
    "talk": mark("In talk"),
    "work": mark("In work"),
    "hold": mark("On hold"),
    "wrap_up": mark("Post-processing"),
}


@dataclass(frozen=True)
class WorkCard:
    """A card of the page.

    Attributes:
        state: Its colour and its word.
        since: From when its clock counts.
        until: To when it counts down, where it does.
        url: Where the agent works on it.
    """

    id: int
    name: str
    number: str
    subject: str
    channel: str
    icon: str
    state: str
    word: str
    since: datetime
    until: datetime | None
    url: str


@dataclass(frozen=True)
class Sections:
    """What plugins add to the page, with the agent's team.

    Attributes:
        places: Those over the whole width, then those of the left column and of the right one.
        pace: Milliseconds between two looks at each.
    """

    places: list[list[WorkspaceSection]]
    pace: int

    @property
    def version(self) -> str:
        """A short text that changes when others are to be there."""
        return hashlib.sha256(repr(self.places).encode()).hexdigest()[:16]


@get("/window", permission=HANDLE_INTERACTIONS)
async def window(ctx: Context, user: SignedIn) -> Response[Any]:
    """The page; its parts load by themselves, so that a part that fails harms no other."""
    return await page("window/window.html", title=_("Single window"), sections=await _sections(ctx, user))


@get("/window/sections", permission=HANDLE_INTERACTIONS)
async def window_sections(ctx: Context, user: SignedIn, version: str = "") -> Response[Any]:
    """The sections for a page that is open while plugins are switched on or off; nothing when it has these already."""
    now = await _sections(ctx, user)
    if version == now.version:
        return Response(b"", status_code=204)
    return fragment("window/sections.html", sections=now)


async def _sections(ctx: Context, user: SignedIn) -> Sections:
    agent = await view(ctx, user.id)
    found = allowed(await ctx.collect("workspace_sections"), user)
    narrow = [section for section in found if section.columns < 2]
    team = [_team_section(agent)] if agent is not None else []
    there = await how_many_there(ctx)
    return Sections(
        [[section for section in found if section.columns >= 2], narrow[::2], narrow[1::2] + team],
        min(SLOWEST, max(QUICKEST, there * 1000 // A_SECOND)),
    )


def _team_section(agent: AgentView) -> WorkspaceSection:
    return WorkspaceSection(
        "core.team",
        _("My team: %(name)s") % {"name": agent.team},
        f"/window/team?limit={FEW_MATES}",
        "users",
        topics=(f"team:{agent.team_id}",),
    )


@get("/window/work", permission=HANDLE_INTERACTIONS)
async def work(ctx: Context, user: SignedIn) -> Response[Any]:
    """What the agent has in hand, and what is offered to him."""
    in_hand = await work_of(ctx, user.id)
    cards = await asyncio.gather(*(_card(ctx, each) for each in in_hand))
    return fragment("window/work.html", cards=cards, agent=await view(ctx, user.id))


@get("/window/team", permission=HANDLE_INTERACTIONS)
async def team(
    ctx: Context, user: SignedIn, limit: Annotated[int, QueryParameter(ge=1, le=MANY_MATES)] = FEW_MATES
) -> Response[Any]:
    """The colleagues of the agent's team."""
    agent = await view(ctx, user.id)
    if agent is None:
        return fragment("window/no_team.html")
    mates = await mates_of(ctx, user.id, agent.team_id, limit)
    return fragment(
        "window/team.html",
        mates=mates,
        status_words=status_words,
        order=[each for each in Status if each in mates.counts],
        reasons=await all_reasons(ctx),
        limit=limit,
        most=MANY_MATES,
    )


async def _card(ctx: Context, each: Work) -> WorkCard:
    interaction, channel = each.interaction, type_of(ctx, each.interaction.channel)
    state, since, until = _clock(each)
    return WorkCard(
        id=interaction.id,
        name=interaction.contact_name,
        number=interaction.contact_number,
        subject=interaction.subject,
        channel=_(channel.title),
        icon=channel.icon,
        state=state,
        word=_(_STATES[state]),
        since=since,
        until=until,
        url=await page_of(ctx, interaction),
    )


def _clock(each: Work) -> tuple[str, datetime, datetime | None]:
    """The state of a card, since when it counts, and to when it counts down."""
    if each.segment is None or each.offer is not None:
        offer = each.offer
        since = offer.made_at if offer else each.interaction.state_since
        return "offered", since, offer.deadline if offer else None
    if each.segment.state is SegmentState.WRAP_UP:
        until = each.segment.wrap_up_until if each.segment.clock_shown else None
        return "wrap_up", each.segment.ended_at or each.segment.started_at, until
    if each.interaction.state is InteractionState.HELD:
        return "hold", each.interaction.state_since, None
    return "talk" if each.segment.exclusive else "work", each.segment.started_at, None


HANDLERS = [window, window_sections, work, team]
