// The buttons of the top bar are replaced whenever their topics change. What hangs on one stays open meanwhile, and the
// keyboard keeps its place: who is about to choose must not be interrupted.

import { Dropdown } from "@tabler/core";

const OPENER = '[data-bs-toggle="dropdown"]';

const places = new WeakMap();

function itemOf(element) {
  return element?.matches?.(".bar-item") ? element : null;
}

function controls(item) {
  return [...item.querySelectorAll("a[href], button, summary, input, select")];
}

function remember({ detail }) {
  const item = itemOf(detail.target);
  if (!item) return;
  places.set(item, {
    open: item.querySelector(`${OPENER}[aria-expanded="true"]`) !== null,
    unfolded: [...item.querySelectorAll("details[open][id]")].map((each) => each.id),
    focus: controls(item).indexOf(document.activeElement),
    id: item.contains(document.activeElement) ? document.activeElement.id : "",
    scrolled: item.querySelector(".dropdown-menu")?.scrollTop ?? 0,
  });
}

function restore({ detail }) {
  const item = itemOf(detail.target);
  const place = item && places.get(item);
  if (!place) return;
  places.delete(item);
  const opener = item.querySelector(OPENER);
  if (place.open && opener) {
    Dropdown.getOrCreateInstance(opener).show();
    for (const id of place.unfolded) document.getElementById(id)?.setAttribute("open", "");
    item.querySelector(".dropdown-menu").scrollTop = place.scrolled;
  }
  if (place.focus < 0) return;
  const there = controls(item).filter((each) => place.open || each === opener);
  const same = place.id ? document.getElementById(place.id) : null;
  (there.includes(same) ? same : there[Math.min(place.focus, there.length - 1)])?.focus();
}

export function startBar() {
  if (!document.getElementById("bar-items")) return;
  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSwap", restore);
}
