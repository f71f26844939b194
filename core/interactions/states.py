"""The states of interactions, offers and segments."""

from __future__ import annotations

from enum import StrEnum

from core.states import Machine


class Channel(StrEnum):
    """How the contact is made. Plugins bring more."""

    VOICE = "voice"


class Direction(StrEnum):
    """Who began it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class InteractionState(StrEnum):
    """How far an interaction has come."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    HELD = "held"
    ENDED = "ended"
    """The parties are apart; after-contact work goes on."""
    CLOSED = "closed"


class OfferState(StrEnum):
    """What became of an offer."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    RESCINDED = "rescinded"
    """The interaction ended before the agent decided."""


class SegmentState(StrEnum):
    """How far an agent has come with his part."""

    ACTIVE = "active"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"


_I, _O, _S = InteractionState, OfferState, SegmentState

INTERACTION = Machine(
    "interaction",
    {
        _I.WAITING: frozenset({_I.OFFERED, _I.ENDED}),
        _I.OFFERED: frozenset({_I.WAITING, _I.ACTIVE, _I.ENDED}),
        _I.ACTIVE: frozenset({_I.HELD, _I.ENDED}),
        _I.HELD: frozenset({_I.ACTIVE, _I.ENDED}),
        _I.ENDED: frozenset({_I.CLOSED}),
        _I.CLOSED: frozenset(),
    },
)

OFFER = Machine(
    "offer",
    {
        _O.PENDING: frozenset({_O.ACCEPTED, _O.REJECTED, _O.EXPIRED, _O.RESCINDED}),
        _O.ACCEPTED: frozenset(),
        _O.REJECTED: frozenset(),
        _O.EXPIRED: frozenset(),
        _O.RESCINDED: frozenset(),
    },
)

SEGMENT = Machine(
    "segment",
    {
        _S.ACTIVE: frozenset({_S.WRAP_UP, _S.CLOSED}),
        _S.WRAP_UP: frozenset({_S.CLOSED}),
        _S.CLOSED: frozenset(),
    },
)
