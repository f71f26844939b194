// Keyboard shortcuts: an element with data-shortcut="Alt+1" is clicked, or a field with it is focused, by these keys; it
// may have several, with blanks between. The
// question mark opens the list of all shortcuts of the page; single keys can be switched off there, for people who speak
// to their computer.

const SWITCH = "switchroom.single-keys";

/** The keys of an event in the form in which shortcuts are written, by place on the keyboard where Alt changes letters. */
function keysOf(event) {
  const plain = event.code.replace(/^(Key|Digit|Numpad)/, "");
  const key = /^(Key|Digit|Numpad\d)/.test(event.code) && (event.altKey || event.ctrlKey) ? plain : event.key;
  const name = key.length === 1 ? key.toUpperCase() : key;
  const held = [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && key.length > 1 && "Shift"];
  return [...held.filter(Boolean), name].join("+");
}

function singleKeys() {
  return localStorage.getItem(SWITCH) !== "off";
}

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

function usable(element) {
  return !element.disabled && !element.closest("[hidden], [inert]");
}

function pressed(event) {
  if (event.defaultPrevented || event.repeat || event.isComposing) return;
  const keys = keysOf(event);
  const single = !event.altKey && !event.ctrlKey && !event.metaKey;
  if (single && event.key.length === 1 && (isTyping(event.target) || !singleKeys())) return;
  const found = [...document.querySelectorAll("[data-shortcut]")].find(
    (element) => keysFor(element).includes(keys) && usable(element),
  );
  if (!found) return;
  event.preventDefault();
  if (found.matches("input:not([type=button], [type=submit], [type=checkbox], [type=radio]), textarea, select")) found.focus();
  else found.click();
}

function keysFor(element) {
  return element.dataset.shortcut.split(" ");
}

function nameOf(element) {
  return (element.dataset.shortcutLabel ?? element.getAttribute("aria-label") ?? element.textContent).trim();
}

function fill(list) {
  const seen = new Map();
  for (const element of document.querySelectorAll("[data-shortcut]")) {
    if (!usable(element)) continue;
    for (const keys of keysFor(element)) if (!seen.has(keys)) seen.set(keys, nameOf(element));
  }
  const rows = [...seen].map(([keys, name]) => {
    const row = document.createElement("div");
    row.className = "shortcut";
    const label = document.createElement("dt");
    label.textContent = name;
    const value = document.createElement("dd");
    for (const key of keys.split("+")) {
      const cap = document.createElement("kbd");
      cap.textContent = key;
      value.append(cap);
    }
    row.append(label, value);
    return row;
  });
  list.replaceChildren(...rows);
}

export function startShortcuts() {
  document.addEventListener("keydown", pressed);
  const dialog = document.getElementById("shortcuts");
  if (!dialog) return;
  const toggle = dialog.querySelector("[data-single-keys]");
  toggle.checked = singleKeys();
  toggle.addEventListener("change", () => localStorage.setItem(SWITCH, toggle.checked ? "on" : "off"));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-shortcuts]")) {
      fill(dialog.querySelector("dl"));
      dialog.showModal();
    } else if (event.target === dialog || event.target.closest("[data-close-dialog]")) {
      event.target.closest("dialog")?.close();
    }
  });
}
