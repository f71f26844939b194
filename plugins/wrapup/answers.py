"""Answers as people read them: questions with the words of the options that were chosen."""

from __future__ import annotations

from collections.abc import Mapping

from switchroom.forms import File, Form, Reader, Value, show_answers
from switchroom.locale import active_language
from switchroom.locale import gettext as _


def readable(form: Form, answers: Mapping[str, Value], reader: Reader) -> list[tuple[str, str]]:
    """Question and answer, in the order of the form; what was not answered is left out."""
    shown = show_answers(form, answers, reader)
    told = []
    for key, question in form.questions.items():
        if not shown.get(key):
            continue
        language = active_language()
        told.append((question.label.in_language(language), _in_words(question, answers[key], shown[key], language)))
    return told


def _in_words(question: object, value: Value, shown: str, language: str) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(question, File):
        # Their names and links are in the form itself.
        return str(len(value) if isinstance(value, list) else 0)
    options = {each.value: each.label.in_language(language) for each in getattr(question, "options", ())}
    if options:
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(options.get(str(each), str(each)) for each in chosen)
    return shown
