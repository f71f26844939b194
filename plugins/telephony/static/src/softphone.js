// The softphone. What it shows comes from the server and is fetched again whenever something happens to the agent; what
// this tab holds of a call (the connection, the microphone, the sound) lives here, outside of what is exchanged.

import { htmx, serverNow, showProblem } from "/static/app.js";
import { AudioProblem, closeMicrophone, microphonePermission, openMicrophone, Peer } from "./_peer.js";
import { announce, soundIsLocked, startRinging, stopRinging, unlockSound } from "./_ringing.js";
import { get, post, Refused } from "./_server.js";

const STALE_LIMIT = 1000;
const NOTICE = 1500;
/** A tab that nobody looks at lets one that somebody looks at answer first. */
const HIDDEN_NOTICE = 2200;
const AUTO_LOCK = "switchroom.auto-answer";

let root = null;
let texts = {};
let mine = null;
let accepting = null;
let announced = null;
let tried = null;
let problem = "";
let keypadOpen = false;
let shownState = "";
const voice = document.createElement("div");

function part(name) {
  return root.querySelector(`[data-part="${name}"]`);
}

function refresh() {
  const region = root?.closest("[data-region]");
  if (region) htmx.trigger(region, "refresh");
}

function say(text) {
  voice.textContent = text;
}

/** Brings everything to what the server has just said. */
function take(shown) {
  root = shown;
  texts = JSON.parse(root.dataset.texts);
  const { state, offer, leg } = root.dataset;
  const before = shownState;
  shownState = `${state}:${offer ?? root.dataset.interaction ?? ""}`;
  if (shownState !== before) changed(state);
  if (accepting && accepting !== offer) accepting = null;
  if (mine && mine.leg === leg) mine.seen = true;
  else if (mine && isAfterMine()) drop();
  if (mine) mine.peer.muted = root.dataset.muted === "true";
  if (state === "ringing" && "autoAnswer" in root.dataset && tried !== offer) answerByItself(offer);
  else if (state === "ringing" && !accepting) startRinging(offer, { title: texts.title, body: texts.body });
  else stopRinging();
  render();
}

/** A fragment that was made before our answer arrived knows nothing of it. */
function isAfterMine() {
  return mine.seen || Date.parse(root.dataset.at) > mine.since + STALE_LIMIT;
}

function changed(state) {
  problem = "";
  keypadOpen = false;
  say(texts[state] ?? "");
}

function render() {
  if (!root) return;
  const { state, leg } = root.dataset;
  const elsewhere = part("elsewhere");
  if (elsewhere) elsewhere.hidden = Boolean(mine && (mine.leg === leg || !leg));
  const alarm = part("problem");
  alarm.hidden = !problem;
  if (alarm.textContent !== problem) alarm.textContent = problem;
  const connecting = part("connecting");
  if (connecting) connecting.hidden = !(accepting || (mine && mine.peer.state !== "connected"));
  if (state === "ringing") root.querySelectorAll("button[data-action]").forEach((button) => (button.disabled = Boolean(accepting)));
  const keypad = part("keypad");
  if (keypad) {
    keypad.hidden = !keypadOpen;
    root.querySelector('[data-action="keypad"]').setAttribute("aria-expanded", String(keypadOpen));
  }
  countDown();
  offerHelp();
}

/** Shows what is still to be allowed: better now than while it rings. */
async function offerHelp() {
  const current = root;
  const microphone = await microphonePermission();
  if (current !== root) return;
  const needed = {
    sound: soundIsLocked(),
    notifications: "Notification" in window && Notification.permission === "default",
    microphone: microphone === "prompt",
  };
  for (const [name, wanted] of Object.entries(needed)) {
    const button = root.querySelector(`[data-action="${name}"]`);
    if (button) button.hidden = !wanted;
  }
  const denied = part("denied");
  if (denied) denied.hidden = microphone !== "denied";
  const needs = part("needs");
  if (needs) needs.hidden = ![...needs.querySelectorAll("[data-need]")].some((each) => !each.hidden);
}

/** Draws the ring around the time that is left to answer. */
function countDown() {
  const circle = root?.querySelector("[data-ring]");
  if (!circle) return;
  const { made, deadline } = circle.dataset;
  const left = (Date.parse(deadline) - serverNow()) / (Date.parse(deadline) - Date.parse(made));
  circle.setAttribute("stroke-dashoffset", String(100 - 100 * Math.min(1, Math.max(0, left))));
}

