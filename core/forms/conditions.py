"""When a component is shown, or must be answered: data, never code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, StrictStr, Tag

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,119}$")]
"""The name of a component within its form; a plugin's in somebody else's form is `<plugin>__<group>__<key>`."""

Value = str | bool | int | float | list[str] | None
"""A typed answer, as it is stored: None is no answer, a time is its UTC instant in ISO format."""


class _Condition(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Equals(_Condition):
    """The field's answer is this one."""

    field: Key
    equals: StrictBool | StrictStr

    def holds(self, answers: Mapping[str, Value]) -> bool:
        """Whether the condition is met by these answers."""
        return answers.get(self.field) == self.equals

    def comparisons(self) -> Iterator[Equals]:
        """Every comparison that the condition makes."""
        yield self


class All(_Condition):
    """Each of these holds."""

    all: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=50)]

    def holds(self, answers: Mapping[str, Value]) -> bool:
        """Whether the condition is met by these answers."""
        return all(condition.holds(answers) for condition in self.all)

    def comparisons(self) -> Iterator[Equals]:
        """Every comparison that the condition makes."""
        for condition in self.all:
            yield from condition.comparisons()


class Any_(_Condition):  # noqa: N801 - typing's Any is meant everywhere else
    """At least one of these holds."""

    any: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=50)]

    def holds(self, answers: Mapping[str, Value]) -> bool:
        """Whether the condition is met by these answers."""
        return any(condition.holds(answers) for condition in self.any)

    def comparisons(self) -> Iterator[Equals]:
        """Every comparison that the condition makes."""
        for condition in self.any:
            yield from condition.comparisons()


def _kind(value: Any) -> str:
    keys = value if isinstance(value, Mapping) else type(value).model_fields
    return next((kind for kind in ("all", "any") if kind in keys), "equals")


Condition = Annotated[
    Annotated[Equals, Tag("equals")] | Annotated[All, Tag("all")] | Annotated[Any_, Tag("any")], Discriminator(_kind)
]
"""`{"field": "successful", "equals": false}`, or several under `all` or `any`."""

All.model_rebuild()
Any_.model_rebuild()
