"""Reads what a browser sends into typed answers: one pass decides what is shown, what is required and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import InvalidInput
from core.forms.answers import Value
from core.forms.components import LONGEST_TEXT, Computed, Question, UnusableError, clean
from core.forms.reader import Reader
from core.forms.schema import Form
from core.locale import gettext as _

PREFIX = "answer."
"""What the names of answers begin with in a browser's form, so that nothing else there is taken for one."""

CONTRIBUTED = "__"
"""In the names of answers to questions that plugins have added: one of a plugin that is gone meanwhile is left out."""

LONGEST_DRAFT = 200_000
"""Characters that all answers of one form may have together."""

Typed = Mapping[str, str]
"""Field → the text that the browser holds. A field that is not there is not answered."""


class InvalidAnswers(InvalidInput):
    """Answers that cannot be accepted; `fields` names each field and what is wrong, in the active language."""

    code = "invalid_answers"


@dataclass
class Reading:
    """What became of the texts.

    Attributes:
        pages: The keys of the pages that are gone through.
        shown: The keys of the components that are shown.
        required: The keys of those that must be answered.
        answers: Field → typed value, of the questions that are shown and answered.
        operands: Those that conditions look at, as they see them.
        errors: Field → what is wrong with it.
    """

    pages: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    answers: dict[str, Value] = field(default_factory=dict)
    operands: dict[str, Value] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def pick_answers(form: Form, posted: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The texts of a form's fields among the names and values that a browser has posted.

    Raises:
        InvalidAnswers: A field that the form does not have, two answers to one field, or far too much text.
    """
    given: dict[str, list[str]] = {}
    for name, text in posted:
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX)
        if key in form.questions:
            given.setdefault(key, []).append(clean(text))
        elif CONTRIBUTED not in key:
            shown = clean(key)[:40]
            raise InvalidAnswers(
                _("This form has no field %(field)s.") % {"field": repr(shown)}, fields={shown: _("Unknown field.")}
            )
    typed: dict[str, str] = {}
    for key, texts in given.items():
        try:
            typed[key] = form.questions[key].gather(texts)
        except UnusableError as error:
            raise InvalidAnswers(_("Some answers cannot be used."), fields={key: str(error)}) from error
    if sum(map(len, typed.values())) > LONGEST_DRAFT or any(len(text) > 2 * LONGEST_TEXT for text in typed.values()):
        longest = max(typed, key=lambda key: len(typed[key]))
        raise InvalidAnswers(_("Some answers cannot be used."), fields={longest: _("This is far too long.")})
    return typed


def read_answers(form: Form, typed: Typed, reader: Reader) -> Reading:
    """Reads the texts as far as they can be read; never fails, `errors` says what is wrong.

    Answers to questions that are not shown are left out, so nobody is bound by what he does not see.
    """
    reading = Reading()
    way = Way(form, reading)
    for each in form.in_reading_order:
        component = each.component
        if not way.includes(each.page) or (each.section is not None and each.section not in reading.shown):
            continue
        if component.shown_if is not None and not component.shown_if.holds(reading.operands):
            continue
        reading.shown.add(component.key)
        if isinstance(component, Computed):
            _compute(component, reading)
        elif isinstance(component, Question):
            _read_question(component, typed.get(component.key, ""), reader, form.asked_for, reading)
    reading.pages.update(page.key for number, page in enumerate(form.pages) if way.includes(number))
    return reading


class Way:
    """Which pages of a form are gone through: asked for when all that they depend on has been read."""

    def __init__(self, form: Form, reading: Reading) -> None:
        self._pages = form.pages
        self._numbers = {page.key: number for number, page in enumerate(form.pages)}
        self._forks = any(page.shown_if is not None or page.leads_to for page in form.pages)
        self._reading = reading
        self._known: dict[int, bool] = {}

    def includes(self, page: int) -> bool:
        """Whether the page of this number is among them."""
        if not self._forks:
            return True
        if page not in self._known:
            self._known[page] = self._leads_to(page)
        return self._known[page]

    def _leads_to(self, page: int) -> bool:
        at = 0
        while at < page:
            at = self._next(at)
        return at == page and self._is_part(page)

    def _next(self, page: int) -> int:
        if self._is_part(page):
            for way in self._pages[page].leads_to:
                if way.when is None or way.when.holds(self._reading.operands):
                    return len(self._pages) if way.page is None else self._numbers[way.page]
        return page + 1

    def _is_part(self, page: int) -> bool:
        condition = self._pages[page].shown_if
        return condition is None or condition.holds(self._reading.operands)


def accept_answers(form: Form, typed: Typed, reader: Reader) -> dict[str, Value]:
    """The typed answers, when all are there and right.

    Raises:
        InvalidAnswers: They are not; names each field.
    """
    reading = read_answers(form, typed, reader)
    if reading.errors:
        raise InvalidAnswers(_("Some answers are missing or cannot be used."), fields=reading.errors)
    return reading.answers


def initial_texts(form: Form, reader: Reader) -> dict[str, str]:
    """The texts of a form that nobody has touched: its defaults."""
    return show_answers(form, {key: question.initial for key, question in form.questions.items()}, reader)


def show_answers(form: Form, answers: Mapping[str, Value], reader: Reader) -> dict[str, str]:
    """The texts that give these answers when they are read."""
    return {
        key: form.questions[key].show(value, reader)
        for key, value in answers.items()
        if key in form.questions and value is not None
    }


def _compute(component: Computed, reading: Reading) -> None:
    value = component.formula.value(reading.operands)
    if value is not None:
        reading.answers[component.key] = value
        reading.operands[component.key] = value


def _read_question(question: Question, text: str, reader: Reader, asked_for: frozenset[str], reading: Reading) -> None:
    needed = question.required or (question.required_if is not None and question.required_if.holds(reading.operands))
    if needed:
        reading.required.add(question.key)
    try:
        value = question.parse(text, reader) if text.strip() else question.blank
    except UnusableError as error:
        reading.errors[question.key] = str(error)
        return
    if value is not None:
        reading.answers[question.key] = value
        if question.key in asked_for:
            reading.operands[question.key] = question.in_expression(value, reader)
    if needed and not question.answers(value):
        reading.errors[question.key] = question.missing
