"""A form: what it asks, in which order, under which conditions. Data, with a version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from core.errors import InvalidInput
from core.forms.actions import EndForm
from core.forms.answers import Key
from core.forms.checks import Placed, check_pages, conditions_of, placed
from core.forms.components import AnyComponent, Button, Component, Kinds, Question, Secret
from core.forms.conditions import Condition
from core.forms.problems import problems_of
from core.forms.text import Text
from core.locale import gettext as _

State = tuple[str, str, bool, bool, bool]
"""What a component looks like depends on: its key and shape, whether it is shown, required, and there already."""


class Lead(BaseModel):
    """A way on from a page.

    Attributes:
        page: The page that it leads to, which stands after; None leads to the end.
        when: Taken only when this holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: Key | None = None
    when: Condition | None = None


class Page(BaseModel):
    """Components that are shown together.

    Attributes:
        shown_if: The page is part of the form only while this holds.
        leads_to: Where the form goes on, instead of the next page: the first that holds. What lies between is left out.
        closing: Comes at the end, whichever way led there; such pages are the last ones, and asked together.
        opened_as: In a form that was put together of several: the names under which the one was opened that this page
            is of. Nobody comes there but by a button that opens it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    title: Text | None = None
    shown_if: Condition | None = None
    components: Annotated[tuple[AnyComponent, ...], Field(min_length=1, max_length=300)]
    leads_to: Annotated[tuple[Lead, ...], Field(max_length=50)] = ()
    closing: bool = False
    opened_as: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*__)?$", max_length=120)] = ""


class Form(BaseModel):
    """One version of a form.

    Attributes:
        key: `<plugin>:<name>`, the same in every version.
        repeatable: Whether one person may send it more than once for one subject.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,30}:[a-z0-9_:-]{1,48}$")]
    version: Annotated[int, Field(ge=1)]
    title: Text
    repeatable: bool = False
    pages: Annotated[tuple[Page, ...], Field(min_length=1, max_length=50)]

    _order: tuple[str, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        self._order = check_pages(self.pages)
        return self

    @property
    def components(self) -> Iterator[Component]:
        """All components, in the order in which they are shown; a section before what is in it."""
        return (each.component for each in self.placed.values())

    @cached_property
    def placed(self) -> dict[str, Placed]:
        """Where each component stands, by key, in the order in which they are shown."""
        return {each.component.key: each for each in placed(self.pages)}

    @cached_property
    def in_reading_order(self) -> tuple[Placed, ...]:
        """All components, each after those that it depends on."""
        return tuple(self.placed[key] for key in self._order)

    @cached_property
    def questions(self) -> dict[str, Question]:
        """The components that are answered, by key."""
        return {component.key: component for component in self.components if isinstance(component, Question)}

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The keys of the questions for something that is never shown again."""
        return frozenset(key for key, question in self.questions.items() if isinstance(question, Secret))

    @cached_property
    def asked_for(self) -> frozenset[str]:
        """The keys of the questions that conditions and computed values look at."""
        return frozenset(
            name for condition in conditions_of(self.pages) for part in condition.parts() for name in part.fields()
        ) | {button.key for buttons in self.leading for button in buttons}

    @cached_property
    def leading(self) -> tuple[tuple[Button, ...], ...]:
        """Of each page the buttons that do more than to give an answer."""
        found: list[list[Button]] = [[] for _page in self.pages]
        for each in self.placed.values():
            if isinstance(each.component, Button) and each.component.leads:
                found[each.page].append(each.component)
        return tuple(map(tuple, found))

    @property
    def is_flow(self) -> bool:
        """Whether it is gone through page by page, as its buttons lead; else all of it is shown at once."""
        return any(self.leading)

    @cached_property
    def outcomes(self) -> dict[str, EndForm]:
        """What it may end with, by key."""
        return {
            action.outcome: action
            for buttons in self.leading
            for button in buttons
            for option in button.options
            for action in option.does
            if isinstance(action, EndForm)
        }

    @cached_property
    def page_numbers(self) -> dict[str, int]:
        """Where each page stands, by key."""
        return {page.key: number for number, page in enumerate(self.pages)}

    @cached_property
    def first_closing(self) -> int:
        """The number of the first page that comes whichever way led to the end; how many there are, where none does."""
        return next((number for number, page in enumerate(self.pages) if page.closing), len(self.pages))

    @cached_property
    def drawn(self) -> dict[tuple[str, str], dict[State, tuple[str, ...]]]:
        """How components looked in each language, zone and state that was asked for; kept by whoever draws them."""
        return {}

    def as_json(self) -> dict[str, Any]:
        """The form as JSON values, without what is left at its default."""
        return self.model_dump(mode="json", exclude_none=True)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the form's JSON: two forms that ask the same have the same one."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def read_form(data: object, kinds: Kinds | None = None) -> Form:
    """A form from JSON values.

    Args:
        data: The values.
        kinds: The kinds of questions that plugins add; `form_kinds(ctx)` gives them.

    Raises:
        InvalidInput: It is none; `fields` names each place and what is wrong there.
    """
    return _read(data, {"kinds": kinds or {}})


def read_answered_form(data: object, kinds: Kinds) -> Form:
    """A form that somebody has answered: a question of a kind that nobody knows any more is shown as text."""
    return _read(data, {"kinds": kinds, "was_answered": True})


def _read(data: object, context: dict[str, Any]) -> Form:
    try:
        return Form.model_validate(data, context=context)
    except ValidationError as error:
        raise InvalidInput(_("This form cannot be used as it is."), fields=problems_of(error, data)) from error
