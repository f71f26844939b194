// The builder by keys. On a part: arrows lead to the next one, Enter chooses it, Alt with an arrow moves it, Ctrl+D copies
// it, Del deletes it. Anywhere but in a text: Ctrl+Z takes back, Ctrl+Y or Ctrl+Shift+Z does again.

function isTyping(target) {
  return target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

function walk(builder, stop, by) {
  const stops = [...builder.root.querySelectorAll(".builder-canvas [data-stop]")];
  stops[stops.indexOf(stop) + by]?.focus();
}

function onPart(builder, event, stop) {
  const place = stop.dataset.choose;
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const control = event.ctrlKey || event.metaKey;
  if (by && event.altKey) builder.change({ do: "step", place, by });
  else if (by && !control && !event.shiftKey) walk(builder, stop, by);
  else if (event.key === "Delete" && !control) builder.change({ do: "remove", place });
  else if (control && event.code === "KeyD") builder.change({ do: "copy", place });
  else return false;
  return true;
}

function steps(builder, event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping(event.target)) return false;
  if (event.code === "KeyZ" && !event.shiftKey) builder.undo();
  else if (event.code === "KeyY" || (event.code === "KeyZ" && event.shiftKey)) builder.redo();
  else return false;
  return true;
}

function alongTabs(builder, event) {
  const tab = event.target.closest?.("[data-side]");
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !by) return false;
  const tabs = [...builder.root.querySelectorAll("[data-side]")];
  builder.open(tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length].dataset.side, { focus: true });
  return true;
}

export function startKeys(builder) {
  const pressed = (event) => {
    if (!builder.root.isConnected) {
      document.removeEventListener("keydown", pressed);
      return;
    }
    if (event.defaultPrevented || event.isComposing) return;
    const stop = event.target.closest?.(".builder-canvas [data-stop]");
    if ((stop && onPart(builder, event, stop)) || steps(builder, event) || alongTabs(builder, event)) event.preventDefault();
  };
  document.addEventListener("keydown", pressed);
}
