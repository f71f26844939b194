"""What plugins add to forms of others: groups of questions, objections to answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from core.forms.answers import Value
from core.forms.components import Button, Component, Secret, Section, StaticText
from core.forms.reading import CONTRIBUTED, InvalidAnswers
from core.forms.reference import FormRef
from core.forms.renaming import renamed_component
from core.forms.schema import Form, Page
from core.forms.text import Text
from core.locale import active_language, mark
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import FieldGroup
from core.plugins.dispatch import Outcome
from core.plugins.issues import Kind

_KEY = re.compile(r"[a-z](_?[a-z0-9])*_?")
_LONGEST_KEY = 40


class UnusableGroup(ValueError):
    """A group of questions that cannot be part of a form; the text says why."""


async def extend_form(ctx: Context, form: Form, subject: str, user_id: int) -> Form:
    """The form with the questions that the tenant's plugins add to it (`form_fields`), below its own.

    The answers to them are named `<plugin>__<group>__<key>`. A plugin that fails is left out, and a line says so.

    Args:
        ctx: Where.
        form: The form itself.
        subject: An opaque reference to what it is about, such as `core:segment:17`.
        user_id: Who answers.
    """
    if not ctx.listened("form_fields"):
        return form
    extended = form
    for outcome in await ctx.outcomes("form_fields", form=FormRef(form.key, subject, user_id)):
        try:
            extended = _with_pages(extended, _pages(outcome))
        except (UnusableGroup, ValueError, TypeError) as error:
            ctx.for_plugin(outcome.plugin).log.error("form_group_unusable", form=form.key, reason=str(error))
            ctx.for_plugin(outcome.plugin).note_issue(Kind.HOOK, "form_fields", str(error))
            extended = _with_pages(extended, [_missing(outcome.plugin)])
    return extended


async def ask_plugins(ctx: Context, ref: FormRef, form: Form, answers: Mapping[str, Value]) -> None:
    """Asks the tenant's plugins about answers that are complete (`form_validate`).

    Raises:
        InvalidAnswers: A plugin objects; names each field.
        HookFailed: A plugin has failed, so nobody knows whether it would have objected.
    """
    errors: dict[str, str] = {}
    for found in await ctx.collect("form_validate", form=ref, answers=dict(answers)):
        for field, problem in found.items():
            errors[field] = f"{errors[field]} {problem}" if field in errors else problem
    if errors:
        elsewhere = [problem for field, problem in errors.items() if field not in form.questions]
        raise InvalidAnswers(" ".join(elsewhere) or _("Some answers are missing or cannot be used."), fields=errors)


def _pages(outcome: Outcome) -> list[Page]:
    if outcome.error is not None:
        return [_missing(outcome.plugin)]
    answer = outcome.answer
    groups = answer if isinstance(answer, list | tuple) else [] if answer is None else [answer]
    return [_page(outcome.plugin, group) for group in groups]


def _page(plugin: str, group: object) -> Page:
    if not isinstance(group, FieldGroup):
        raise UnusableGroup(f"form_fields must give FieldGroup objects, not {type(group).__name__}.")
    _check_key(group.key, "group")
    prefix = f"{plugin}{CONTRIBUTED}{group.key}"
    return Page(
        key=prefix,
        closing=True,
        title=Text({active_language(): group.title}),
        components=tuple(renamed_component(component, f"{prefix}{CONTRIBUTED}") for component in _components(group)),
    )


def _components(group: FieldGroup) -> Iterable[Component]:
    for component in group.components:
        if not isinstance(component, Component):
            raise UnusableGroup(f"The group {group.key!r} holds {component!r}, which is no component of a form.")
        for part in (component, *(component.components if isinstance(component, Section) else ())):
            _check_key(part.key, "question")
            if isinstance(part, Secret):
                raise UnusableGroup(f"{group.key!r} asks for a secret, but answers of forms are stored to be read.")
            if isinstance(part, Button) and part.leads:
                raise UnusableGroup(f"The buttons of {group.key!r} cannot lead on: where a form leads is its own.")
        yield component


def _check_key(key: str, what: str) -> None:
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key) or key.endswith("_"):
        raise UnusableGroup(
            f"The key {key!r} of a {what} must be lower case letters, digits and single underscores between them, at "
            f"most {_LONGEST_KEY}."
        )


def _missing(plugin: str) -> Page:
    text = mark("The questions of %(plugin)s are missing here: they could not be loaded.")
    values: dict[str, Any] = {"plugin": plugin}
    words = Text({"en": text % values, active_language(): _(text) % values})
    key = f"{plugin}{CONTRIBUTED}missing"
    return Page(key=key, closing=True, components=(StaticText(key=key, text=words),))


def _with_pages(form: Form, pages: list[Page]) -> Form:
    """The form with more pages, checked anew."""
    if not pages:
        return form
    values = {name: getattr(form, name) for name in Form.model_fields if name != "pages"}
    return Form(**values, pages=(*form.pages, *pages))
