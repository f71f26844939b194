"""The texts that the pages' scripts show, in the language of the page."""

from __future__ import annotations

from typing import Any

from plugins.telephony.services.softphone import Softphone
from switchroom.locale import gettext as _


def softphone_texts(phone: Softphone) -> dict[str, Any]:
    """What the softphone's script says: states for screen readers, notifications, and what to do about problems."""
    caller = phone.interaction.contact_name if phone.interaction else ""
    return {
        "title": _("☎ %(name)s is calling") % {"name": caller},
        "body": phone.number,
        "ringing": _("Incoming call from %(name)s, %(number)s.") % {"name": caller, "number": phone.number},
        "talk": _("You are talking to %(name)s.") % {"name": caller},
        "held": _("%(name)s is on hold.") % {"name": caller},
        "idle": _("No call."),
        "problems": _audio_problems()
        | {
            "unstable": _("The connection is unstable. If it does not recover, the call ends."),
            "lost": _("The connection was lost. Check your network or headset; the call ends by itself."),
        },
    }


def caller_texts() -> dict[str, Any]:
    """What the customer's page says by script."""
    return {
        "next": _("You are next."),
        "position": _("You are number %d in the queue."),
        "soon": _("It should take less than a minute."),
        "minutes": _("It should take about %d min."),
        "mute": _("Mute my microphone"),
        "unmute": _("Unmute my microphone"),
        "cutOff": _("The call has ended."),
        "problems": _audio_problems() | {"unstable": _("The connection is unstable. Please stay on the line.")},
    }


def _audio_problems() -> dict[str, str]:
    return {
        "denied": _(
            "This page may not use the microphone. Click on the symbol to the left of the address, "
            "allow the microphone, and try again."
        ),
        "missing": _("No microphone was found. Plug in a headset or a microphone, and try again."),
        "busy": _("The microphone is in use by another program. Close that program, and try again."),
        "insecure": _("The browser gives no microphone to this address. Open the page by its https address."),
        "failed": _("The microphone cannot be used. Check it in the settings of your computer, and try again."),
        "unreachable": _("The server cannot be reached. Check your network; we keep trying."),
    }
