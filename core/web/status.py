"""The status control of the top bar: what the agent does now and for how long, and what he wants to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from litestar import Response, get, post

from core.accounts.permissions import HANDLE_INTERACTIONS
from core.accounts.sessions import SignedIn
from core.agents.service import AgentView, choose_intent, set_do_not_disturb, view
from core.agents.states import Intent, Status
from core.locale import gettext as _
from core.locale import mark
from core.plugins.context import Context
from core.web.rendering import fragment

LABELS = {
    Status.WAITING: mark("Waiting"),
    Status.OFFERED: mark("Ringing"),
    Status.BUSY: mark("Busy"),
    Status.HOLD: mark("On hold"),
    Status.WRAP_UP: mark("Post-processing"),
    Status.MISSED: mark("Missed"),
    Status.PAUSED: mark("Break"),
    Status.OUTBOUND: mark("Outbound only"),
    Status.OFFLINE: mark("Offline"),
}


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


def choices(agent: AgentView) -> list[Choice]:
    """What the menu offers."""
    texts = (
        (Intent.AVAILABLE, _("Inbound"), _("Calls from queues come to you."), "phone-incoming", "Alt+1"),
        (Intent.OUTBOUND, _("Outbound only"), _("You make calls; none come from queues."), "phone-outgoing", "Alt+2"),
        (Intent.PAUSE, _("Break"), _("No calls from queues."), "coffee", "Alt+3"),
    )
    return [Choice(*text, chosen=text[0] is agent.intent) for text in texts]


@get("/status", permission=HANDLE_INTERACTIONS)
async def status_control(ctx: Context, user: SignedIn) -> Response[Any]:
    """The control as it is now."""
    return _show(await view(ctx, user.id))


@post("/status/intent/{intent:str}", permission=HANDLE_INTERACTIONS, status_code=200)
async def choose(ctx: Context, user: SignedIn, intent: Intent) -> Response[Any]:
    """Takes the agent's choice; during work it takes effect afterwards."""
    return _show(await choose_intent(ctx, user.id, intent))


@post("/status/do-not-disturb/{switch:str}", permission=HANDLE_INTERACTIONS, status_code=200)
async def do_not_disturb(ctx: Context, user: SignedIn, switch: Switch) -> Response[Any]:
    """Refuses internal calls, or takes them again."""
    return _show(await set_do_not_disturb(ctx, user.id, switch is Switch.ON))


def _show(agent: AgentView | None) -> Response[Any]:
    return fragment(
        "fragments/status.html",
        agent=agent,
        label=_(LABELS[agent.status]) if agent else "",
        choices=choices(agent) if agent else [],
    )
