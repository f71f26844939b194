"""Simple processing: the form beside a call, its clock, and what becomes of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from plugins.wrapup.dispositions.asking import note_choice, with_dispositions
from plugins.wrapup.forms import AFTER_SERVICE, BREAK, COMMENT, LATER, NEXT_ATTEMPT_AT, SIMPLE, SUCCESSFUL
from plugins.wrapup.models import AttemptState, NextAttempt
from plugins.wrapup.reasons import with_reasons
from plugins.wrapup.settings import WrapUpSettings
from switchroom import Context
from switchroom.agents import Intent, choose_intent, view
from switchroom.capabilities import NewPromise, PromiseLedger
from switchroom.database import transaction
from switchroom.errors import Conflict, NotFound
from switchroom.forms import (
    Draft,
    Form,
    Reader,
    Submission,
    Typed,
    Writer,
    drafts_since,
    extend_form,
    get_draft,
    get_submission,
    save_draft,
    submit_form,
)
from switchroom.interactions import (
    Channel,
    InteractionView,
    SegmentState,
    SegmentView,
    complete_segment_later,
    end_interaction,
    extend_wrap_up,
    finish_segment,
    get_interaction,
    get_segment,
    open_segment,
)
from switchroom.locale import gettext as _

PLUGIN = "wrapup"

_SUBJECT = "core:segment:"


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
    draft: Draft | None

    @property
    def in_talk(self) -> bool:
        """Whether the customer is still there."""
        return self.segment.state is SegmentState.ACTIVE

    @property
    def over(self) -> bool:
        """Whether the time for it is over."""
        return self.segment.state is SegmentState.CLOSED


class AfterCalls:
    """The capability `AfterContactWork`: calls are followed by it for as long as the team has set."""

    async def seconds(self, ctx: Context, interaction_id: int, team_seconds: int) -> int:
        """The team's seconds for a call, 0 for any other channel or where the tenant has switched it off."""
        settings: WrapUpSettings = ctx.for_plugin(PLUGIN).settings
        if not settings.enabled_for_voice:
            return 0
        interaction = await get_interaction(ctx, interaction_id)
        return team_seconds if interaction.channel == Channel.VOICE else 0


async def current_task(ctx: Context, agent_id: int) -> Task | None:
    """The call that the agent talks on, or has just ended; None when there is none that asks for a form."""
    segment = await open_segment(ctx, agent_id=agent_id)
    if segment is None:
        return None
    task = await _task(ctx, segment)
    return task if task.interaction.channel == Channel.VOICE else None


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
    """Forms whose time ran out before they were sent, with a draft saved since a moment; the newest first."""
    tasks = []
    for draft in await drafts_since(ctx, SIMPLE.key, agent_id, since):
        segment = await get_segment(ctx, int(draft.subject.removeprefix(_SUBJECT)))
        if segment.state is SegmentState.CLOSED:
            tasks.append(Task(segment, await get_interaction(ctx, segment.interaction_id), draft))
    return tasks


async def next_attempts(ctx: Context, agent_id: int, limit: int = 5) -> list[NextAttempt]:
    """The attempts that the agent has promised, the next one first; none where they are in a ledger of promises."""
    return await NextAttempt.filter(agent_id=agent_id, state=AttemptState.OPEN).order_by("due_at", "id").limit(limit)


async def sent(ctx: Context, segment_id: int, agent_id: int) -> Submission | None:
    """The answers of a form that was sent, or None."""
    return await get_submission(ctx, SIMPLE.key, _subject(segment_id), agent_id)


async def whole_form(ctx: Context, form: Form, segment_id: int, agent_id: int) -> Form:
    """The form with the dispositions and reasons that the administrator keeps, and with what other plugins ask in it.

    Raises:
        NotFound: There is no such segment, or another agent's.
    """
    task = await own_task(ctx, segment_id, agent_id)  # What is asked may tell of the call.
    whole = await with_reasons(ctx, await with_dispositions(ctx, form, task.interaction))
    return await extend_form(ctx, whole, _subject(segment_id), agent_id)


async def keep_draft(
    ctx: Context, segment_id: int, agent_id: int, typed: Typed, writer: Writer, form: Form = SIMPLE
) -> None:
    """Keeps what the agent has typed: during the call, after it, and after its time.

    Raises:
        NotFound: There is no such segment, or another agent's.
        AlreadySubmitted: The form was sent.
    """
    await own_task(ctx, segment_id, agent_id)
    await save_draft(ctx, form, _subject(segment_id), agent_id, typed, writer)


