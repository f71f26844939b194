"""The status control of the top bar: what the agent does now and for how long, and what he wants to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, repeat
from typing import Annotated, Any, Literal

from litestar import Response, get, post
from litestar.params import HeaderParameter

from core.accounts.permissions import HANDLE_INTERACTIONS
from core.accounts.sessions import SignedIn
from core.agents.changes import Change, before_this_work, last_choice
from core.agents.reasons import WARNING_SECONDS, Reason, Setter, all_reasons, reasons_for, usage_today
from core.agents.service import choose_intent, set_do_not_disturb
from core.agents.states import Intent
from core.agents.supervising import LOGGED_OUT, SET
from core.agents.views import AgentView, view
from core.database.connection import fetch_value
from core.locale import gettext as _
from core.locale import ngettext
from core.plugins.context import Context
from core.web.agent_words import INTENT_ICONS, INTENTS, LABELS, intent_words, status_words
from core.web.rendering import fragment

__all__ = ["HANDLERS", "LABELS", "panel_of"]

REASON_KEYS = ("Alt+5", "Alt+6", "Alt+7", "Alt+8", "Alt+9")
"""Of the first reasons that the menu shows."""

TOLD_FOR = timedelta(hours=12)
"""For how long an agent is told what somebody else has chosen for him."""


class Switch(StrEnum):
    """The positions of a switch."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True)
class Choice:
    """One thing that an agent may want to do.

    Attributes:
        chosen: Whether it is what the agent wants at present.
    """

    intent: Intent
    title: str
    explanation: str
    icon: str
    shortcut: str
    chosen: bool


@dataclass(frozen=True)
class ReasonChoice:
    """A break for a reason, with what is used of it today.

    Attributes:
        minutes: Used today.
        limit: Minutes that may be used in a day; 0 for any.
    """

    code: str
    title: str
    icon: str
    shortcut: str
    chosen: bool
    minutes: int
    limit: int

    @property
    def used_up(self) -> bool:
        """Whether nothing of it is left today."""
        return bool(self.limit) and self.minutes >= self.limit


@dataclass(frozen=True)
class Message:
    """Something that each page of the agent says once in passing; the key tells it from others."""

    key: str
    text: str
    kind: Literal["info", "warning"]


@dataclass(frozen=True)
class After:
    """What follows the work in hand.

    Attributes:
        words: Such as `Break · Lunch`.
        back: What it was before this work, where something else has been chosen since: to be taken back.
    """

    words: str
    back: tuple[Intent, str] | None
    back_words: str


@dataclass(frozen=True)
class Panel:
    """All that the control shows.

    Attributes:
        limit: Whether the limit of the present break is near or over.
        note: Who has chosen the present state, when it was not the agent.
    """

    agent: AgentView
    label: str
    choices: list[Choice]
    reasons: list[ReasonChoice]
    after: After | None
    limit: Literal["", "near", "over"]
    note: str
    messages: list[Message]


@get("/status", permission=HANDLE_INTERACTIONS)
async def status_control(ctx: Context, user: SignedIn) -> Response[Any]:
    """The control as it is now."""
    agent = await view(ctx, user.id)
    return fragment("fragments/status.html", panel=await panel_of(ctx, agent) if agent else None)


@post("/status/intent/{intent:str}", permission=HANDLE_INTERACTIONS, status_code=200)
async def choose(
    ctx: Context,
    user: SignedIn,
    intent: Intent,
    reason: str = "",
    seen: Annotated[Intent | None, HeaderParameter(name="x-seen-intent")] = None,
) -> Response[Any]:
    """Takes the agent's choice; during work it takes effect afterwards.

    The page says what it has shown so far, so that it does not undo what a supervisor has set a moment ago.
    """
    agent = await choose_intent(ctx, user.id, intent, reason=reason, seen=seen)
    return fragment("fragments/status.html", panel=await panel_of(ctx, agent))


@post("/status/do-not-disturb/{switch:str}", permission=HANDLE_INTERACTIONS, status_code=200)
async def do_not_disturb(ctx: Context, user: SignedIn, switch: Switch) -> Response[Any]:
    """Refuses internal calls, or takes them again."""
    agent = await set_do_not_disturb(ctx, user.id, switch is Switch.ON)
    return fragment("fragments/status.html", panel=await panel_of(ctx, agent))


HANDLERS = [status_control, choose, do_not_disturb]


