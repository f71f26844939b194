// The server's time in the browser: every timer of a page goes by it, whatever the computer's clock says.

let offset = null;

/** Learns the server's time from a message that has just arrived. */
export function learn(serverTime) {
  const sample = Date.parse(serverTime) - Date.now();
  if (Number.isNaN(sample)) return;
  // A message is late by its way here and never early: of many samples the largest is the nearest to the truth. One
  // that is far off means that the computer's clock has been set.
  if (offset === null || sample > offset || offset - sample > 10_000) offset = sample;
}

/** Milliseconds since 1970 by the server's clock. */
export function serverNow() {
  return Date.now() + (offset ?? 0);
}

learn(document.querySelector('meta[name="server-time"]')?.content ?? "");
