// Questions for files (core/forms/components/files.py): a file is sent as soon as it is chosen or dropped, and what the
// form sends is its id.
//
//   [data-upload]          the question, with the right to give files there; its other data-… are words and limits
//   [data-file-drop]       where files are dropped; a label of the browser's own field, so a click and a key open it
//   [data-file-rows]       the files; each row has a hidden field with the id once its file has arrived
//   [data-file-template]   a row
//   [data-file-status]     is read out by screen readers

const ADDRESS = "/files";

/** Rows whose file is on its way, with the request. */
const arriving = new WeakMap();

const named = (words, name) => words.replace("{name}", name);

function tell(question, words) {
  question.querySelector("[data-file-status]").textContent = words;
}

/** The form takes it as typing: conditions are looked at anew, and the draft is saved. */
function changed(question) {
  question.dispatchEvent(new Event("input", { bubbles: true }));
}

function addRow(question, name) {
  const row = question.querySelector("[data-file-template]").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-file-name]").textContent = name;
  row.querySelector("[data-remove-file]").setAttribute("aria-label", named(question.dataset.remove, name));
  question.querySelector("[data-file-rows]").append(row);
  return row;
}

function refuse(question, row, problem) {
  const place = row.querySelector("[data-file-problem]");
  row.querySelector("[data-file-progress]").hidden = true;
  row.classList.add("is-refused");
  place.hidden = false;
  place.textContent = problem;
  tell(question, `${row.querySelector("[data-file-name]").textContent}: ${problem}`);
}

/** What the server says about a file that it does not take. */
function problemIn(request, question) {
  try {
    const problem = JSON.parse(request.responseText);
    const [field] = Object.values(problem.fields ?? {});
    return field ?? ([problem.title, problem.mend].filter(Boolean).join(" ") || question.dataset.failed);
  } catch {
    return question.dataset.failed;
  }
}

function arrived(question, row, { id, name, size, url }) {
  const link = row.querySelector("[data-file-name]");
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: question.querySelector("input[type=hidden]").name, value: id });
  row.prepend(field);
  link.textContent = name;
  link.href = url;
  link.download = "";
  row.querySelector("[data-file-size]").textContent = size;
  row.querySelector("[data-file-progress]").hidden = true;
  row.querySelector("[data-remove-file]").setAttribute("aria-label", named(question.dataset.remove, name));
  tell(question, named(question.dataset.sent, name));
  changed(question);
}

// fetch() does not tell how far an upload has come.
function send(question, row, file) {
  const request = new XMLHttpRequest();
  const progress = row.querySelector("[data-file-progress]");
  progress.hidden = false;
  progress.setAttribute("aria-label", named(question.dataset.sending, file.name));
  arriving.set(row, request);
  row.dataset.fileArriving = "";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    progress.value = total ? (100 * loaded) / total : 0;
  });
  request.addEventListener("loadend", () => {
    delete row.dataset.fileArriving;
    arriving.delete(row);
    if (!row.isConnected) return;
    if (request.status === 201) arrived(question, row, JSON.parse(request.responseText));
    else refuse(question, row, problemIn(request, question));
  });
  request.open("POST", ADDRESS);
  request.setRequestHeader("accept", "application/json");
  request.setRequestHeader("content-type", "application/octet-stream");
  request.setRequestHeader("upload-ticket", question.dataset.upload);
  request.setRequestHeader("file-name", encodeURIComponent(file.name));
  request.send(file);
}

/** The files that were chosen, as far as there is room for them. */
function take(question, files) {
  for (const file of files) {
    const there = question.querySelectorAll("[data-file-row]:not(.is-refused)").length;
    const row = addRow(question, file.name);
    if (there >= Number(question.dataset.mostFiles)) refuse(question, row, question.dataset.tooMany);
    else if (file.size > Number(question.dataset.mostBytes)) refuse(question, row, question.dataset.tooLarge);
    else send(question, row, file);
  }
}

/** Takes a file away; one that is part of an answer that was sent stays with that. */
function remove(button) {
  const question = button.closest("[data-component]");
  const row = button.closest("[data-file-row]");
  const field = row.querySelector("input[type=hidden]");
  const name = row.querySelector("[data-file-name]").textContent;
  arriving.get(row)?.abort();
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("[data-remove-file]") ?? question.querySelector("input[type=file]"))?.focus();
  if (!question.dataset.upload) return;
  tell(question, named(question.dataset.removed, name));
  // What cannot be removed any more, or just now, goes by itself when its time is over.
  if (field) fetch(`${ADDRESS}/${field.value}`, { method: "DELETE", headers: { accept: "application/json" } }).catch(() => {});
  changed(question);
}

/** A form is sent when its files are there. */
function waitForFiles(event) {
  const row = event.target.querySelector?.("[data-file-arriving]");
  if (!row) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const question = row.closest("[data-component]");
  row.querySelector("[data-remove-file]").focus();
  tell(question, question.dataset.wait);
  const place = row.querySelector("[data-file-problem]");
  place.hidden = false;
  place.textContent = question.dataset.wait;
}

const dropIn = (event) => (event.dataTransfer?.types.includes("Files") ? event.target.closest?.("[data-upload]") : null);

export function startFiles() {
  document.addEventListener("change", (event) => {
    const question = event.target.matches?.("[data-upload] input[type=file]") && event.target.closest("[data-upload]");
    if (!question) return;
    take(question, [...event.target.files]);
    event.target.value = "";
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-remove-file]");
    if (button) remove(button);
  });
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      const question = dropIn(event);
      for (const each of document.querySelectorAll("[data-upload].is-over")) each.classList.toggle("is-over", each === question);
      if (!question) return;
      event.preventDefault();
      question.classList.add("is-over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.querySelector("[data-upload].is-over")?.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    const question = dropIn(event);
    if (!question) return;
    event.preventDefault();
    question.classList.remove("is-over");
    take(question, [...event.dataTransfer.files]);
  });
  document.addEventListener("submit", waitForFiles, { capture: true });
}