async function accept(_button, byItself = false) {
  const { offer } = root.dataset;
  if (accepting) return;
  accepting = offer;
  problem = "";
  stopRinging();
  render();
  let stream = null;
  let peer = null;
  try {
    const [servers, microphone] = await Promise.all([get("/p/telephony/ice"), openMicrophone()]);
    stream = microphone;
    peer = new Peer(servers, stream, watch);
    const answer = await post(`/p/telephony/offers/${offer}/accept`, { sdp: await peer.offer() });
    mine = { peer, leg: answer.leg, since: serverNow(), seen: false };
    await peer.answer(answer.sdp);
  } catch (error) {
    peer?.close();
    closeMicrophone(stream);
    if (mine?.peer === peer) mine = null;
    // Another tab may have been first.
    if (!byItself || !(error instanceof Refused)) fail(error);
  }
  accepting = null;
  refresh();
}

/** Says that a call comes, and accepts it a moment later, in one tab alone; once tried, the agent has to. */
function answerByItself(offer) {
  if (announced === offer) return;
  announced = offer;
  announce();
  const isStillOffered = () => root?.dataset.offer === offer && !accepting;
  const answer = async (lock) => {
    if (lock !== null && isStillOffered()) await accept(null, true);
    tried = offer;
  };
  setTimeout(() => {
    if (!isStillOffered()) return;
    if (navigator.locks) navigator.locks.request(AUTO_LOCK, { ifAvailable: true }, answer);
    else answer();
  }, document.visibilityState === "visible" ? NOTICE : HIDDEN_NOTICE);
}

function fail(error) {
  if (error instanceof AudioProblem) problem = texts.problems[error.reason];
  else if (error instanceof Refused) showProblem(error.problem);
  else problem = texts.problems.unreachable;
  if (problem) say(problem);
  render();
}

function watch(state) {
  if (state === "disconnected") problem = texts.problems.unstable;
  else if (state === "connected") problem = "";
  else if (state === "failed") problem = texts.problems.lost;
  render();
  refresh();
}

function drop() {
  mine.peer.close();
  mine = null;
}

async function command(name, data) {
  try {
    await post(`/p/telephony/calls/${root.dataset.interaction}/${name}`, data);
  } catch (error) {
    fail(error);
  }
  refresh();
}

async function muteOrNot() {
  const mute = root.dataset.muted !== "true";
  // Nothing more is said from this moment on, however long the server takes.
  if (mine && mute) mine.peer.muted = true;
  await command(mute ? "mute" : "unmute");
}

async function reject() {
  stopRinging();
  try {
    await post(`/p/telephony/offers/${root.dataset.offer}/reject`);
  } catch (error) {
    fail(error);
  }
  refresh();
}

async function allowMicrophone() {
  try {
    closeMicrophone(await openMicrophone());
    problem = "";
  } catch (error) {
    fail(error);
  }
  render();
}

const ACTIONS = {
  accept,
  reject,
  mute: muteOrNot,
  hold: () => command(root.dataset.state === "held" ? "resume" : "hold"),
  hangup: () => command("hangup"),
  keypad: () => {
    keypadOpen = !keypadOpen;
    render();
  },
  key: (button) => command("digits", { digits: button.value }),
  microphone: allowMicrophone,
  notifications: async () => {
    await Notification.requestPermission();
    render();
  },
  sound: async () => {
    await unlockSound();
    render();
  },
};

function clicked(event) {
  const button = event.target.closest?.("[data-softphone] [data-action]");
  if (button) ACTIONS[button.dataset.action](button);
}

function touched() {
  unlockSound().then(render);
}

function start() {
  voice.className = "visually-hidden";
  voice.setAttribute("aria-live", "assertive");
  document.body.append(voice);
  document.addEventListener("switchroom:region", (event) => {
    const shown = event.target.querySelector("[data-softphone]");
    if (shown) take(shown);
  });
  document.addEventListener("click", clicked);
  document.addEventListener("switchroom:countdown-end", (event) => {
    if (root?.contains(event.target)) refresh();
  });
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, touched, { once: true, capture: true });
  setInterval(countDown, 250);
  addEventListener("beforeunload", (event) => {
    if (mine) event.preventDefault();
  });
  addEventListener("pagehide", () => {
    stopRinging();
    if (mine) drop();
  });
  const shown = document.querySelector("[data-softphone]");
  if (shown) take(shown);
}

start();
