"""The few texts that scripts in the browser show, given to them by the page."""

from __future__ import annotations

from core.locale import gettext as _


def script_texts() -> dict[str, str]:
    """Every text by its key, in the active language."""
    return {
        "reconnecting": _("Connection lost. Reconnecting…"),
        "reconnected": _("Connected again."),
        "unreachable": _("The server cannot be reached. Try again in a moment."),
        "failed": _("That did not work."),
        "stale": _("Could not be refreshed."),
        "retry": _("Try again"),
        "incident": _("Error number"),
        "close": _("Close"),
        "leave": _("A call is going on. Leaving the page ends it."),
    }
