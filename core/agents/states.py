"""The three axes of an agent's state, and the status that follows from them."""

from __future__ import annotations

from enum import StrEnum

from core.states import Machine


class Intent(StrEnum):
    """What the agent chose. Nothing but the agent, or somebody who may, changes it."""

    AVAILABLE = "available"
    """Takes work from queues (Inbound)."""
    OUTBOUND = "outbound"
    """Makes calls; no work from queues."""
    READY = "ready"
    """Takes internal calls alone."""
    PAUSE = "pause"
    """A break."""


class Occupancy(StrEnum):
    """What the agent is doing: derived from open offers and segments, never set by hand."""

    FREE = "free"
    OFFERED = "offered"
    BUSY = "busy"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    MISSED = "missed"


class Status(StrEnum):
    """What people see, with a timer."""

    WAITING = "waiting"
    OFFERED = "offered"
    BUSY = "busy"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    MISSED = "missed"
    PAUSED = "paused"
    OUTBOUND = "outbound"
    READY = "ready"
    OFFLINE = "offline"


_WORK = frozenset({Occupancy.FREE, Occupancy.OFFERED, Occupancy.MISSED})
"""What may follow work: of the agent's other work, or of none."""

OCCUPANCY = Machine(
    "agent",
    {
        Occupancy.FREE: frozenset({Occupancy.OFFERED, Occupancy.BUSY}),
        Occupancy.OFFERED: frozenset(
            {Occupancy.FREE, Occupancy.BUSY, Occupancy.MISSED, Occupancy.HOLD, Occupancy.WRAP_UP}
        ),
        # Beside work of which an agent may have several in hand, another is offered, missed or in after-contact work.
        Occupancy.BUSY: _WORK | {Occupancy.HOLD, Occupancy.WRAP_UP},
        Occupancy.HOLD: _WORK | {Occupancy.BUSY, Occupancy.WRAP_UP},
        Occupancy.WRAP_UP: frozenset({Occupancy.FREE, Occupancy.BUSY, Occupancy.HOLD, Occupancy.MISSED}),
        Occupancy.MISSED: frozenset({Occupancy.FREE, Occupancy.BUSY}),
    },
)

_WHEN_FREE = {
    Intent.AVAILABLE: Status.WAITING,
    Intent.OUTBOUND: Status.OUTBOUND,
    Intent.READY: Status.READY,
    Intent.PAUSE: Status.PAUSED,
}


def status_of(intent: Intent, connected: bool, occupancy: Occupancy) -> Status:
    """What people see: what the agent is doing, else whether there is a connection, else what the agent chose."""
    if occupancy is not Occupancy.FREE:
        return Status(occupancy.value)
    return _WHEN_FREE[intent] if connected else Status.OFFLINE
