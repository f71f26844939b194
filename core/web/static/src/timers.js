// Times that tick: <time data-elapsed="…"> counts up from a moment, <time data-countdown="…"> down to it.
// With data-soon="10" a countdown gets the class `soon` for its last ten seconds. At its end it raises
// `switchroom:countdown-end` once. <svg data-fill-since="…" data-fill-seconds="30"> fills its bar from a moment on.

import { serverNow } from "./clock.js";

/** Seconds as mm:ss, from an hour on as h:mm:ss. */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function show(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function countDown(element) {
  const left = (Date.parse(element.dataset.countdown) - serverNow()) / 1000;
  show(element, span(Math.ceil(left)));
  element.classList.toggle("soon", left <= Number(element.dataset.soon ?? 0));
  if (left <= 0 && element.dataset.ended !== element.dataset.countdown) {
    element.dataset.ended = element.dataset.countdown;
    element.dispatchEvent(new CustomEvent("switchroom:countdown-end", { bubbles: true }));
  }
}

/** From three quarters on the bar is amber, once it is full red. */
function fill(bar) {
  const since = Date.parse(bar.dataset.fillSince);
  const share = Number.isNaN(since) ? 0 : (serverNow() - since) / 1000 / Number(bar.dataset.fillSeconds);
  bar.querySelector(".share").setAttribute("width", String(100 * Math.min(1, Math.max(0, share))));
  bar.dataset.level = share >= 1 ? "over" : share >= 0.75 ? "soon" : "fine";
}

/** Brings all timers of the page up to date. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-elapsed]")) {
    show(element, span((serverNow() - Date.parse(element.dataset.elapsed)) / 1000));
  }
  document.querySelectorAll("time[data-countdown]").forEach(countDown);
  document.querySelectorAll("[data-fill-since]").forEach(fill);
}

export function startTimers() {
  tick();
  setInterval(tick, 250);
  document.addEventListener("htmx:afterSwap", tick);
}
