"""Reads what a browser sends into typed answers: one pass decides what is shown, what is required and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import InvalidInput
from core.forms.actions import EndForm, LeadTo, Move
from core.forms.answers import NotApplicable, Value, score_name
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
        end: What the form ends with, where a button that was pressed says so.
    """

    pages: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    answers: dict[str, Value] = field(default_factory=dict)
    operands: dict[str, Value] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    end: EndForm | None = None


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
    reading.end = way.end()
    return reading


class Way:
    """Which pages of a form are gone through: asked for when all that they depend on has been read."""

    def __init__(self, form: Form, reading: Reading) -> None:
        self._form = form
        self._pages = form.pages
        self._numbers = form.page_numbers
        self._forks = form.is_flow or any(page.shown_if is not None or page.leads_to for page in form.pages)
        self._reading = reading
        self._known: dict[int, bool] = {}

    def includes(self, page: int) -> bool:
        """Whether the page of this number is among them."""
        if not self._forks:
            return True
        if page not in self._known:
            self._known[page] = self._leads_to(page)
        return self._known[page]

    def first(self) -> int:
        """The number of the first page; how many there are, where none is part of the form."""
        return self._from(0)

    def after(self, page: int) -> int:
        """The number of the page that comes after this one; how many there are, at the end."""
        return self._from(self._next(page))

    def end(self) -> EndForm | None:
        """What the last button that was pressed to end the form ends it with."""
        found = None
        for number in range(len(self._pages)):
            if self._form.leading[number] and self.includes(number):
                move = self._pressed(number)
                found = move if isinstance(move, EndForm) else found
        return found

    def _leads_to(self, page: int) -> bool:
        at = 0
        while at < page:
            at = self._next(at)
        return at == page and self._is_part(page)

    def _from(self, page: int) -> int:
        while page < len(self._pages) and not self._is_part(page):
            page = self._next(page)
        return page

    def _next(self, page: int) -> int:
        if self._is_part(page):
            move = self._pressed(page)
            if isinstance(move, EndForm):
                return self._closing_after(page)
            if isinstance(move, LeadTo) and move.page is not None:
                return self._numbers[move.page]
            for way in self._pages[page].leads_to:
                if way.when is None or way.when.holds(self._reading.operands):
                    return self._closing_after(page) if way.page is None else self._numbers[way.page]
        return self._beside(page)

    def _pressed(self, page: int) -> Move | None:
        """What the button that was pressed on a page leads to, where one was that leads anywhere."""
        operands = self._reading.operands
        for button in self._form.leading[page]:
            option = button.option(operands.get(button.key))
            for action in option.does if option is not None else ():
                if isinstance(action, Move) and (action.when is None or action.when.holds(operands)):
                    return action
        return None

    def _beside(self, page: int) -> int:
        """The next page of the same form: into another one leads but a button that opens it."""
        inside = self._pages[page].opened_as
        following = range(page + 1, len(self._pages))
        return next((at for at in following if inside.startswith(self._pages[at].opened_as)), len(self._pages))

    def _closing_after(self, page: int) -> int:
        return max(self._form.first_closing, page + 1)

    def _is_part(self, page: int) -> bool:
        condition = self._pages[page].shown_if
        return condition is None or condition.holds(self._reading.operands)


def accept_answers(form: Form, typed: Typed, reader: Reader) -> dict[str, Value]:
    """The typed answers, when all are there and right.

    Raises:
        InvalidAnswers: They are not; names each field.
    """
    return accept_reading(form, typed, reader).answers


def accept_reading(form: Form, typed: Typed, reader: Reader) -> Reading:
    """The same, with all that became of the texts.

    Raises:
        InvalidAnswers: They are not; names each field.
    """
    reading = read_answers(form, typed, reader)
    if reading.errors:
        raise InvalidAnswers(_("Some answers are missing or cannot be used."), fields=reading.errors)
    return reading


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
            _look_at(question, value, reader, reading)
    if needed and not question.answers(value):
        reading.errors[question.key] = question.missing


def _look_at(question: Question, value: Value, reader: Reader, reading: Reading) -> None:
    """What conditions and computed values see of an answer."""
    if isinstance(value, str) and value in question.not_applicable:
        reading.operands[question.key] = NotApplicable(value)
        return
    reading.operands[question.key] = question.in_expression(value, reader)
    score = question.score(value)
    if score is not None:
        reading.operands[score_name(question.key)] = score
