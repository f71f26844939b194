// The status control is replaced whenever something happens to the agent. Its menu stays open and the keyboard keeps its
// place: who is about to choose must not be interrupted.

import { Dropdown } from "@tabler/core";

export function startStatus() {
  const control = document.getElementById("status");
  if (!control) return;
  // Set from a choice until the control shows it: the menu has closed by then, and the focus with it.
  let choice = null;
  let place = null;

  control.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt !== control) choice = { focused: control.contains(document.activeElement) };
  });
  control.addEventListener("htmx:beforeSwap", () => {
    const buttons = [...control.querySelectorAll("button")];
    const index = buttons.indexOf(document.activeElement);
    place = choice
      ? { open: false, focus: choice.focused || index >= 0 ? 0 : -1 }
      : { open: control.querySelector(".dropdown-menu.show") !== null, focus: index };
    choice = null;
  });
  control.addEventListener("htmx:afterSwap", () => {
    const buttons = [...control.querySelectorAll("button")];
    if (place?.open) Dropdown.getOrCreateInstance(buttons[0]).show();
    if (place?.focus >= 0) buttons[place.open ? place.focus : 0]?.focus();
    place = null;
  });
}
