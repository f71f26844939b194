// Changing pages without loading the document again: a call, which lives in the document, goes on. Links and forms below
// hx-boost get the whole answer, and only the main area is exchanged.

import htmx from "htmx.org";

function exchangeMainArea(event) {
  const { detail } = event;
  if (!detail.boosted) return;
  const main = document.getElementById("main");
  detail.target = main;
  detail.selectOverride = "#main";
  detail.swapOverride = "outerHTML show:window:top";
  // A page that cannot be shown says so where it would have been.
  if (detail.requestConfig.verb === "get") {
    detail.shouldSwap = true;
    detail.isError = false;
  }
}

/** A live part of the page may take the link away while its page is on the way: htmx would forget that it leads on. */
function rememberAddress(event) {
  const { elt, boosted } = event.detail;
  const said = elt.closest("[hx-push-url], [hx-replace-url]");
  if (boosted && elt instanceof HTMLAnchorElement && !said) elt.setAttribute("hx-push-url", "true");
}

/** Marks the entry of the navigation that leads to the page that is open: the one with the longest matching address. */
export function markActive() {
  const here = location.pathname;
  const links = [...document.querySelectorAll("[data-nav] a.nav-entry")];
  const fits = (path) => path === here || (path !== "/" && here.startsWith(path.endsWith("/") ? path : `${path}/`));
  const matching = links.filter((link) => fits(link.pathname));
  const active = matching.sort((one, other) => other.pathname.length - one.pathname.length)[0];
  for (const link of links) {
    link.classList.toggle("active", link === active);
    if (link === active) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Says which page has come, and puts the focus at its beginning. */
function arrive() {
  markActive();
  const main = document.getElementById("main");
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = document.title;
  if (main && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
}

export function startNavigation() {
  if (!document.getElementById("main")) return;
  markActive();
  document.addEventListener("htmx:configRequest", rememberAddress);
  document.addEventListener("htmx:beforeSwap", exchangeMainArea);
  document.addEventListener("htmx:pushedIntoHistory", arrive);
  document.addEventListener("htmx:replacedInHistory", arrive);
  document.addEventListener("htmx:historyRestore", arrive);
  // A page that cannot be fetched again is loaded as a whole: the server then says what is wrong, or asks for a login.
  document.addEventListener("htmx:historyCacheMissLoadError", () => location.reload());
  document.addEventListener("htmx:historyCacheMissLoad", (event) => {
    const place = event.detail.xhr.getResponseHeader("HX-Redirect");
    if (place) location.assign(place);
  });
}

/** Opens a page of the workspace, as a click on a link would. */
export function open(path) {
  const link = document.createElement("a");
  link.href = path;
  document.body.append(link);
  htmx.process(link);
  link.click();
  link.remove();
}
