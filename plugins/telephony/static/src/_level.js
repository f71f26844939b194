// How loud the microphone is, shown as a bar.

const FLOOR = -60;

/** Shows the level of a stream in an element with role="meter"; gives a function that ends it. */
export function showLevel(stream, meter) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  context.resume();
  const samples = new Float32Array(analyser.fftSize);
  let frame = 0;
  let shown = 0;
  const draw = () => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const level = Math.max(0, 1 - (10 * Math.log10(power + 1e-9)) / FLOOR);
    // Rises at once and falls slowly, as the eye expects of such a bar.
    shown = Math.max(level, shown * 0.92);
    meter.style.setProperty("--level", shown.toFixed(3));
    meter.setAttribute("aria-valuenow", String(Math.round(shown * 100)));
    meter.classList.toggle("heard", shown > 0.35);
    frame = requestAnimationFrame(draw);
  };
  draw();
  return () => {
    cancelAnimationFrame(frame);
    meter.style.setProperty("--level", "0");
    context.close();
  };
}
