"""Every text of core is there in every language: what code and templates use, against what is translated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from core.locale import languages

CORE = Path(languages.__file__).parent.parent
METHODS = [("**.py", "python"), ("web/templates/**.html", "jinja2.ext:babel_extract")]
# Errors are translated where they are shown, so what they are raised with counts as marked.
ERRORS = (
    "Conflict",
    "Forbidden",
    "InvalidInput",
    "NotFound",
    "OfferGone",
    "NotInTalk",
    "NoExtensionLeft",
    "WrapUpOver",
)
KEYWORDS = {**DEFAULT_KEYWORDS, "mark": None, **dict.fromkeys(ERRORS)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def wanted() -> dict[str | tuple[str, ...], str]:
    """Each text of core, with a place where it is used."""
    found = {}
    for file, line, message, _comments, _context in extract_from_dir(CORE, METHODS, keywords=KEYWORDS):
        text = message if isinstance(message, str) else tuple(message)
        if text and not file.startswith("cli/"):
            found[text] = f"{file}:{line}"
    return found


def translated(language: str) -> dict[str | tuple[str, ...], Message]:
    """Each text that is translated."""
    file = CORE / "locale" / language / "LC_MESSAGES" / "core.po"
    with file.open("rb") as source:
        return {message.id: message for message in read_po(source) if message.id}


@pytest.mark.parametrize("language", sorted(languages.NAMES.keys() - {"en"}))
def test_no_text_is_missing_or_empty(language: str) -> None:
    there = translated(language)
    missing = {
        text: place
        for text, place in wanted().items()
        if text not in there or not all(_forms(there[text])) or there[text].fuzzy
    }
    assert not missing, "\n".join(
        f"{place}  {text!r}" for text, place in sorted(missing.items(), key=lambda pair: pair[1])
    )


@pytest.mark.parametrize("language", sorted(languages.NAMES.keys() - {"en"}))
def test_no_translation_is_left_over(language: str) -> None:
    assert translated(language).keys() - wanted().keys() == set()


@pytest.mark.parametrize("language", sorted(languages.NAMES.keys() - {"en"}))
def test_placeholders_are_kept(language: str) -> None:
    for text, message in translated(language).items():
        names = set(PLACEHOLDER.findall(text if isinstance(text, str) else text[-1]))
        for form in _forms(message):
            assert set(PLACEHOLDER.findall(form)) == names, text


def _forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)
