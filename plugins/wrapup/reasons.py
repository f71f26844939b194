"""Why customers call: a list that the administrator keeps, and a question of the form after a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from plugins.wrapup.forms import COMMENT
from plugins.wrapup.settings import WrapUpSettings
from switchroom import Context
from switchroom.contributions import Lookup
from switchroom.forms import Form, MultiSelect, Option, Page, Text
from switchroom.locale import active_language
from switchroom.locale import mark as _
from switchroom.lookups import Entry, entries

REASON = "reason"
LABEL = _("Reasons of contact")
MOST_OFFERED = 200
"""A form takes no more."""

BETWEEN = " › "
DEEPEST = 5


class ReasonPlace(BaseModel):
    """What a reason of contact has besides its name: where it stands in the tree."""

    model_config = ConfigDict(extra="forbid")

    under: Annotated[str, Field(max_length=60)] = Field(
        "",
        title=_("Belongs under"),
        description=_("The code of another reason. Agents choose of those under which there is nothing more."),
    )


REASONS = Lookup(
    "wrapup.reasons",
    _("Reasons of contact"),
    _("Why customers call. Agents choose them in the form after a call."),
    fields=ReasonPlace,
    above="under",
    initial=(
        ("question", _("Question")),
        ("request", _("Request")),
        ("complaint", _("Complaint")),
        ("other", _("Something else")),
    ),
)


async def with_reasons(ctx: Context, form: Form) -> Form:
    """The form with the question for the reason, over the comment; as it is where there is nothing to choose from."""
    there = leaves(await entries(ctx, REASONS.name))[:MOST_OFFERED]
    if not there:
        return form
    settings: WrapUpSettings = ctx.for_plugin("wrapup").settings
    question = MultiSelect(
        key=REASON,
        label=Text.translated(LABEL),
        options=tuple(Option(value=path[-1].code, label=_name(path)) for path in there),
        required=settings.reason_required,
    )
    pages = []
    for page in form.pages:
        at = next((index for index, part in enumerate(page.components) if part.key == COMMENT), None)
        components = page.components if at is None else (*page.components[:at], question, *page.components[at:])
        pages.append(Page(key=page.key, title=page.title, components=components))
    return Form(key=form.key, version=form.version, title=form.title, pages=tuple(pages))


def leaves(there: Sequence[Entry]) -> list[tuple[Entry, ...]]:
    """What can be chosen of a tree: the way from the top to each reason under which there is nothing more.

    What belongs under a reason that there is not, or under itself, stands at the top.
    """
    by_code = {entry.code: entry for entry in there}

    def way_to(entry: Entry) -> tuple[Entry, ...]:
        way = [entry]
        while (above := by_code.get(str(way[0].values.get("under", "")))) is not None:
            if above in way or len(way) == DEEPEST:
                return (entry,)
            way.insert(0, above)
        return tuple(way)

    ways = [way_to(entry) for entry in there]
    parents = {each.code for way in ways for each in way[:-1]}
    places = {entry.code: place for place, entry in enumerate(there)}
    chosen = [way for way in ways if way[-1].code not in parents]
    return sorted(chosen, key=lambda way: [places[each.code] for each in way])


def _name(way: Sequence[Entry]) -> Text:
    name = BETWEEN.join(entry.name for entry in way)
    return Text.of(**{"en": name, active_language(): name})
