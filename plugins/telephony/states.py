"""The states of a call leg's row. They follow what the provider tells; nothing else moves them."""

from __future__ import annotations

from enum import StrEnum

from plugins.telephony.provider import LegState
from switchroom.states import Machine

__all__ = ["LEG", "LegState", "Side"]


class Side(StrEnum):
    """Whose audio it is."""

    CALLER = "caller"
    AGENT = "agent"


LEG = Machine(
    "call leg",
    {
        LegState.CONNECTING: frozenset({LegState.CONNECTED, LegState.ENDED}),
        LegState.CONNECTED: frozenset({LegState.ENDED}),
        LegState.ENDED: frozenset(),
    },
)
