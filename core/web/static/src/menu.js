// The navigation on small screens: it opens over the page and closes when a page has been chosen.

export function startMenu() {
  const navigation = document.getElementById("navigation");
  const button = document.querySelector("[data-toggle-navigation]");
  if (!navigation || !button) return;

  function show(open) {
    navigation.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
    if (open) navigation.querySelector("a")?.focus();
  }

  document.addEventListener("click", (event) => {
    if (button.contains(event.target)) show(!navigation.classList.contains("open"));
    else if (!navigation.contains(event.target) || event.target.closest("a")) show(false);
  });
  navigation.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !navigation.classList.contains("open")) return;
    show(false);
    button.focus();
  });
}
