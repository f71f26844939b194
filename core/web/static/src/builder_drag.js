// Dragging in the builder: kinds from the palette into the form, parts within it. What is dropped is told to the server,
// which draws the form anew.

import Sortable from "sortablejs";

const GROUP = "form-parts";

/** A section cannot hold another. */
function mayHold(to, _from, dragged) {
  const isSection = dragged.classList.contains("is-section") || dragged.dataset.kind === "section";
  return !(isSection && to.el.closest(".is-section"));
}

function animation() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150;
}

function dropped(builder, event) {
  const { item, from, to, oldDraggableIndex, newDraggableIndex } = event;
  if (item.dataset.kind) {
    const into = to.dataset.list;
    item.remove();
    if (into) builder.change({ do: "add", kind: item.dataset.kind, into, index: newDraggableIndex });
    return;
  }
  if (from === to && oldDraggableIndex === newDraggableIndex) return;
  const place = `${from.dataset.list}.${oldDraggableIndex}`;
  builder.change({ do: "move", place, into: to.dataset.list, index: newDraggableIndex });
}

function beginCanvas(builder) {
  for (const list of builder.root.querySelectorAll("[data-list]:not([data-drags])")) {
    list.dataset.drags = "";
    Sortable.create(list, {
      group: { name: GROUP, put: mayHold },
      draggable: ".build-card, [data-kind]",
      handle: ".handle",
      animation: animation(),
      ghostClass: "is-dragged",
      emptyInsertThreshold: 24,
      onAdd: (event) => event.item.dataset.kind && dropped(builder, event),
      onEnd: (event) => dropped(builder, event),
    });
  }
}

export function startDragging(builder) {
  for (const list of builder.root.querySelectorAll("[data-palette-list]")) {
    Sortable.create(list, {
      group: { name: GROUP, pull: "clone", put: false },
      sort: false,
      animation: animation(),
      delay: 200,
      delayOnTouchOnly: true,
      ghostClass: "is-dragged",
    });
  }
  beginCanvas(builder);
  builder.root.addEventListener("htmx:load", () => beginCanvas(builder));
}
