"""Answers as people read them, in the active language."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_datetime

from core.forms.answers import Value
from core.forms.components import Component, Question, Section, YesNoNA
from core.forms.flows.walks import Walk
from core.forms.reader import Reader
from core.forms.reading import Reading
from core.locale import active_language, ngettext
from core.locale import gettext as _


def told_before(walk: Walk, reading: Reading, reader: Reader) -> list[tuple[str, str]]:
    """What was answered on the pages that were gone through before the one that is shown: question, answer."""
    found = []
    for key in walk.path[:-1]:
        for question in _questions(walk.form.pages[walk.form.page_numbers[key]].components):
            value = reading.answers.get(question.key)
            if value is not None and value is not False:
                found.append((str(question.label), told(question, value, reader)))
    return found


def told(question: Question, value: Value, reader: Reader) -> str:
    """One answer."""
    labels = {option.value: str(option.label) for option in getattr(question, "options", ())}
    if isinstance(question, YesNoNA):
        labels = {"yes": _("Yes"), "no": _("No"), "na": _("Not applicable")}
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values())
    if isinstance(value, list):
        rows = [each for each in value if isinstance(each, dict)]
        if rows:
            return ngettext("%(num)s row", "%(num)s rows", len(rows)) % {"num": len(rows)}
        return ", ".join(labels.get(str(each), str(each)) for each in value)
    if isinstance(value, str) and question.kind_name() == "date_time":
        moment = datetime.fromisoformat(value).astimezone(reader.zone)
        return format_datetime(moment, "d MMM y, HH:mm", locale=active_language())
    return labels.get(str(value), "") or question.show(value, reader)


def _questions(components: tuple[Component, ...]) -> list[Question]:
    parts = [
        part
        for component in components
        for part in (component.components if isinstance(component, Section) else (component,))
    ]
    return [part for part in parts if isinstance(part, Question)]
