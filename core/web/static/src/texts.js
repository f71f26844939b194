// The texts that scripts show, in the language of the page.

const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

/** The text of a key of `core/web/texts.py`. */
export function text(key) {
  return texts[key] ?? key;
}
