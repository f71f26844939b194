// Lists that people put in order: [data-order="ADDRESS"] with one [data-code] for each entry and a [data-order-handle] in it.
// By drag, or with the arrow keys while a handle has the focus. Each new order is sent to the address; one that is refused
// is undone. Entries also change between lists with the same data-order-group; the list that gets one is sent then.

import Sortable from "sortablejs";
import { problemOf, showProblem } from "./problems.js";
import { text } from "./texts.js";
import { toast } from "./toasts.js";

const PAUSE = 400;

const known = new WeakSet();
const waiting = new WeakMap();

function codesOf(list) {
  return [...list.querySelectorAll(":scope > [data-code]")].map((entry) => entry.dataset.code);
}

/** The list, with the others that it exchanges entries with, as they stand on the page. */
function listsWith(list) {
  const group = list.dataset.orderGroup;
  return group ? [...document.querySelectorAll(`[data-order-group="${CSS.escape(group)}"]`)] : [list];
}

function keptOf(list) {
  return list.dataset.kept.split(" ").filter(Boolean);
}

function arrange(lists, orders) {
  const entries = new Map(lists.flatMap((list) => [...list.children]).map((entry) => [entry.dataset.code, entry]));
  lists.forEach((list, place) => list.append(...orders[place].map((code) => entries.get(code)).filter(Boolean)));
}

/** Whether a list has only lost entries, or nothing has happened to it: then there is nothing to tell. */
function onlyLost(codes, before) {
  return codes.join(" ") === before.filter((code) => codes.includes(code)).join(" ");
}

async function send(list) {
  const lists = listsWith(list);
  const before = lists.map(keptOf);
  const now = lists.map(codesOf);
  lists.forEach((each, place) => (each.dataset.kept = now[place].join(" ")));
  try {
    for (const [place, each] of lists.entries()) {
      if (onlyLost(now[place], before[place])) continue;
      const body = new URLSearchParams(now[place].map((code) => ["code", code]));
      const response = await fetch(each.dataset.order, { method: "POST", body, headers: { accept: "application/json" }, keepalive: true });
      if (!response.ok) {
        showProblem(await problemOf(response));
        undo(lists, before);
        return;
      }
    }
  } catch {
    toast(text("unreachable"), { kind: "error" });
    undo(lists, before);
  }
}

function undo(lists, before) {
  lists.forEach((each, place) => (each.dataset.kept = before[place].join(" ")));
  arrange(lists, before);
}

/** Many steps of one entry are one new order. */
function sendSoon(list) {
  clearTimeout(waiting.get(list));
  waiting.set(list, setTimeout(() => send(list), PAUSE));
}

function say(list, entry) {
  const name = entry.querySelector("[data-order-name]")?.textContent ?? entry.dataset.code;
  const place = codesOf(list).indexOf(entry.dataset.code) + 1;
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = list.dataset.moved.replace("{name}", name).replace("{place}", place);
}

function moveInside(entry, step) {
  const neighbour = step < 0 ? entry.previousElementSibling : entry.nextElementSibling;
  if (step < 0) neighbour?.before(entry);
  else neighbour?.after(entry);
  return Boolean(neighbour);
}

function moveToNext(list, entry, step) {
  const lists = listsWith(list);
  const next = lists[lists.indexOf(list) + step];
  if (step < 0) next?.append(entry);
  else next?.prepend(entry);
}

function moveByKey(event) {
  const handle = event.target.closest?.("[data-order-handle]");
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!handle || !step || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const entry = handle.closest("[data-code]");
  const list = entry.parentElement;
  if (!moveInside(entry, step)) moveToNext(list, entry, step);
  handle.focus();
  entry.scrollIntoView({ block: "nearest" });
  say(entry.parentElement, entry);
  sendSoon(listsWith(list)[0]);
}

function begin(root) {
  for (const list of root.querySelectorAll("[data-order]")) {
    if (known.has(list)) continue;
    known.add(list);
    list.dataset.kept = codesOf(list).join(" ");
    Sortable.create(list, {
      group: list.dataset.orderGroup,
      handle: "[data-order-handle]",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
      ghostClass: "is-dragged",
      onEnd: ({ item, to }) => {
        say(to, item);
        send(list);
      },
    });
  }
}

export function startOrdering() {
  begin(document);
  document.addEventListener("keydown", moveByKey);
  document.addEventListener("htmx:load", (event) => begin(event.detail.elt.parentElement ?? document));
}
