"""What was answered on the way to the page that is shown, in the active language."""

from __future__ import annotations

from core.forms.answers import Value
from core.forms.components import Component, Question, Section, Table
from core.forms.flows.walks import Walk
from core.forms.reader import Reader
from core.forms.reading import Reading
from core.forms.telling import answer_in_words, is_answered
from core.locale import ngettext


def told_before(walk: Walk, reading: Reading, reader: Reader) -> list[tuple[str, str]]:
    """What was answered on the pages that were gone through before the one that is shown: question, answer."""
    found = []
    for key in walk.path[:-1]:
        for question in _questions(walk.form.pages[walk.form.page_numbers[key]].components):
            value = reading.answers.get(question.key)
            if is_answered(question, value, reader):
                found.append((str(question.label), _in_short(question, value, reader)))
    return found


def _in_short(question: Question, value: Value, reader: Reader) -> str:
    """One answer; a table by its length, since the page that is shown matters more."""
    if isinstance(question, Table) and isinstance(value, list):
        return ngettext("%(num)s row", "%(num)s rows", len(value)) % {"num": len(value)}
    return answer_in_words(question, value, reader)


def _questions(components: tuple[Component, ...]) -> list[Question]:
    parts = [
        part
        for component in components
        for part in (component.components if isinstance(component, Section) else (component,))
    ]
    return [part for part in parts if isinstance(part, Question)]
