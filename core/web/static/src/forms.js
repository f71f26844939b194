// Forms of the form engine (core/forms): fields that are shown and required by what has been answered, and drafts that
// are saved as people type.
//
//   [data-form]                        the fields, written by core/forms/rendering.py
//   [data-shown-if], [data-required-if]  conditions: {field, equals}, {all: […]}, {any: […]} or {expression}
//   [data-form-page][data-leads-to]    where a page leads, instead of to the next one: [{page, when}]
//   [data-computed]                    a value that the form computes, as a tree for expressions.js
//   [data-operand]                     what the answer is in an expression, where that is no text
//   form[data-autosave="ADDRESS"]      saves its answers there; [data-save-state] in it says how that goes, in the words of
//                                      its data-saving, data-saved and data-failed

import { evaluate, truth } from "./expressions.js";
import { textsOf, valuesOf, writeComputed } from "./form_answers.js";
import { startFiles } from "./form_files.js";

const PAUSE_IN_TYPING = 600;
const SHORTEST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
/** What browsers let a request carry that outlives its page. */
const LONGEST_FAREWELL = 60_000;

const TAB = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
let sequence = 0;

// --- Conditions ------------------------------------------------------------------------------------------------------

function holds(condition, fields) {
  if (condition.all) return condition.all.every((part) => holds(part, fields));
  if (condition.any) return condition.any.some((part) => holds(part, fields));
  if (condition.expression) return truth(evaluate(condition.expression, valuesOf(fields)));
  return textsOf(fields)(condition.field) === condition.equals;
}

function markRequired(component, required) {
  const field = component.matches("fieldset") ? component : component.querySelector("input:not([type=hidden]), textarea, select");
  component.querySelector("[data-form-label]")?.classList.toggle("required", required);
  if (required) field?.setAttribute("aria-required", "true");
  else field?.removeAttribute("aria-required");
}

/** The conditions of a form change rarely, and are looked at with every key. */
const parsed = new Map();

function read(json) {
  if (!parsed.has(json)) parsed.set(json, JSON.parse(json));
  return parsed.get(json);
}

function show(element, visible) {
  const changes = element.hidden === visible;
  element.hidden = !visible;
  return changes;
}

/** Shows the pages that the answers lead through; says whether that changes anything. */
function applyWay(fields) {
  const pages = [...fields.querySelectorAll("[data-form-page]")];
  if (!pages.some((page) => page.dataset.leadsTo || page.dataset.shownIf)) return false;
  const isPart = (page) => !page.dataset.shownIf || holds(read(page.dataset.shownIf), fields);
  let changes = false;
  let next = 0;
  for (const [number, page] of pages.entries()) {
    const visible = number === next && isPart(page);
    changes = show(page, visible) || changes;
    if (number !== next) continue;
    const way = visible && page.dataset.leadsTo
      ? read(page.dataset.leadsTo).find(({ when }) => !when || holds(when, fields))
      : undefined;
    if (!way) next += 1;
    else next = way.page === null ? pages.length : pages.findIndex((each) => each.dataset.formPage === way.page);
  }
  return changes;
}

function applyOnce(fields) {
  let changes = applyWay(fields);
  for (const component of fields.querySelectorAll("[data-component]")) {
    const { shownIf, requiredIf, computed } = component.dataset;
    if (shownIf) changes = show(component, holds(read(shownIf), fields)) || changes;
    if (requiredIf) markRequired(component, holds(read(requiredIf), fields));
    if (computed) changes = writeComputed(component, evaluate(read(computed), valuesOf(fields))) || changes;
  }
  return changes;
}

/** The number that a slider stands at. */
function tellSliders(fields) {
  for (const slider of fields.querySelectorAll("input[type=range]")) {
    const told = slider.closest("[data-component]").querySelector("[data-slider-value]");
    if (told) told.textContent = slider.value;
  }
}

/** Calls the cells of each row by its number, and offers what can be done with as many rows. */
function numberRows(table) {
  const rows = table.querySelectorAll("tbody tr");
  for (const [index, row] of rows.entries()) {
    for (const part of row.querySelectorAll("[data-label]")) {
      part.setAttribute("aria-label", part.dataset.label.replace("{row}", index + 1));
    }
  }
  const add = table.querySelector("[data-add-row]");
  add.hidden = rows.length >= Number(add.dataset.addRow);
}

