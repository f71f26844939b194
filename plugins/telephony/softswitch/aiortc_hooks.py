"""Everything that relies on the inside of aiortc.

aiortc decodes what it receives, in a thread, behind a jitter buffer, which costs most of a call's computing time and
80 ms of its delay. We hand Opus packets on as they are, and the browser that plays them has a better jitter buffer. The
jitter buffer is the last step before decoding: a `PacketTap` in its place gives every packet to us and never completes
a frame, so nothing is decoded while aiortc goes on doing the rest (SRTP, statistics, receiver reports).

aiortc also offers no way to add a codec or the parameters of one: `negotiate_voice` adds DTMF events and asks browsers
to send forward error correction, which survives because packets pass unchanged.
"""

from collections.abc import Callable

from aiortc import RTCRtpReceiver, RTCRtpTransceiver, codecs
from aiortc.rtcrtpparameters import RTCRtpCodecCapability, RTCRtpCodecParameters
from aiortc.rtp import RtpPacket

OPUS = "audio/opus"
DTMF = "audio/telephone-event"
CLOCK_RATE = 48000

_JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
_DTMF_PAYLOAD_TYPE = 126
"""Ours in offers only; answers take the browser's. aiortc gives 96 to its Opus and those that follow to video."""


class PacketTap:
    """Takes the place of aiortc's `JitterBuffer` and hands on each packet as it arrives."""

    def __init__(self, take: Callable[[RtpPacket], None]) -> None:
        self._take = take

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """Do as `JitterBuffer.add` does when the packet completes no frame: no picture lost, nothing to decode."""
        self._take(packet)
        return False, None


def tap(receiver: RTCRtpReceiver, take: Callable[[RtpPacket], None]) -> None:
    """Give every RTP packet that `receiver` gets to `take`, in the order of arrival, and decode none."""
    if not hasattr(receiver, _JITTER_BUFFER):
        raise RuntimeError("This aiortc has no jitter buffer where the softswitch expects it; use aiortc 1.16.")
    setattr(receiver, _JITTER_BUFFER, PacketTap(take))


def negotiate_voice(transceiver: RTCRtpTransceiver) -> None:
    """Let `transceiver` agree on Opus and DTMF events alone."""
    transceiver.setCodecPreferences(
        [
            RTCRtpCodecCapability(codec.mimeType, codec.clockRate, codec.channels, codec.parameters)
            for mime_type in (OPUS, DTMF)
            for codec in codecs.CODECS["audio"]
            if codec.mimeType == mime_type
        ]
    )


def receives_dtmf(transceiver: RTCRtpTransceiver) -> int | None:
    """Return the payload type that carries DTMF events, if the two sides agreed on one."""
    return next((codec.payloadType for codec in transceiver._codecs if codec.mimeType == DTMF), None)


def sends_opus(transceiver: RTCRtpTransceiver) -> int | None:
    """Return the payload type of Opus, if the two sides agreed on it."""
    return next((codec.payloadType for codec in transceiver._codecs if codec.mimeType == OPUS), None)


def install_codecs() -> None:
    """Make DTMF events and Opus with error correction known to aiortc. Doing so again changes nothing."""
    audio = codecs.CODECS["audio"]
    for codec in audio:
        if codec.mimeType == OPUS:
            codec.parameters = {"minptime": 10, "useinbandfec": 1}
    if not any(codec.mimeType == DTMF for codec in audio):
        audio.append(
            RTCRtpCodecParameters(
                mimeType=DTMF,
                clockRate=CLOCK_RATE,
                channels=1,
                payloadType=_DTMF_PAYLOAD_TYPE,
                parameters={"0-15": None},
            )
        )
