"""What keeps a working copy from being published, each problem with its place; and which texts lack a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.forms.components import Kinds, Secret
from core.forms.library.content import Content, form_of, parts
from core.forms.schema import Form
from core.locale import gettext as _

TEXTS = ("title", "label", "help", "text", "unit", "lowest", "highest")
"""The fields that hold texts in several languages, wherever they stand."""


def problems_in(name: str, content: Content, kinds: Kinds) -> dict[str, str]:
    """Place, such as `pages.0.components.3.shown_if` → what is wrong there and how to mend it; empty for a usable form.

    Args:
        name: Of the form.
        content: The working copy.
        kinds: The kinds of questions that plugins add.
    """
    try:
        form = form_of(name, 1, content, kinds)
    except InvalidInput as error:
        return error.fields
    return dict(_unfit(form))


def _unfit(form: Form) -> Iterator[tuple[str, str]]:
    for each in form.placed.values():
        if isinstance(each.component, Secret):
            yield (
                f"{each.place}.kind",
                _("Answers of forms are stored to be read, so a form cannot ask for a secret. Take it away."),
            )


@dataclass(frozen=True)
class Untranslated:
    """A text that is there in some languages only.

    Attributes:
        place: Such as `pages.0.components.3.label`.
        words: What it says in a language that is there.
        missing: The languages that it lacks.
    """

    place: str
    words: str
    missing: tuple[str, ...]


def untranslated(content: Content, languages: Iterable[str]) -> list[Untranslated]:
    """The texts that lack one of these languages, in the order in which they are shown."""
    wanted = tuple(languages)
    found = []
    for place, text in _all_texts(content):
        missing = tuple(language for language in wanted if not str(text.get(language) or "").strip())
        words = next(
            (str(text[language]) for language in (*wanted, *text) if str(text.get(language) or "").strip()), ""
        )
        if missing and words:
            found.append(Untranslated(place, words, missing))
    return found


def _all_texts(content: Content) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(content.get("title"), dict):
        yield "title", content["title"]
    for part in parts(content):
        own = {name: value for name, value in part.data.items() if name != "components"}
        yield from _texts(part.place, own)


def _texts(place: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        if name in TEXTS and isinstance(each, dict):
            yield f"{place}.{name}", each
        else:
            yield from _texts(f"{place}.{name}", each)
