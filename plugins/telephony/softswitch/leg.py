"""One party's connection: what it hears, whether it lives, and how it ends."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.rtp import RtpPacket

from plugins.telephony.provider import (
    DigitReceived,
    EndCause,
    LegConnected,
    LegEnded,
    LegId,
    LegSnapshot,
    LegState,
    MalformedOffer,
    ProviderError,
    ProviderUnavailable,
    Sound,
    UnknownLeg,
)
from plugins.telephony.softswitch import aiortc_hooks
from plugins.telephony.softswitch.offers import as_description, check_offer
from plugins.telephony.softswitch.outgoing import OutgoingAudio
from plugins.telephony.softswitch.sounds import Sounds
from plugins.telephony.softswitch.wire import SwitchEvent

logger = logging.getLogger(__name__)

PEER_STALLED = 1.0
"""Seconds without a packet from the peer after which silence is sent in its place. Longer than the 0.4 s that Opus
leaves between packets while nobody speaks."""
ANSWER_TIMEOUT = 12.0
"""Seconds for finding our addresses; an ICE server that does not answer takes five of them."""
CLOSE_TIMEOUT = 5.0
MAX_ONCE = 3000
"""Packets (a minute) of tones and sounds that may wait to be played over the rest."""
_DTMF_KEYS = "0123456789*#ABCD"

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Leg:
    """A browser's audio connection.

    All methods but `answer` are immediate. `emit` gets the leg's events; `spawn` runs a coroutine beyond the call.
    """

    def __init__(
        self,
        name: LegId,
        sounds: Sounds,
        configuration: RTCConfiguration,
        *,
        media_timeout: float,
        connect_timeout: float,
        emit: Callable[[SwitchEvent], None],
        spawn: Spawn,
    ) -> None:
        self.name = name
        self.peer: Leg | None = None
        self.cause: EndCause | None = None
        self.ended_at: datetime | None = None
        self.last_received = 0.0
        self._sounds = sounds
        self._configuration = configuration
        self._media_timeout = media_timeout
        self._connect_timeout = connect_timeout
        self._emit = emit
        self._spawn = spawn
        self._created_at = datetime.now(UTC)
        self._connected_at: datetime | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._connection: RTCPeerConnection | None = None
        self._outgoing = OutgoingAudio()
        self._received = 0
        self._opus: int | None = None
        self._dtmf: int | None = None
        self._dtmf_event: int | None = None
        self._held = False
        self._muted = False
        self._hears_peer = False
        self._sound = Sound.SILENCE
        self._playing = Sound.SILENCE
        self._packets = sounds.clips[Sound.SILENCE].forever()
        self._once: deque[bytes] = deque()

    async def answer(self, offer: str) -> str:
        """Return the answer to the browser's offer.

        Raises `MalformedOffer`, `ProviderUnavailable`, or `UnknownLeg` when the leg was ended meanwhile; it is of no
        use then.
        """
        check_offer(offer)
        connection = self._connection = RTCPeerConnection(self._configuration)
        transceiver = connection.addTransceiver(self._outgoing, direction="sendrecv")
        aiortc_hooks.negotiate_voice(transceiver)
        aiortc_hooks.tap(transceiver.receiver, self._take)
        connection.on("connectionstatechange", partial(self._connection_changed, connection))
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                await connection.setRemoteDescription(as_description(offer))
                self._opus = aiortc_hooks.sends_opus(transceiver)
                self._dtmf = aiortc_hooks.receives_dtmf(transceiver)
                await connection.setLocalDescription(await connection.createAnswer())
        except TimeoutError as error:
            raise ProviderUnavailable("The softswitch could not find out its network addresses in time.") from error
        # The offer is foreign text, and aiortc raises whatever its parts meet first in it.
        except Exception as error:
            if self.cause is not None:
                raise UnknownLeg(self.name) from error
            logger.info("leg %s: offer refused: %s", self.name, type(error).__name__)
            raise MalformedOffer(f"The browser's offer cannot be used ({type(error).__name__}).") from error
        if self.cause is not None:
            raise UnknownLeg(self.name)
        # Only now can the browser connect: ICE servers that do not answer have cost seconds already.
        self._deadline = asyncio.get_running_loop().call_later(
            self._connect_timeout, self.end, EndCause.NEVER_CONNECTED
        )
        return str(connection.localDescription.sdp)

    def play(self, sound: Sound) -> None:
        """Play `sound` whenever there is nothing better to hear."""
        self._sound = sound
        self.listen()

    def play_once(self, packets: list[bytes]) -> None:
        """Play over everything else, after what is being played so. Raises `ProviderError` when that is too long."""
        if len(self._once) + len(packets) > MAX_ONCE:
            raise ProviderError("Too much is waiting to be played to this leg already.")
        self._once.extend(packets)

    def set_held(self, held: bool) -> None:
        """Hold or unhold; `listen` of the peer is the caller's to call."""
        self._held = held
        self.listen()

    def set_muted(self, muted: bool) -> None:
        """Mute or unmute; `listen` of the peer is the caller's to call."""
        self._muted = muted

    def listen(self) -> None:
        """Choose anew what the leg hears, after anything changed for it or its peer."""
        if self._held:
            sound = Sound.HOLD_MUSIC
        elif self.peer is not None:
            sound = Sound.SILENCE
        else:
            sound = self._sound
        self._hears_peer = self.peer is not None and not (self._held or self.peer._held or self.peer._muted)
        if sound is not self._playing:
            self._playing = sound
            self._packets = self._sounds.clips[sound].forever()

    def tick(self, now: float) -> None:
        """Send the next 20 ms unless the peer's packets are what is heard; end the leg when nothing came for long."""
        if self._connected_at is None or self.cause is not None:
            return
        if now - self.last_received > self._media_timeout:
            self.end(EndCause.MEDIA_LOST)
        elif self._once:
            self._outgoing.send_own(self._once.popleft())
        elif not (self._hears_peer and self.peer and now - self.peer.last_received < PEER_STALLED):
            self._outgoing.send_own(next(self._packets))

    def end(self, cause: EndCause) -> None:
        """End the leg; the first cause given counts."""
        if self.cause is not None:
            return
        self.cause, self.ended_at = cause, datetime.now(UTC)
        if self._deadline:
            self._deadline.cancel()
        self._spawn(self.close())
        self._emit(LegEnded(self.name, cause, self.ended_at))

    def abandon(self) -> None:
        """Drop a leg whose offer could not be answered; no event tells of it."""
        self.cause = EndCause.NEVER_CONNECTED
        if self._deadline:
            self._deadline.cancel()
        self._spawn(self.close())

    async def close(self) -> None:
        """Close the connection, which tells the browser."""
        self._outgoing.stop()
        if self._connection is None:
            return
        try:
            await asyncio.wait_for(self._connection.close(), CLOSE_TIMEOUT)
        except TimeoutError:
            logger.warning("leg %s: its connection did not close in %s s", self.name, CLOSE_TIMEOUT)

    def snapshot(self) -> LegSnapshot:
        """Describe the leg."""
        if self.cause is not None:
            state = LegState.ENDED
        elif self._connected_at is not None:
            state = LegState.CONNECTED
        else:
            state = LegState.CONNECTING
        return LegSnapshot(
            leg=self.name,
            state=state,
            created_at=self._created_at,
            peer=self.peer.name if self.peer else None,
            sound=self._sound,
            held=self._held,
            muted=self._muted,
            connected_at=self._connected_at,
            ended_at=self.ended_at,
            cause=self.cause,
            packets_received=self._received,
            packets_sent=self._outgoing.packets,
        )

    def _connection_changed(self, connection: RTCPeerConnection) -> None:
        state = connection.connectionState
        if state == "connected" and self._connected_at is None and self.cause is None:
            if self._deadline:
                self._deadline.cancel()
            self._connected_at = datetime.now(UTC)
            self.last_received = time.monotonic()
            self._emit(LegConnected(self.name, self._connected_at))
        elif state == "closed":
            self.end(EndCause.PEER_CLOSED)
        elif state == "failed":
            self.end(EndCause.MEDIA_LOST if self._connected_at else EndCause.NEVER_CONNECTED)

    def _take(self, packet: RtpPacket) -> None:
        """Take a packet that the browser sent."""
        self.last_received = time.monotonic()
        self._received += 1
        if packet.payload_type == self._opus:
            if self.peer is not None and packet.payload:
                self.peer._hear(packet)
        elif packet.payload_type == self._dtmf:
            self._take_dtmf(packet)

    def _hear(self, packet: RtpPacket) -> None:
        """Hear a packet of the peer, if that is what is to be heard now."""
        if self._hears_peer and not self._once and self._connected_at is not None:
            self._outgoing.forward(packet)

    def _take_dtmf(self, packet: RtpPacket) -> None:
        """Note a key. RFC 4733: one key press is many packets, all with the time stamp of its begin."""
        if not packet.payload or packet.timestamp == self._dtmf_event:
            return
        self._dtmf_event = packet.timestamp
        if packet.payload[0] < len(_DTMF_KEYS):
            self._emit(DigitReceived(self.name, _DTMF_KEYS[packet.payload[0]], datetime.now(UTC)))
