"""The pages of the documentation, as tests read them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ROOT

_FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


def all_pages() -> list[Path]:
    """Every page, in the project's own folders."""
    folders = ("*.md", "docs/**/*.md", "plugins/*/**/*.md", "examples/*/README.md")
    return sorted(page for folder in folders for page in ROOT.glob(folder))


def name_of(page: Path) -> str:
    """How tests name a page."""
    return str(page.relative_to(ROOT))


def text_of(name: str) -> str:
    """The text of one page."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """The text without blocks of code."""
    return _FENCE.sub("", text)


def codes(text: str) -> list[str]:
    """What stands between backquotes in the prose."""
    return _CODE.findall(prose(text))


def first_column(text: str, *, below: str) -> set[str]:
    """What stands between backquotes in the first column of the first table below a heading."""
    section = text.split(f"\n{below}\n", 1)[1].split("\n#", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    return {code for row in rows for code in _CODE.findall(row)}