async def panel_of(ctx: Context, agent: AgentView) -> Panel:
    """What the control of an agent shows now."""
    now: datetime = await fetch_value("SELECT now()")
    names = await all_reasons(ctx)
    last = await last_choice(ctx, agent.user_id)
    limit = _limit(agent, now)
    told = _told(last, agent, names) if last and now - last.at < TOLD_FOR else None
    return Panel(
        agent=agent,
        label=status_words(agent.status, agent.pause_reason, names),
        choices=_choices(agent),
        reasons=await _reasons(ctx, agent, now),
        after=await _after(ctx, agent, names),
        limit=limit,
        note=told.text if told else "",
        messages=[message for message in (told, _of_limit(agent, limit, names)) if message],
    )


def _choices(agent: AgentView) -> list[Choice]:
    disturbed = agent.do_not_disturb
    off = " " + _("Turns do not disturb off.") if disturbed else ""
    texts = (
        (Intent.AVAILABLE, _("Calls from queues come to you.") + off, "Alt+1"),
        (Intent.OUTBOUND, _("You make calls; none come from queues."), "Alt+2"),
        (Intent.PAUSE, _("No calls from queues."), "Alt+3"),
        (Intent.READY, _("Colleagues reach you; no calls from queues.") + off, "Alt+4"),
    )
    return [
        Choice(
            intent=intent,
            title=_(INTENTS[intent]),
            explanation=text,
            icon=INTENT_ICONS[intent],
            shortcut=keys,
            # A break for a reason is marked at its reason.
            chosen=intent is agent.intent and not agent.pause_reason,
        )
        for intent, text, keys in texts
    ]


async def _reasons(ctx: Context, agent: AgentView, now: datetime) -> list[ReasonChoice]:
    used = await usage_today(ctx, agent.user_id, now)
    given = await reasons_for(ctx, agent.team_id, Setter.AGENT)
    return [
        ReasonChoice(
            code=reason.code,
            title=reason.name,
            icon=reason.icon,
            shortcut=keys,
            chosen=agent.intent is Intent.PAUSE and reason.code == agent.pause_reason,
            minutes=int(used.get(reason.code, 0) // 60),
            limit=reason.daily_limit_minutes,
        )
        for reason, keys in zip(given, chain(REASON_KEYS, repeat("")), strict=False)
    ]


async def _after(ctx: Context, agent: AgentView, names: Mapping[str, Reason]) -> After | None:
    if agent.next_intent is None:
        return None
    back = await before_this_work(ctx, agent.user_id)
    if back == (agent.intent, agent.pause_reason):
        back = None
    if back is None and agent.intent is Intent.AVAILABLE:
        return None
    words = intent_words(agent.intent, agent.pause_reason, names)
    return After(words, back, intent_words(*back, names) if back else "")


def _limit(agent: AgentView, now: datetime) -> Literal["", "near", "over"]:
    if agent.pause_limit_at is None:
        return ""
    if agent.pause_limit_at <= now:
        return "over"
    return "near" if agent.pause_limit_at <= now + timedelta(seconds=WARNING_SECONDS) else ""


def _of_limit(agent: AgentView, limit: str, names: Mapping[str, Reason]) -> Message | None:
    if not limit or agent.pause_limit_at is None:
        return None
    key = f"{limit}:{int(agent.since.timestamp())}:{int(agent.pause_limit_at.timestamp())}"
    name = names[agent.pause_reason].name if agent.pause_reason in names else agent.pause_reason
    if limit == "near":
        return Message(key, _("%(name)s: two minutes or less are left today.") % {"name": name}, "warning")
    return Message(key, _("%(name)s: the time for today is used up.") % {"name": name}, "warning")


def _told(change: Change, agent: AgentView, names: Mapping[str, Reason]) -> Message | None:
    """What an agent has to know of a choice that he has not made himself."""
    key = f"set:{change.id}"
    values = {
        "name": change.actor_name or _("Switchroom"),
        "state": intent_words(Intent(change.new), change.reason, names),
        "comment": change.comment,
    }
    if change.actor_id == agent.user_id:
        return None
    if change.cause == SET:
        return Message(key, _("%(name)s has set you to %(state)s: %(comment)s") % values, "info")
    if change.cause == LOGGED_OUT:
        return Message(key, _("%(name)s has logged you out: %(comment)s") % values, "info")
    if change.cause == "missed_too_often":
        said = ngettext(
            "You have missed %(count)d call in a row, so you are on a break now.",
            "You have missed %(count)d calls in a row, so you are on a break now.",
            change.missed,
        )
        return Message(key, said % {"count": change.missed}, "warning")
    return None
