"""What keeps a form from being published that only the tenant can tell: forms it opens, and actions of plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from core.forms.action_checks import Done, actions_of
from core.forms.actions import Given, RunAction
from core.forms.flows.opening import CannotOpen, Find, with_opened_forms
from core.forms.schema import Form
from core.forms.words import in_words
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import FormAction


async def flow_problems(ctx: Context, form: Form, find: Find) -> dict[str, str]:
    """Place, such as `pages.0.components.1.options.0.does.0.action` → what is wrong there and how to mend it.

    Args:
        ctx: The tenant.
        form: What is to be published.
        find: Gives the published forms by their keys.
    """
    problems: dict[str, str] = {}
    for done in actions_of(form.placed):
        if isinstance(done.action, RunAction):
            problems.update(_problems(ctx, done, done.action))
    try:
        await with_opened_forms(form, find)
    except CannotOpen as error:
        problems.update(error.fields)
    return problems


def _problems(ctx: Context, done: Done, action: RunAction) -> Iterator[tuple[str, str]]:
    offered = ctx.form_actions.get(action.action)
    if offered is None:
        there = ", ".join(sorted(ctx.form_actions)) or _("none")
        yield (
            f"{done.place}.action",
            _("No plugin that is switched on offers the action %(action)s. There are: %(actions)s.")
            % {"action": action.action, "actions": there},
        )
        return
    yield from _of_arguments(done, action, offered)
    for name in action.into.keys() - offered.gives.keys():
        yield (
            f"{done.place}.into.{name}",
            _("%(action)s does not give %(name)s. Take it away.") % {"action": action.action, "name": repr(name)},
        )


def _of_arguments(done: Done, action: RunAction, offered: FormAction) -> Iterator[tuple[str, str]]:
    fields = offered.arguments.model_fields
    for name, field in fields.items():
        if field.is_required() and name not in action.arguments:
            yield (
                f"{done.place}.arguments.{name}",
                _("%(argument)s is missing. Say where it comes from.") % {"argument": repr(_(field.title or name))},
            )
    for name, source in action.arguments.items():
        place = f"{done.place}.arguments.{name}"
        if name not in fields:
            yield (
                place,
                _("%(action)s does not ask for %(name)s. Take it away.")
                % {"action": action.action, "name": repr(name)},
            )
        elif isinstance(source, Given) and (problem := _of_value(fields[name], source)):
            yield f"{place}.value", problem


def _of_value(field: FieldInfo, given: Given) -> str:
    """Why an argument cannot be this; empty when it can."""
    asked_for: Any = Annotated[field.annotation, field]
    try:
        TypeAdapter(asked_for).validate_python(given.value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return in_words(first["type"], first.get("ctx", {}), first["msg"])
    return ""
