"""Checks of what a browser offers, before anything is made for it."""

import aiortc.sdp
from aiortc import RTCSessionDescription
from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS

from plugins.telephony.provider import MalformedOffer
from plugins.telephony.softswitch.aiortc_hooks import CLOCK_RATE, OPUS

MAX_OFFER = 64 * 1024
"""Characters; a browser's audio offer has about 3,000."""
MAX_CANDIDATES = 50
"""Each makes the switch send checks to an address that the offer's author chose."""

_PARSE_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError)


def as_description(offer: str) -> RTCSessionDescription:
    """Wrap an offer for aiortc."""
    return RTCSessionDescription(sdp=offer, type="offer")


def check_offer(offer: str) -> None:
    """Raise `MalformedOffer`, saying what is wrong, unless the offer is one that a call can be made of."""
    if len(offer) > MAX_OFFER:
        raise MalformedOffer(f"The browser's offer is too long: {len(offer)} characters, at most {MAX_OFFER} may be.")
    try:
        description = aiortc.sdp.SessionDescription.parse(offer)
    except _PARSE_ERRORS as error:
        raise MalformedOffer("The browser's offer is not a session description (SDP).") from error
    if len(description.media) != 1 or description.media[0].kind != "audio":
        kinds = ", ".join(media.kind for media in description.media) or "none"
        raise MalformedOffer(f"The browser's offer must have one medium, audio; it has: {kinds}.")
    problem = _problem_of(description.media[0])
    if problem:
        raise MalformedOffer(f"The browser's offer cannot be used: {problem}.")


def _problem_of(audio: aiortc.sdp.MediaDescription) -> str | None:
    if not any(codec.mimeType.lower() == OPUS and codec.clockRate == CLOCK_RATE for codec in audio.rtp.codecs):
        return "it does not offer the Opus codec"
    if audio.direction not in (None, "sendrecv"):
        return f"its audio is {audio.direction}, not sendrecv"
    if audio.ice is None or not (audio.ice.usernameFragment and audio.ice.password):
        return "it has no ICE credentials"
    fingerprints = audio.dtls.fingerprints if audio.dtls else []
    if not any(fingerprint.algorithm.lower() in X509_DIGEST_ALGORITHMS for fingerprint in fingerprints):
        return "it has no certificate fingerprint of a known kind"
    if not audio.rtcp_mux:
        return "it does not offer to send RTCP and RTP over one port (rtcp-mux)"
    if len(audio.ice_candidates) > MAX_CANDIDATES:
        return f"it has more than {MAX_CANDIDATES} network addresses"
    return None
