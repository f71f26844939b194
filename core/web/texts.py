"""The few texts that scripts in the browser show, given to them by the page."""

from __future__ import annotations

from core.locale import gettext as _


def script_texts() -> dict[str, str]:
    """Every text by its key, in the active language."""
    return {
        "close": _("Close"),
        "failed": _("That did not work."),
        "incident": _("Error number"),
        "unreachable": _("The server cannot be reached. Try again in a moment."),
    }