function emptyRow(row) {
  for (const input of row.querySelectorAll("input, select")) input.value = "";
}

/** One more row, as the last one is, without what was typed there. */
function addRow(button) {
  const table = button.closest("[data-component]");
  const last = table.querySelector("tbody tr:last-child");
  const row = last.cloneNode(true);
  emptyRow(row);
  last.after(row);
  numberRows(table);
  row.querySelector("input, select").focus();
}

/** Takes a row away, or empties it where so many must stay; whoever uses the keyboard goes on with the next one. */
function removeRow(button) {
  const table = button.closest("[data-component]");
  const row = button.closest("tr");
  const least = Math.max(1, Number(table.querySelector("[data-add-row]").dataset.leastRows));
  let next = row;
  if (table.querySelectorAll("tbody tr").length > least) {
    next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    numberRows(table);
    next.querySelector("[data-remove-row]").focus();
  } else {
    emptyRow(row);
    row.querySelector("input, select").focus();
  }
  next.querySelector("input, select").dispatchEvent(new Event("input", { bubbles: true }));
}

/** *Next* leads on only where no button of the page does. */
function offerNext(fields) {
  const next = fields.querySelector("[data-form-next]");
  if (next) next.hidden = [...fields.querySelectorAll("[data-leads-on]")].some((button) => !button.closest("[hidden]"));
}

/** Shows and computes what the answers ask for, until that changes nothing more. The server refuses what goes in circles. */
function apply(fields) {
  tellSliders(fields);
  const most = fields.querySelectorAll("[data-component], [data-form-page]").length;
  for (let pass = 0; pass <= most && applyOnce(fields); pass += 1);
  offerNext(fields);
}

// --- Mistakes --------------------------------------------------------------------------------------------------------

/** What was wrong with an answer is no longer said once it changes: the server looks at it again when it is sent. */
function forgive(component) {
  const error = component?.querySelector(".invalid-feedback[id]");
  if (!error) return;
  const fields = component.closest("[data-form]");
  for (const field of [component, ...component.querySelectorAll("[aria-invalid], .is-invalid")]) {
    field.classList.remove("is-invalid");
    field.removeAttribute("aria-invalid");
    const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== error.id);
    if (others.length) field.setAttribute("aria-describedby", others.join(" "));
    else field.removeAttribute("aria-describedby");
  }
  error.remove();
  const summary = fields.querySelector("[data-form-errors]");
  summary?.querySelector(`[href="#${error.id.replace(/-error$/, "")}"]`)?.closest("li").remove();
  if (summary && !summary.querySelector("li")) summary.remove();
}

// --- Drafts ----------------------------------------------------------------------------------------------------------

/** One form's saving: one request at a time, the latest answers last. */
class Autosave {
  constructor(form) {
    this.form = form;
    this.dirty = false;
    this.saving = false;
    this.failures = 0;
    this.timer = null;
  }

  /** Something was typed. */
  touch() {
    this.dirty = true;
    this.schedule(PAUSE_IN_TYPING);
  }

  /** The form is being sent: the server gets the answers in another way. */
  rest() {
    this.dirty = false;
    clearTimeout(this.timer);
  }

  schedule(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  /** Saves now what has not been saved; `farewell` when the form or the page is about to go. */
  async save({ farewell = false } = {}) {
    clearTimeout(this.timer);
    if (!this.dirty || (this.saving && !farewell)) return;
    this.dirty = false;
    this.saving = true;
    const body = new URLSearchParams(new FormData(this.form));
    if (!farewell) this.say("saving");
    try {
      const response = await fetch(this.form.dataset.autosave, {
        method: "POST",
        body,
        headers: { accept: "application/json" },
        keepalive: farewell && body.toString().length < LONGEST_FAREWELL,
      });
      if (response.ok) this.saved();
      else if (response.status >= 500 || response.status === 429) this.failed();
      else await this.refused(response);
    } catch {
      this.failed();
    } finally {
      this.saving = false;
    }
    if (this.dirty && this.failures === 0) this.schedule(PAUSE_IN_TYPING);
  }

  saved() {
    this.failures = 0;
    if (!this.dirty) this.say("saved");
  }

  failed() {
    this.dirty = true;
    this.failures += 1;
    this.say("failed");
    if (this.form.isConnected) this.schedule(Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** (this.failures - 1)));
  }

