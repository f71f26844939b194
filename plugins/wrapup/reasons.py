"""Why customers call: a list that the administrator keeps, and a question of the form after a call."""

from __future__ import annotations

from plugins.wrapup.forms import COMMENT
from switchroom import Context
from switchroom.contributions import Lookup
from switchroom.forms import Form, Option, Page, Select, Text
from switchroom.locale import active_language
from switchroom.locale import mark as _
from switchroom.lookups import Entry, entries

REASON = "reason"
LABEL = _("Reason of contact")

REASONS = Lookup(
    "wrapup.reasons",
    _("Reasons of contact"),
    _("Why customers call. Agents choose one in the form after a call."),
    initial=(
        ("question", _("Question")),
        ("request", _("Request")),
        ("complaint", _("Complaint")),
        ("other", _("Something else")),
    ),
)


async def with_reasons(ctx: Context, form: Form) -> Form:
    """The form with the question for the reason, over the comment; as it is where there is nothing to choose from."""
    there = await entries(ctx, REASONS.name)
    if not there:
        return form
    question = Select(
        key=REASON,
        label=Text.translated(LABEL),
        options=tuple(Option(value=entry.code, label=_name(entry)) for entry in there),
    )
    pages = []
    for page in form.pages:
        at = next((index for index, part in enumerate(page.components) if part.key == COMMENT), None)
        components = page.components if at is None else (*page.components[:at], question, *page.components[at:])
        pages.append(Page(key=page.key, title=page.title, components=components))
    return Form(key=form.key, version=form.version, title=form.title, pages=tuple(pages))


def _name(entry: Entry) -> Text:
    return Text.of(**{"en": entry.name, active_language(): entry.name})
