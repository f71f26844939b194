// The editor of a queue: its week as a picture, hours that are added and removed, special days; and the matrix of skills.
//
//   [data-week] [data-day]          a day: [data-day-bar] is its picture, each [data-span] two times
//   [data-clock]                    a time: 9 becomes 09:00
//   [data-add-span] [data-clear-span] [data-copy-day]
//   [data-holidays]                 the special days: [data-holiday] is one, made from the <template>

const DRAWN = "http://www.w3.org/2000/svg";
const DAY = 1440;

/** Minutes after midnight; null for what says no time. */
function minutes(input) {
  const said = /^(\d{1,2}):(\d\d)$/.exec(input.value.trim());
  return said && Number(said[2]) < 60 ? Number(said[1]) * 60 + Number(said[2]) : null;
}

/** What people type for short: 9 is 09:00, 930 is 09:30. */
function complete(input) {
  const said = /^(\d{1,2})[:.]?(\d\d)?$/.exec(input.value.trim());
  if (said) input.value = `${said[1].padStart(2, "0")}:${said[2] ?? "00"}`;
}

/** Draws the hours of a day as they are in its fields; midnight at the end is the end of the day. */
function draw(day) {
  const bar = day.querySelector("[data-day-bar]");
  bar.querySelectorAll(".span").forEach((drawn) => drawn.remove());
  for (const span of day.querySelectorAll("[data-span]")) {
    const [opens, closes] = [...span.querySelectorAll("input")].map(minutes);
    const end = closes === 0 ? DAY : closes;
    if (opens === null || end === null || end <= opens || end > DAY) continue;
    const drawn = document.createElementNS(DRAWN, "rect");
    drawn.setAttribute("class", "span");
    drawn.setAttribute("x", opens);
    drawn.setAttribute("width", end - opens);
    drawn.setAttribute("height", 20);
    bar.append(drawn);
  }
}

function fill(span, values) {
  span.querySelectorAll("input").forEach((input, place) => {
    input.value = values[place];
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function valuesOf(span) {
  return [...span.querySelectorAll("input")].map((input) => input.value);
}

function addSpan(button) {
  const day = button.closest("[data-day]");
  const span = day.querySelector("[data-span][hidden]") ?? day.querySelector("[data-span]");
  span.hidden = false;
  span.querySelector("input").focus();
}

function clearSpan(button) {
  const span = button.closest("[data-span]");
  const day = span.closest("[data-day]");
  fill(span, ["", ""]);
  if (span !== day.querySelector("[data-span]")) span.hidden = true;
  day.querySelector("[data-add-span]").focus();
}

function copyDay(button) {
  const days = [...button.closest("[data-week]").querySelectorAll("[data-day]")];
  const spans = [...days[0].querySelectorAll("[data-span]")];
  for (const day of days.slice(1, 5)) {
    day.querySelectorAll("[data-span]").forEach((span, place) => {
      fill(span, valuesOf(spans[place]));
      span.hidden = spans[place].hidden;
    });
  }
}

function addHoliday(button) {
  const fields = button.closest("[data-holidays]");
  const list = fields.querySelector("[data-holiday-list]");
  const numbers = [...list.querySelectorAll("[name^=holiday_day_]")].map((input) => Number(input.name.slice(12)));
  const number = Math.max(-1, ...numbers) + 1;
  const made = document.createElement("div");
  made.append(fields.querySelector("template").content.cloneNode(true));
  made.innerHTML = made.innerHTML.replaceAll("NUMBER", String(number));
  const holiday = made.firstElementChild;
  list.append(holiday);
  holiday.querySelector("input").focus();
}

function removeHoliday(button) {
  const fields = button.closest("[data-holidays]");
  button.closest("[data-holiday]").remove();
  fields.querySelector("[data-add-holiday]").focus();
}

const ACTIONS = {
  "[data-add-span]": addSpan,
  "[data-clear-span]": clearSpan,
  "[data-copy-day]": copyDay,
  "[data-add-holiday]": addHoliday,
  "[data-remove-holiday]": removeHoliday,
};

document.addEventListener("click", (event) => {
  for (const [selector, act] of Object.entries(ACTIONS)) {
    const button = event.target.closest?.(selector);
    if (button) act(button);
  }
});

/** A level that was refused is what it was. */
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.elt.matches?.(".level-cell")) return;
  if (detail.successful) detail.elt.defaultValue = detail.elt.value;
  else detail.elt.value = detail.elt.defaultValue;
});

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-clock]")) return;
  complete(event.target);
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("input", (event) => {
  const day = event.target.closest?.("[data-week] [data-day]");
  if (day) draw(day);
});
