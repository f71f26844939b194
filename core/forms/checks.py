"""What must hold among the parts of a form before it can be used: names, conditions, computed values, ways of pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from core.forms.action_checks import ActionCheck
from core.forms.actions import conditions_of_action
from core.forms.components import Button, Component, Computed, Question, Section
from core.forms.conditions import Condition, Equals
from core.forms.expressions import Expression
from core.forms.problems import Unusable
from core.locale import gettext as _

if TYPE_CHECKING:
    from core.forms.schema import Page


@dataclass(frozen=True)
class Placed:
    """A component where it stands.

    Attributes:
        place: Such as `pages.0.components.3`.
        page: The number of its page.
        section: The section that it is in.
    """

    component: Component
    place: str
    page: int
    section: str | None


def placed(pages: tuple[Page, ...]) -> Iterator[Placed]:
    """Every component, in the order in which they are shown; a section before what is in it."""
    for page, asked in enumerate(pages):
        for number, component in enumerate(asked.components):
            place = f"pages.{page}.components.{number}"
            yield Placed(component, place, page, None)
            if isinstance(component, Section):
                for inner, part in enumerate(component.components):
                    yield Placed(part, f"{place}.components.{inner}", page, component.key)


def conditions_of(pages: tuple[Page, ...]) -> Iterator[Condition]:
    """Every condition, and every formula."""
    for each in placed(pages):
        yield from _conditions(each.component)
        yield from _conditions_of_actions(each.component)
    for page in pages:
        yield from (
            condition for condition in (page.shown_if, *(way.when for way in page.leads_to)) if condition is not None
        )


def _conditions(component: Component) -> Iterator[Condition]:
    for name in ("shown_if", "required_if", "formula"):
        condition: Condition | None = getattr(component, name, None)
        if condition is not None:
            yield condition


def _conditions_of_actions(component: Component) -> Iterator[Condition]:
    """What decides what the buttons do."""
    for option in component.options if isinstance(component, Button) else ():
        for action in option.does:
            yield from conditions_of_action(action)


def check_pages(pages: tuple[Page, ...]) -> tuple[str, ...]:
    """The keys of the components in an order in which each comes after all that it depends on.

    Raises:
        Unusable: They do not fit together; names every place.
    """
    check = _Check(pages)
    check.names()
    check.conditions()
    check.ways()
    ActionCheck(check.pages, check.there, check.problems, check.about).run()
    order = check.order() if not check.problems else ()
    if check.problems:
        raise Unusable(check.problems)
    return order


@dataclass
class _Check:
    pages: tuple[Page, ...]
    problems: dict[str, str] = field(default_factory=dict)
    there: dict[str, Placed] = field(default_factory=dict)

    def names(self) -> None:
        keys: set[str] = set()
        for number, page in enumerate(self.pages):
            if page.key in keys:
                self.problems[f"pages.{number}.key"] = _(
                    "Two pages are named %(name)s. Give one of them another name."
                ) % {"name": repr(page.key)}
            keys.add(page.key)
        for each in placed(self.pages):
            if each.component.key in self.there:
                self.problems[f"{each.place}.key"] = _(
                    "Two components are named %(name)s. Give one of them another name."
                ) % {"name": repr(each.component.key)}
            self.there.setdefault(each.component.key, each)

    def conditions(self) -> None:
        before: set[str] = set()
        for number, page in enumerate(self.pages):
            self.about(page.shown_if, f"pages.{number}.shown_if", before)
            for each in (each for each in self.there.values() if each.page == number):
                component = each.component
                self.about(component.shown_if, f"{each.place}.shown_if", before)
                self.about(getattr(component, "required_if", None), f"{each.place}.required_if", before)
                if isinstance(component, Computed):
                    self.about(component.formula, f"{each.place}.formula", self.there.keys())
                before.add(component.key)
            for lead, way in enumerate(page.leads_to):
                self.about(way.when, f"pages.{number}.leads_to.{lead}.when", before)

    def about(self, condition: Condition | None, place: str, before: Collection[str]) -> None:
        """Notes where a condition looks at what it may not look at, given the keys that stand before it."""
        for part in condition.parts() if condition is not None else ():
            for name in part.fields():
                problem = self._problem(name, before)
                if not problem and isinstance(part, Equals) and not self._admits(part):
                    problem = _("%(name)s is never %(value)s. Choose one of the answers that it can have.") % {
                        "name": repr(name),
                        "value": repr(part.equals),
                    }
                if problem:
                    self.problems[place] = problem
            if isinstance(part, Expression) and place not in self.problems:
                self._check_scores(part, place)

    def _check_scores(self, expression: Expression, place: str) -> None:
        for name in expression.scored():
            asked = self.there[name].component
            if not isinstance(asked, Question) or not asked.scores:
                self.problems[place] = _(
                    "No answer to %(name)s has a score. Give its options scores, or ask for the answer itself."
                ) % {"name": repr(name)}

    def _problem(self, name: str, before: Collection[str]) -> str:
        asked = self.there.get(name)
        named = {"name": repr(name)}
        if asked is None:
            return _("There is no question %(name)s. Ask for another one, or take this away.") % named
        if not isinstance(asked.component, Question) or asked.component.operand is None:
            return _("%(name)s has no answer that can be asked for. Ask for another one.") % named
        if name not in before:
            return _("%(name)s does not stand before this. Move it up, or ask for another one.") % named
        return ""

    def _admits(self, comparison: Equals) -> bool:
        question = self.there[comparison.field].component
        return isinstance(question, Question) and question.admits(comparison.equals)

    def ways(self) -> None:
        numbers = {page.key: number for number, page in enumerate(self.pages)}
        for number, page in enumerate(self.pages):
            for lead, way in enumerate(page.leads_to):
                if way.page is None:
                    continue
                place, named = f"pages.{number}.leads_to.{lead}.page", {"name": repr(way.page)}
                if way.page not in numbers:
                    self.problems[place] = _("There is no page %(name)s. Lead to another one.") % named
                elif numbers[way.page] <= number:
                    self.problems[place] = (
                        _("This leads back to %(name)s, in a circle. Lead to a page after this one.") % named
                    )

    def order(self) -> tuple[str, ...]:
        numbers = {key: number for number, key in enumerate(self.there)}
        graph = {key: sorted(self._needs(each), key=numbers.__getitem__) for key, each in self.there.items()}
        if all(numbers[needed] < numbers[key] for key, all_needed in graph.items() for needed in all_needed):
            return tuple(graph)
        try:
            return tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            key = next(key for key in circle if isinstance(self.there[key].component, Computed))
            turned = circle[circle.index(key) : -1] + circle[: circle.index(key) + 1]
            self.problems[f"{self.there[key].place}.formula"] = _(
                "This is computed from itself: %(circle)s. Take one of these out of its formula or its condition."
            ) % {"circle": " → ".join(turned)}
            return ()

    def _needs(self, each: Placed) -> set[str]:
        """What must be known before it can be said whether a component is shown, and what its answer is."""
        conditions: list[Condition | None] = [*_conditions(each.component)]
        conditions += [page.shown_if for page in self.pages[: each.page + 1]]
        conditions += [way.when for page in self.pages[: each.page] for way in page.leads_to]
        leading = [key for key, other in self._leading.items() if other.page < each.page]
        conditions += [when for key in leading for when in _conditions_of_actions(self.there[key].component)]
        found = {
            name
            for condition in conditions
            if condition is not None
            for part in condition.parts()
            for name in part.fields()
        }
        return found | set(leading) | ({each.section} if each.section else set())

    @cached_property
    def _leading(self) -> dict[str, Placed]:
        """The buttons that may lead on."""
        found = self.there.items()
        return {key: each for key, each in found if isinstance(each.component, Button) and each.component.leads}
