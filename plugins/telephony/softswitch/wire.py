"""The language of control connections: one JSON object a line, in both directions.

The switch greets with a `Challenge`; the client proves that it knows the secret with a `Proof`, and the switch does the
same with a `Welcome`, so neither the secret is sent nor can another process on the port pass for the switch. Then the
client sends `Request`s and the switch sends a `Reply` to each, and `Event`s once the client has asked to `Subscribe`.
"""

import hashlib
import hmac
from typing import Any, Literal

import msgspec
from msgspec import Struct

from plugins.telephony.provider import (
    DigitReceived,
    LegConnected,
    LegEnded,
    LegExists,
    LegId,
    LegSnapshot,
    MalformedOffer,
    ProviderError,
    ProviderFull,
    ProviderUnavailable,
    Sound,
    UnknownLeg,
)

MAX_LINE = 1 << 20
"""Bytes; the largest is the reply to `ListLegs`."""


class Challenge(Struct, frozen=True):
    """The switch's first line. `softswitch` is the version of this protocol."""

    nonce: str
    softswitch: int = 1


class Proof(Struct, frozen=True):
    """The client's first line."""

    nonce: str
    proof: str


class Welcome(Struct, frozen=True):
    """The switch's answer to a right `Proof`; a wrong one ends the connection."""

    proof: str


class Answer(Struct, tag="answer", tag_field="do", frozen=True):
    """Answer a browser's offer with a new leg."""

    leg: LegId
    offer: str


class Play(Struct, tag="play", tag_field="do", frozen=True):
    """Play over and over, or once."""

    leg: LegId
    sound: Sound
    once: bool = False


class SendDigits(Struct, tag="send_digits", tag_field="do", frozen=True):
    """Play DTMF tones."""

    leg: LegId
    digits: str


class Bridge(Struct, tag="bridge", tag_field="do", frozen=True):
    """Let two legs talk."""

    a: LegId
    b: LegId


class Change(Struct, tag="change", tag_field="do", frozen=True):
    """Do to one leg what needs no more to be said."""

    leg: LegId
    to: Literal["unbridged", "held", "unheld", "muted", "unmuted", "ended"]


class ListLegs(Struct, tag="legs", tag_field="do", frozen=True):
    """List the legs."""


class Subscribe(Struct, tag="subscribe", tag_field="do", frozen=True):
    """Send events from now on."""


class Ping(Struct, tag="ping", tag_field="do", frozen=True):
    """Show that the connection and the switch live."""


Command = Answer | Play | SendDigits | Bridge | Change | ListLegs | Subscribe | Ping


class Request(Struct, frozen=True):
    """A command and the number under which its reply is wanted."""

    id: int
    command: Command


class Failure(Struct, frozen=True):
    """An error: the name of its class, what to show, and the leg if there is one."""

    kind: str
    message: str
    leg: LegId | None = None


class Reply(Struct, tag="reply", frozen=True):
    """The outcome of a request. Only `Answer` has an `answer`, only `ListLegs` has `legs`."""

    id: int
    failure: Failure | None = None
    answer: str = ""
    legs: list[LegSnapshot] = []


class Event(Struct, tag="event", frozen=True):
    """Something happened; `kind` names the type of `data`."""

    kind: str
    data: Any


SwitchEvent = LegConnected | LegEnded | DigitReceived

_EVENTS: dict[str, type[SwitchEvent]] = {kind.__name__: kind for kind in (LegConnected, LegEnded, DigitReceived)}
_ERRORS: dict[str, type[ProviderError]] = {
    kind.__name__: kind for kind in (MalformedOffer, LegExists, ProviderFull, ProviderUnavailable, ProviderError)
}


def to_line(message: Struct) -> bytes:
    """Encode `message` as one line."""
    return msgspec.json.encode(message) + b"\n"


def event_to_wire(event: SwitchEvent) -> Event:
    """Wrap an event for sending."""
    return Event(kind=type(event).__name__, data=event)


def event_from_wire(event: Event) -> SwitchEvent | None:
    """Unwrap a received event; None if it is of a kind that this version does not know."""
    kind = _EVENTS.get(event.kind)
    return None if kind is None else msgspec.convert(event.data, type=kind)


def failure_of(error: ProviderError) -> Failure:
    """Describe an error for sending."""
    leg = error.leg if isinstance(error, UnknownLeg) else None
    return Failure(kind=type(error).__name__, message=str(error), leg=leg)


def error_of(failure: Failure) -> ProviderError:
    """Return the error that a received failure describes."""
    if failure.kind == UnknownLeg.__name__ and failure.leg is not None:
        return UnknownLeg(failure.leg)
    return _ERRORS.get(failure.kind, ProviderError)(failure.message)


def proof(secret: str, side: Literal["client", "switch"], switch_nonce: str, client_nonce: str) -> str:
    """Prove to know `secret`. `side` keeps one side's proof from being sent back as the other's."""
    text = f"{side}:{switch_nonce}:{client_nonce}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
