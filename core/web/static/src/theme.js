// The look of the page: light, dark, or what the device prefers. Loaded before the page is drawn, so that it never flashes.

const dark = matchMedia("(prefers-color-scheme: dark)");

function apply() {
  const root = document.documentElement;
  const chosen = root.dataset.theme ?? "auto";
  root.dataset.bsTheme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
}

apply();
dark.addEventListener("change", apply);
document.addEventListener("switchroom:theme", (event) => {
  document.documentElement.dataset.theme = event.detail.theme;
  apply();
});
