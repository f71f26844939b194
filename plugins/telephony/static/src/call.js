// The customer's call page: a form, then waiting, talking, and the end. The server says how the call is; the page asks.

import { serverNow, showProblem } from "/static/app.js";
import { showLevel } from "./_level.js";
import { AudioProblem, closeMicrophone, openMicrophone, Peer } from "./_peer.js";
import { get, post, Refused } from "./_server.js";

const POLL = { waiting: 2000, talking: 5000, held: 5000 };

const page = document.querySelector("[data-call]");
const { base } = page.dataset;
const texts = JSON.parse(page.dataset.texts);
const form = page.querySelector("form");

let call = null;
let stream = null;
let stopLevel = null;
let timer = null;
let attempt = 0;

function part(name) {
  return page.querySelector(`[data-part="${name}"]`);
}

function show(phase) {
  if (page.dataset.phase === phase) return;
  page.dataset.phase = phase;
  for (const section of page.querySelectorAll("[data-shown]")) section.hidden = !section.dataset.shown.split(" ").includes(phase);
  if (phase === "form") return;
  // Screen readers and keyboards go on where the page does.
  page.querySelector(`[data-shown~="${phase}"] [data-heading]`)?.focus();
}

function tell(name, text) {
  const element = part(name);
  element.hidden = !text;
  if (element.textContent !== text) element.textContent = text;
}

// --- The microphone ---

async function useMicrophone() {
  if (stream?.active) return stream;
  stream = await openMicrophone();
  stopLevel = showLevel(stream, part("level"));
  part("meter").hidden = false;
  part("check").hidden = true;
  tell("microphone-problem", "");
  return stream;
}

function quietLevel() {
  stopLevel?.();
  stopLevel = null;
}

function leaveMicrophone() {
  quietLevel();
  closeMicrophone(stream);
  stream = null;
  part("meter").hidden = true;
  part("check").hidden = false;
}

async function check() {
  try {
    await useMicrophone();
  } catch (error) {
    tell("microphone-problem", texts.problems[error.reason] ?? texts.problems.failed);
  }
}

// --- The call ---

async function begin(event) {
  event.preventDefault();
  if (page.dataset.phase === "connecting") return;
  const mine = ++attempt;
  const data = Object.fromEntries(["name", "number", "subject"].map((name) => [name, form.elements[name].value]));
  let peer = null;
  tell("form-problem", "");
  document.getElementById("toasts").replaceChildren();
  show("connecting");
  try {
    const place = await get(`${base}/admission`);
    if (mine !== attempt) return;
    if (place.refusal) return turnAway(place.refusal);
    const [servers, microphone] = await Promise.all([get(`${base}/ice`), useMicrophone()]);
    quietLevel();
    peer = new Peer(servers, microphone, () => poll(call));
    const answer = await post(`${base}/calls`, { ...data, sdp: await peer.offer() });
    // Whoever cancelled while the server answered does not call.
    if (mine !== attempt) {
      navigator.sendBeacon(`${base}/calls/${answer.token}/hangup`);
      peer.close();
      return;
    }
    call = { peer, token: answer.token, muted: false, over: false };
    await peer.answer(answer.sdp);
    await poll(call);
  } catch (error) {
    peer?.close();
    if (mine === attempt) refuse(error);
  }
}

/** There is no place for a call now: said before anything is asked of the customer. */
function turnAway(refusal) {
  leaveMicrophone();
  part("refusal").textContent = refusal;
  show("closed");
}

async function lookAgain() {
  try {
    const { refusal } = await get(`${base}/admission`);
    if (refusal) part("refusal").textContent = refusal;
    else show("form");
  } catch {
    part("refusal").textContent = texts.problems.unreachable;
  }
}

function refuse(error) {
  if (call) return finish(texts.cutOff);
  if (error instanceof Refused && error.problem.code === "not_admitted") return turnAway(error.problem.title);
  leaveMicrophone();
  show("form");
  if (error instanceof AudioProblem) {
    tell("microphone-problem", texts.problems[error.reason]);
    part("microphone-problem").scrollIntoView({ block: "nearest" });
  } else if (error instanceof Refused) {
    if (Object.keys(error.problem.fields ?? {}).length) showProblem(error.problem, form);
    else tell("form-problem", [error.problem.title, error.problem.mend].filter(Boolean).join(" "));
  } else {
    tell("form-problem", texts.problems.unreachable);
  }
}

function cancel() {
  attempt += 1;
  leaveMicrophone();
  show("form");
}

/** Asks how the call is, and again after a while; at once when the connection changes. */
async function poll(asked) {
  if (!asked || asked.over || asked !== call) return;
  clearTimeout(timer);
  let pause = POLL.waiting;
  try {
    const state = await get(`${base}/calls/${asked.token}`);
    if (asked !== call || asked.over) return;
    tell("unstable", asked.peer.state === "disconnected" ? texts.problems.unstable : "");
    if (state.phase === "ended") return finish(state.ended);
    render(state);
    pause = POLL[state.phase];
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return finish(texts.cutOff);
    if (asked === call && !asked.over) tell("unstable", texts.problems.unreachable);
  }
  clearTimeout(timer);
  timer = setTimeout(poll, pause, asked);
}

function render(state) {
  show(state.phase);
  const clock = page.querySelector(`[data-shown~="${state.phase}"] time[data-elapsed]`);
  if (clock) clock.dataset.elapsed = new Date(serverNow() - (Date.parse(state.now) - Date.parse(state.since))).toISOString();
  if (state.phase === "waiting") {
    const text = state.position === 1 ? texts.next : texts.position.replace("%d", state.position ?? "");
    const element = part("position");
    if (element.textContent !== text) element.textContent = text;
    tell("estimate", state.estimate === null ? "" : state.estimate < 60 ? texts.soon : texts.minutes.replace("%d", Math.ceil(state.estimate / 60)));
  }
}

function mute() {
  call.muted = !call.muted;
  call.peer.muted = call.muted;
  for (const button of page.querySelectorAll('[data-action="mute"]')) {
    button.classList.toggle("is-on", call.muted);
    button.querySelector("[data-label]").textContent = call.muted ? texts.unmute : texts.mute;
  }
}

async function hangUp() {
  const asked = call;
  asked.peer.muted = true;
  try {
    await post(`${base}/calls/${asked.token}/hangup`);
  } catch (error) {
    // It had ended already, or the server cannot be told: closing the connection tells the media server.
    console.info("hang-up:", error.message);
  }
  try {
    finish((await get(`${base}/calls/${asked.token}`)).ended || texts.cutOff);
  } catch {
    finish(texts.cutOff);
  }
}

function finish(sentence) {
  if (!call || call.over) return;
  call.over = true;
  clearTimeout(timer);
  call.peer.close();
  if (call.muted) mute();
  call = null;
  leaveMicrophone();
  part("sentence").textContent = sentence;
  tell("unstable", "");
  show("ended");
}

const ACTIONS = { check, cancel, mute, hangup: hangUp, again: () => show("form"), retry: lookAgain };

form.addEventListener("submit", begin);
page.addEventListener("click", (event) => ACTIONS[event.target.closest("[data-action]")?.dataset.action]?.());
addEventListener("pagehide", () => {
  if (call) navigator.sendBeacon(`${base}/calls/${call.token}/hangup`);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
