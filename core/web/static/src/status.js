// The status control is replaced whenever something happens to the agent. Its menu stays open and the keyboard keeps its
// place: who is about to choose must not be interrupted.

import { Dropdown } from "@tabler/core";

export function startStatus() {
  const control = document.getElementById("status");
  if (!control) return;
  let chosen = false;
  let place = null;

  control.addEventListener("htmx:beforeRequest", (event) => {
    chosen = event.detail.elt !== control;
  });
  control.addEventListener("htmx:beforeSwap", () => {
    const buttons = [...control.querySelectorAll("button")];
    place = {
      open: !chosen && control.querySelector(".dropdown-menu.show") !== null,
      focus: buttons.indexOf(document.activeElement),
    };
  });
  control.addEventListener("htmx:afterSwap", () => {
    const buttons = [...control.querySelectorAll("button")];
    if (place?.open) Dropdown.getOrCreateInstance(buttons[0]).show();
    if (place?.focus >= 0) buttons[place.open ? place.focus : 0]?.focus();
    place = null;
  });
}
