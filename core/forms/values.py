"""Reads answers that a program sends as JSON values, by the way of the texts that a browser would hold for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from core.forms.answers import Value
from core.forms.components import DateTime
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
        for each in value if isinstance(value, list) else [value]:
            if each is None:
                continue
            if isinstance(each, bool):
                yield key, "yes" if each else "no"
            elif isinstance(form.questions.get(key), DateTime):
                yield key, _local(str(each), reader)
            else:
                yield key, str(each)


def _local(text: str, reader: Reader) -> str:
    try:
        moment = datetime.fromisoformat(text)
        return text if moment.tzinfo is None else moment.astimezone(reader.zone).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return text
