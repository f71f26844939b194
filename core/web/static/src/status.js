// The status control is replaced whenever something happens to the agent. Its menu stays open and the keyboard keeps its
// place: who is about to choose must not be interrupted.

import { Dropdown } from "@tabler/core";
import htmx from "htmx.org";
import { toast } from "./toasts.js";

const TOLD = "switchroom.told";
const MOST_TOLD = 30;

/** What this browser has said already, as the page found it: each open page says what is new, a new page does not. */
const told = new Set(JSON.parse(localStorage.getItem(TOLD) ?? "[]"));

/** Says in passing what comes with the control, each message once. */
function tell(control) {
  for (const message of control.querySelectorAll("[data-told]")) {
    const key = message.dataset.told;
    if (told.has(key)) continue;
    told.add(key);
    toast(message.textContent, { kind: message.dataset.kind });
  }
  localStorage.setItem(TOLD, JSON.stringify([...told].slice(-MOST_TOLD)));
}

export function startStatus() {
  const control = document.getElementById("status");
  if (!control) return;
  // Set from a choice until the control shows it: the menu has closed by then, and the focus with it.
  let choice = null;
  let place = null;
  let again = false;

  control.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt !== control) choice = { focused: control.contains(document.activeElement) };
  });
  control.addEventListener("htmx:beforeSwap", (event) => {
    // What was fetched before the answer to a choice would take away the button that waits for it.
    if (choice && event.detail.requestConfig.elt === control) {
      event.detail.shouldSwap = false;
      again = true;
      return;
    }
    const buttons = [...control.querySelectorAll("button")];
    const index = buttons.indexOf(document.activeElement);
    place = choice
      ? { open: false, focus: choice.focused || index >= 0 ? 0 : -1 }
      : { open: control.querySelector(".dropdown-menu.show") !== null, focus: index };
  });
  control.addEventListener("htmx:afterSwap", () => {
    const buttons = [...control.querySelectorAll("button")];
    if (place?.open) Dropdown.getOrCreateInstance(buttons[0]).show();
    if (place?.focus >= 0) buttons[place.open ? place.focus : 0]?.focus();
    place = null;
    tell(control);
  });
  control.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig.elt === control) return;
    choice = null;
    if (again) htmx.trigger(control, "refresh");
    again = false;
  });
}
