"""The texts of a plugin, and which of them are translated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from core.plugins.manifest import ManifestError, read_manifest

Text = str | tuple[str, ...]

METHODS = [
    ("**.py", "python"),
    ("templates/**.html", "jinja2.ext:babel_extract"),
    ("**/templates/**.html", "jinja2.ext:babel_extract"),
]
KEYWORDS = {**DEFAULT_KEYWORDS, "mark": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%d")


@dataclass(frozen=True)
class TextProblem:
    """A text that is not as it should be in one language.

    Attributes:
        file: Where the text is used, or the file of translations.
        line: Of a text that is used; 0 of a translation.
    """

    file: str
    line: int
    language: str
    problem: str


def languages_of(folder: Path) -> list[str]:
    """The languages that a plugin brings translations for."""
    return sorted(place.parent.name for place in (folder / "locale").glob("*/LC_MESSAGES") if any(place.glob("*.po")))


def used_texts(folder: Path, more_keywords: Iterable[str] = ()) -> dict[Text, tuple[str, int]]:
    """Each text that code and templates give to be translated, with a place."""
    found: dict[Text, tuple[str, int]] = {}
    keywords = KEYWORDS | dict.fromkeys(more_keywords)
    for file, line, message, _comments, _context in extract_from_dir(folder, METHODS, keywords=keywords):
        text = message if isinstance(message, str) else tuple(message)
        if text:
            found.setdefault(text, (file, line))
    return {**_of_manifest(folder), **found}


def _of_manifest(folder: Path) -> dict[Text, tuple[str, int]]:
    """What people read of the plugin before it is on."""
    try:
        manifest = read_manifest(folder / "manifest.yaml")
    except ManifestError:
        return {}
    return {text: ("manifest.yaml", 0) for text in (manifest.title, manifest.summary) if text}


def translated_texts(folder: Path, language: str) -> dict[Text, Message]:
    """Each text that is translated, from all files of a language."""
    found: dict[Text, Message] = {}
    for file in sorted((folder / "locale" / language / "LC_MESSAGES").glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source):
                if message.id:
                    found[message.id if isinstance(message.id, str) else tuple(message.id)] = message
    return found


def text_problems(folder: Path) -> Iterator[TextProblem]:
    """What is missing, left over, or has lost a placeholder, in each language that the plugin brings."""
    used = used_texts(folder)
    for language in languages_of(folder):
        there = translated_texts(folder, language)
        home = f"locale/{language}"
        for text, (file, line) in used.items():
            message = there.get(text)
            if message is None or message.fuzzy or not all(forms(message)):
                yield TextProblem(file, line, language, f"{text!r} is not translated")
        for text, message in there.items():
            if text not in used:
                yield TextProblem(home, 0, language, f"{text!r} is translated and never used")
            names = set(PLACEHOLDER.findall(text if isinstance(text, str) else text[-1]))
            if any(form and set(PLACEHOLDER.findall(form)) != names for form in forms(message)):
                yield TextProblem(home, 0, language, f"the translation of {text!r} has other placeholders")


def forms(message: Message) -> list[str]:
    """The forms of a translation: one, or those of the plural."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())
