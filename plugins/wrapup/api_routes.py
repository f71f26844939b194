"""After-contact work, for programs: what the panel does, below `/api/v1/wrapup`.

A task is named by its segment, the agent's part of a call.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import get, post, put
from litestar.params import JSONBody
from pydantic import Field

from plugins.wrapup import services
from plugins.wrapup.forms import LATER, SIMPLE
from plugins.wrapup.permissions import PROCESS_TASKS
from switchroom import Context
from switchroom.api import Answer, Flag, Given, Id, Time
from switchroom.errors import NotFound
from switchroom.forms import Form, Reader, Value, Writer, pick_values
from switchroom.interactions import SegmentState
from switchroom.locale import gettext as _
from switchroom.web import SignedIn

Answers = Annotated[dict[str, Value], Field(max_length=500)]


class Task(Answer):
    """The work that one call makes for one agent."""

    segment_id: int
    interaction_id: int
    contact_name: str
    contact_number: str
    """E.164."""
    subject: str
    state: SegmentState
    """`active` while the customer is there, `wrap_up` afterwards, `closed` once the time is over."""
    started_at: Time
    ended_at: Time | None
    """When the customer was gone."""
    until: Time | None
    """When the time for it is over."""
    extensions: int
    """How often time was added."""
    draft: dict[str, str]
    """What has been typed so far: field → text."""


class OpenTask(Task):
    """A task with its form."""

    form: dict[str, Any]
    """The questions, with what other plugins ask."""


class Tasks(Answer):
    """Forms of today whose time ran out before they were sent, the newest first."""

    items: list[Task]


class Attempt(Answer):
    """Another call that the agent has promised."""

    id: int
    contact_name: str
    contact_number: str
    due_at: Time


class Attempts(Answer):
    """The calls that the agent has promised, the next one first."""

    items: list[Attempt]


class TaskAnswers(Given):
    """Answers to the form, finished or not."""

    answers: Answers
    """Field → `true` or `false`, number, text or texts. A time is a text such as `2026-03-01T09:30:00Z`."""


class SentAnswers(TaskAnswers):
    """Answers to the form, complete."""

    end_call: Flag = False
    """Whether to end the call first if it goes on; without it that is a conflict."""


class MoreTime(Answer):
    """The new end of a task."""

    until: Time


@get("/tasks/current", permission=PROCESS_TASKS, tags=["tasks"])
async def get_current_task(ctx: Context, user: SignedIn) -> OpenTask:
    """Gives the task of the call that is talked, or has just ended. 404 when there is none."""
    task = await services.current_task(ctx, user.id)
    if task is None:
        raise NotFound(_("There is no call of yours to process."))
    return await _open(ctx, task, user)


@get("/tasks/unfinished", permission=PROCESS_TASKS, tags=["tasks"])
async def list_unfinished_tasks(ctx: Context, user: SignedIn) -> Tasks:
    """Lists today's forms whose time ran out before they were sent."""
    midnight = datetime.now(user.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    found = await services.unfinished_tasks(ctx, user.id, midnight)
    return Tasks(items=[Task(**_fields(task)) for task in found])


@get("/tasks/{segment_id:int}", permission=PROCESS_TASKS, tags=["tasks"])
async def get_task(ctx: Context, user: SignedIn, segment_id: Id) -> OpenTask:
    """Gives one of one's own tasks, at any time."""
    return await _open(ctx, await services.own_task(ctx, segment_id, user.id), user)


@put("/tasks/{segment_id:int}/draft", permission=PROCESS_TASKS, status_code=204, tags=["tasks"])
async def keep_draft(ctx: Context, user: SignedIn, segment_id: Id, data: JSONBody[TaskAnswers]) -> None:
    """Keeps answers that are not finished, in place of what was kept before."""
    form = await services.whole_form(ctx, SIMPLE, segment_id, user.id)
    typed = pick_values(form, data.answers, Reader(user.zone))
    await services.keep_draft(ctx, segment_id, user.id, typed, Writer(), form)


@post("/tasks/{segment_id:int}/send", permission=PROCESS_TASKS, status_code=204, tags=["tasks"])
async def send_answers(ctx: Context, user: SignedIn, segment_id: Id, data: JSONBody[SentAnswers]) -> None:
    """Sends the form and ends the task. 422 names each answer that is missing or wrong."""
    form, reader = await services.whole_form(ctx, SIMPLE, segment_id, user.id), Reader(user.zone)
    act = services.end_call_and_send if data.end_call else services.send
    await act(ctx, segment_id, user.id, pick_values(form, data.answers, reader), reader, form)


@post("/tasks/{segment_id:int}/send-later", permission=PROCESS_TASKS, status_code=204, tags=["tasks"])
async def send_answers_later(ctx: Context, user: SignedIn, segment_id: Id, data: JSONBody[TaskAnswers]) -> None:
    """Sends a form whose time is over; clock and status stay as they are."""
    form, reader = await services.whole_form(ctx, LATER, segment_id, user.id), Reader(user.zone)
    typed = pick_values(form, data.answers, reader)
    await services.complete_later(ctx, segment_id, user.id, typed, reader, form)


@post("/tasks/{segment_id:int}/more-time", permission=PROCESS_TASKS, status_code=200, tags=["tasks"])
async def add_time(ctx: Context, user: SignedIn, segment_id: Id) -> MoreTime:
    """Adds time to the task's clock, as much and as often as the organisation has set."""
    return MoreTime(until=await services.add_time(ctx, segment_id, user.id))


@get("/attempts", permission=PROCESS_TASKS, tags=["tasks"])
async def list_attempts(ctx: Context, user: SignedIn) -> Attempts:
    """Lists the calls that one has promised, the next fifty; none where they are in a ledger of promises."""
    found = await services.next_attempts(ctx, user.id, 50)
    return Attempts(items=[Attempt.model_validate(attempt) for attempt in found])


API = [
    get_current_task,
    list_unfinished_tasks,
    get_task,
    keep_draft,
    send_answers,
    send_answers_later,
    add_time,
    list_attempts,
]


async def _open(ctx: Context, task: services.Task, user: SignedIn) -> OpenTask:
    asked: Form = LATER if task.over else SIMPLE
    form = await services.whole_form(ctx, asked, task.segment.id, user.id)
    return OpenTask(**_fields(task), form=form.as_json())


def _fields(task: services.Task) -> dict[str, Any]:
    segment, interaction = task.segment, task.interaction
    return {
        "segment_id": segment.id,
        "interaction_id": interaction.id,
        "contact_name": interaction.contact_name,
        "contact_number": interaction.contact_number,
        "subject": interaction.subject,
        "state": segment.state,
        "started_at": segment.started_at,
        "ended_at": segment.ended_at,
        "until": segment.wrap_up_until,
        "extensions": segment.extensions,
        "draft": task.draft.typed if task.draft else {},
    }