async def add_time(ctx: Context, segment_id: int, agent_id: int) -> datetime:
    """Puts off the end of the work by what the tenant has set; gives the new end.

    Raises:
        NotFound: There is no such segment.
        WrapUpOver: The work is finished, or another agent's.
        NoExtensionLeft: It is too early, or was done as often as allowed.
    """
    settings: WrapUpSettings = ctx.settings
    return await extend_wrap_up(
        ctx,
        segment_id,
        agent_id,
        seconds=settings.add_time_seconds,
        at_most=settings.add_time_repeats,
        not_before=settings.add_time_shown_at,
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
        task = await own_task(ctx, segment_id, agent_id)
        submission = await _submit(ctx, task, form, typed, reader)
        if task.in_talk:
            raise CallGoesOn(_("The call is still going on."))
        await _finish(ctx, task, submission)


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
        task = await own_task(ctx, segment_id, agent_id)
        submission = await _submit(ctx, task, form, typed, reader)
        if task.in_talk:
            await end_interaction(ctx, task.interaction.id, "agent_hung_up")
        await _finish(ctx, task, submission)


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
        task = await own_task(ctx, segment_id, agent_id)
        if not task.over:
            raise CallGoesOn(_("The time for this form is not over yet."))
        submission = await _submit(ctx, task, form, typed, reader)
        await complete_segment_later(
            ctx, segment_id, agent_id, outcome=_outcome(submission), comment=_comment(submission)
        )


def typed_comment(task: Task) -> str:
    """What the agent has written into the comment so far."""
    return task.draft.typed.get(COMMENT, "") if task.draft else ""


def _subject(segment_id: int) -> str:
    return f"{_SUBJECT}{segment_id}"


async def _task(ctx: Context, segment: SegmentView) -> Task:
    draft = await get_draft(ctx, SIMPLE.key, _subject(segment.id), segment.agent_id)
    return Task(segment, await get_interaction(ctx, segment.interaction_id), draft)


async def _submit(ctx: Context, task: Task, form: Form, typed: Typed, reader: Reader) -> Submission:
    """Stores the answers and the promise that is in them.

    The form's own rows come before those of the call in every transaction, so no two wait for each other.
    """
    submission = await submit_form(ctx, form, _subject(task.segment.id), task.segment.agent_id, typed, reader)
    await note_choice(submission)
    due_at = submission.answers.get(NEXT_ATTEMPT_AT)
    if isinstance(due_at, str):
        await _promise(ctx, task, submission, datetime.fromisoformat(due_at))
    return submission


async def _promise(ctx: Context, task: Task, submission: Submission, due: datetime) -> None:
    """Notes the next attempt, and promises it where the organisation keeps promises."""
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
            kind="next_attempt",
            # Whoever sends the form in the minute that he has chosen is not too late.
            due=max(due, datetime.now(UTC)),
            subject=_comment(submission) or _("Next attempt"),
            owner_id=agent_id,
            reference=f"{PLUGIN}:{submission.subject}",
            url=f"/card/{interaction.id}",
            contact_name=interaction.contact_name,
            contact_number=interaction.contact_number,
            interaction_id=interaction.id,
        )
        await ledger.promise(ctx, new)


async def _finish(ctx: Context, task: Task, submission: Submission) -> None:
    segment, agent_id = task.segment.id, task.segment.agent_id
    outcome, comment = _outcome(submission), _comment(submission)
    then = Intent.PAUSE if submission.answers.get(AFTER_SERVICE) == BREAK else None
    # A team without time for after-contact work: the end of the call has closed the segment already.
    if task.in_talk and (await get_segment(ctx, segment)).state is SegmentState.CLOSED:
        await complete_segment_later(ctx, segment, agent_id, outcome=outcome, comment=comment)
        if then:
            agent = await view(ctx, agent_id)
            # Who has chosen a break already keeps its reason.
            if agent is None or agent.intent is not then:
                await choose_intent(ctx, agent_id, then, cause="after_service")
    else:
        await finish_segment(ctx, segment, agent_id, outcome=outcome, comment=comment, then=then)


def _outcome(submission: Submission) -> str:
    return "success" if submission.answers[SUCCESSFUL] else "no_success"


def _comment(submission: Submission) -> str:
    return str(submission.answers.get(COMMENT, ""))
