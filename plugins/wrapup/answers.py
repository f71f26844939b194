"""What was answered about a contact: the forms of all agents who handled it, with what supervisors made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugins.wrapup import floor
from plugins.wrapup.models import ChosenDisposition, Mode, Work
from plugins.wrapup.work import WorkView, get_work, subject_of
from switchroom import Context
from switchroom.database import fetch
from switchroom.errors import NotFound
from switchroom.forms import Reader, StoredFile, Submission, ToldAnswer, get_file, tell_submission
from switchroom.locale import gettext as _


@dataclass(frozen=True)
class MadeCorrection:
    """A correction, as a list shows it."""

    by: str
    at: datetime
    reason: str
    before_disposition: str


@dataclass(frozen=True)
class ContactPart:
    """One agent's part of a contact.

    Attributes:
        disposition: What was chosen, or recorded when the time was over; empty for nothing.
        type: The disposition's type.
        sent: What the agent has answered; None when nothing was sent.
        holds: What a supervisor made of it; None when nobody has corrected it.
        corrections: The first first.
    """

    work: WorkView
    agent: str
    began_at: datetime
    disposition: str
    type: str
    sent: list[ToldAnswer] | None
    holds: list[ToldAnswer] | None
    corrections: list[MadeCorrection]


async def parts_of(ctx: Context, interaction_id: int, reader: Reader) -> list[ContactPart]:
    """The parts of a contact that have a form, the first first. Whether somebody may see it, the caller decides."""
    segments = await _segments(ctx, interaction_id)
    found = await Work.filter(segment_id__in=list(segments)).order_by("segment_id").values_list("segment_id", "mode")
    chosen = {
        each.segment: each for each in await ChosenDisposition.filter(segment__in=[subject_of(key) for key in segments])
    }
    parts = []
    for segment_id, mode in found:
        if mode == Mode.NONE:
            continue
        work, disposition = await get_work(ctx, segment_id), chosen.get(subject_of(segment_id))
        made = await corrections_of(ctx, segment_id)
        parts.append(
            ContactPart(
                work=work,
                agent=segments[segment_id],
                began_at=work.began_at,
                disposition=disposition.name if disposition else "",
                type=disposition.type if disposition else "",
                sent=await told(ctx, await floor.original(ctx, work), reader),
                holds=await told(ctx, await floor.answers_of(ctx, work), reader) if made else None,
                corrections=made,
            )
        )
    return parts


async def told(ctx: Context, submission: Submission | None, reader: Reader) -> list[ToldAnswer] | None:
    """What was answered, in words; None where nothing was sent."""
    return await tell_submission(ctx, submission, reader) if submission else None


async def corrections_of(ctx: Context, segment_id: int) -> list[MadeCorrection]:
    """What supervisors have made of the answers, with their names."""
    made = await floor.corrections(segment_id)
    rows = await fetch(
        "SELECT id, name FROM core_user WHERE tenant_id = $1 AND id = ANY($2::bigint[])",
        ctx.tenant.id,
        [each.by_id for each in made],
    )
    names = {row["id"]: row["name"] for row in rows}
    return [
        MadeCorrection(names.get(each.by_id) or _("Somebody"), each.at, each.reason, each.before_disposition)
        for each in made
    ]


async def file_of(ctx: Context, interaction_id: int, file_id: int) -> StoredFile:
    """A file that was sent with a form about this contact. Whether somebody may see it, the caller decides.

    Raises:
        NotFound: There is none.
    """
    file = await get_file(ctx, file_id)
    subjects = {subject_of(segment_id) for segment_id in await _segments(ctx, interaction_id)}
    if not file.attached or file.subject not in subjects:
        raise NotFound(_("There is no such file."))
    return file


async def _segments(ctx: Context, interaction_id: int) -> dict[int, str]:
    """The segments of an interaction, with the names of their agents."""
    rows = await fetch(
        "SELECT segment.id, coalesce(person.name, '') AS agent FROM core_segment AS segment "
        "LEFT JOIN core_user AS person ON person.tenant_id = $1 AND person.id = segment.agent_id "
        "WHERE segment.tenant_id = $1 AND segment.interaction_id = $2 ORDER BY segment.id",
        ctx.tenant.id,
        interaction_id,
    )
    return {row["id"]: row["agent"] or _("Somebody") for row in rows}
