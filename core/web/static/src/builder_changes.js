// Changes of the form in the builder: one after the other, each to the revision that the page shows. What was before each
// is kept in this tab, so that it can be taken back; the truth is the server's.

import htmx from "htmx.org";
import { problemOf, showProblem } from "./problems.js";
import { text } from "./texts.js";
import { toast } from "./toasts.js";

const MOST_STEPS = 100;

export class FormChanges {
  constructor(root, drawn) {
    this.root = root;
    this.drawn = drawn;
    this.line = Promise.resolve();
    this.past = [];
    this.future = [];
    this.lastPath = null;
  }

  get bar() {
    return this.root.querySelector('[data-part="bar"]').dataset;
  }

  get revision() {
    return this.bar.revision;
  }

  get chosen() {
    return this.bar.chosen;
  }

  make(fields, { focus }) {
    return this.inLine(async () => {
      const before = { content: this.bar.content, chosen: this.chosen };
      if (!(await this.send("edit", fields, { focus }))) return;
      if (this.bar.content !== before.content) this.remember(fields, before);
      this.markSteps();
      if (focus && fields.do !== "add_page") this.say();
    });
  }

  /** Many changes of one property that follow each other are taken back together. */
  remember(fields, before) {
    const path = fields.do === "set" ? `${fields.place} ${fields.path}` : null;
    if (!path || path !== this.lastPath) this.past.push(before);
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.lastPath = path;
    this.future = [];
  }

  undo() {
    return this.goTo("past", "future", this.root.dataset.undone);
  }

  redo() {
    return this.goTo("future", "past", this.root.dataset.redone);
  }

  goTo(from, to, said) {
    return this.inLine(async () => {
      const step = this[from].at(-1);
      if (!step) return;
      const now = { content: this.bar.content, chosen: this.chosen };
      if (!(await this.send("edit", { do: "replace", content: step.content, chosen: step.chosen }, { focus: false }))) return;
      this[from].pop();
      this[to].push(now);
      this.lastPath = null;
      this.markSteps();
      this.announce(said);
    });
  }

  choose(place, { jump }) {
    return this.inLine(async () => {
      await this.load(place);
      const picked = this.root.querySelector(`.builder-canvas [data-choose="${CSS.escape(place)}"]`);
      if (jump) picked?.scrollIntoView({ block: "center" });
      const wrong = this.root.querySelector('[data-part="properties"] [aria-invalid="true"]');
      if (jump) (wrong?.matches("[role=group]") ? wrong.querySelector("input, textarea") : wrong ?? picked)?.focus();
      // Who has gone on meanwhile stays where he is.
      else if (document.activeElement === document.body) picked?.focus();
    });
  }

  /** Calls `refused` as soon as the form cannot be published: whoever has gone on by the end of it stays where he is. */
  publish(refused) {
    return this.inLine(() => this.send("publish", { chosen: this.chosen }, { focus: false, refused }));
  }

  /** The form may have been changed elsewhere: shows it then, and says so. */
  lookAgain() {
    return this.inLine(async () => {
      const seen = this.revision;
      await this.load(this.chosen, seen);
      if (this.revision === seen) return;
      this.forget();
      toast(this.root.dataset.changed, { kind: "warning" });
    });
  }

  inLine(work) {
    const done = this.line.then(() => (this.root.isConnected ? work() : undefined));
    this.line = done.catch(() => toast(text("unreachable"), { kind: "error" }));
    return done.catch(() => false);
  }

  /** Sends a change; false when it was refused, and then the form is shown as it is. */
  async send(what, fields, { focus, refused }) {
    const body = new URLSearchParams({ revision: this.revision, chosen: this.chosen, ...fields });
    const headers = { accept: "text/html", "hx-request": "true" };
    const response = await fetch(`${this.root.dataset.builder}/${what}`, { method: "POST", body, headers });
    if (!response.ok) {
      const problem = await problemOf(response);
      refused?.();
      showProblem(what === "publish" ? { ...problem, fields: {} } : problem);
      if (response.status === 409) this.forget();
      await this.load(this.chosen);
      return false;
    }
    this.show(await response.text());
    if (focus) this.root.querySelector(`.builder-canvas [data-choose="${CSS.escape(this.chosen)}"]`)?.focus();
    const event = JSON.parse(response.headers.get("HX-Trigger") ?? "{}")["switchroom:toast"];
    if (event) toast(event.text, { kind: event.kind });
    return true;
  }

  async load(place, seen = "") {
    const query = new URLSearchParams({ chosen: place, ...(seen ? { seen } : {}) });
    const response = await fetch(`${this.root.dataset.builder}/parts?${query}`, { headers: { "hx-request": "true" } });
    if (response.status === 200) this.show(await response.text());
    else if (!response.ok) showProblem(await problemOf(response));
  }

  show(html) {
    const arrived = new DOMParser().parseFromString(html, "text/html");
    const focus = rememberFocus(this.root);
    for (const part of arrived.querySelectorAll("[data-part]")) {
      const there = this.root.querySelector(`[data-part="${part.dataset.part}"]`);
      const fresh = document.importNode(part, true);
      there.replaceWith(fresh);
      htmx.process(fresh);
      htmx.trigger(fresh, "htmx:load", { elt: fresh });
    }
    giveFocusBack(this.root, focus);
    this.markSteps();
    this.drawn();
  }

  forget() {
    this.past = [];
    this.future = [];
    this.lastPath = null;
    this.markSteps();
  }

  markSteps() {
    this.root.querySelector("[data-undo]").disabled = this.past.length === 0;
    this.root.querySelector("[data-redo]").disabled = this.future.length === 0;
  }

  say() {
    const picked = this.root.querySelector(`.builder-canvas [data-choose="${CSS.escape(this.chosen)}"]`);
    if (!picked) return;
    const place = this.chosen.split(".").filter((part) => /^\d+$/.test(part)).map((part) => Number(part) + 1).join(".");
    this.announce(this.root.dataset.moved.replace("{name}", picked.dataset.name).replace("{place}", place));
  }

  announce(words) {
    const announcer = document.getElementById("announcer");
    if (announcer) announcer.textContent = words;
  }
}

/** Where the focus is, with what is typed there by now: the answer may know less of it. */
function rememberFocus(root) {
  const element = document.activeElement;
  if (!element || !root.contains(element)) return null;
  const typed = element.matches("input[type=text], textarea");
  return {
    id: element.id,
    place: element.dataset.choose,
    part: element.closest("[data-part]")?.dataset.part,
    owner: element.closest("[data-for]")?.dataset.for,
    value: typed ? element.value : null,
    range: typed ? [element.selectionStart, element.selectionEnd] : null,
  };
}

function giveFocusBack(root, focus) {
  if (!focus || (document.activeElement && document.activeElement !== document.body)) return;
  const same = focus.id ? document.getElementById(focus.id) : null;
  if (same && same.closest("[data-for]")?.dataset.for === focus.owner) {
    if (focus.value !== null) same.value = focus.value;
    same.focus({ preventScroll: true });
    if (focus.range) same.setSelectionRange(...focus.range);
  } else if (focus.place) {
    const place = `[data-choose="${CSS.escape(focus.place)}"]`;
    // A line in the list of problems names a place of the canvas, and may be gone.
    const [there, other] = [`[data-part="${focus.part}"]`, ".builder-canvas"].map((part) => root.querySelector(`${part} ${place}`));
    (there ?? other)?.focus({ preventScroll: true });
  }
}
