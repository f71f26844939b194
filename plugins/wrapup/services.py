"""Simple processing: the form beside a call, its clock, and what becomes of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from plugins.wrapup.dispositions.asking import note_choice, with_dispositions
from plugins.wrapup.forms import (
    AFTER_SERVICE,
    BREAK,
    BREAK_REASON,
    COMMENT,
    DEFERRED_AT,
    END_OF_SHIFT,
    LATER,
    NEXT_ATTEMPT_AT,
    SIMPLE,
    SUCCESSFUL,
    below,
    with_break_reasons,
)
from plugins.wrapup.models import AttemptState, Mode, NextAttempt, WorkState
from plugins.wrapup.reasons import with_reasons
from plugins.wrapup.work import WorkView, hold_work, set_state, subject_of, unfinished_works, work_of
from switchroom import Context
from switchroom.agents import Intent, log_out, reasons_for, setter_of, view
from switchroom.capabilities import NewPromise, PromiseLedger, Recorded
from switchroom.database import transaction
from switchroom.errors import Conflict, NotFound
from switchroom.forms import (
    AlreadySubmitted,
    Draft,
    Form,
    Reader,
    Submission,
    Text,
    Typed,
    Writer,
    extend_form,
    get_draft,
    get_submission,
    published_version,
    save_draft,
    submit_form,
)
from switchroom.interactions import (
    Channel,
    InteractionView,
    NoExtensionLeft,
    SegmentState,
    SegmentView,
    WrapUpOver,
    end_interaction,
    extend_wrap_up,
    finish_segment,
    get_interaction,
    get_segment,
    open_segment,
    record_outcome,
)
from switchroom.locale import gettext as _

PLUGIN = "wrapup"


class CallGoesOn(Conflict):
    """The answers are complete, but the customer is still there, and nobody has said to end the call."""

    code = "call_goes_on"


@dataclass(frozen=True)
class Task:
    """The work that one call makes for one agent.

    Attributes:
        draft: What the agent has typed so far, if anything.
    """

    segment: SegmentView
    interaction: InteractionView
    work: WorkView
    draft: Draft | None

    @property
    def in_talk(self) -> bool:
        """Whether the customer is still there."""
        return self.segment.state is SegmentState.ACTIVE

    @property
    def over(self) -> bool:
        """Whether the time for it is over."""
        return self.segment.state is SegmentState.CLOSED

    @property
    def at_leisure(self) -> bool:
        """Whether the call has ended without a clock, and the form can still be sent."""
        return self.over and self.work.state in (WorkState.OPEN, WorkState.UNSENT) and self.work.rule.mode != Mode.NONE

    @property
    def runs_down(self) -> bool:
        """Whether its clock runs to the end, however early the form is sent."""
        return self.work.rule.mode is Mode.FIXED


async def current_task(ctx: Context, agent_id: int) -> Task | None:
    """The call that the agent talks on, or has just ended; None when there is none that asks for a form."""
    segment = await open_segment(ctx, agent_id=agent_id)
    if segment is None or segment.channel != Channel.VOICE:
        return None
    task = await _task(ctx, segment)
    return None if task.work.rule.mode is Mode.NONE else task


async def own_task(ctx: Context, segment_id: int, agent_id: int) -> Task:
    """The work of one segment, at any time.

    Raises:
        NotFound: There is no such segment, or another agent's.
    """
    segment = await get_segment(ctx, segment_id)
    if segment.agent_id != agent_id:
        raise NotFound(_("There is no such call of yours."))
    return await _task(ctx, segment)


async def unfinished_tasks(ctx: Context, agent_id: int, since: datetime) -> list[Task]:
    """Forms that were not sent in their time and can be completed, of contacts since a moment; the newest first."""
    works = await unfinished_works(ctx, agent_id, since)
    return [await _task(ctx, await get_segment(ctx, work.segment_id)) for work in works]


async def next_attempts(ctx: Context, agent_id: int, limit: int = 5) -> list[NextAttempt]:
    """The attempts that the agent has promised, the next one first; none where they are in a ledger of promises."""
    return await NextAttempt.filter(agent_id=agent_id, state=AttemptState.OPEN).order_by("due_at", "id").limit(limit)


async def sent(ctx: Context, segment_id: int, agent_id: int) -> Submission | None:
    """The answers of a form that was sent, or None."""
    task = await own_task(ctx, segment_id, agent_id)
    return await get_submission(ctx, task.work.rule.form, subject_of(segment_id), agent_id)


async def whole_form(ctx: Context, form: Form, segment_id: int, agent_id: int) -> Form:
    """The form with the dispositions and reasons that the administrator keeps, and with what other plugins ask in it.

    Raises:
        NotFound: There is no such segment, or another agent's.
    """
    task = await own_task(ctx, segment_id, agent_id)  # What is asked may tell of the call.
    whole = await with_reasons(ctx, await with_dispositions(ctx, form, task.interaction))
    whole = with_break_reasons(whole, await _break_reasons(ctx, agent_id))
    own = await published_version(ctx, task.work.rule.form, task.work.form_version)
    if own is not None:
        whole = _joined(ctx, own, whole)
    return await extend_form(ctx, whole, subject_of(segment_id), agent_id)


def _joined(ctx: Context, own: Form, usual: Form) -> Form:
    try:
        return below(own, usual)
    except ValueError:
        # The agent has the questions of after-contact work in any case.
        ctx.log.exception("form_does_not_fit", form=own.key, version=own.version)
        return Form(key=own.key, version=own.version, title=own.title, pages=usual.pages)


async def _break_reasons(ctx: Context, agent_id: int) -> list[tuple[str, Text]]:
    agent = await view(ctx, agent_id)
    there = await reasons_for(ctx, agent.team_id, setter_of(ctx, agent_id)) if agent else []
    return [(reason.code, Text.of(en=reason.name)) for reason in there]


async def keep_draft(
    ctx: Context, segment_id: int, agent_id: int, typed: Typed, writer: Writer, form: Form = SIMPLE
) -> None:
    """Keeps what the agent has typed: during the call, after it, and after its time.

    Raises:
        NotFound: There is no such segment, or another agent's.
        AlreadySubmitted: The form was sent.
    """
    await own_task(ctx, segment_id, agent_id)
    await save_draft(ctx, form, subject_of(segment_id), agent_id, typed, writer)


async def add_time(ctx: Context, segment_id: int, agent_id: int) -> datetime:
    """Puts off the end of the work by what the tenant has set; gives the new end.

    Raises:
        NotFound: There is no such segment.
        WrapUpOver: The work is finished, or another agent's.
        NoExtensionLeft: It is too early, or was done as often as allowed.
    """
    async with transaction():
        await get_segment(ctx, segment_id)
        work = await hold_work(ctx, segment_id)
        if work is None or work.agent_id != agent_id or work.settled:
            raise WrapUpOver(_("This form was sent already, or its time is over."))
        if not work.rule.has_clock:
            raise NoExtensionLeft(_("There is no clock here to which time could be added."))
        return await extend_wrap_up(
            ctx,
            segment_id,
            agent_id,
            seconds=work.rule.extension_seconds,
            at_most=work.rule.extensions,
            not_before=work.rule.offer_before,
        )


async def send(ctx: Context, segment_id: int, agent_id: int, typed: Typed, reader: Reader, form: Form = SIMPLE) -> None:
    """Stores the answers and ends the after-contact work, in one transaction.

    Args:
        ctx: Where.
        segment_id: Of which part of the call.
        agent_id: Whose.
        typed: What was answered.
        reader: Who answers.
        form: As `whole_form` gave it.

    Raises:
        NotFound: There is no such segment, or another agent's.
        InvalidAnswers: Answers are missing or wrong; names each field.
        CallGoesOn: The call has not ended; everything else is right.
        AlreadySubmitted: The form was sent before.
        WrapUpOver: The time was over.
    """
    async with transaction():
        task = await held_task(ctx, segment_id, agent_id)
        recorded, submission = await _submit(ctx, task, form, typed, reader)
        if task.in_talk:
            raise CallGoesOn(_("The call is still going on."))
        await finish(ctx, task, recorded, submission)


async def end_call_and_send(
    ctx: Context, segment_id: int, agent_id: int, typed: Typed, reader: Reader, form: Form = SIMPLE
) -> None:
    """Ends the call if it goes on, and sends; the agent has been asked and has agreed. One transaction.

    Takes what `send` takes.

    Raises:
        NotFound: There is no such segment, or another agent's.
        InvalidAnswers: Answers are missing or wrong; the call goes on.
        AlreadySubmitted: The form was sent before.
        WrapUpOver: The time was over.
    """
    async with transaction():
        task = await held_task(ctx, segment_id, agent_id)
        recorded, submission = await _submit(ctx, task, form, typed, reader)
        if task.in_talk:
            await end_interaction(ctx, task.interaction.id, "agent_hung_up")
        await finish(ctx, task, recorded, submission)


async def complete_later(
    ctx: Context, segment_id: int, agent_id: int, typed: Typed, reader: Reader, form: Form = LATER
) -> None:
    """Stores the answers to a form whose time was over; clock and status stay as they are.

    Takes what `send` takes.

    Raises:
        NotFound: There is no such segment, or another agent's.
        InvalidAnswers: Answers are missing or wrong; names each field.
        AlreadySubmitted: The form was sent before.
        CallGoesOn: Its time is not over: it is sent in the usual way.
    """
    async with transaction():
        task = await held_task(ctx, segment_id, agent_id)
        if not task.over:
            raise CallGoesOn(_("The time for this form is not over yet."))
        if task.work.settled:  # A supervisor may have completed it for him.
            raise AlreadySubmitted
        recorded, _submission = await _submit(ctx, task, form, typed, reader)
        await set_state(ctx, segment_id, WorkState.COMPLETED, by=agent_id)
        await record_outcome(ctx, segment_id, recorded, "completed_later")


def typed_comment(task: Task) -> str:
    """What the agent has written into the comment so far."""
    return task.draft.typed.get(COMMENT, "") if task.draft else ""


async def held_task(ctx: Context, segment_id: int, agent_id: int) -> Task:
    """The work of one segment, which nobody else changes until the end of the transaction."""
    await own_task(ctx, segment_id, agent_id)
    await hold_work(ctx, segment_id)
    return await own_task(ctx, segment_id, agent_id)


async def _task(ctx: Context, segment: SegmentView) -> Task:
    interaction = await get_interaction(ctx, segment.interaction_id)
    work = await work_of(ctx, segment, interaction)
    draft = await get_draft(ctx, work.rule.form, subject_of(segment.id), segment.agent_id)
    return Task(segment, interaction, work, draft)


async def _submit(ctx: Context, task: Task, form: Form, typed: Typed, reader: Reader) -> tuple[Recorded, Submission]:
    """Stores the answers and the promise that is in them.

    The form's own rows come before those of the call in every transaction, so no two wait for each other.
    """
    segment_id, agent_id = task.segment.id, task.segment.agent_id
    submission = await submit_form(ctx, form, subject_of(segment_id), agent_id, typed, reader)
    return await note_sent(ctx, task, submission)


async def note_sent(ctx: Context, task: Task, submission: Submission) -> tuple[Recorded, Submission]:
    """Notes what was chosen and promised in answers that have just been stored, in their transaction."""
    segment_id, agent_id = task.segment.id, task.segment.agent_id
    disposition = await note_choice(submission, segment_id, agent_id)
    for field, kind in ((NEXT_ATTEMPT_AT, "next_attempt"), (DEFERRED_AT, "deferred_call")):
        due_at = submission.answers.get(field)
        if isinstance(due_at, str):
            await _promise(ctx, task, submission, datetime.fromisoformat(due_at), kind)
    return Recorded(outcome_of_answers(submission), comment_of(submission), disposition), submission


async def _promise(ctx: Context, task: Task, submission: Submission, due: datetime, kind: str) -> None:
    """Notes the next attempt, or what the agent has deferred, and promises it where there is a ledger for that."""
    interaction, agent_id = task.interaction, task.segment.agent_id
    ledger = ctx.capability(PromiseLedger)  # type: ignore[type-abstract]
    await NextAttempt.create(
        segment=submission.subject,
        interaction=f"core:interaction:{interaction.id}",
        agent_id=agent_id,
        contact_name=interaction.contact_name,
        contact_number=interaction.contact_number,
        due_at=due,
        state=AttemptState.PROMISED if ledger else AttemptState.OPEN,
    )
    if ledger is not None:
        new = NewPromise(
            kind=kind,
            # Whoever sends the form in the minute that he has chosen is not too late.
            due=max(due, datetime.now(UTC)),
            subject=comment_of(submission) or _("Next attempt"),
            owner_id=agent_id,
            reference=f"{PLUGIN}:{submission.subject}",
            url=f"/card/{interaction.id}",
            contact_name=interaction.contact_name,
            contact_number=interaction.contact_number,
            interaction_id=interaction.id,
        )
        await ledger.promise(ctx, new)


async def finish(ctx: Context, task: Task, recorded: Recorded, submission: Submission) -> None:
    """Ends the work that the form was for, or lets its clock run down."""
    segment_id, agent_id = task.segment.id, task.segment.agent_id
    wish = submission.answers.get(AFTER_SERVICE)
    then = Intent.PAUSE if wish == BREAK else None
    reason = str(submission.answers.get(BREAK_REASON) or "") if then else ""
    await set_state(ctx, segment_id, WorkState.SENT, by=agent_id)
    state = (await get_segment(ctx, segment_id)).state
    # Without time after the talk, the end of the call has closed the segment already.
    if (task.in_talk and state is SegmentState.CLOSED) or (task.runs_down and state is SegmentState.WRAP_UP):
        await record_outcome(ctx, segment_id, recorded, "sent", then=then, reason=reason)
    else:
        await finish_segment(
            ctx,
            segment_id,
            agent_id,
            outcome=recorded.outcome,
            comment=recorded.comment,
            disposition=recorded.disposition,
            then=then,
            reason=reason,
        )
    if wish == END_OF_SHIFT:
        await log_out(ctx, agent_id)


def outcome_of_answers(submission: Submission) -> str:
    """The coded outcome that the answers say."""
    return "success" if submission.answers[SUCCESSFUL] else "no_success"


def comment_of(submission: Submission) -> str:
    """What was written into the comment."""
    return str(submission.answers.get(COMMENT, ""))
