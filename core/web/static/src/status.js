// The status control: keeps the keyboard's place when it is replaced, and its menu open while a choice is being made.

export function startStatus() {
  const control = document.getElementById("status");
  if (!control) return;
  let hadFocus = false;
  control.addEventListener("htmx:beforeSwap", () => {
    hadFocus = control.contains(document.activeElement);
  });
  control.addEventListener("htmx:afterSwap", () => {
    if (hadFocus) control.querySelector("button")?.focus();
  });
}
