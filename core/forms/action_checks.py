"""What must hold of what the buttons of a form do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from core.forms.actions import (
    Answered,
    AnyAction,
    Calculated,
    EndForm,
    Given,
    LeadTo,
    Move,
    OpenForm,
    SetField,
    sources_of,
    targets_of,
)
from core.forms.components import Button, Computed, DateTime, Question, Secret, UnusableError
from core.forms.reader import Reader
from core.locale import gettext as _

if TYPE_CHECKING:
    from core.forms.checks import Placed
    from core.forms.conditions import Condition
    from core.forms.schema import Page


@dataclass(frozen=True)
class Done:
    """An action where it stands.

    Attributes:
        place: Such as `pages.0.components.1.options.0.does.0`.
        last: Whether it is the last one of its button.
    """

    action: AnyAction
    place: str
    page: int
    last: bool


def actions_of(there: Mapping[str, Placed]) -> Iterator[Done]:
    """Everything that the buttons among these components do."""
    for each in there.values():
        if not isinstance(each.component, Button):
            continue
        for number, option in enumerate(each.component.options):
            for step, action in enumerate(option.does):
                place = f"{each.place}.options.{number}.does.{step}"
                yield Done(action, place, each.page, step == len(option.does) - 1)


@dataclass
class ActionCheck:
    """Looks at one form.

    Attributes:
        there: Its components by key.
        problems: Place → what is wrong there; added to.
        about: Says of a condition at a place whether it may look at what it looks at, given the keys known there.
    """

    pages: tuple[Page, ...]
    there: Mapping[str, Placed]
    problems: dict[str, str]
    about: Callable[[Condition | None, str, Collection[str]], None]

    def run(self) -> None:
        """Checks every action, and that pages which close the form are its last ones."""
        self._closing()
        outcomes: dict[str, EndForm] = {}
        opened: set[str] = set()
        for done in actions_of(self.there):
            known = {key for key, each in self.there.items() if each.page <= done.page}
            self.about(done.action.when, f"{done.place}.when", known)
            self._sources(done, known)
            self._targets(done)
            self._move(done)
            if isinstance(done.action, EndForm):
                self._outcome(done.action, done.place, outcomes)
            if isinstance(done.action, OpenForm):
                if done.action.name in opened:
                    self.problems[f"{done.place}.name"] = _(
                        "Another form is opened under the name %(name)s. Choose another name for the answers."
                    ) % {"name": repr(done.action.name)}
                opened.add(done.action.name)

    def _closing(self) -> None:
        first = next((number for number, page in enumerate(self.pages) if page.closing), len(self.pages))
        for number, page in enumerate(self.pages):
            if number > first and not page.closing:
                self.problems[f"pages.{number}.closing"] = _(
                    "This page stands after one that closes the form, so nobody would come here. Move it up."
                )

    def _move(self, done: Done) -> None:
        action = done.action
        if isinstance(action, Move) and action.when is None and not done.last:
            self.problems[done.place] = _("Nothing that stands after this is done. Move it to the end.")
        if not isinstance(action, LeadTo | OpenForm):
            return
        if self.pages[done.page].closing:
            self.problems[done.place] = _("From a page that closes the form nothing leads on. Take this away.")
        elif isinstance(action, LeadTo) and action.page is not None:
            numbers = {page.key: number for number, page in enumerate(self.pages)}
            named, place = {"name": repr(action.page)}, f"{done.place}.page"
            if action.page not in numbers:
                self.problems[place] = _("There is no page %(name)s. Lead to another one.") % named
            elif numbers[action.page] <= done.page:
                self.problems[place] = (
                    _(
                        "This leads back to %(name)s, in a circle. Lead to a page after this one: who wants back has a "
                        "button for it on every page."
                    )
                    % named
                )

    def _sources(self, done: Done, known: Collection[str]) -> None:
        for name, source in sources_of(done.action):
            place = f"{done.place}.{name}"
            if isinstance(source, Calculated):
                self.about(source.expression, f"{place}.expression", known)
            elif isinstance(source, Answered) and not isinstance(self._question(source.field, place), Question):
                continue
            elif isinstance(source, Answered) and source.field not in known:
                self.problems[f"{place}.field"] = _(
                    "%(name)s does not stand before this. Move it up, or ask for another one."
                ) % {"name": repr(source.field)}

    def _question(self, key: str, place: str) -> Question | None:
        asked = self.there.get(key)
        if asked is None:
            self.problems[f"{place}.field"] = _(
                "There is no question %(name)s. Ask for another one, or take this away."
            ) % {"name": repr(key)}
            return None
        return asked.component if isinstance(asked.component, Question) else None

    def _targets(self, done: Done) -> None:
        for name, key in targets_of(done.action):
            place, asked = f"{done.place}.{name}", self.there.get(key)
            question = asked.component if asked is not None else None
            if not isinstance(question, Question) or isinstance(question, Button | Computed | Secret):
                self.problems[place] = _("There is no question %(name)s that can be set. Choose another one.") % {
                    "name": repr(key)
                }
            elif asked is not None and asked.page < done.page:
                self.problems[place] = _(
                    "%(name)s stands on a page before this one, and was answered there. Set one of this page or after."
                ) % {"name": repr(key)}
            elif isinstance(done.action, SetField) and isinstance(done.action.to, Given):
                self._value(question, done.action.to, f"{done.place}.to.value")

    def _value(self, question: Question, given: Given, place: str) -> None:
        # Whether a moment lies ahead is seen when it is set.
        if isinstance(question, DateTime):
            question = question.model_copy(update={"must_be": None})
        reader = Reader(ZoneInfo("UTC"))
        try:
            text = question.gather(question.texts(given.value, reader))
            if text.strip():
                question.parse(text, reader)
        except UnusableError as error:
            self.problems[place] = str(error)

    def _outcome(self, action: EndForm, place: str, outcomes: dict[str, EndForm]) -> None:
        before = outcomes.setdefault(action.outcome, action)
        if (before.label, before.success) != (action.label, action.success):
            self.problems[f"{place}.outcome"] = _(
                "Another button ends with %(name)s too, and calls it otherwise. Call both alike, or name one anew."
            ) % {"name": repr(action.outcome)}
