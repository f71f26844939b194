// Regions: parts of the page that load themselves from their own address (data-region with hx-get). One that fails shows
// an error in its place while the others go on; one that has been shown before keeps what it shows.

import htmx from "htmx.org";
import { text } from "./texts.js";

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
    event.detail.shouldSwap = !("loaded" in target.dataset);
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
}

function unreachable(event) {
  const { elt } = event.detail;
  if (!isRegion(elt)) return;
  elt.removeAttribute("aria-busy");
  if ("loaded" in elt.dataset) {
    elt.setAttribute("data-stale", "");
    return;
  }
  const card = document.getElementById("problem-template").content.cloneNode(true);
  card.querySelector("[data-text]").textContent = text("unreachable");
  elt.replaceChildren(card);
  elt.dataset.failed = "";
  announce(elt);
}

export function startRegions() {
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:afterRequest", afterRequest);
  document.addEventListener("htmx:sendError", unreachable);
  document.addEventListener("htmx:timeout", unreachable);
  document.addEventListener("click", (event) => {
    const region = event.target.closest?.("[data-retry]")?.closest("[data-region]");
    if (region) htmx.trigger(region, "refresh");
  });
}
