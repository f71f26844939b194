// The dialog whose content is loaded when it is opened: a button with data-load-dialog="ADDRESS" and data-dialog-title.
// An answer that raises the event `switchroom:dialog-close` closes it.

import htmx from "htmx.org";

function fill(dialog, opener) {
  dialog.querySelector("h2").textContent = opener.dataset.dialogTitle;
  const region = dialog.querySelector("template").content.firstElementChild.cloneNode(true);
  region.setAttribute("hx-get", opener.dataset.loadDialog);
  dialog.querySelector(".inside").replaceChildren(region);
  htmx.process(region);
}

export function startLoadedDialog() {
  const dialog = document.getElementById("loaded-dialog");
  if (!dialog) return;
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-load-dialog]");
    if (!opener) return;
    fill(dialog, opener);
    dialog.showModal();
    dialog.addEventListener("close", () => opener.isConnected && opener.focus(), { once: true });
  });
  dialog.addEventListener("close", () => dialog.querySelector(".inside").replaceChildren());
  document.addEventListener("switchroom:dialog-close", () => dialog.close());
  // A link in it leads to another page, and out of the dialog.
  document.addEventListener("htmx:beforeSwap", (event) => event.detail.boosted && dialog.open && dialog.close());
}
