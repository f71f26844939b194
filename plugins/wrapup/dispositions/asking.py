"""The question for the disposition in the form after a contact, and what an agent has chosen there.

Whether the contact was successful is asked first; of the dispositions of the queue those are offered that go with it.
What journals and reports call the outcome stays what that first question says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plugins.wrapup.dispositions.initial import in_all_languages
from plugins.wrapup.dispositions.lists import DispositionView, list_of
from plugins.wrapup.forms import SUCCESSFUL
from plugins.wrapup.models import ChosenDisposition, Disposition, DispositionType, ServiceType
from switchroom import Context
from switchroom.forms import Equals, Form, Option, Page, Select, Submission, Text
from switchroom.interactions import InteractionView

OF_SUCCESS = "disposition"
OF_THE_REST = "disposition_no"

MOST_OFFERED = 200
"""Of each question: a form takes no more."""

_LABEL = Text.of(en="Disposition", ru="Статус завершения")
_OF_TEXT = (ServiceType.CHAT, ServiceType.EMAIL)


async def with_dispositions(ctx: Context, form: Form, interaction: InteractionView) -> Form:
    """The form with the question for the disposition, below the first one; as it is where there is none to choose."""
    offered = [each for each in (await list_of(ctx, interaction.queue)).dispositions if _is_for(each, interaction)]
    questions = (
        *_question(OF_SUCCESS, [each for each in offered if each.type is DispositionType.SUCCESS], successful=True),
        *_question(
            OF_THE_REST, [each for each in offered if each.type is not DispositionType.SUCCESS], successful=False
        ),
    )
    pages = []
    for page in form.pages:
        at = next((index for index, part in enumerate(page.components, 1) if part.key == SUCCESSFUL), None)
        components = page.components if at is None else (*page.components[:at], *questions, *page.components[at:])
        pages.append(Page(key=page.key, title=page.title, components=components))
    return Form(key=form.key, version=form.version, title=form.title, pages=tuple(pages))


async def note_choice(submission: Submission, segment_id: int, agent_id: int) -> str:
    """Keeps what was chosen, with the name that it has now; gives that name, or nothing. The work is held."""
    chosen = submission.answers.get(OF_SUCCESS) or submission.answers.get(OF_THE_REST)
    found = await Disposition.get_or_none(id=int(chosen)) if isinstance(chosen, str) else None
    if found is None:
        # What the system has noted when the time was over does not hold any more.
        await ChosenDisposition.filter(segment=f"core:segment:{segment_id}").delete()
        return ""
    await note_disposition(segment_id, agent_id, found.id, found.name, found.code, found.type)
    return str(found.name)


async def note_disposition(
    segment_id: int, agent_id: int, disposition_id: int, name: str, code: str, kind: str
) -> None:
    """Keeps a disposition as it is called now, in place of what was kept before; the work of the segment is held."""
    values: dict[str, Any] = {"disposition_id": disposition_id, "name": name, "code": code, "type": kind}
    kept = await ChosenDisposition.filter(segment=f"core:segment:{segment_id}").update(**values)
    if not kept:
        await ChosenDisposition.create(segment=f"core:segment:{segment_id}", agent_id=agent_id, **values)


def _is_for(each: DispositionView, interaction: InteractionView) -> bool:
    begun_here = interaction.direction == "outbound"
    return (
        each.active
        and each.agent_selects
        and (each.outbound if begun_here else each.inbound)
        and each.service_type not in _OF_TEXT
    )


def _question(key: str, offered: Sequence[DispositionView], *, successful: bool) -> tuple[Select, ...]:
    if not offered:
        return ()
    options = tuple(Option(value=str(each.id), label=in_all_languages(each.name)) for each in offered[:MOST_OFFERED])
    return (Select(key=key, label=_LABEL, options=options, shown_if=Equals(field=SUCCESSFUL, equals=successful)),)
