"""Why a call ended, said to the customer."""

from __future__ import annotations

from switchroom.locale import gettext, mark

_SENTENCES = {
    "caller_hung_up": mark("You have hung up. Thank you for your call."),
    "agent_hung_up": mark("The conversation is over. Thank you for your call."),
    "caller_lost": mark("The connection to you was lost. Please check your network and call again."),
    "caller_never_connected": mark(
        "The sound connection could not be made. Your network may block calls: try another network, then call again."
    ),
    "waited_too_long": mark("Nobody is free to take your call. We are sorry: please call again later."),
    "agent_lost": mark("The connection to our employee was lost. We are sorry: please call again."),
    "agent_never_connected": mark("Our employee could not be connected. We are sorry: please call again."),
}
_OTHER = mark("The call was cut off by a fault on our side. We are sorry: please call again.")


def cause_sentence(cause: str) -> str:
    """What the customer is told when the call has ended; empty while there is no cause."""
    return gettext(_SENTENCES.get(cause, _OTHER)) if cause else ""
