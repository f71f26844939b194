// Promises: how long it still is ticks on every row, the line of the day moves on, a filter loads its list anew, and what
// falls due is said once, quietly, in the page that is looked at. A page that opens says nothing: the bell shows it.

import { htmx, serverNow, toast } from "/static/app.js";

const SAID = "switchroom.promises.said";
const KEPT = 200;

const language = document.documentElement.lang || "en";
const units = new Map();

/** A number with its unit in the language of the page, such as "12 min". */
function measured(number, unit) {
  if (!units.has(unit)) units.set(unit, new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }));
  return units.get(unit).format(number);
}

/** A span of time in one or two units. */
function span(minutes) {
  if (minutes < 60) return measured(minutes, "minute");
  if (minutes < 24 * 60) {
    const rest = minutes % 60;
    return measured(Math.floor(minutes / 60), "hour") + (rest ? ` ${measured(rest, "minute")}` : "");
  }
  return measured(Math.round(minutes / (24 * 60)), "day");
}

function words(element) {
  const left = (Date.parse(element.dataset.promiseDue) - serverNow()) / 60_000;
  if (left > 0) return element.dataset.soon.replace("{}", span(Math.ceil(left)));
  const late = Math.floor(-left);
  return late < 1 ? element.dataset.now : element.dataset.late.replace("{}", span(late));
}

function tick() {
  for (const element of document.querySelectorAll("[data-promise-due]")) {
    const text = words(element);
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle("is-late", Date.parse(element.dataset.promiseDue) <= serverNow());
  }
  document.querySelectorAll("[data-promise-begins]").forEach(moveNow);
}

function moveNow(line) {
  const begins = Date.parse(line.dataset.promiseBegins);
  const ends = Date.parse(line.dataset.promiseEnds);
  const share = `${Math.min(100, Math.max(0, (100 * (serverNow() - begins)) / (ends - begins))).toFixed(2)}%`;
  const now = line.querySelector(".now");
  now.setAttribute("x1", share);
  now.setAttribute("x2", share);
  line.querySelector(".past").setAttribute("width", share);
}

function said() {
  try {
    return JSON.parse(localStorage.getItem(SAID)) ?? [];
  } catch {
    return [];
  }
}

let opened = false;

/** Says what has fallen due since the page was opened; of several pages the one that is looked at says it. */
function notice() {
  const list = document.querySelector("[data-promise-notices]");
  if (!list || (opened && document.hidden)) return;
  const known = said();
  const fresh = [...list.children].filter((each) => !known.includes(each.dataset.token));
  if (!fresh.length) {
    opened = true;
    return;
  }
  localStorage.setItem(SAID, JSON.stringify([...known, ...fresh.map((each) => each.dataset.token)].slice(-KEPT)));
  if (opened) for (const { dataset } of fresh) toast(dataset.text, { kind: dataset.kind, detail: dataset.detail });
  opened = true;
}

function reload() {
  for (const region of document.querySelectorAll('[data-region][hx-get^="/p/promises/"]')) htmx.trigger(region, "refresh");
}

/** What is chosen above a list goes with each of its requests, also when it is refreshed. */
function addFilter({ detail }) {
  const form = detail.elt.id && document.querySelector(`[data-promise-filter="${CSS.escape(detail.elt.id)}"]`);
  if (!form) return;
  for (const [name, value] of new FormData(form)) if (value) detail.parameters[name] = value;
}

let typing = null;

function filterSoon(form) {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const region = document.getElementById(form.dataset.promiseFilter);
    if (region) htmx.trigger(region, "refresh");
  }, 250);
}

/** Folded-out choices close when the keyboard or the mouse goes elsewhere. */
function foldUp(except) {
  for (const each of document.querySelectorAll("details.promise-later[open]")) if (!each.contains(except)) each.open = false;
}

const unfolded = new Map();

function remember({ detail }) {
  const region = detail.target;
  if (!region?.matches?.("[data-region]") || region.matches(".bar-item")) return;
  unfolded.set(region, [...region.querySelectorAll("details.promise-later[open]")].map((each) => each.id));
}

function restore({ detail }) {
  for (const id of unfolded.get(detail.target) ?? []) document.getElementById(id)?.setAttribute("open", "");
  unfolded.delete(detail.target);
  tick();
  if (detail.target?.id?.startsWith("bar-promises")) notice();
}

function fillIn(button) {
  const field = button.closest("form").elements.due;
  field.value = button.dataset.promiseAt;
  const mine = button.closest("form").querySelector('[name="clock"][value="mine"]');
  if (mine) mine.checked = true;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("htmx:configRequest", addFilter);
document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:afterSwap", restore);
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.elt.id === "promise-new") htmx.trigger("#promise-check", "refresh");
});
document.addEventListener("promises:changed", reload);
document.addEventListener("visibilitychange", notice);
document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("[data-promise-filter]");
  if (form) filterSoon(form);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-promise-filter]")) return;
  event.preventDefault();
  filterSoon(event.target);
}, true);
document.addEventListener("click", ({ target }) => {
  const shortcut = target.closest?.("[data-promise-at]");
  if (shortcut) fillIn(shortcut);
  foldUp(target);
});
document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.matches?.("details.promise-later")) target.lastElementChild.scrollIntoView({ block: "nearest" });
}, true);
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest?.("details.promise-later[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
  event.stopPropagation();
}, true);
tick();
setInterval(tick, 1000);
