"""Puts a form together with those that its buttons open: one form, in which nothing collides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydantic import ValidationError

from core.errors import InvalidInput
from core.forms.actions import AnyAction, LeadTo, OpenForm
from core.forms.checks import placed
from core.forms.components import Button, ButtonOption, Component, Section
from core.forms.problems import problems_of
from core.forms.reading import CONTRIBUTED
from core.forms.renaming import renamed_component, renamed_condition
from core.forms.schema import Form, Lead, Page
from core.locale import gettext as _

Find = Callable[[str], Awaitable[Form | None]]
"""Gives the form of a key as it is published, or None."""


class CannotOpen(InvalidInput):
    """A button opens a form that cannot be opened; `fields` names the place of the button and why."""

    code = "cannot_open"


async def with_opened_forms(form: Form, find: Find) -> Form:
    """The form with the pages of those that its buttons open, each behind the page on which the button is.

    Their questions are named `<name>__<key>`, with the name that the button gives. After their last page the form goes
    on behind the button's page; where a button of theirs ends the form, all of it ends.

    Args:
        form: The form itself; given back as it is where it opens none.
        find: Gives the other forms.

    Raises:
        CannotOpen: There is no such form, it opens the first one again, or all of them together are too much.
    """
    return await _opened(form, find, (form.key,))


async def _opened(form: Form, find: Find, trail: tuple[str, ...]) -> Form:
    if not _openings(form):
        return form
    pages: list[Page] = []
    inner = {place: await _inner(form, action, place, find, trail) for place, action in _openings(form)}
    for number, page in enumerate(form.pages):
        after = form.pages[number + 1].key if number + 1 < len(form.pages) else None
        opened = [(action.name, inner[place]) for place, action in _openings(form) if _page_of(place) == number]
        pages.append(
            page.model_copy(update={"components": tuple(_leading_in(part, inner) for part in page.components)})
        )
        pages += [renamed for name, other in opened for renamed in _behind(other, f"{name}{CONTRIBUTED}", after)]
    values = {name: getattr(form, name) for name in Form.model_fields if name != "pages"}
    try:
        return Form(**values, pages=tuple(pages))
    except ValidationError as error:
        problems = problems_of(error, {"pages": pages})
        place, action = _openings(form)[0]
        text = _("Together with %(form)s this form cannot be used: %(reason)s") % {
            "form": action.form,
            "reason": " ".join(dict.fromkeys(problems.values())),
        }
        raise CannotOpen(text, fields={f"{place}.form": text}) from error


async def _inner(form: Form, action: OpenForm, place: str, find: Find, trail: tuple[str, ...]) -> Form:
    problem = ""
    if action.form in trail:
        circle = " → ".join((*trail[trail.index(action.form) :], action.form))
        problem = _("This opens forms in a circle: %(circle)s. Open another one.") % {"circle": circle}
        raise CannotOpen(problem, fields={f"{place}.form": problem})
    other = await find(action.form)
    if other is None:
        problem = _("There is no published form %(form)s. Publish it first, or open another one.") % {
            "form": action.form
        }
        raise CannotOpen(problem, fields={f"{place}.form": problem})
    try:
        return await _opened(other, find, (*trail, other.key))
    except CannotOpen as error:
        # The place is in the form that is looked at, however deep the trouble lies.
        raise CannotOpen(error.message, fields={f"{place}.form": error.message}) from error


def _openings(form: Form) -> list[tuple[str, OpenForm]]:
    return [
        (f"{each.place}.options.{number}.does.{step}", action)
        for each in placed(form.pages)
        if isinstance(each.component, Button)
        for number, option in enumerate(each.component.options)
        for step, action in enumerate(option.does)
        if isinstance(action, OpenForm)
    ]


def _page_of(place: str) -> int:
    return int(place.split(".")[1])


def _leading_in(component: Component, inner: dict[str, Form]) -> Component:
    """The component with buttons that lead to the first page of what they open."""
    firsts = {}
    for form in inner.values():
        firsts[form.key] = form.pages[0].key

    def lead(action: AnyAction) -> AnyAction:
        if not isinstance(action, OpenForm):
            return action
        return LeadTo(when=action.when, page=f"{action.name}{CONTRIBUTED}{firsts[action.form]}")

    def leading(option: ButtonOption) -> ButtonOption:
        return option.model_copy(update={"does": tuple(map(lead, option.does))})

    if isinstance(component, Section):
        return component.model_copy(
            update={"components": tuple(_leading_in(part, inner) for part in component.components)}
        )
    if isinstance(component, Button):
        return component.model_copy(update={"options": tuple(map(leading, component.options))})
    return component


def _behind(form: Form, prefix: str, after: str | None) -> list[Page]:
    """The pages of a form that is opened; where it would end it goes on after it."""
    closing = form.pages[form.first_closing].key if form.first_closing < len(form.pages) else None
    ends = [f"{prefix}{closing}" if closing is not None and not page.closing else after for page in form.pages]
    return [
        Page(
            key=f"{prefix}{page.key}",
            title=page.title,
            shown_if=None if page.shown_if is None else renamed_condition(page.shown_if, prefix),
            components=tuple(renamed_component(part, prefix) for part in page.components),
            leads_to=tuple(
                Lead(
                    page=end if way.page is None else f"{prefix}{way.page}",
                    when=None if way.when is None else renamed_condition(way.when, prefix),
                )
                for way in page.leads_to
            ),
            opened_as=f"{prefix}{page.opened_as}",
        )
        for page, end in zip(form.pages, ends, strict=True)
    ]
