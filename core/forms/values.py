"""Reads answers that a program sends as JSON values, by the way of the texts that a browser would hold for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.forms.answers import Value
from core.forms.reader import Reader
from core.forms.reading import PREFIX, pick_answers
from core.forms.schema import Form


def pick_values(form: Form, values: Mapping[str, Value], reader: Reader) -> dict[str, str]:
    """The texts of a form's fields among values: yes or no, numbers, texts, lists of texts; null is no answer.

    A time is a text, `2026-03-01T09:30` in the reader's zone or with any offset.

    Raises:
        InvalidAnswers: A field that the form does not have, or far too much text.
    """
    return pick_answers(form, ((f"{PREFIX}{key}", text) for key, text in _texts(form, values, reader)))


def _texts(form: Form, values: Mapping[str, Value], reader: Reader) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        question = form.questions.get(key)
        for text in question.texts(value, reader) if question is not None else [str(value)]:
            yield key, text
