"""The parts of a form under longer names, so that they can be put into another form."""

from __future__ import annotations

from typing import Any

from core.forms.actions import Answered, AnyAction, Calculated, LeadTo, OpenForm, RunAction, SetField, Source
from core.forms.components import Button, Component, Section
from core.forms.conditions import All, Any_, Condition, Equals
from core.forms.expressions import Expression


def renamed_component(component: Component, prefix: str) -> Component:
    """A component of that name, whose conditions look at questions of such names."""
    values: dict[str, Any] = {
        name: renamed_condition(condition, prefix)
        for name in ("shown_if", "required_if", "formula")
        if (condition := getattr(component, name, None)) is not None
    }
    if isinstance(component, Section):
        values["components"] = tuple(renamed_component(part, prefix) for part in component.components)
    if isinstance(component, Button):
        values["options"] = tuple(
            option.model_copy(update={"does": tuple(_action(action, prefix) for action in option.does)})
            for option in component.options
        )
    return component.model_copy(update={"key": f"{prefix}{component.key}", **values})


def renamed_condition(condition: Condition, prefix: str) -> Condition:
    """The condition on questions of such names."""
    match condition:
        case Equals(field=field, equals=value):
            return Equals(field=f"{prefix}{field}", equals=value)
        case All(all=parts):
            return All(all=tuple(renamed_condition(part, prefix) for part in parts))
        case Any_(any=parts):
            return Any_(any=tuple(renamed_condition(part, prefix) for part in parts))
        case Expression():
            return condition.renamed(lambda field: f"{prefix}{field}")


def _action(action: AnyAction, prefix: str) -> AnyAction:
    values: dict[str, Any] = {}
    if action.when is not None:
        values["when"] = renamed_condition(action.when, prefix)
    match action:
        case LeadTo(page=str(page)):
            values["page"] = f"{prefix}{page}"
        case OpenForm(name=name):
            values["name"] = f"{prefix}{name}"
        case SetField(field=field, to=source):
            values |= {"field": f"{prefix}{field}", "to": _source(source, prefix)}
        case RunAction(arguments=arguments, into=into):
            values["arguments"] = {name: _source(source, prefix) for name, source in arguments.items()}
            values["into"] = {name: f"{prefix}{field}" for name, field in into.items()}
        case _:
            pass
    return action.model_copy(update=values)


def _source(source: Source, prefix: str) -> Source:
    match source:
        case Answered(field=field):
            return Answered(field=f"{prefix}{field}")
        case Calculated(expression=expression):
            return Calculated(expression=expression.renamed(lambda field: f"{prefix}{field}"))
        case _:
            return source
