"""What telephony asks of whatever carries its media: the built-in softswitch, or a PBX through an adapter.

A *leg* is one party's audio connection. The caller of this interface names the legs and keeps its own record of what
each is for; the provider knows only media. Events and `VoiceProvider.legs` tell what truly happened to it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

LegId = NewType("LegId", str)


class Sound(StrEnum):
    """Sounds that every provider can play."""

    SILENCE = "silence"
    HOLD_MUSIC = "hold_music"
    RINGBACK = "ringback"
    BEEP = "beep"


class LegState(StrEnum):
    """How far a leg has come; it only moves forward."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    ENDED = "ended"


class EndCause(StrEnum):
    """Why a leg ended."""

    HUNG_UP = "hung_up"
    """The provider was told to end it (`VoiceProvider.hang_up`)."""
    PEER_CLOSED = "peer_closed"
    """The other side closed its connection: the tab was closed, or its page hung up."""
    MEDIA_LOST = "media_lost"
    """Nothing was received for the media timeout, or the connection failed."""
    NEVER_CONNECTED = "never_connected"
    """The connection was not made within the connect timeout."""
    PROVIDER_LOST = "provider_lost"
    """The provider went away and took its legs along. No provider reports this: who reconciles, finding that
    `VoiceProvider.legs` does not list a leg, states it."""


@dataclass(frozen=True, slots=True)
class LegSnapshot:
    """A leg as it is now. `peer` is the leg it is bridged with; times are UTC."""

    leg: LegId
    state: LegState
    created_at: datetime
    peer: LegId | None = None
    sound: Sound = Sound.SILENCE
    held: bool = False
    muted: bool = False
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    cause: EndCause | None = None
    packets_received: int = 0
    packets_sent: int = 0


@dataclass(frozen=True, slots=True)
class LegConnected:
    """Audio can flow."""

    leg: LegId
    at: datetime


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is gone; it will not come back. Sent once a leg."""

    leg: LegId
    cause: EndCause
    at: datetime


@dataclass(frozen=True, slots=True)
class DigitReceived:
    """The party pressed a key (one of ``0-9*#A-D``)."""

    leg: LegId
    digit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProviderLost:
    """The provider cannot be reached; commands raise `ProviderUnavailable` until `ProviderBack`."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProviderBack:
    """The provider is reached again. Events in between are lost: reconcile with `VoiceProvider.legs`."""

    at: datetime


VoiceEvent = LegConnected | LegEnded | DigitReceived | ProviderLost | ProviderBack


class ProviderError(Exception):
    """A command was not carried out; the message can be shown to a person."""


class MalformedOffer(ProviderError):
    """The browser's session description cannot be used; no leg exists."""


class LegExists(ProviderError):
    """The leg's name is taken: an offer is answered once."""


class UnknownLeg(ProviderError):
    """No such leg, or it has ended. `leg` names it."""

    def __init__(self, leg: LegId) -> None:
        super().__init__(f"The call leg {leg} has ended or never existed.")
        self.leg = leg


class ProviderFull(ProviderError):
    """The provider carries as many legs as it may."""


class ProviderUnavailable(ProviderError):
    """The provider cannot be reached or did not answer in time. Whether the command took effect is unknown."""


class VoiceProvider(Protocol):
    """Carries the audio of legs.

    Every command may raise `ProviderUnavailable`; commands on a leg raise `UnknownLeg` when it is not there or has
    ended. Commands are idempotent unless they say otherwise, and take effect before they return. Several processes may
    use one provider at a time; each sees every event.

    What a leg hears is decided in this order: digits and sounds played once, then hold music while it is held, then
    its peer when bridged (silence while that peer is muted or held), then the sound of `play`.
    """

    async def start(self) -> None:
        """Connect. Raises `ProviderUnavailable` when that fails; afterwards it reconnects on its own until `close`."""

    async def close(self) -> None:
        """Disconnect and end every `events` iterator. Legs go on."""

    async def answer(self, leg: LegId, offer_sdp: str) -> str:
        """Create `leg` from a browser's SDP offer (audio; candidates already gathered) and return the SDP answer.

        The leg hears silence at first. `LegConnected` or `LegEnded` follows. Not idempotent: raises `LegExists` the
        second time, `MalformedOffer` when the offer cannot be used, `ProviderFull` when there is no room.
        """

    async def play(self, leg: LegId, sound: Sound) -> None:
        """Play `sound` over and over whenever the leg is neither held nor bridged, until another is given."""

    async def play_once(self, leg: LegId, sound: Sound) -> None:
        """Play `sound` from begin to end once, over whatever the leg hears, after what is already being played so."""

    async def send_digits(self, leg: LegId, digits: str) -> None:
        """Let the leg hear the tones of `digits` (``0-9*#A-D``), as `play_once` does.

        Raises `ValueError` for anything else.
        """

    async def bridge(self, a: LegId, b: LegId) -> None:
        """Let `a` and `b` hear each other. Former peers of either are unbridged; held and muted stay as they are."""

    async def unbridge(self, leg: LegId) -> None:
        """Part the leg from its peer, if it has one; each then hears what `play` set for it."""

    async def hold(self, leg: LegId) -> None:
        """Give the leg hold music; it and its peer do not hear each other until `unhold`."""

    async def unhold(self, leg: LegId) -> None:
        """Undo `hold`."""

    async def mute(self, leg: LegId) -> None:
        """Do not pass on what the leg says; it goes on hearing its peer."""

    async def unmute(self, leg: LegId) -> None:
        """Undo `mute`."""

    async def hang_up(self, leg: LegId) -> None:
        """End the leg at once and let its browser know. Does nothing when it has ended or never existed."""

    async def legs(self) -> Sequence[LegSnapshot]:
        """Every leg that lives, and those that ended lately (ten minutes in the softswitch) with their cause.

        For reconciling after a start and after `ProviderBack`: a leg that is not listed was lost with the provider.
        """

    def events(self) -> AsyncIterator[VoiceEvent]:
        """Events from the time of this call on, until `close`.

        A reader that lags far behind gets a `ProviderLost` followed by a `ProviderBack` in place of what it missed.
        """
