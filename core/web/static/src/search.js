// The search of the top bar: a dialog that shows hits as one types. Core and plugins are asked apart; whichever answers
// first is shown first. The arrows choose, Enter opens, the focus stays in the field.

import { open } from "./navigation.js";
import { problemOf } from "./problems.js";

const PAUSE_IN_TYPING = 180;
const SHORTEST = 2;
const PLACES = ["core", "plugins"];

class Search {
  constructor(dialog) {
    this.dialog = dialog;
    this.field = dialog.querySelector("input");
    this.list = dialog.querySelector('[role="listbox"]');
    this.timer = null;
    this.asking = null;
  }

  show() {
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.field.select();
    if (this.field.value.trim().length < SHORTEST) this.reset();
    else this.ask();
  }

  typed() {
    clearTimeout(this.timer);
    this.asking?.abort();
    if (this.field.value.trim().length < SHORTEST) this.reset();
    else this.timer = setTimeout(() => this.ask(), PAUSE_IN_TYPING);
  }

  reset() {
    for (const place of PLACES) this.placeOf(place).replaceChildren();
    this.list.hidden = true;
    this.choose(null);
    this.say("hint");
  }

  placeOf(place) {
    return this.list.querySelector(`[data-found="${place}"]`);
  }

  /** Asks everybody; what was found for the words before stays until there is something new. */
  async ask() {
    const asking = new AbortController();
    this.asking = asking;
    if (!this.hits().length) this.say("searching");
    const words = encodeURIComponent(this.field.value.trim());
    const answers = await Promise.all(PLACES.map((place) => this.askOne(place, words, asking)));
    if (asking.signal.aborted) return;
    // What was chosen may have gone with the words before.
    if (!this.list.querySelector('[aria-selected="true"]')) this.choose(this.hits()[0] ?? null);
    const failed = answers.find((answer) => answer !== true);
    if (this.hits().length || this.list.querySelector(".found-missing")) this.say(null);
    else if (failed) this.say("failed", failed.title);
    else this.say("nothing");
  }

  /** True, or the problem that the server has. */
  async askOne(place, words, asking) {
    try {
      const answer = await fetch(`/search/${place}?q=${words}`, {
        headers: { accept: "text/html", "hx-request": "true" },
        signal: asking.signal,
      });
      if (answer.headers.has("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
      if (!answer.ok) return await problemOf(answer);
      const found = await answer.text();
      if (asking.signal.aborted) return true;
      this.placeOf(place).innerHTML = found;
      this.list.hidden = false;
      if (this.hits().length) {
        this.say(null);
        this.choose(this.hits()[0]);
      }
      return true;
    } catch (error) {
      if (!asking.signal.aborted) this.placeOf(place).replaceChildren();
      return asking.signal.aborted ? true : { title: "" };
    }
  }

  hits() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }

  choose(hit) {
    for (const other of this.hits()) other.setAttribute("aria-selected", String(other === hit));
    if (hit) {
      this.field.setAttribute("aria-activedescendant", hit.id);
      hit.scrollIntoView({ block: "nearest" });
    } else this.field.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const hits = this.hits();
    const index = hits.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
    if (hits.length) this.choose(hits[(index + step + hits.length) % hits.length]);
  }

  go(hit) {
    this.dialog.close();
    open(hit.getAttribute("href"));
  }

  say(state, problem = "") {
    for (const each of this.dialog.querySelectorAll("[data-search-state]")) each.hidden = each.dataset.searchState !== state;
    if (problem) this.dialog.querySelector("[data-search-problem]").textContent = problem;
  }

  pressed(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") this.move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter") {
      const hit = this.hits().find((each) => each.getAttribute("aria-selected") === "true");
      if (hit) this.go(hit);
    } else return;
    event.preventDefault();
  }
}

export function startSearch() {
  const dialog = document.getElementById("search");
  if (!dialog) return;
  const search = new Search(dialog);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-open-search]")) search.show();
    if (event.target.closest?.("[data-search-again]")) search.ask();
    const hit = event.target.closest?.("#search .hit");
    if (!hit || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    search.go(hit);
  });
  search.field.addEventListener("input", () => search.typed());
  search.field.addEventListener("keydown", (event) => search.pressed(event));
}
