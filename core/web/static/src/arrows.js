// Arrow keys lead through what a page lists: from one [data-arrow-stop] to the next within [data-arrows], across the parts
// of the page. What moves by itself, such as a field or a menu, keeps its keys.

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

function move(event) {
  const place = event.target.closest?.("[data-arrows] [data-arrow-stop]");
  if (!place || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
  const stops = [...place.closest("[data-arrows]").querySelectorAll("[data-arrow-stop]")].filter((each) => each.checkVisibility());
  const ends = { Home: 0, End: stops.length - 1 };
  const index = ends[event.key] ?? stops.indexOf(place) + (STEPS[event.key] ?? NaN);
  if (!stops[index]) return;
  event.preventDefault();
  stops[index].focus();
}

/** The first stop of the page gets the focus when an arrow is pressed while nothing has it. */
function begin(event) {
  if (event.key !== "ArrowDown" || event.defaultPrevented) return;
  if (event.target !== document.body && event.target.id !== "main") return;
  const first = document.querySelector("[data-arrows] [data-arrow-stop]");
  if (!first) return;
  event.preventDefault();
  first.focus();
}

export function startArrows() {
  document.addEventListener("keydown", move);
  document.addEventListener("keydown", begin);
}
