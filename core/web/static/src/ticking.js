// Small helps for forms of settings:
//
//   [data-filter="ID"]          what is typed hides the [data-filter-item] below ID that do not contain it, and groups left
//                               empty ([data-filter-group]); [data-filter-none] shows when nothing is left
//   [data-shows="ID"]           a box that shows the element while it, or another of its kind, is ticked
//   [data-copy="ID"]            copies the text of the element

function filter(field) {
  const list = document.getElementById(field.dataset.filter);
  const words = field.value.trim().toLocaleLowerCase();
  for (const item of list.querySelectorAll("[data-filter-item]")) {
    item.hidden = !item.textContent.toLocaleLowerCase().includes(words);
  }
  for (const group of list.querySelectorAll("[data-filter-group]")) {
    group.hidden = !group.querySelector("[data-filter-item]:not([hidden])");
  }
  const none = list.querySelector("[data-filter-none]");
  if (none) none.hidden = list.querySelector("[data-filter-item]:not([hidden])") !== null;
}

function showBy(box) {
  const boxes = [...document.querySelectorAll(`[data-shows="${box.dataset.shows}"]`)];
  document.getElementById(box.dataset.shows).hidden = !boxes.some((each) => each.checked);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    const words = button.querySelector("span") ?? button;
    words.textContent = button.dataset.copied;
  } catch {
    // Browsers hand out the clipboard over https alone: what is selected can be copied by hand.
    getSelection().selectAllChildren(source);
    source.focus();
  }
}

export function startTicking() {
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-filter]")) filter(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-shows]")) showBy(event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
}
