// Panels of the workspace: tabs of the right column, and the dock. A panel that has nothing to show is not there; one that
// gets something to show comes to the front.

function tabsOf(column) {
  return [...column.querySelectorAll('[role="tab"]')];
}

function activate(column, tab, { focus = false } = {}) {
  for (const other of tabsOf(column)) {
    const active = other === tab;
    other.setAttribute("aria-selected", String(active));
    other.tabIndex = active ? 0 : -1;
    other.classList.toggle("active", active);
    document.getElementById(other.getAttribute("aria-controls")).hidden = !active;
  }
  if (focus) tab.focus();
}

function update(column, region) {
  const pane = region.closest('[role="tabpanel"]');
  const tab = column.querySelector(`[aria-controls="${pane.id}"]`);
  const empty = region.hasAttribute("data-empty");
  // One that has failed says so in its place, and pushes nothing else aside.
  const appeared = tab.parentElement.hidden && !empty && !("failed" in region.dataset);
  tab.parentElement.hidden = empty;
  const visible = tabsOf(column).filter((each) => !each.parentElement.hidden);
  column.hidden = visible.length === 0;
  const active = visible.find((each) => each.getAttribute("aria-selected") === "true");
  if (appeared || !active) {
    if (visible.length) activate(column, appeared ? tab : visible[0]);
    else pane.hidden = true;
  }
}

function moveByKey(column, event) {
  const visible = tabsOf(column).filter((each) => !each.parentElement.hidden);
  const index = visible.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (index < 0 || !step) return;
  event.preventDefault();
  activate(column, visible[(index + step + visible.length) % visible.length], { focus: true });
}

export function startPanels() {
  const column = document.getElementById("panels");
  document.addEventListener("switchroom:region", (event) => {
    const region = event.target;
    if (column?.contains(region)) update(column, region);
    const docked = region.closest("#dock > *");
    if (docked) docked.hidden = event.detail.empty;
  });
  column?.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) activate(column, tab);
  });
  column?.addEventListener("keydown", (event) => moveByKey(column, event));
}
