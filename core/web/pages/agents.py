"""The page *Team*: what each agent does at this moment, and the hand that supervisors have on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from core.accounts.permissions import MANAGE_AGENTS, SEE_AGENTS
from core.accounts.sessions import SignedIn
from core.agents.changes import Change, last_changes
from core.agents.reasons import Reason, Setter, all_reasons, reasons_for, usage_today
from core.agents.states import Intent, Status
from core.agents.supervising import LONGEST_COMMENT, log_out_agent, set_intent_of
from core.agents.teams import all_teams
from core.agents.views import AgentView, agents_by_team, count_by_status, get_agent
from core.database.connection import fetch_value
from core.errors import InvalidInput
from core.interactions.channels import type_of
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import ChannelType, ToolbarAction
from core.web.agent_words import CAUSES, INTENT_ICONS, INTENTS, LABELS, change_words, intent_words, status_words
from core.web.allowed import allowed
from core.web.rendering import fragment, page, with_event, with_toast

SHOWN = 300
"""Agents on the page; the others are found by the filters."""
SHOWN_CHANGES = 25

TeamFilter = Annotated[str, QueryParameter(name="team")]
StatusFilter = Annotated[str, QueryParameter(name="status")]
TextFilter = Annotated[str, QueryParameter(name="q")]


@dataclass(frozen=True)
class Card:
    """An agent, as his card shows him.

    Attributes:
        icon: The picture of the reason of his break, or empty.
        after: What follows his work, where it is something else than more of it.
        work: Channel → how many he has in hand there.
        over: Whether his break has lasted longer than its reason allows in a day.
    """

    agent: AgentView
    label: str
    icon: str
    after: str
    work: list[tuple[ChannelType, int]]
    over: bool


@dataclass(frozen=True)
class Share:
    """One status in the picture of all: how many, and from where to where of a hundred."""

    status: Status
    label: str
    number: int
    begins: float
    width: float


@get("/agents", permission=SEE_AGENTS)
async def agents_page(ctx: Context) -> Response[Any]:
    """The page; what changes is loaded by itself."""
    statuses = [(status, _(LABELS[status])) for status in Status]
    return await page("agents/agents.html", title=_("Team"), teams=await all_teams(ctx), statuses=statuses)


@get("/agents/board", permission=SEE_AGENTS)
async def board(
    ctx: Context, user: SignedIn, team: TeamFilter = "", status: StatusFilter = "", text: TextFilter = ""
) -> Response[Any]:
    """The agents, and how many are in each status."""
    team_id = int(team) if team.isdecimal() and len(team) < 19 else None
    wanted = Status(status) if status in set(Status) else None
    text = text.replace("\0", "").strip()[:100]
    found = await agents_by_team(ctx, status=wanted, team_id=team_id, text=text, limit=SHOWN + 1)
    now: datetime = await fetch_value("SELECT now()")
    reasons = await all_reasons(ctx)
    cards = [_card(ctx, agent, reasons, now) for agent in found[:SHOWN]]
    return fragment(
        "agents/board.html",
        teams=[(name, list(group)) for name, group in groupby(cards, lambda card: card.agent.team)],
        shares=_shares(await count_by_status(ctx, team_id=team_id)),
        more=len(found) > SHOWN,
        filtered=bool(text or wanted),
        manages=user.may(MANAGE_AGENTS),
    )


@get("/agents/{user_id:int}", permission=MANAGE_AGENTS)
async def agent_dialog(ctx: Context, user: SignedIn, user_id: int) -> Response[Any]:
    """One agent: what he does, what may be set for him, his last changes, and what plugins add."""
    agent = await get_agent(ctx, user_id)
    now: datetime = await fetch_value("SELECT now()")
    reasons = await all_reasons(ctx)
    actions: list[ToolbarAction] = await ctx.collect("agent_actions", agent=agent)
    return fragment(
        "agents/agent.html",
        card=_card(ctx, agent, reasons, now),
        intents=[(intent, _(title), INTENT_ICONS[intent]) for intent, title in INTENTS.items()],
        reasons=await reasons_for(ctx, agent.team_id, Setter.SUPERVISOR),
        used={code: int(seconds // 60) for code, seconds in (await usage_today(ctx, user_id, now)).items()},
        changes=[_line(change, reasons) for change in await last_changes(ctx, user_id, SHOWN_CHANGES)],
        longest=LONGEST_COMMENT,
        actions=allowed(actions, user),
    )


@post("/agents/{user_id:int}/intent", permission=MANAGE_AGENTS, status_code=200)
async def set_state(request: Request[Any, Any, Any], ctx: Context, user_id: int) -> Response[Any]:
    """Sets what an agent is to do.

    Raises:
        InvalidInput: A value cannot be used: the dialog marks the field.
    """
    form = await request.form()
    chosen, comment = str(form.get("intent", "")), str(form.get("comment", ""))
    if chosen not in set(Intent):
        text = _("Choose a state.")
        raise InvalidInput(text, fields={"intent": text})
    reason = str(form.get("reason", "")) if chosen == Intent.PAUSE else ""
    agent = await set_intent_of(ctx, user_id, Intent(chosen), reason=reason, comment=comment)
    words = {"name": agent.name, "state": intent_words(agent.intent, agent.pause_reason, await all_reasons(ctx))}
    if agent.next_intent:
        return _done(_("After the present work: %(name)s · %(state)s.") % words)
    return _done(_("Done: %(name)s · %(state)s.") % words)


@post("/agents/{user_id:int}/log-out", permission=MANAGE_AGENTS, status_code=200)
async def log_out(request: Request[Any, Any, Any], ctx: Context, user_id: int) -> Response[Any]:
    """Ends every login of an agent.

    Raises:
        InvalidInput: It is not said why: the dialog marks the field.
    """
    form = await request.form()
    agent = await log_out_agent(ctx, user_id, comment=str(form.get("comment", "")))
    return _done(_("%(name)s is logged out everywhere.") % {"name": agent.name})


HANDLERS = [agents_page, board, agent_dialog, set_state, log_out]


def _done(text: str) -> Response[Any]:
    return with_event(with_toast(Response("", media_type="text/html"), text), "switchroom:dialog-close", {})


def _card(ctx: Context, agent: AgentView, reasons: dict[str, Reason], now: datetime) -> Card:
    paused = reasons.get(agent.pause_reason) if agent.status is Status.PAUSED else None
    awaited = agent.next_intent not in (None, Intent.AVAILABLE)
    return Card(
        agent=agent,
        label=status_words(agent.status, agent.pause_reason, reasons),
        icon=paused.icon if paused else "",
        after=intent_words(agent.intent, agent.pause_reason, reasons) if awaited else "",
        work=[(type_of(ctx, channel), number) for channel, number in sorted(agent.work.items())],
        over=agent.pause_limit_at is not None and agent.pause_limit_at <= now,
    )


def _shares(counts: dict[Status, int]) -> list[Share]:
    total, begins, shares = sum(counts.values()), 0.0, []
    for status, number in counts.items():
        width = 100 * number / total
        shares.append(Share(status, _(LABELS[status]), number, round(begins, 3), round(width, 3)))
        begins += width
    return shares


@dataclass(frozen=True)
class _Line:
    change: Change
    words: str
    cause: str


def _line(change: Change, reasons: dict[str, Reason]) -> _Line:
    return _Line(change, change_words(change, reasons), _(CAUSES[change.cause]) if change.cause in CAUSES else "")
