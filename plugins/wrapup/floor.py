"""The work after contacts of all agents, for supervisors: what is under way, what ran out, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from plugins.wrapup.clock import give_up
from plugins.wrapup.dispositions.asking import note_choice
from plugins.wrapup.forms import LATER
from plugins.wrapup.models import ChosenDisposition, Correction, Mode, WorkState
from plugins.wrapup.services import comment_of, outcome_of_answers, whole_form
from plugins.wrapup.work import WorkView, get_work, hold_work, set_state, subject_of
from switchroom import Context
from switchroom.capabilities import Recorded
from switchroom.database import execute, fetch, transaction
from switchroom.errors import Conflict, InvalidInput
from switchroom.forms import Form, Reader, Submission, Typed, get_submission, submit_form
from switchroom.interactions import end_after_work, record_outcome
from switchroom.locale import gettext as _

LONGEST_REASON = 300
MOST = 200


class Show(StrEnum):
    """Which work is listed."""

    OPEN = "open"
    """They talk, or the work goes on."""
    INCOMPLETE = "incomplete"
    """The form was not sent, and nobody has completed it."""
    TIMED_OUT = "timed_out"
    """The time ran out, or a supervisor ended it, whatever became of the form."""
    DONE = "done"
    """The form was sent, or completed."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for.

    Attributes:
        queue: Its reference; None for every queue.
        agent_id: None for every agent.
        day: By the organisation's clock; None for the last 30 days.
    """

    show: Show = Show.OPEN
    queue: str | None = None
    agent_id: int | None = None
    day: date | None = None


@dataclass(frozen=True)
class Row:
    """The work of one agent's part of a contact, as a list shows it.

    Attributes:
        segment_state: `active` while they talk, `wrap_up` afterwards, `closed`.
        until: When the clock ends.
        clock: Whether the agent sees one.
        drafted: Whether something was typed and not sent.
        disposition: What was chosen, or recorded when the time was over; empty for nothing.
    """

    segment_id: int
    interaction_id: int
    agent: str
    queue: str
    mode: Mode
    state: WorkState
    segment_state: str
    began_at: datetime
    ended_at: datetime | None
    until: datetime | None
    timed_out_at: datetime | None
    reason: str
    contact_name: str
    contact_number: str
    drafted: bool
    disposition: str
    corrected: bool

    @property
    def clock(self) -> bool:
        """Whether the agent sees a clock."""
        return self.mode in (Mode.TIMED, Mode.FIXED)


_STATES = {
    Show.OPEN: "work.state = 'open' OR (work.state = 'sent' AND segment.state = 'wrap_up')",
    Show.INCOMPLETE: "work.state IN ('timed_out', 'ended', 'unsent')",
    Show.TIMED_OUT: "work.timed_out_at IS NOT NULL",
    Show.DONE: "work.state IN ('sent', 'completed')",
}

# Indexes wrapup_work_day and wrapup_work_of_agent: the newest days are looked through, whatever is wanted of them.
_ROWS = """
SELECT work.segment_id, work.interaction_id, person.name AS agent, work.queue, work.mode, work.state,
    segment.state AS segment_state, work.began_at, segment.ended_at, segment.wrap_up_until AS until,
    work.timed_out_at, work.reason, interaction.contact_name, interaction.contact_number,
    EXISTS (SELECT FROM core_form_draft AS draft WHERE draft.tenant_id = $1 AND draft.form = work.form
        AND draft.subject = 'core:segment:' || work.segment_id AND draft.user_id = work.agent_id) AS drafted,
    coalesce(chosen.name, '') AS disposition,
    EXISTS (SELECT FROM wrapup_correction AS made WHERE made.tenant_id = $1 AND made.segment_id = work.segment_id)
        AS corrected
FROM wrapup_work AS work
JOIN core_segment AS segment ON segment.tenant_id = $1 AND segment.id = work.segment_id
JOIN core_interaction AS interaction ON interaction.tenant_id = $1 AND interaction.id = work.interaction_id
JOIN core_user AS person ON person.tenant_id = $1 AND person.id = work.agent_id
LEFT JOIN wrapup_chosen_disposition AS chosen ON chosen.tenant_id = $1
    AND chosen.segment = 'core:segment:' || work.segment_id
WHERE work.tenant_id = $1 AND work.mode <> 'none' AND work.began_at >= $2 AND work.began_at < $3
    AND ($4::text IS NULL OR work.queue = $4) AND ($5::bigint IS NULL OR work.agent_id = $5)
