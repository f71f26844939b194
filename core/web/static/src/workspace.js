// What stands around the pages follows what is switched on and allowed: when that changes (topics `plugins` and `roles`),
// navigation, top bar, panels, scripts and styles are brought up to date in the page that is open. What it shows, and a
// call in it, goes on.

import htmx from "htmx.org";
import { onTopic } from "./live.js";
import { markActive } from "./navigation.js";
import { oneAtATime } from "./one_at_a_time.js";

/** Asks for what stands around, unless the page has it already. */
async function refresh() {
  const response = await fetch(`/workspace?version=${document.body.dataset.workspace}`, {
    headers: { "HX-Request": "true", "HX-Current-URL": location.href },
  });
  if (response.headers.has("HX-Redirect")) location.reload();
  else if (response.status === 200) take(await response.text());
}

function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const around = fresh.querySelector("[data-workspace]");
  if (!around) return;
  load(JSON.parse(around.dataset.styles), JSON.parse(around.dataset.scripts));
  takeNavigation(fresh.getElementById("navigation"));
  takeAll(document.getElementById("bar-items"), fresh.getElementById("bar-items"), (each) => each.id);
  takeAll(document.querySelector("#panels .panel-tabs"), fresh.querySelector("#panels .panel-tabs"), (each) => each.firstElementChild.id);
  takeAll(document.getElementById("panels"), fresh.getElementById("panels"), (each) => each.id, ".panel-pane");
  takeAll(document.getElementById("dock"), fresh.getElementById("dock"), (each) => each.id);
  document.body.dataset.workspace = around.dataset.workspace;
  // Only now, with the panels in their place, do the live updates know what the page shows.
  document.dispatchEvent(new CustomEvent("switchroom:workspace"));
}

function takeNavigation(fresh) {
  const navigation = document.getElementById("navigation");
  const focused = navigation.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  navigation.replaceChildren(...fresh.children);
  htmx.process(navigation);
  markActive();
  if (focused) navigation.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

/** Adds what is new and removes what has gone; what is in both stays as it is, with all that it holds. */
function takeAll(place, fresh, keyOf, selector = ":scope > *") {
  if (!place || !fresh) return;
  const there = new Map([...place.querySelectorAll(selector)].map((each) => [keyOf(each), each]));
  const wanted = [...fresh.querySelectorAll(selector)];
  const keys = new Set(wanted.map(keyOf));
  for (const [key, element] of there) {
    if (!keys.has(key)) leave(element);
  }
  wanted.forEach((element, index) => {
    if (there.has(keyOf(element))) return;
    const next = wanted.slice(index + 1).map((each) => there.get(keyOf(each))).find(Boolean);
    if (next) next.before(element);
    else place.append(element);
    htmx.process(element);
  });
}

/** A panel that goes is emptied first, so that the column shows another one, or closes. */
function leave(element) {
  for (const region of element.querySelectorAll("[data-region]")) {
    region.replaceChildren();
    region.toggleAttribute("data-empty", true);
    region.dispatchEvent(new CustomEvent("switchroom:region", { bubbles: true, detail: { empty: true } }));
  }
  // Its tab is needed until the pane has gone.
  if (element.matches("[role=presentation]")) setTimeout(() => element.remove());
  else htmx.remove(element);
}

/** What a plugin that is new here brings. Scripts of one that has gone stay, with nothing to do. */
function load(styles, scripts) {
  const path = (address) => new URL(address, location.href).pathname;
  const known = (selector, attribute) => new Set([...document.querySelectorAll(selector)].map((each) => path(each[attribute])));
  const styled = known('link[rel="stylesheet"]', "href");
  for (const address of styles.filter((each) => !styled.has(path(each)))) {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address });
    document.head.append(link);
  }
  const scripted = known('script[type="module"][src]', "src");
  for (const address of scripts.filter((each) => !scripted.has(path(each)))) {
    const script = Object.assign(document.createElement("script"), { type: "module", src: address });
    document.head.append(script);
  }
}

export function startWorkspace() {
  if (!document.body.dataset.workspace) return;
  const look = oneAtATime(refresh);
  onTopic("plugins", look);
  onTopic("roles", look);
}
