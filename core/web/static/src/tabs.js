// Tabs within a page: [data-tabs] with a tablist. What stands in the <template> of a pane is put there, and so loaded,
// when its tab is opened for the first time.

import htmx from "htmx.org";

function tabsOf(tabs) {
  return [...tabs.querySelectorAll(':scope > [role="tablist"] > [role="tab"]')];
}

function open(tabs, tab, { focus = false } = {}) {
  for (const other of tabsOf(tabs)) {
    const active = other === tab;
    other.setAttribute("aria-selected", String(active));
    other.tabIndex = active ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !active;
  }
  const pane = document.getElementById(tab.getAttribute("aria-controls"));
  const waiting = pane.querySelector(":scope > template");
  if (waiting) {
    waiting.replaceWith(waiting.content.cloneNode(true));
    htmx.process(pane);
  }
  if (focus) tab.focus();
}

function moveByKey(event) {
  const tabs = event.target.closest?.("[data-tabs]");
  if (!tabs || event.target.getAttribute("role") !== "tab") return;
  const all = tabsOf(tabs);
  const index = all.indexOf(event.target);
  const next = {
    ArrowRight: (index + 1) % all.length,
    ArrowLeft: (index - 1 + all.length) % all.length,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (index < 0 || next === undefined) return;
  event.preventDefault();
  open(tabs, all[next], { focus: true });
}

export function startTabs() {
  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.('[data-tabs] > [role="tablist"] > [role="tab"]');
    if (tab) open(tab.closest("[data-tabs]"), tab);
  });
  document.addEventListener("keydown", moveByKey);
}
