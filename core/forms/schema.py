"""A form: what it asks, in which order, under which conditions. Data, with a version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import InvalidInput
from core.forms.answers import Key
from core.forms.components import AnyComponent, Component, Kinds, Question, Secret
from core.forms.conditions import Condition, Equals
from core.forms.text import Text


class Page(BaseModel):
    """Components that are shown together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    title: Text | None = None
    components: Annotated[tuple[AnyComponent, ...], Field(min_length=1, max_length=300)]


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

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        _check_page_keys(self.pages)
        before: dict[str, Any] = {}
        for component in self.components:
            if component.key in before:
                raise ValueError(f"two components are named {component.key!r}")
            for attribute in ("shown_if", "required_if"):
                _check_condition(component.key, attribute, getattr(component, attribute, None), before)
            before[component.key] = component
        return self

    @property
    def components(self) -> Iterator[Component]:
        """All components, in the order in which they are shown."""
        return (component for page in self.pages for component in page.components)

    @cached_property
    def questions(self) -> dict[str, Question]:
        """The components that are answered, by key."""
        return {component.key: component for component in self.components if isinstance(component, Question)}

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The keys of the questions for something that is never shown again."""
        return frozenset(key for key, question in self.questions.items() if isinstance(question, Secret))

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
        fields = {".".join(str(part) for part in each["loc"]) or "form": each["msg"] for each in error.errors()}
        raise InvalidInput("This is not a form that can be used.", fields=fields) from error


def _check_page_keys(pages: tuple[Page, ...]) -> None:
    keys = [page.key for page in pages]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ValueError(f"two pages are named {twice!r}")


def _check_condition(key: str, attribute: str, condition: Condition | None, before: dict[str, Any]) -> None:
    """A condition looks only at what stands before it: one pass over a form decides everything, none is circular."""
    for part in condition.parts() if condition is not None else ():
        for field in part.fields():
            asked = before.get(field)
            if not isinstance(asked, Question) or asked.operand is None:
                raise ValueError(
                    f"{attribute} of {key!r} asks for {field!r}, but no question of that name stands before it"
                )
            if isinstance(part, Equals) and not asked.admits(part.equals):
                raise ValueError(f"{attribute} of {key!r} asks whether {field!r} is {part.equals!r}, which it never is")
