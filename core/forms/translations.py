"""Which texts of a form lack a language: for the page on which forms are built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from core.forms.schema import Form
from core.forms.text import Text


@dataclass(frozen=True)
class MissingTranslation:
    """A text that people of a language read in another one.

    Attributes:
        place: Such as `pages.0.components.3.label`, as `read_form` names places.
        language: The language that is missing.
        shown: What is read instead.
    """

    place: str
    language: str
    shown: str


def missing_translations(form: Form, languages: Iterable[str]) -> list[MissingTranslation]:
    """Every text of a form that is not there in one of these languages, in the order of the form.

    A language counts as there when its parent is: `pt` will do for `pt-BR`.

    Args:
        form: The form.
        languages: Their tags, such as `en` and `ru`.
    """
    wanted = list(dict.fromkeys(languages))
    return [
        MissingTranslation(place, language, text.in_language(language))
        for place, text in _texts(form, "")
        for language in wanted
        if not {language, language.partition("-")[0]} & text.root.keys()
    ]


def _texts(value: Any, place: str) -> Iterator[tuple[str, Text]]:
    """Each text with its place: also in what plugins' kinds of questions ask."""
    if isinstance(value, Text):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), f"{place}.{name}" if place else name)
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _texts(part, f"{place}.{number}")
