// The builder of forms (core/admin/forms): a palette, the form in parts, what can be set of the chosen one, a preview.
//
//   [data-builder="ADDRESS"]   the editor; the server draws it, and each change is sent to ADDRESS/edit
//   [data-part]                what an answer exchanges; that of the bar holds revision, content and what is chosen
//   [data-choose="PLACE"]      shows the properties of a part
//   [data-add], [data-step], [data-copy-part], [data-remove-part], [data-add-page], [data-rows]  changes
//   [data-set="PATH"]          a property, saved as it is typed

import { startDragging } from "./builder_drag.js";
import { startKeys } from "./builder_keys.js";
import { FormChanges } from "./builder_changes.js";
import { onTopic } from "./live.js";

const PAUSE_IN_TYPING = 500;

class Builder {
  constructor(root) {
    this.root = root;
    this.changes = new FormChanges(root, () => this.drawn());
    this.typing = new Map();
    startDragging(this);
    startKeys(this);
    root.addEventListener("click", (event) => this.clicked(event));
    root.addEventListener("input", (event) => this.typed(event));
    root.addEventListener("change", (event) => this.typed(event, true));
    const forget = onTopic(root.dataset.topic, () => (root.isConnected ? this.changes.lookAgain() : forget()));
    if (matchMedia("(max-width: 767.98px)").matches) root.querySelector("[data-palette]").open = false;
  }

  /** Makes a change, after all that has been typed. */
  change(fields, { focus = true } = {}) {
    this.flush();
    return this.changes.make(fields, { focus });
  }

  choose(place, { jump = false } = {}) {
    this.flush();
    if (jump) this.open("properties");
    return this.changes.choose(place, { jump });
  }

  clicked(event) {
    const at = (selector) => event.target.closest(selector);
    const { chosen } = this.changes;
    if (at("[data-choose]")) this.choose(at("[data-choose]").dataset.choose, { jump: Boolean(at(".check-list, .builder-bar")) });
    else if (at("[data-add]")) this.change({ do: "add", kind: at("[data-add]").dataset.add });
    else if (at("[data-add-page]")) this.change({ do: "add_page" });
    else if (at("[data-step]")) this.change({ do: "step", place: chosen, by: at("[data-step]").dataset.step });
    else if (at("[data-copy-part]")) this.change({ do: "copy", place: chosen });
    else if (at("[data-remove-part]")) this.change({ do: "remove", place: chosen });
    else if (at("[data-rows]")) this.changeRows(at("[data-rows]"));
    else if (at("[data-undo]")) this.undo();
    else if (at("[data-redo]")) this.redo();
    else if (at("[data-publish]")) this.publish();
    else if (at("[data-side]")) this.open(at("[data-side]").dataset.side);
    else if (at("[data-preview-language]")) this.preview({ language: at("[data-preview-language]") });
    else if (at("[data-preview-width]")) this.preview({ width: at("[data-preview-width]") });
  }

  changeRows({ dataset }) {
    const { rows, change, index } = dataset;
    this.change({ do: "rows", place: this.changes.chosen, path: rows, change, index: index ?? "" }, { focus: false });
  }

  // --- Properties ----------------------------------------------------------------------------------------------------

  typed(event, done = false) {
    const field = event.target.closest("[data-set]");
    if (!field) return;
    const at = field.closest("[data-for]").dataset.for;
    const key = `${at} ${field.dataset.set}`;
    const box = field.type === "checkbox";
    const value = box ? (field.checked ? "yes" : "") : field.value;
    clearTimeout(this.typing.get(key)?.timer);
    if (done && !box && field.tagName !== "SELECT" && !this.typing.has(key)) return;
    const save = () => this.save(key);
    this.typing.set(key, { place: at, path: field.dataset.set, value, timer: setTimeout(save, PAUSE_IN_TYPING) });
    if (done) this.save(key);
  }

  save(key) {
    const { timer, place, path, value } = this.typing.get(key);
    clearTimeout(timer);
    this.typing.delete(key);
    this.changes.make({ do: "set", place, path, value }, { focus: false });
  }

  flush() {
    for (const key of [...this.typing.keys()]) this.save(key);
  }

  // --- Undo, publish, preview ----------------------------------------------------------------------------------------

  undo() {
    this.flush();
    this.changes.undo();
  }

  redo() {
    this.flush();
    this.changes.redo();
  }

  publish() {
    this.flush();
    this.changes.publish(() => this.open("check"));
  }

  open(side, { focus = false } = {}) {
    for (const tab of this.root.querySelectorAll("[data-side]")) {
      const active = tab.dataset.side === side;
      tab.setAttribute("aria-selected", String(active));
      tab.tabIndex = active ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !active;
      if (active && focus) tab.focus();
    }
    this.drawn();
  }

  preview(pressed) {
    for (const button of Object.values(pressed)) {
      for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
    }
    this.drawn();
  }

  /** The preview shows the form as it is now, where anybody looks at it. */
  drawn() {
    const frame = this.root.querySelector("[data-preview]");
    const pressed = (name) => this.root.querySelector(`[data-preview-${name}][aria-pressed="true"]`).dataset;
    const shown = !frame.closest("[hidden]");
    this.root.classList.toggle("is-wide-preview", shown && pressed("width").previewWidth === "wide");
    const wanted = `${frame.dataset.preview}?language=${pressed("language").previewLanguage}`;
    const version = `${wanted} ${this.changes.revision}`;
    if (!shown || frame.dataset.version === version) return;
    frame.dataset.version = version;
    // Not one more step of the browser's way back.
    frame.contentWindow.location.replace(wanted);
  }
}

const known = new WeakSet();

function begin() {
  const root = document.getElementById("builder");
  if (!root || known.has(root)) return;
  known.add(root);
  new Builder(root);
}

export function startBuilder() {
  begin();
  document.addEventListener("htmx:load", begin);
}
