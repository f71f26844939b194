"""The states of a promise."""

from __future__ import annotations

from enum import StrEnum

from switchroom.states import Machine


class State(StrEnum):
    """What has become of a promise. Whether it has an owner is another matter: one without is as open as any."""

    OPEN = "open"
    """Its time has not come."""
    DUE = "due"
    """Its time has come, and nobody has kept it yet."""
    KEPT = "kept"
    """Done."""
    WITHDRAWN = "withdrawn"
    """Owed no more, and somebody has said why."""
    RELEASED = "released"
    """Its owner was absent, and whoever made it has taken it back into its queue."""


_ENDS = frozenset({State.KEPT, State.WITHDRAWN, State.RELEASED})

MACHINE = Machine(
    "promise",
    {
        State.OPEN: _ENDS | {State.DUE},
        # One that is put off is open again.
        State.DUE: _ENDS | {State.OPEN},
        State.KEPT: frozenset(),
        State.WITHDRAWN: frozenset(),
        State.RELEASED: frozenset(),
    },
)

STILL_OWED = (State.OPEN.value, State.DUE.value)
"""The states in which something is still to be done; the conditions of indexes say the same."""


class What(StrEnum):
    """What has happened to a promise: a line of its history."""

    MADE = "made"
    PUT_OFF = "put_off"
    FALLEN_DUE = "fallen_due"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"
    GIVEN = "given"
    TAKEN = "taken"
    LEFT = "left"
    """The owner has gone, or was absent: nobody owns it now."""
    RELEASED = "released"
    ZONE = "zone"
