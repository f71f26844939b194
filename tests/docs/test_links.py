"""Every link inside the documentation leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import all_pages, name_of, prose

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"\s]+)\"")
ELSEWHERE = ("http://", "https://", "mailto:")


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link or source for link, source in LINK.findall(prose(page.read_text(encoding="utf-8")))]
    broken = [link for link in links if not link.startswith(ELSEWHERE) and not _leads_somewhere(page, link)]
    assert not broken


def _leads_somewhere(page: Path, link: str) -> bool:
    place, _, anchor = link.partition("#")
    target = (page.parent / place) if place else page
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    waiting = [page for page in all_pages() if name_of(page) == "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        links = [link.partition("#")[0] for link, _ in LINK.findall(prose(page.read_text(encoding="utf-8")))]
        targets = [(page.parent / link).resolve() for link in links if link and not link.startswith(ELSEWHERE)]
        waiting += [target for target in targets if target.suffix == ".md" and target.is_file()]
    assert {name_of(page) for page in all_pages()} == {name_of(page) for page in reached}
