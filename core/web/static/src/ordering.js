// Lists that people put in order: [data-order="ADDRESS"] with one [data-code] for each entry and a [data-order-handle] in it.
// By drag, or with the arrow keys while a handle has the focus. Each new order is sent to the address; one that is refused
// is undone.

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

function arrange(list, codes) {
  const entries = new Map([...list.children].map((entry) => [entry.dataset.code, entry]));
  list.append(...codes.map((code) => entries.get(code)).filter(Boolean));
}

async function send(list) {
  const codes = codesOf(list);
  const before = list.dataset.kept.split(" ");
  if (codes.join(" ") === list.dataset.kept) return;
  list.dataset.kept = codes.join(" ");
  const body = new URLSearchParams(codes.map((code) => ["code", code]));
  try {
    const response = await fetch(list.dataset.order, { method: "POST", body, headers: { accept: "application/json" }, keepalive: true });
    if (response.ok) return;
    showProblem(await problemOf(response));
  } catch {
    toast(text("unreachable"), { kind: "error" });
  }
  list.dataset.kept = before.join(" ");
  arrange(list, before);
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

function moveByKey(event) {
  const handle = event.target.closest?.("[data-order-handle]");
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!handle || !step || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const entry = handle.closest("[data-code]");
  const list = entry.parentElement;
  if (step < 0) entry.previousElementSibling?.before(entry);
  else entry.nextElementSibling?.after(entry);
  handle.focus();
  entry.scrollIntoView({ block: "nearest" });
  say(list, entry);
  sendSoon(list);
}

function begin(root) {
  for (const list of root.querySelectorAll("[data-order]")) {
    if (known.has(list)) continue;
    known.add(list);
    list.dataset.kept = codesOf(list).join(" ");
    Sortable.create(list, {
      handle: "[data-order-handle]",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
      ghostClass: "is-dragged",
      onEnd: ({ item }) => {
        say(list, item);
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
