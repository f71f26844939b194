// Short messages in passing: <div id="toasts"> of the page holds them.

import { text } from "./texts.js";

const SECONDS = { success: 5, info: 6, warning: 10, error: 15 };

/** Says something in passing. `kind` is success, info, warning or error. */
export function toast(message, { kind = "info", detail = "" } = {}) {
  const place = document.getElementById("toasts");
  if (!place || !message) return;
  const element = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  element.classList.add(`toast-${kind}`);
  element.setAttribute("role", kind === "error" || kind === "warning" ? "alert" : "status");
  element.querySelector("[data-text]").textContent = message;
  element.querySelector("[data-detail]").textContent = detail;
  element.querySelector("[data-detail]").hidden = !detail;
  // What has worked now puts an end to what did not work before.
  if (kind === "success") place.querySelectorAll(".toast-error, .toast-warning").forEach((each) => each.remove());
  const close = element.querySelector("button");
  close.setAttribute("aria-label", text("close"));
  close.addEventListener("click", () => element.remove());
  place.append(element);
  while (place.children.length > 4) place.firstElementChild.remove();
  disappear(element, SECONDS[kind] ?? 6);
}

/** Removes a toast after some seconds in which nobody points at it or has the focus in it. */
function disappear(element, seconds) {
  let timer = setTimeout(() => element.remove(), seconds * 1000);
  const hold = () => clearTimeout(timer);
  const release = () => {
    hold();
    timer = setTimeout(() => element.remove(), seconds * 1000);
  };
  for (const event of ["mouseenter", "focusin"]) element.addEventListener(event, hold);
  for (const event of ["mouseleave", "focusout"]) element.addEventListener(event, release);
}
