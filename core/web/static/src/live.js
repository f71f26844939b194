// Live updates: one WebSocket per page. A message names a topic that has changed; every element that shows it
// (data-live="topic other") fetches itself again (hx-get with hx-trigger="refresh"). After each connect all of them do,
// so nothing depends on a message that was missed.

import htmx from "htmx.org";
import { learn } from "./clock.js";

const SHORTEST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const SILENCE = 25_000;
const SETTLE = 150;

const listeners = new Map();
const waiting = new Map();
let socket = null;
let subscribed = "";
let attempt = 0;
let silence = null;

/** Calls back when a topic changes, and after each connect; gives a function that ends it. */
export function onTopic(topic, callback) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(callback);
  subscribe();
  return () => {
    listeners.get(topic)?.delete(callback);
    if (!listeners.get(topic)?.size) listeners.delete(topic);
    subscribe();
  };
}

function topicsOf(element) {
  return element.dataset.live.split(/\s+/).filter(Boolean);
}

/** Tells the server what the page shows, when that has changed. */
function subscribe() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const topics = new Set(listeners.keys());
  for (const element of document.querySelectorAll("[data-live]")) {
    for (const topic of topicsOf(element)) topics.add(topic);
  }
  const message = JSON.stringify({ subscribe: [...topics].sort() });
  if (message === subscribed) return;
  subscribed = message;
  socket.send(message);
}

/** Fetches an element again, once for many changes that come together. */
function refresh(element) {
  if (waiting.has(element)) return;
  const wait = Number(element.dataset.liveEvery ?? SETTLE);
  waiting.set(element, setTimeout(() => {
    waiting.delete(element);
    if (element.isConnected) htmx.trigger(element, "refresh");
  }, wait));
}

function changed(topic) {
  for (const element of document.querySelectorAll("[data-live]")) {
    if (topicsOf(element).includes(topic)) refresh(element);
  }
  listeners.get(topic)?.forEach((callback) => callback(topic));
}

function everythingMayHaveChanged() {
  document.querySelectorAll("[data-live]").forEach(refresh);
  listeners.forEach((callbacks, topic) => callbacks.forEach((callback) => callback(topic)));
}

function hear(message) {
  expectMore();
  if (message.hello || message.ping) {
    learn(message.hello ?? message.ping);
    socket.send('{"pong": true}');
  }
  if (message.hello) {
    attempt = 0;
    show("connected");
    subscribe();
  }
  // Only what changes after the server has noted the subscription is told: so now is the time to look at everything.
  if (message.subscribed || message.resync) everythingMayHaveChanged();
  if (message.topic) changed(message.topic);
}

/** A connection that says nothing for longer than a few pulses is dead, whatever the browser thinks. */
function expectMore() {
  clearTimeout(silence);
  silence = setTimeout(() => socket?.close(), SILENCE);
}

function show(state) {
  document.documentElement.dataset.connection = state;
  document.dispatchEvent(new CustomEvent("switchroom:connection", { detail: { state } }));
}

function connect() {
  const opened = new WebSocket(new URL(document.body.dataset.liveUrl, location.href.replace(/^http/, "ws")));
  socket = opened;
  subscribed = "";
  expectMore();
  opened.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  opened.addEventListener("close", (event) => {
    if (socket !== opened) return;
    clearTimeout(silence);
    // Logged out, or gone on in another role, perhaps in another tab: the page as a whole is no longer right.
    if (event.code === 4401) location.reload();
    else retry();
  });
}

function retry() {
  attempt += 1;
  show("lost");
  const wait = Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** (attempt - 1));
  setTimeout(connect, wait * (0.5 + Math.random() / 2));
}

export function startLive() {
  if (!document.body.dataset.liveUrl) return;
  connect();
  document.addEventListener("htmx:afterSettle", subscribe);
  document.addEventListener("switchroom:workspace", subscribe);
  addEventListener("online", () => {
    if (socket?.readyState === WebSocket.CLOSED) connect();
  });
}
