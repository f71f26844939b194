"""Agents' states in words: what people read for a status, for a choice, and for why either has changed."""

from __future__ import annotations

from collections.abc import Mapping

from core.agents.changes import Change
from core.agents.reasons import Reason
from core.agents.states import Intent, Status
from core.locale import gettext as _
from core.locale import mark

LABELS = {
    Status.WAITING: mark("Waiting"),
    Status.OFFERED: mark("Ringing"),
    Status.BUSY: mark("Busy"),
    Status.HOLD: mark("On hold"),
    Status.WRAP_UP: mark("Post-processing"),
    Status.MISSED: mark("Missed"),
    Status.PAUSED: mark("Break"),
    Status.OUTBOUND: mark("Outbound only"),
    Status.READY: mark("Internal calls only"),
    Status.OFFLINE: mark("Offline"),
}

INTENTS = {
    Intent.AVAILABLE: mark("Inbound"),
    Intent.OUTBOUND: mark("Outbound only"),
    Intent.READY: mark("Internal calls only"),
    Intent.PAUSE: mark("Break"),
}

INTENT_ICONS = {
    Intent.AVAILABLE: "phone-incoming",
    Intent.OUTBOUND: "phone-outgoing",
    Intent.READY: "phone-call",
    Intent.PAUSE: "coffee",
}

CAUSES = {
    "set_by_supervisor": mark("set by a supervisor"),
    "logged_out_by_supervisor": mark("logged out by a supervisor"),
    "logged_in": mark("logged in"),
    "logged_out": mark("logged out"),
    "connected": mark("page opened"),
    "connection_lost": mark("no page open"),
    "missed_too_often": mark("missed too often"),
    "not_answered": mark("did not answer"),
    "rejected": mark("rejected"),
    "offered": mark("was offered work"),
    "accepted": mark("took it"),
    "taken": mark("took it"),
    "delay_over": mark("delay over"),
}
"""Why, where the change does not say it already."""


def status_words(status: Status, reason: str, reasons: Mapping[str, Reason]) -> str:
    """What people see: a break with its reason."""
    return with_reason(_(LABELS[status]), reason if status is Status.PAUSED else "", reasons)


def intent_words(intent: Intent, reason: str, reasons: Mapping[str, Reason]) -> str:
    """What an agent wants, or will do after the present work."""
    return with_reason(_(INTENTS[intent]), reason if intent is Intent.PAUSE else "", reasons)


def with_reason(words: str, code: str, reasons: Mapping[str, Reason]) -> str:
    """Words with the name of a reason behind them, where there is one."""
    if not code:
        return words
    return f"{words} · {reasons[code].name if code in reasons else code}"


def change_words(change: Change, reasons: Mapping[str, Reason]) -> str:
    """What an agent changed to."""
    if change.subject == "intent":
        return intent_words(Intent(change.new), change.reason, reasons)
    return status_words(Status(change.new), change.reason, reasons)
