// What the server refuses: said beside the fields of the form where it can be, else in passing.

import { text } from "./texts.js";
import { toast } from "./toasts.js";

/** The problem that an answer of the server carries, for XMLHttpRequest as for fetch. */
export async function problemOf(response) {
  const type = response.headers?.get("content-type") ?? "";
  if (type.startsWith("application/problem+json")) return response.json();
  return fromHeader(response.headers?.get("Switchroom-Problem"));
}

export function fromHeader(value) {
  try {
    return value ? JSON.parse(value) : { title: text("failed"), mend: "", fields: {}, incident: "" };
  } catch {
    return { title: text("failed"), mend: "", fields: {}, incident: "" };
  }
}

/** Shows a problem; `form` is where its fields are looked for. */
export function showProblem(problem, form = null) {
  const unplaced = Object.entries(problem.fields ?? {}).filter(([name, message]) => !markField(form, name, message));
  form?.querySelector(".is-invalid")?.focus();
  const incident = problem.incident ? `${text("incident")}: ${problem.incident}` : "";
  const details = [problem.mend, ...unplaced.map(([, message]) => message), incident];
  toast(problem.title, { kind: "error", detail: details.filter(Boolean).join(" ") });
}

function markField(form, name, message) {
  const field = form?.elements?.namedItem(name);
  const input = field instanceof RadioNodeList ? field[0] : field;
  if (!input) return false;
  const id = `${input.id || name}-problem`;
  let feedback = document.getElementById(id);
  if (!feedback) {
    feedback = document.createElement("div");
    feedback.id = id;
    feedback.className = "invalid-feedback d-block";
    (input.closest("[data-field]") ?? input.parentElement).append(feedback);
  }
  feedback.textContent = message;
  input.classList.add("is-invalid");
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", id);
  input.addEventListener("input", () => clearField(input, feedback), { once: true });
  return true;
}

function clearField(input, feedback) {
  feedback.remove();
  input.classList.remove("is-invalid");
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-describedby");
}

export function startProblems() {
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, elt } = event.detail;
    showProblem(fromHeader(xhr.getResponseHeader("Switchroom-Problem")), elt.closest("form"));
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (!event.detail.elt.matches("[data-region]")) toast(text("unreachable"), { kind: "error" });
  });
  document.addEventListener("switchroom:toast", (event) => {
    toast(event.detail.text, { kind: event.detail.kind });
  });
}
