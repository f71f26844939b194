// Regions: parts of the page that load themselves from their own address (data-region with hx-get). One that fails shows
// an error in its place while the others go on; one that has been shown before keeps what it shows. A quiet one
// (data-quiet) shows no error: its place stays empty.

import htmx from "htmx.org";
import { text } from "./texts.js";

/** Regions that may be on their way at once: a browser opens six connections to a server, and one must be left for call
    controls. Panels that hang hold up other panels at most. */
const LANES = [
  { most: 2, under: new Set(), queue: new Set() },
  { most: 3, under: new Set(), queue: new Set() },
];

/** Where a region stands in line. Those of the dock, the status control, and what has answered before never wait. */
function laneOf(region) {
  if ("loaded" in region.dataset || region.closest("#dock, #status")) return null;
  return region.closest("#panels, #bar-items") ? LANES[0] : LANES[1];
}

function takeTurn(event) {
  const { elt, target } = event.detail;
  const lane = isRegion(elt) && elt === target ? laneOf(elt) : null;
  if (!lane || lane.under.has(elt)) return;
  forgetRemoved(lane);
  if (lane.under.size < lane.most) lane.under.add(elt);
  else {
    event.preventDefault();
    lane.queue.add(elt);
  }
}

function forgetRemoved(lane) {
  for (const each of lane.under) if (!each.isConnected) lane.under.delete(each);
}

function giveTurn(elt) {
  for (const lane of LANES) {
    lane.under.delete(elt);
    forgetRemoved(lane);
    for (const next of lane.queue) {
      if (lane.under.size >= lane.most) break;
      lane.queue.delete(next);
      if (next.isConnected) htmx.trigger(next, "refresh");
    }
  }
}

function isRegion(element) {
  return element instanceof Element && element.matches("[data-region]");
}

/** Raised when the content of a region has changed; `detail.empty` tells whether there is any. */
function announce(region) {
  const empty = region.textContent.trim() === "" && !region.querySelector("[data-content], audio, video, svg, img");
  region.toggleAttribute("data-empty", empty);
  region.dispatchEvent(new CustomEvent("switchroom:region", { bubbles: true, detail: { empty } }));
}

function beforeSwap(event) {
  const { target, xhr, requestConfig } = event.detail;
  if (!isRegion(target) || requestConfig.elt !== target) return;
  if (xhr.status === 204) {
    event.detail.shouldSwap = true;
    event.detail.serverResponse = "";
  } else if (xhr.status >= 400) {
    event.detail.isError = false;
    event.detail.shouldSwap = !("loaded" in target.dataset || "quiet" in target.dataset);
    target.dataset.failed = "";
    target.toggleAttribute("data-stale", "loaded" in target.dataset);
    return;
  }
  target.dataset.loaded = "";
  delete target.dataset.failed;
  target.removeAttribute("data-stale");
}

function afterRequest(event) {
  const { elt, target } = event.detail;
  if (!isRegion(elt) || elt !== target) return;
  elt.removeAttribute("aria-busy");
  announce(elt);
  giveTurn(elt);
}

function unreachable(event) {
  const { elt } = event.detail;
  if (!isRegion(elt)) return;
  elt.removeAttribute("aria-busy");
  if ("loaded" in elt.dataset) {
    elt.setAttribute("data-stale", "");
    return;
  }
  if ("quiet" in elt.dataset) return;
  const card = document.getElementById("problem-template").content.cloneNode(true);
  card.querySelector("[data-text]").textContent = text("unreachable");
  elt.replaceChildren(card);
  elt.dataset.failed = "";
  announce(elt);
}

/** From now on the region shows what is at another address, such as more of a list; also when it is refreshed. */
function loadFrom(region, url) {
  region.setAttribute("hx-get", url);
  htmx.process(region);
}

export function startRegions() {
  document.addEventListener("htmx:beforeRequest", takeTurn);
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:afterRequest", afterRequest);
  document.addEventListener("htmx:sendError", unreachable);
  document.addEventListener("htmx:timeout", unreachable);
  document.addEventListener("click", (event) => {
    const region = event.target.closest?.("[data-retry]")?.closest("[data-region]");
    if (region) htmx.trigger(region, "refresh");
    const other = event.target.closest?.("[data-region-url]");
    if (other) loadFrom(other.closest("[data-region]"), other.dataset.regionUrl);
  });
}
