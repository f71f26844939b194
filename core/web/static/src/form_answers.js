// The answers that stand in a form, as texts and as expressions see them. What is hidden counts as not answered, as it
// does for the server.

import { total } from "./expressions.js";

const MOST_DIGITS = 15;

/** The element of a question that is shown, and its inputs. */
function shown(fields, key) {
  const component = fields.querySelector(`[data-component="${key}"]`);
  const hidden = component?.closest("[hidden]");
  if (!component || (hidden && fields.contains(hidden))) return null;
  const name = fields.dataset.formPrefix + key;
  return { component, named: [...component.querySelectorAll("[name]")].filter((input) => input.name === name) };
}

function textIn(named) {
  if (named[0]?.type === "checkbox") return named.filter((input) => input.checked).map((input) => input.value).join("\n");
  // The button that is pressed answers with the form itself.
  if (named[0]?.type === "submit") return null;
  const answering = named[0]?.type === "radio" ? named.find((input) => input.checked) : named[0];
  return answering?.value ?? null;
}

/** The number that the server reads there: a comma is a point, spaces group digits. */
function numberIn(text) {
  const compact = text.replace(/\s+/gu, "").replace("\u2212", "-").replace(",", ".");
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(compact)) return null;
  const number = Number(compact);
  return compact.replace(/\D|^[+-]?0+/g, "").length > MOST_DIGITS ? null : number;
}

const READERS = {
  text: (text) => text.trim() || null,
  number: numberIn,
  yes_no: (text) => (text === "" ? null : text === "yes"),
  switch: (text) => text === "yes",
  list: (text) => {
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
    return lines.length ? lines : null;
  },
};

const known = new WeakMap();

/** The answers of other pages, where the form is gone through page by page: by key their texts and their values. */
function knownOf(fields) {
  if (!known.has(fields)) known.set(fields, JSON.parse(fields.dataset.formKnown ?? "{}"));
  return known.get(fields);
}

/** Gives the texts of the answers that stand in these fields. */
export function textsOf(fields) {
  return (key) => {
    const question = shown(fields, key);
    return question ? textIn(question.named) : knownOf(fields)[key]?.[0] ?? null;
  };
}

const computed = new WeakMap();

/** Writes what a component has been computed to; says whether it is another value than before. */
export function writeComputed(component, value) {
  const before = computed.has(component) ? computed.get(component) : undefined;
  computed.set(component, value);
  component.querySelector("output").textContent = inWords(component, value);
  return JSON.stringify(before) !== JSON.stringify(value);
}

function inWords(component, value) {
  if (typeof value === "boolean") return value ? component.dataset.yes : component.dataset.no;
  if (typeof value === "number") {
    return value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 });
  }
  return (Array.isArray(value) ? value.join(", ") : value) || "–";
}

/** The rows of a table that are not blank, by their columns: names and what they ask for. */
function rowsIn(named, columns) {
  const rows = [];
  for (let start = 0; start < named.length; start += columns.length) {
    const row = {};
    columns.forEach(([key, asksFor], place) => {
      const text = named[start + place].value.trim();
      const cell = asksFor === "number" ? numberIn(text) : text;
      if (text && cell !== null) row[key] = cell;
    });
    if (named.slice(start, start + columns.length).some((input) => input.value.trim())) rows.push(row);
  }
  return rows.length ? rows : null;
}

/** What stands in several inputs of one question. */
const SEVERAL = {
  table: ({ component, named }) => rowsIn(named, JSON.parse(component.dataset.columns)),
  money: ({ named }) => numberIn(named[0].value),
  files: ({ named }) => {
    const ids = named.map((input) => input.value).filter(Boolean);
    return ids.length ? ids : null;
  },
  joined: ({ named }) => named.map((input) => input.value.trim()).filter(Boolean).join(" ") || null,
};

/** What of several texts counts, or that none of them applies: as core/forms/components/choices.py says. */
function chosen({ component, named }) {
  const text = textIn(named) ?? "";
  const texts = component.dataset.operand === "list" ? text.split("\n").filter(Boolean) : [text];
  const applies = !texts.some((each) => JSON.parse(component.dataset.notApplicable ?? "[]").includes(each));
  const scores = JSON.parse(component.dataset.scores ?? "{}");
  return { applies, score: applies ? total(...texts.map((each) => scores[each] ?? null)) : null };
}

/** Gives the answers that stand in these fields, typed; `key.score` is what the answer counts. */
export function valuesOf(fields) {
  return (name) => {
    const [key, score] = name.split(".");
    const question = shown(fields, key);
    if (!question) return knownOf(fields)[name]?.[1] ?? null;
    const { scores, notApplicable } = question.component.dataset;
    if (score) return scores ? chosen(question).score : null;
    if (notApplicable && !chosen(question).applies) return null;
    if (question.component.dataset.computed) return computed.get(question.component) ?? null;
    const several = SEVERAL[question.component.dataset.operand];
    if (several) return several(question);
    const text = textIn(question.named);
    const read = READERS[question.component.dataset.operand ?? "text"];
    return text === null ? null : read(text);
  };
}
