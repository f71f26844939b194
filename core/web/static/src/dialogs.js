// Dialogs that stand in the page: a button with data-open-dialog="ID" opens one, data-close-dialog closes it (shortcuts.js).
// [data-typed="WORD"] in a dialog keeps its submit button off until the word has been typed.

function typed(event) {
  const field = event.target.closest?.("[data-typed]");
  const button = field?.closest("form")?.querySelector("[type=submit]");
  if (button) button.disabled = field.value.trim() !== field.dataset.typed;
}

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.openDialog);
    if (!dialog) return;
    dialog.showModal();
    dialog.addEventListener("close", () => opener.focus(), { once: true });
    // The first thing to type in, else the way out: never what cannot be taken back.
    (dialog.querySelector("form input:not([type=hidden]), form textarea") ?? dialog.querySelector("footer [data-close-dialog]"))?.focus();
  });
  document.addEventListener("input", typed);
}
