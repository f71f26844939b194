"""When a component is shown, or must be answered: comparisons as data, or a written expression; never code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, StrictStr, Tag

from core.forms.answers import Key, Value
from core.forms.expressions import Expression


class _Condition(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Equals(_Condition):
    """The field's answer is this one."""

    field: Key
    equals: StrictBool | StrictStr

    def holds(self, answers: Mapping[str, Value]) -> bool:
        """Whether the condition is met by these answers."""
        return answers.get(self.field) == self.equals

    def fields(self) -> Iterator[str]:
        """The key of the question that it looks at."""
        yield self.field

    def parts(self) -> Iterator[Equals | Expression]:
        """Every comparison and every expression that the condition is made of."""
        yield self


class All(_Condition):
    """Each of these holds."""

    all: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=50)]

    def holds(self, answers: Mapping[str, Value]) -> bool:
        """Whether the condition is met by these answers."""
        return all(condition.holds(answers) for condition in self.all)

    def parts(self) -> Iterator[Equals | Expression]:
        """Every comparison and every expression that the condition is made of."""
        for condition in self.all:
            yield from condition.parts()


class Any_(_Condition):  # noqa: N801 - typing's Any is meant everywhere else
    """At least one of these holds."""

    any: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=50)]

    def holds(self, answers: Mapping[str, Value]) -> bool:
        """Whether the condition is met by these answers."""
        return any(condition.holds(answers) for condition in self.any)

    def parts(self) -> Iterator[Equals | Expression]:
        """Every comparison and every expression that the condition is made of."""
        for condition in self.any:
            yield from condition.parts()


def _kind(value: Any) -> str:
    if isinstance(value, str | Expression):
        return "expression"
    keys = value if isinstance(value, Mapping) else type(value).model_fields if isinstance(value, BaseModel) else ()
    return next((kind for kind in ("all", "any") if kind in keys), "equals")


Condition = Annotated[
    Annotated[Equals, Tag("equals")]
    | Annotated[All, Tag("all")]
    | Annotated[Any_, Tag("any")]
    | Annotated[Expression, Tag("expression")],
    Discriminator(_kind),
]
"""`{"field": "successful", "equals": false}`, or several under `all` or `any`, or `"people > 3"`."""

All.model_rebuild()
Any_.model_rebuild()
