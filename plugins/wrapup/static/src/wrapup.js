// The panel "Task processing": a refetch leaves alone what is being typed, and the clock shows what is left as a ring.

import { serverNow } from "/static/app.js";

const PANEL = "/p/wrapup/panel";

/** Tells the server which form is on the page already, so that it sends what is around it alone. */
function sayWhatIsShown({ detail }) {
  if (detail.path !== PANEL || !detail.elt.matches("[data-region]")) return;
  const shown = detail.elt.querySelector("[data-wrapup-shown]")?.dataset.wrapupShown;
  if (shown) detail.headers["Wrapup-Shown"] = shown;
}

function tick() {
  for (const clock of document.querySelectorAll("[data-wrapup-clock]")) show(clock);
}

function show(clock) {
  const until = Date.parse(clock.dataset.wrapupClock);
  const started = Date.parse(clock.dataset.started);
  const share = Math.min(1, Math.max(0, (until - serverNow()) / (until - started)));
  clock.querySelector("[data-wrapup-ring]").setAttribute("stroke-dasharray", `${share * 100} 100`);
  if (!clock.dataset.addFrom) return;
  const may = serverNow() >= Date.parse(clock.dataset.addFrom);
  if (clock.querySelector("[data-wrapup-add]").hidden !== may) return;
  clock.querySelector("[data-wrapup-add]").hidden = !may;
  clock.querySelector("[data-wrapup-seconds]").hidden = may;
  const soon = clock.querySelector("[data-wrapup-soon]");
  soon.textContent = may ? soon.dataset.wrapupSoon : "";
}

let lastField = null;

/** Whoever has added time goes on where he was: the button that had the focus is gone. */
function goOn({ detail }) {
  tick();
  if (detail.requestConfig.elt.id !== "wrapup-add-time") return;
  (lastField?.isConnected ? lastField : document.getElementById("wrapup-send"))?.focus();
}

let brought = "";

/** A form that opens comes to the front, though the panel may be there already with earlier ones. */
function bringToFront(element) {
  const shown = element.matches?.("[data-wrapup-shown]") ? element.dataset.wrapupShown : "";
  if (!/^\d+$/.test(shown) || shown === brought) return;
  brought = shown;
  const pane = element.closest('[role="tabpanel"]');
  if (pane) document.querySelector(`[role="tab"][aria-controls="${pane.id}"]`)?.click();
}

function arrived(element) {
  bringToFront(element);
  const dialog = element.matches?.("dialog[data-wrapup-open]") ? element : element.querySelector?.("dialog[data-wrapup-open]");
  if (dialog?.isConnected && !dialog.open) dialog.showModal();
  tick();
}

/** A time that one click gives; what counts from now goes on with the clock for as long as the form is open. */
function timeOf({ dataset: { wrapupAt, wrapupSince } }) {
  if (!wrapupSince) return wrapupAt;
  const passed = serverNow() - Date.parse(wrapupSince);
  return new Date(Date.parse(`${wrapupAt}Z`) + passed).toISOString().slice(0, 16);
}

function takeTime(button) {
  const question = button.closest("[data-component]");
  const field = question.querySelector('input[type="datetime-local"]');
  field.value = timeOf(button);
  question.querySelector("[data-wrapup-outside]")?.remove();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-wrapup-at]");
  if (button) takeTime(button);
});
document.addEventListener("htmx:configRequest", sayWhatIsShown);
document.addEventListener("htmx:load", ({ detail }) => arrived(detail.elt));
document.addEventListener("htmx:afterRequest", goOn);
document.addEventListener("focusin", ({ target }) => {
  if (target.closest("#wrapup-form") && target.matches("input, textarea, select")) lastField = target;
});
document.addEventListener("submit", ({ target }) => {
  if (target.id === "wrapup-form") document.querySelector("dialog[data-wrapup-open]")?.close();
});
setInterval(tick, 250);
