// The look of the page, chosen in the user menu: it changes at once and the server remembers it.

export function startPreferences() {
  document.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-theme-choice]");
    if (!choice) return;
    const theme = choice.dataset.themeChoice;
    document.dispatchEvent(new CustomEvent("switchroom:theme", { detail: { theme } }));
    for (const other of document.querySelectorAll("[data-theme-choice]")) {
      other.setAttribute("aria-pressed", String(other === choice));
    }
  });
}