  /** The server will not take it, now or later: it says why. The next change tries again. */
  async refused(response) {
    this.failures = 0;
    const problem = await response.json().catch(() => ({}));
    this.say("failed", [problem.title, problem.mend].filter(Boolean).join(" "));
  }

  say(state, text = "") {
    const place = this.form.querySelector("[data-save-state]");
    if (!place) return;
    place.dataset.saveState = state;
    // Only a failure interrupts somebody who listens to the page.
    if (state === "failed") place.setAttribute("role", "alert");
    else place.removeAttribute("role");
    place.textContent = text || place.dataset[state] || "";
  }
}

const autosaves = new Map();

function autosaveOf(element) {
  const form = element.closest?.("form[data-autosave]");
  if (!form) return null;
  if (!autosaves.has(form)) autosaves.set(form, new Autosave(form));
  return autosaves.get(form);
}

function farewell() {
  for (const autosave of autosaves.values()) autosave.save({ farewell: true });
}

/** Before htmx removes a form, what is in it is saved. */
function leave(removed) {
  for (const [form, autosave] of autosaves) {
    if (!removed.contains(form)) continue;
    autosave.save({ farewell: true });
    autosaves.delete(form);
  }
}

// --- Start -----------------------------------------------------------------------------------------------------------

function changed(event) {
  const fields = event.target.closest?.("[data-form]");
  if (!fields) return;
  forgive(event.target.closest("[data-component]"));
  apply(fields);
  autosaveOf(fields)?.touch();
}

/** A form that is sent with mistakes comes back with what is wrong: it takes the old one's place. */
function takeBack(event) {
  const { detail } = event;
  const refused = [409, 422].includes(detail.xhr.status) && !detail.xhr.getResponseHeader("Switchroom-Problem");
  if (!refused || !detail.requestConfig.elt.querySelector?.("[data-form]")) return;
  detail.shouldSwap = true;
  detail.isError = false;
}

/** Forms that are gone through page by page → the step that was shown last. */
const shownSteps = new Map();

/** Whether a form that was on the page before has come to another page: who listens is told where he is now. */
function isNewStep({ dataset: { formWalk, formStep } }) {
  const before = shownSteps.get(formWalk);
  shownSteps.set(formWalk, formStep);
  return before !== undefined && before !== formStep;
}

function arrived(element) {
  if (!element.querySelectorAll) return;
  element.querySelectorAll("[data-form]").forEach(apply);
  const steps = [...element.querySelectorAll("[data-form-step]")].filter(isNewStep);
  (element.querySelector("[data-form-errors]") ?? steps[0]?.querySelector("[data-form-heading]"))?.focus();
}

export function startForms() {
  startFiles();
  document.querySelectorAll("[data-form]").forEach(apply);
  document.querySelectorAll("[data-form-step]").forEach(isNewStep);
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-add-row], [data-remove-row]");
    if (button?.matches("[data-add-row]")) addRow(button);
    else if (button) removeRow(button);
  });
  document.addEventListener("focusout", (event) => autosaveOf(event.target)?.save());
  document.addEventListener("formdata", ({ target, formData }) => {
    if (!target.matches("form[data-autosave]")) return;
    sequence += 1;
    formData.set("_tab", TAB);
    formData.set("_sequence", String(sequence));
  });
  document.addEventListener("submit", (event) => autosaveOf(event.target)?.rest());
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.elt.matches?.("form[data-autosave]")) autosaveOf(event.detail.elt).touch();
  });
  document.addEventListener("htmx:beforeSwap", takeBack);
  document.addEventListener("htmx:beforeCleanupElement", (event) => leave(event.detail.elt));
  document.addEventListener("htmx:load", (event) => arrived(event.detail.elt));
  addEventListener("pagehide", farewell);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") farewell();
  });
}
