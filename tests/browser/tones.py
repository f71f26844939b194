"""Tones that stand for voices: played by a browser's fake microphone, and measured in what another one receives."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

from playwright.sync_api import Page

RATE = 48_000
CALLER_TONE = 440.0
AGENT_TONE = 1000.0

# Keeps the audio that each connection of the page receives, for _LISTEN.
KEEP_RECEIVED = """
window.received = null;
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...options) {
    super(...options);
    this.addEventListener("track", event => { window.received = new MediaStream([event.track]); });
  }
};
"""

# Listens to what the page receives for a while and gives, for each frequency asked for, how much louder it is than
# the middle of the spectrum, in dB, together with the loudest frequency of all.
_LISTEN = """
async ({ frequencies, seconds }) => {
  if (!window.received) return { levels: {}, loudest: 0, level: -200 };
  const context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  analyser.smoothingTimeConstant = 0;
  context.createMediaStreamSource(window.received).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const sums = new Float64Array(bins.length);
  let rounds = 0;
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    await new Promise(resolve => setTimeout(resolve, 100));
    analyser.getFloatFrequencyData(bins);
    if (!Number.isFinite(bins[40])) { rounds += 1; for (let i = 0; i < bins.length; i++) sums[i] += -160; continue; }
    for (let i = 0; i < bins.length; i++) sums[i] += Math.max(bins[i], -160);
    rounds += 1;
  }
  await context.close();
  const width = 48000 / 8192;
  const at = hertz => Math.max(...[-1, 0, 1].map(step => sums[Math.round(hertz / width) + step] / rounds));
  let loudest = 0;
  for (let i = 10; i < 1000; i++) if (sums[i] > sums[loudest || 10]) loudest = i;
  return {
    levels: Object.fromEntries(frequencies.map(hertz => [hertz, at(hertz)])),
    loudest: loudest * width,
    level: sums[loudest || 10] / rounds,
  };
}
"""

HEARD_DB = -60.0
"""A tone counts as heard above this level, and as silent well below it."""
SILENT_DB = -85.0


def write_tone(path: Path, hertz: float, seconds: int = 10) -> Path:
    """Writes a sine tone as a WAV file, of whole periods so that it repeats without a click."""
    samples = array.array("h", (int(12_000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE * seconds)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def listen(page: Page, seconds: float = 1.0) -> dict[str, float]:
    """What the page hears: level in dB of each voice (`caller`, `agent`), the loudest frequency and its level."""
    heard = page.evaluate(_LISTEN, {"frequencies": [CALLER_TONE, AGENT_TONE], "seconds": seconds})
    levels = {float(key): value for key, value in heard["levels"].items()}
    return {
        "caller": levels.get(CALLER_TONE, -200.0),
        "agent": levels.get(AGENT_TONE, -200.0),
        "loudest": heard["loudest"],
        "level": heard["level"],
    }
