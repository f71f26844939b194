"""Why a delivery did not arrive: stored as a word, told in the language of whoever reads it."""

from __future__ import annotations

from enum import StrEnum

from switchroom.locale import gettext as _


class Problem(StrEnum):
    """What went wrong with one attempt; the detail that is stored with each is given in brackets."""

    NO_ADDRESS = "no_address"
    """The name of the host cannot be resolved (the host)."""
    INSIDE = "inside"
    """The host is not on the public internet (the host)."""
    CONNECTION = "connection"
    """There was no connection, or it broke (the reason, in English)."""
    TIMEOUT = "timeout"
    """There was no answer in time (the seconds)."""
    STATUS = "status"
    """The answer said that it was not taken (the status)."""


class PauseReason(StrEnum):
    """Why an endpoint is paused."""

    GONE = "gone"
    FAILING = "failing"


def problem_text(problem: str, detail: str) -> str:
    """A sentence on what went wrong; empty for nothing."""
    texts = {
        Problem.NO_ADDRESS: _("The name %(detail)s has no address."),
        Problem.INSIDE: _("The host %(detail)s is not on the public internet."),
        Problem.CONNECTION: _("The connection failed: %(detail)s"),
        Problem.TIMEOUT: _("No answer within %(detail)s seconds."),
        Problem.STATUS: _("The answer was %(detail)s."),
    }
    return texts[Problem(problem)] % {"detail": detail} if problem else ""


def pause_text(reason: str) -> str:
    """A sentence on why an endpoint is paused; empty for no reason."""
    texts = {
        PauseReason.GONE: _("The endpoint has answered that it is gone (410)."),
        PauseReason.FAILING: _("Nothing has arrived for too long."),
    }
    return texts[PauseReason(reason)] if reason else ""