"""


async def works(ctx: Context, wanted: Wanted, now: datetime) -> list[Row]:
    """The work that is looked for, the newest first; what is under way by the end of its clock."""
    zone = ctx.tenant.zone
    if wanted.day is None:
        since, until = now - timedelta(days=30), now + timedelta(days=1)
    else:
        since = datetime.combine(wanted.day, datetime.min.time(), zone)
        until = datetime.combine(wanted.day + timedelta(days=1), datetime.min.time(), zone)
    order = "segment.wrap_up_until NULLS LAST, work.id" if wanted.show is Show.OPEN else "work.id DESC"
    rows = await fetch(
        f"{_ROWS} AND ({_STATES[wanted.show]}) ORDER BY {order} LIMIT {MOST}",
        ctx.tenant.id,
        since,
        until,
        wanted.queue,
        wanted.agent_id,
    )
    return [Row(**{**row, "mode": Mode(row["mode"]), "state": WorkState(row["state"])}) for row in rows]


async def end_work(ctx: Context, segment_id: int, by: int, reason: str) -> None:
    """Ends work that its agent has not finished; what the rule has for that is recorded.

    Args:
        ctx: Where.
        segment_id: Whose.
        by: The supervisor.
        reason: Why, in his words.

    Raises:
        NotFound: There is no such work.
        InvalidInput: No reason, or one that is too long.
        WrapUpOver: It is finished, or they still talk.
    """
    reason = _checked(reason)
    async with transaction():
        await get_work(ctx, segment_id)
        work = await hold_work(ctx, segment_id)
        assert work is not None  # noqa: S101 - it was there a moment ago, and is never deleted
        recorded = None if work.settled else await give_up(ctx, work, WorkState.ENDED)
        await execute(
            "UPDATE wrapup_work SET reason = $3 WHERE tenant_id = $1 AND segment_id = $2",
            ctx.tenant.id,
            segment_id,
            reason,
        )
        await end_after_work(ctx, segment_id, recorded, "ended_by_supervisor")


async def correction_form(ctx: Context, work: WorkView) -> Form:
    """What is asked of a supervisor who completes or corrects a form: what its agent is asked, without his break."""
    return await whole_form(ctx, LATER, work.segment_id, work.agent_id)


async def answers_of(ctx: Context, work: WorkView) -> Submission | None:
    """The answers that hold: those of the last correction, else what the agent has sent; None for none."""
    last = await Correction.filter(segment_id=work.segment_id).order_by("-id").first()
    if last is not None:
        return await get_submission(ctx, work.rule.form, _subject(last.id), last.by_id)
    return await original(ctx, work)


async def original(ctx: Context, work: WorkView) -> Submission | None:
    """What the agent has sent; None for nothing."""
    return await get_submission(ctx, work.rule.form, subject_of(work.segment_id), work.agent_id)


async def corrections(segment_id: int) -> list[Correction]:
    """What supervisors have made of the answers, the first first."""
    return await Correction.filter(segment_id=segment_id).order_by("id")


async def correct(
    ctx: Context, segment_id: int, by: int, typed: Typed, reader: Reader, form: Form, reason: str
) -> None:
    """Completes a form that was not sent, or corrects one that was. What was sent never changes: this stands beside it.

    Args:
        ctx: Where.
        segment_id: Whose.
        by: The supervisor.
        typed: What he has answered.
        reader: Who answers.
        form: As `correction_form` gave it.
        reason: Why, in his words.

    Raises:
        NotFound: There is no such work.
        InvalidInput: No reason, or one that is too long.
        InvalidAnswers: Answers are missing or wrong; names each field.
        Conflict: The agent is still at it.
    """
    reason = _checked(reason)
    async with transaction():
        await get_work(ctx, segment_id)
        work = await hold_work(ctx, segment_id)
        assert work is not None  # noqa: S101 - it was there a moment ago, and is never deleted
        if work.state is WorkState.OPEN:
            raise Conflict(_("The agent is still at it."), mend=_("Wait until it is sent, or end the work first."))
        before = await answers_of(ctx, work)
        chosen = await ChosenDisposition.get_or_none(segment=subject_of(segment_id))
        made = await Correction.create(
            segment_id=segment_id,
            by_id=by,
            reason=reason,
            before=dict(before.answers) if before else {},
            before_disposition=chosen.name if chosen else "",
        )
        submission = await submit_form(ctx, form, _subject(made.id), by, typed, reader, corrects=subject_of(segment_id))
        await Correction.filter(id=made.id).update(submission_id=submission.id)
        disposition = await note_choice(submission, segment_id, work.agent_id)
        recorded = Recorded(outcome_of_answers(submission), comment_of(submission), disposition)
        if not work.settled:
            await set_state(ctx, segment_id, WorkState.COMPLETED, by=by)
        await record_outcome(ctx, segment_id, recorded, "corrected" if work.settled else "completed_by_supervisor")
        await ctx.publish("wrapup", f"user:{work.agent_id}")


def _subject(correction_id: int) -> str:
    return f"wrapup:correction:{correction_id}"


def _checked(reason: str) -> str:
    text = reason.strip()
    if not 1 <= len(text) <= LONGEST_REASON:
        wrong = _("Say why in at most %(most)s characters.") % {"most": LONGEST_REASON}
        raise InvalidInput(_("A reason in words is needed."), fields={"reason": wrong})
    return text
