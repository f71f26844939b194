"""Every text of routing is there in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

import plugins.routing
from core.locale import languages

FOLDER = Path(next(iter(plugins.routing.__path__)))
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {**DEFAULT_KEYWORDS, "mark": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%d")

pytestmark = pytest.mark.parametrize("language", sorted(languages.NAMES.keys() - {"en"}))


def translated(language: str) -> dict[str, str]:
    """What the plugin's translation holds."""
    with (FOLDER / "locale" / language / "LC_MESSAGES" / "routing.po").open("rb") as source:
        return {str(message.id): str(message.string) for message in read_po(source) if message.id}


def test_each_text_is_translated_and_none_is_left_over(language: str) -> None:
    wanted = {str(found[2]) for found in extract_from_dir(FOLDER, METHODS, keywords=KEYWORDS)}

    there = translated(language)

    assert wanted == there.keys()
    assert all(there.values())


def test_placeholders_are_kept(language: str) -> None:
    for text, translation in translated(language).items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(translation)), text
