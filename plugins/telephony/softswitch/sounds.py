"""The sounds as Opus packets, encoded once and kept in a file."""

from __future__ import annotations

import base64
import json
import logging
import os
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from plugins.telephony.provider import Sound
from plugins.telephony.softswitch import synthesis

logger = logging.getLogger(__name__)

PACKET_SECONDS = 0.02
SAMPLES_A_PACKET = 960
"""In the 48 kHz clock that Opus always has in RTP."""

_VERSION = 1
"""Raise it when any sound or the file's form changes."""

_MUSIC_BITS = 24000
_TONE_BITS = 48000


@dataclass(frozen=True)
class Clip:
    """20 ms Opus packets: `first` is played once, `again` follows, over and over.

    They are the same audio. An encoder carries state from one packet into the next, so what follows on the end of the
    sound must have been encoded after its end, or the seam is heard.
    """

    first: list[bytes]
    again: list[bytes]

    def forever(self) -> Iterator[bytes]:
        """Return the packets of the sound played without end."""
        yield from self.first
        while True:
            yield from self.again


@dataclass(frozen=True)
class Sounds:
    """All sounds."""

    clips: dict[Sound, Clip]
    digits: dict[str, list[bytes]]


def load_sounds(folder: Path) -> Sounds:
    """Return the sounds from their file in `folder`, which is made, taking about two seconds, if it is not there.

    A file that cannot be read is replaced; one that cannot be written is done without.
    """
    path = folder / f"softswitch-sounds-{_VERSION}.json"
    try:
        return _from_json(path.read_text("ascii"))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("sounds in %s cannot be used (%s): making them anew", path, error)
    sounds = make_sounds()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(path, _to_json(sounds))
    except OSError as error:
        logger.warning("sounds cannot be kept in %s (%s): they are made at each start", path, error)
    return sounds


def make_sounds() -> Sounds:
    """Compute and encode all sounds."""
    return Sounds(
        clips={
            Sound.SILENCE: _clip(synthesis.silence(0.2), _MUSIC_BITS),
            Sound.HOLD_MUSIC: _clip(synthesis.hold_music(), _MUSIC_BITS),
            Sound.RINGBACK: _clip(synthesis.ringback(), _TONE_BITS),
            Sound.BEEP: _clip(synthesis.beep(), _TONE_BITS),
        },
        digits={key: _encode(synthesis.digit(key), _TONE_BITS) for key in synthesis.DTMF_TONES},
    )


def _clip(samples: array[int], bits_a_second: int) -> Clip:
    packets = _encode(samples + samples, bits_a_second)
    half = len(packets) // 2
    return Clip(first=packets[:half], again=packets[half:])


def _encode(samples: array[int], bits_a_second: int) -> list[bytes]:
    encoder = AudioCodecContext.create("libopus", "w")
    encoder.bit_rate = bits_a_second
    encoder.format = "s16"
    encoder.layout = "mono"
    encoder.sample_rate = synthesis.RATE
    encoder.options = {"application": "audio", "frame_duration": "20"}
    size = round(PACKET_SECONDS * synthesis.RATE)
    packets = []
    for at in range(0, len(samples), size):
        frame = AudioFrame(format="s16", layout="mono", samples=size)
        frame.sample_rate = synthesis.RATE
        frame.pts = at
        frame.planes[0].update(samples[at : at + size].tobytes())
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def _to_json(sounds: Sounds) -> str:
    def text(packets: list[bytes]) -> list[str]:
        return [base64.b64encode(packet).decode() for packet in packets]

    return json.dumps(
        {
            "clips": {sound: [text(clip.first), text(clip.again)] for sound, clip in sounds.clips.items()},
            "digits": {key: text(packets) for key, packets in sounds.digits.items()},
        }
    )


def _from_json(text: str) -> Sounds:
    def packets(texts: list[str]) -> list[bytes]:
        if not texts:
            raise ValueError("a sound is empty")
        return [base64.b64decode(one, validate=True) for one in texts]

    kept = json.loads(text)
    return Sounds(
        clips={sound: Clip(*(packets(part) for part in kept["clips"][sound])) for sound in Sound},
        digits={key: packets(kept["digits"][key]) for key in synthesis.DTMF_TONES},
    )


def _write_whole(path: Path, text: str) -> None:
    """Write so that a reader sees all of it or nothing, whatever is killed in between."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
