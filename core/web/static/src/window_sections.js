// The sections of the single window follow what is switched on and allowed: when that changes (topics `plugins` and
// `roles`), those that are new appear in their place, and those that have gone go. The others stay, with all they hold.

import htmx from "htmx.org";
import { onTopic } from "./live.js";
import { oneAtATime } from "./one_at_a_time.js";

/** Asks for the sections, where the page is the single window, unless it has them already. */
async function refresh() {
  const place = document.getElementById("window-sections");
  if (!place) return;
  const response = await fetch(`/window/sections?version=${place.dataset.version}`, {
    headers: { "HX-Request": "true", "HX-Current-URL": location.href },
  });
  if (response.status !== 200) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("window-sections");
  if (fresh && place.isConnected) take(place, fresh);
}

function take(place, fresh) {
  const focused = document.activeElement;
  const there = new Map([...place.querySelectorAll(".window-section")].map((each) => [each.dataset.section, each]));
  const wanted = new Set([...fresh.querySelectorAll(".window-section")].map((each) => each.dataset.section));
  for (const [address, section] of there) {
    if (!wanted.has(address)) htmx.remove(section);
  }
  for (const part of fresh.querySelectorAll("[data-place]")) {
    arrange(place.querySelector(`[data-place="${part.dataset.place}"]`), [...part.children], there);
  }
  // One that was moved to the other column has lost the focus.
  if (place.contains(focused)) focused.focus();
  place.dataset.version = fresh.dataset.version;
  document.dispatchEvent(new CustomEvent("switchroom:workspace"));
}

function arrange(home, sections, there) {
  sections.forEach((section, index) => {
    const element = there.get(section.dataset.section) ?? section;
    if (home.children[index] !== element) home.insertBefore(element, home.children[index] ?? null);
    if (element === section) htmx.process(element);
  });
}

export function startWindowSections() {
  if (!document.body.dataset.workspace) return;
  const look = oneAtATime(refresh);
  onTopic("plugins", look);
  onTopic("roles", look);
}
