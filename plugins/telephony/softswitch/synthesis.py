"""Sounds computed from nothing: hold music and the tones of telephony, as mono 16-bit samples at `RATE`.

Everything is a sine that a recurrence of two multiplications draws, which is the fastest way in plain Python; a factor
below one in it makes the sine die away as a plucked string does.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

RATE = 24000
"""Samples a second; one of the rates that Opus takes."""

DTMF_TONES = {
    key: (low, high)
    for low, keys in ((697, "123A"), (770, "456B"), (852, "789C"), (941, "*0#D"))
    for high, key in zip((1209, 1336, 1477, 1633), keys, strict=True)
}
"""Hertz, as ITU-T Q.23 has them."""

_RAMP = 0.008
"""Seconds in which a tone rises and falls, so that it does not click."""

# The music: four bars of slow arpeggios over a held chord each, in C major. Notes are semitones above middle C.
_BAR = 6.0
_CHORDS: Sequence[tuple[int, Sequence[int]]] = (
    (-24, (0, 4, 7, 11, 14, 11, 7, 4)),
    (-27, (-3, 0, 4, 7, 12, 7, 4, 0)),
    (-31, (-7, -3, 0, 4, 9, 4, 0, -3)),
    (-29, (-5, 0, 2, 5, 9, 7, 5, 2)),
)
_MIDDLE_C = 261.63


def silence(seconds: float) -> array[int]:
    """Return that many seconds of nothing."""
    return array("h", bytes(2 * round(seconds * RATE)))


def tone(frequencies: Sequence[float], seconds: float, level: float = 0.2) -> array[int]:
    """Return sines of `frequencies` (Hz) together, each `level` (0 to 1) of full scale, without clicks at its ends."""
    mixed = [0.0] * round(seconds * RATE)
    for frequency in frequencies:
        _add_sine(mixed, 0, len(mixed), frequency, level)
    ramp = round(_RAMP * RATE)
    for i in range(ramp):
        mixed[i] *= i / ramp
        mixed[-1 - i] *= i / ramp
    return _to_samples(mixed)


def ringback() -> array[int]:
    """Return one period of the European ringing tone: a second of 425 Hz, then four of silence."""
    return tone((425,), 1.0, 0.15) + silence(4.0)


def beep() -> array[int]:
    """Return a short signal tone."""
    return tone((880,), 0.2) + silence(0.04)


def digit(key: str) -> array[int]:
    """Return the DTMF tone of one key, and the pause after it."""
    return tone(DTMF_TONES[key], 0.1, 0.25) + silence(0.1)


def hold_music() -> array[int]:
    """Return 24 seconds of quiet music whose end runs into its beginning."""
    mixed = [0.0] * round(len(_CHORDS) * _BAR * RATE)
    for bar, (bass, arpeggio) in enumerate(_CHORDS):
        begin = round(bar * _BAR * RATE)
        for frequency, level in ((_hertz(bass), 0.09), (_hertz(bass + 12), 0.06), (_hertz(bass + 19), 0.035)):
            _add_swell(mixed, begin, frequency, level)
        for i, note in enumerate(arpeggio):
            at = begin + round(i * _BAR / len(arpeggio) * RATE)
            _add_sine(mixed, at, round(2.4 * RATE), _hertz(note), 0.10, half_life=0.45)
            _add_sine(mixed, at, round(0.9 * RATE), 2 * _hertz(note), 0.03, half_life=0.18)
    return _to_samples(mixed)


def _hertz(semitones: int) -> float:
    return _MIDDLE_C * 2 ** (semitones / 12)


def _add_sine(
    mixed: list[float], begin: int, length: int, frequency: float, level: float, half_life: float | None = None
) -> None:
    """Add a sine to `mixed`, wrapping at its end; it halves every `half_life` seconds."""
    decay = 1.0 if half_life is None else 0.5 ** (1 / (half_life * RATE))
    step = 2 * math.pi * frequency / RATE
    # y[n] = 2 d cos(w) y[n-1] - d² y[n-2] is a sine of angle w a step that shrinks by d each step.
    before, now = -math.sin(step) / decay * level, 0.0
    a, b = 2 * decay * math.cos(step), decay * decay
    total = len(mixed)
    for i in range(begin, begin + length):
        mixed[i % total] += now
        before, now = now, a * now - b * before


def _add_swell(mixed: list[float], begin: int, frequency: float, level: float) -> None:
    """Add a sine that rises and falls over one and a half bars, so that neighbouring chords overlap."""
    length = round(1.5 * _BAR * RATE)
    swell = [0.0] * length
    _add_sine(swell, 0, length, frequency, level)
    total = len(mixed)
    # The slow rise and fall is itself a sine, squared: drawn by the same recurrence.
    envelope = [0.0] * length
    _add_sine(envelope, 0, length, RATE / (2 * length), 1.0)
    for i in range(length):
        mixed[(begin + i) % total] += swell[i] * envelope[i] * envelope[i]


def _to_samples(mixed: list[float]) -> array[int]:
    return array("h", [max(-32767, min(32767, round(32767 * value))) for value in mixed])
