"""Whether a page or a fragment is HTML that a browser reads as it was meant, and that the policy of pages allows."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
CLOSED_BY_PARENT = frozenset({"li", "p", "td", "th", "tr", "tbody", "thead", "option", "dt", "dd"})


def html_problems(text: str) -> list[str]:
    """What is wrong with the text, one sentence each: unbalanced elements, ids used twice, what the policy refuses."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return [*reader.problems, *(f"<{tag}> of line {line} is never closed" for tag, line in reader.open)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, int]] = []
        self.problems: list[str] = []
        self._ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, dict(attrs))
        if tag not in VOID:
            self.open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _line in self.open]
        if tag not in names:
            self.problems.append(f"</{tag}> of line {self.getpos()[0]} closes nothing")
            return
        while self.open:
            name, line = self.open.pop()
            if name == tag:
                return
            if name not in CLOSED_BY_PARENT:
                self.problems.append(f"<{name}> of line {line} is not closed before </{tag}>")

    def _check(self, tag: str, attributes: dict[str, str | None]) -> None:
        line = self.getpos()[0]
        identifier = attributes.get("id")
        if identifier:
            if identifier in self._ids:
                self.problems.append(f'the id "{identifier}" of line {line} is used twice')
            self._ids.add(identifier)
        if tag == "script" and "src" not in attributes and attributes.get("type") not in _DATA:
            self.problems.append(f"a script is written into the page in line {line}: browsers are told to refuse it")
        if tag == "style" or "style" in attributes:
            self.problems.append(f"a style is written into the page in line {line}: browsers are told to refuse it")
        for name in attributes:
            if name.startswith("on"):
                self.problems.append(f"{name} in line {line} is a script in the page: browsers are told to refuse it")
        if tag == "img" and "alt" not in attributes:
            self.problems.append(f'an image in line {line} has no alt: say what it shows, or alt="" for decoration')


_DATA = frozenset({"application/json", "application/ld+json", "importmap", "text/plain"})
