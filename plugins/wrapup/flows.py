"""Forms of the organisation's own that lead on: one page at a time beside the contact, and what their end records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from plugins.wrapup.forms import SUCCESSFUL
from plugins.wrapup.models import WorkState
from plugins.wrapup.services import CallGoesOn, Task, finish, held_task, note_sent
from plugins.wrapup.work import set_state, subject_of
from switchroom import Context
from switchroom.database import transaction
from switchroom.forms import Ended, Form, Reader, Walk, begin_walk, keep_step, take_step
from switchroom.interactions import end_interaction, record_outcome
from switchroom.locale import gettext as _

Posted = Iterable[tuple[str, str]]
"""The names and values that a browser has posted."""


class AtTheEnd(Enum):
    """What becomes of the contact when its form comes to its end."""

    SEND = "send"
    """Its work is over; while they still talk, the agent is asked first."""
    END_CALL = "end_call"
    """They may still talk: the agent has been asked, and the call ends."""
    COMPLETE = "complete"
    """The time for the form was over: clock and status stay as they are."""


async def step_of(ctx: Context, task: Task, form: Form, reader: Reader) -> Walk:
    """Where the agent is in the form of a contact, as `whole_form` gave it; at its first page, where he has not begun.

    Raises:
        AlreadySubmitted: It was sent.
        CannotOpen: A button of it opens a form that cannot be opened any more.
    """
    return await begin_walk(ctx, form, subject_of(task.segment.id), task.segment.agent_id, reader)


async def press(
    ctx: Context, segment_id: int, agent_id: int, form_key: str, posted: Posted, reader: Reader, end: AtTheEnd
) -> Walk | None:
    """Goes on in the form, or back; at its end stores the answers and does what sending does, in one transaction.

    Args:
        ctx: Where.
        segment_id: Of which part of the contact.
        agent_id: Whose.
        form_key: Of the form.
        posted: What the page has sent.
        reader: Who answers.
        end: What becomes of the contact, when this is the end.

    Returns:
        The page that comes; None at the end.

    Raises:
        NotFound: There is no such segment, or another agent's; or the form was not begun.
        InvalidAnswers: Answers are missing or wrong, or an action has failed; names each field.
        StepPassed: The form has gone on in another tab.
        CallGoesOn: The call has not ended, or the time has not; everything else is right.
        AlreadySubmitted: The form was sent before.
        WrapUpOver: The time was over.
    """
    async with transaction():
        task = await held_task(ctx, segment_id, agent_id)
        became = await take_step(ctx, form_key, subject_of(segment_id), agent_id, posted, reader)
        if isinstance(became, Walk):
            return await _with_outcome(ctx, became, reader)
        await _record(ctx, task, became, end)
        return None


async def keep(
    ctx: Context, task: Task, posted: Posted, reader: Reader, errors: Mapping[str, str] | None = None
) -> Walk:
    """Keeps what is typed on the page that is shown; where `press` has refused an earlier page, leads back there.

    Raises:
        StepPassed: The form has gone on in another tab.
        AlreadySubmitted: The form was sent.
    """
    segment = task.segment
    return await keep_step(ctx, task.work.rule.form, subject_of(segment.id), segment.agent_id, posted, reader, errors)


async def _record(ctx: Context, task: Task, ended: Ended, end: AtTheEnd) -> None:
    recorded, submission = await note_sent(ctx, task, ended.submission)
    if end is AtTheEnd.COMPLETE:
        if not task.over:
            raise CallGoesOn(_("The time for this form is not over yet."))
        await set_state(ctx, task.segment.id, WorkState.COMPLETED, by=task.segment.agent_id)
        await record_outcome(ctx, task.segment.id, recorded, "completed_later")
        return
    if task.in_talk and end is AtTheEnd.SEND:
        raise CallGoesOn(_("The call is still going on."))
    if task.in_talk:
        await end_interaction(ctx, task.interaction.id, "agent_hung_up")
    await finish(ctx, task, recorded, submission)


async def _with_outcome(ctx: Context, walk: Walk, reader: Reader) -> Walk:
    """The page that comes; where a button has just ended the form, the question for success is answered by that."""
    end = walk.end(reader)
    if end is None or end.success is None or SUCCESSFUL not in walk.fields:
        return walk
    typed = {key: text for key, text in walk.typed(reader).items() if key in walk.fields}
    typed[SUCCESSFUL] = "yes" if end.success else "no"
    posted = [("_revision", str(walk.revision)), *((f"answer.{key}", text) for key, text in typed.items())]
    return await keep_step(ctx, walk.form.key, walk.subject, walk.user_id, posted, reader)
