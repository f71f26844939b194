// Ringing: a sound, the title of the tab, and a notification of the desktop. Of several tabs one makes the sound.

const LOCK = "switchroom.ringing";
const BELL = [[0, 880], [0.18, 1108.7], [0.36, 1318.5]];
const NOTICE = [[0, 660], [0.22, 660]];
const PAUSE = 2600;

let context = null;
let ringing = null;

/** Browsers let a page make sounds once somebody has touched it: from then on it may ring. */
export function unlockSound() {
  context ??= new AudioContext();
  return context.resume();
}

/** Whether ringing would be heard. */
export function soundIsLocked() {
  return context?.state !== "running" && !navigator.userActivation?.hasBeenActive;
}

/** Begins to ring for an offer; again for the same one changes nothing. `texts` are the title and the body. */
export function startRinging(offer, { title, body }) {
  if (ringing?.offer === offer) return;
  stopRinging();
  const abort = new AbortController();
  ringing = { offer, abort, stop: [blink(title), notify(offer, title, body)] };
  aloneAmongTabs(abort.signal);
}

export function stopRinging() {
  ringing?.abort.abort();
  ringing?.stop.forEach((stop) => stop());
  ringing = null;
}

/** A short tone before a call that is answered without the agent, so that it does not take him by surprise. */
export function announce() {
  context ??= new AudioContext();
  context.resume();
  if (context.state !== "running") return;
  for (const [after, frequency] of NOTICE) note(context.currentTime + after, frequency);
}

/** Rings for as long as this tab holds the lock; the others wait for it in silence. */
function aloneAmongTabs(signal) {
  const ring = () => new Promise((resolve) => {
    if (signal.aborted) return resolve();
    bell();
    const timer = setInterval(bell, PAUSE);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      resolve();
    });
  });
  if (navigator.locks) navigator.locks.request(LOCK, { signal }, ring).catch(() => {});
  else ring();
}

function bell() {
  context ??= new AudioContext();
  context.resume();
  if (context.state !== "running") return;
  for (const [after, frequency] of BELL) note(context.currentTime + after, frequency);
}

function note(at, frequency) {
  const tone = new OscillatorNode(context, { type: "sine", frequency });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.25, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.9);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + 1);
}

/** Lets the tab's title change between itself and `text`; pages may change the title meanwhile. */
function blink(text) {
  let own = document.title;
  const timer = setInterval(() => {
    if (document.title === text) {
      document.title = own;
    } else {
      own = document.title;
      document.title = text;
    }
  }, 900);
  return () => {
    clearInterval(timer);
    if (document.title === text) document.title = own;
  };
}

function notify(offer, title, body) {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return () => {};
  const notification = new Notification(title, { body, tag: `switchroom-offer-${offer}`, requireInteraction: true });
  notification.addEventListener("click", () => {
    window.focus();
    notification.close();
  });
  return () => notification.close();
}
