"""The addresses of the panel. Thin: what happens is in `services`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

from litestar import Request, Response, get, post
from litestar.params import Parameter
from litestar.response import Template

from plugins.wrapup import flows, services
from plugins.wrapup.attempts import Outside, outside_hours, shortcuts_of, shown
from plugins.wrapup.flows import AtTheEnd
from plugins.wrapup.forms import AFTER_SERVICE, END_OF_SHIFT, LATER, SIMPLE
from plugins.wrapup.panels import caller_name, head, panel_name
from plugins.wrapup.permissions import PROCESS_TASKS
from plugins.wrapup.work import subject_of
from switchroom import Context
from switchroom.errors import Conflict, NotFound
from switchroom.forms import (
    AlreadySubmitted,
    Form,
    InvalidAnswers,
    Reader,
    Typed,
    initial_texts,
    pick_answers,
    read_answers,
    read_writer,
    render_form,
    render_step,
    uploads_for,
)
from switchroom.interactions import WrapUpOver
from switchroom.locale import gettext as _
from switchroom.web import SignedIn, fragment, with_toast

SHOWN = "Wrapup-Shown"
"""The header in which a tab that loads the panel anew says which form it shows."""

AnyRequest = Request[Any, Any, Any]
AnyResponse = TypeVar("AnyResponse", bound=Response[Any])
SegmentId = Annotated[int, Parameter(ge=1, le=2**63 - 1)]


@get("/panel", permission=PROCESS_TASKS)
async def panel(request: AnyRequest, ctx: Context, user: SignedIn) -> Response[Any]:
    """The panel as it is now.

    A tab that shows the right form already gets its head alone: nothing that is being typed is touched. With nothing to
    process and nothing left over there is no content, and the workspace puts the panel away.
    """
    shown = request.headers.get(SHOWN, "")
    task = await services.current_task(ctx, user.id)
    if task is not None and shown == panel_name(task):
        return _unchanged(fragment("wrapup/head_alone.html", **head(task, alone=True)))
    if task is not None:
        return await _panel(ctx, user)
    kept = await _still_typing(ctx, user, shown)
    if kept is not None:
        return _unchanged(fragment("wrapup/head_alone.html", **head(kept, alone=True)))
    if shown.startswith("later-"):
        return _unchanged(Response("", media_type="text/html"))
    left = await _left_over(ctx, user)
    return fragment("wrapup/idle.html", notice="", **left) if any(left.values()) else Response(None, status_code=204)


@post("/segments/{segment_id:int}/draft", permission=PROCESS_TASKS, status_code=204)
async def draft(request: AnyRequest, ctx: Context, user: SignedIn, segment_id: SegmentId) -> None:
    """Keeps what is typed."""
    posted = await _posted(request)
    form = await services.whole_form(ctx, SIMPLE, segment_id, user.id)
    await services.keep_draft(ctx, segment_id, user.id, pick_answers(form, posted), read_writer(posted), form)


@post("/segments/{segment_id:int}/more-time", permission=PROCESS_TASKS, status_code=200)
async def more_time(ctx: Context, user: SignedIn, segment_id: SegmentId) -> Response[Any]:
    """Adds time to the clock."""
    await services.add_time(ctx, segment_id, user.id)
    task = await services.own_task(ctx, segment_id, user.id)
    return _unchanged(fragment("wrapup/head_alone.html", **head(task, alone=True)))


@post("/segments/{segment_id:int}", permission=PROCESS_TASKS, status_code=200)
async def send(request: AnyRequest, ctx: Context, user: SignedIn, segment_id: SegmentId) -> Response[Any]:
    """Sends the form; while the call goes on only with `end_call`, else the page asks first."""
    posted = await _posted(request)
    form = await services.whole_form(ctx, SIMPLE, segment_id, user.id)
    typed = pick_answers(form, posted)
    act = services.end_call_and_send if ("end_call", "yes") in posted else services.send
    task = await services.own_task(ctx, segment_id, user.id)
    if task.at_leisure:
        form, act = await services.whole_form(ctx, LATER, segment_id, user.id), services.complete_later
        typed = pick_answers(form, posted)
    again = _later if task.at_leisure else _beside
    in_time = task.at_leisure or not task.over
    outside = await outside_hours(ctx, task.interaction, posted, _reader(user)) if in_time else {}
    if _asks_again(task, outside) and not read_answers(form, typed, _reader(user)).errors:
        await services.keep_draft(ctx, segment_id, user.id, typed, read_writer(posted), form)
        return await again(ctx, task, user, outside=outside, status_code=422)
    try:
        await act(ctx, segment_id, user.id, typed, _reader(user), form)
    except InvalidAnswers as error:
        await services.keep_draft(ctx, segment_id, user.id, typed, read_writer(posted), form)
        return await again(ctx, task, user, errors=error.fields, outside=outside, status_code=error.status)
    except services.CallGoesOn:
        await services.keep_draft(ctx, segment_id, user.id, typed, read_writer(posted), form)
        return _unchanged(fragment("wrapup/ask.html", segment_id=segment_id))
    except AlreadySubmitted as error:
        return await _panel(ctx, user, notice=error.message, status_code=error.status)
    except WrapUpOver as error:
        await services.keep_draft(ctx, segment_id, user.id, typed, read_writer(posted), form)
        notice = _("The time was over before the form was sent. What you typed is kept; complete it below.")
        return await _panel(ctx, user, notice=notice, status_code=error.status)
    if (f"answer.{AFTER_SERVICE}", END_OF_SHIFT) in posted:
        return Response(None, status_code=200, headers={"HX-Redirect": "/login"})
    return with_toast(await _panel(ctx, user), _("The form was sent."))


@get("/segments/{segment_id:int}/later", permission=PROCESS_TASKS)
async def open_later(ctx: Context, user: SignedIn, segment_id: SegmentId) -> Response[Any]:
    """A form whose time is over, to be completed now."""
    task = await services.own_task(ctx, segment_id, user.id)
    if not task.over:
        return await _panel(ctx, user)
    if task.work.settled:
        raise AlreadySubmitted
    return await _later(ctx, task, user)


@post("/segments/{segment_id:int}/later", permission=PROCESS_TASKS, status_code=200)
async def send_later(request: AnyRequest, ctx: Context, user: SignedIn, segment_id: SegmentId) -> Response[Any]:
    """Sends a form whose time is over."""
    posted = await _posted(request)
    form = await services.whole_form(ctx, LATER, segment_id, user.id)
    typed = pick_answers(form, posted)
    task = await services.own_task(ctx, segment_id, user.id)
    outside = await outside_hours(ctx, task.interaction, posted, _reader(user))
    if _asks_again(task, outside) and not read_answers(form, typed, _reader(user)).errors:
        await services.keep_draft(ctx, segment_id, user.id, typed, read_writer(posted), form)
        return await _later(ctx, task, user, outside=outside, status_code=422)
    try:
        await services.complete_later(ctx, segment_id, user.id, typed, _reader(user), form)
    except InvalidAnswers as error:
        await services.keep_draft(ctx, segment_id, user.id, typed, read_writer(posted), form)
        return await _later(ctx, task, user, errors=error.fields, outside=outside, status_code=error.status)
    except Conflict as error:
        return await _panel(ctx, user, notice=error.message, status_code=error.status)
    return with_toast(await _panel(ctx, user), _("The form was sent."))


@post("/segments/{segment_id:int}/step", permission=PROCESS_TASKS, status_code=200)
async def step(request: AnyRequest, ctx: Context, user: SignedIn, segment_id: SegmentId) -> Response[Any]:
    """Presses a button of a form that leads on; at its end sends it, as `send` does."""
    posted = await _posted(request)
    task = await services.own_task(ctx, segment_id, user.id)
    end = AtTheEnd.COMPLETE if task.at_leisure else AtTheEnd.SEND
    if task.in_talk and ("end_call", "yes") in posted:
        # Who agrees does so at the form's end, whose button he has pressed before.
        posted, end = [*posted, ("_next", "yes")], AtTheEnd.END_CALL
    return await _stepped(ctx, user, task, posted, end)


@post("/segments/{segment_id:int}/step/later", permission=PROCESS_TASKS, status_code=200)
async def step_later(request: AnyRequest, ctx: Context, user: SignedIn, segment_id: SegmentId) -> Response[Any]:
    """Presses a button of a form that leads on, whose time is over."""
    task = await services.own_task(ctx, segment_id, user.id)
    return await _stepped(ctx, user, task, await _posted(request), AtTheEnd.COMPLETE)


@post("/segments/{segment_id:int}/step/draft", permission=PROCESS_TASKS, status_code=204)
async def step_draft(request: AnyRequest, ctx: Context, user: SignedIn, segment_id: SegmentId) -> None:
    """Keeps what is typed on a page of a form that leads on."""
    task = await services.own_task(ctx, segment_id, user.id)
    await flows.keep(ctx, task, await _posted(request), _reader(user))


PAGES = [panel, draft, more_time, send, open_later, send_later, step, step_later, step_draft]


async def _stepped(
    ctx: Context, user: SignedIn, task: services.Task, posted: list[tuple[str, str]], end: AtTheEnd
) -> Response[Any]:
    reader, segment_id, notice, status_code = _reader(user), task.segment.id, "", 200
    errors: dict[str, str] | None = None
    again = _later if end is AtTheEnd.COMPLETE else _beside
    onward = ("_next", "yes") in posted and (end is AtTheEnd.COMPLETE or not task.over)
    outside = await outside_hours(ctx, task.interaction, posted, reader) if onward else {}
    try:
        if _asks_again(task, outside):
            await flows.keep(ctx, task, posted, reader)
            return await again(ctx, task, user, outside=outside, status_code=422)
        walk = await flows.press(ctx, segment_id, user.id, task.work.rule.form, posted, reader, end)
        if walk is None and (f"answer.{AFTER_SERVICE}", END_OF_SHIFT) in posted and end is not AtTheEnd.COMPLETE:
            return Response(None, status_code=200, headers={"HX-Redirect": "/login"})
        if walk is None:
            return with_toast(await _panel(ctx, user), _("The form was sent."))
    except InvalidAnswers as error:
        await flows.keep(ctx, task, posted, reader, error.fields)
        errors, status_code = error.fields, error.status
    except services.CallGoesOn:
        await flows.keep(ctx, task, posted, reader)
        return _unchanged(fragment("wrapup/ask.html", segment_id=segment_id))
    except WrapUpOver as error:
        await flows.keep(ctx, task, posted, reader)
        notice = _("The time was over before the form was sent. What you typed is kept; complete it below.")
        return await _panel(ctx, user, notice=notice, status_code=error.status)
    except AlreadySubmitted as error:
        return await _panel(ctx, user, notice=error.message, status_code=error.status)
    except Conflict as error:
        notice, status_code = str(error), error.status
    return await again(ctx, task, user, errors=errors, outside=outside, notice=notice, status_code=status_code)


def _asks_again(task: services.Task, outside: dict[str, Outside]) -> bool:
    """Whether a form that could be sent comes back, for the agent to look at its times."""
    return not task.work.settled and any(not each.kept for each in outside.values())


async def _beside(ctx: Context, _task: services.Task, user: SignedIn, **shown: Any) -> Template:
    """What the panel shows now, in the way of `_later`."""
    return await _panel(ctx, user, **shown)


async def _panel(
    ctx: Context,
    user: SignedIn,
    *,
    errors: dict[str, str] | None = None,
    outside: dict[str, Outside] | None = None,
    notice: str = "",
    status_code: int = 200,
) -> Template:
    task = await services.current_task(ctx, user.id)
    if task is None:
        left = await _left_over(ctx, user)
        return fragment("wrapup/idle.html", status_code=status_code, notice=notice, **left)
    if task.work.settled:
        return fragment("wrapup/sent.html", status_code=status_code, notice=notice, **head(task, alone=False))
    form = await services.whole_form(ctx, SIMPLE, task.segment.id, user.id)
    return fragment(
        "wrapup/step.html" if form.is_flow else "wrapup/panel.html",
        status_code=status_code,
        notice=notice,
        steps="step",
        form=await _drawing(ctx, form, task, user, errors),
        times=await _times(ctx, task, user, outside),
        **head(task, alone=False),
    )


async def _still_typing(ctx: Context, user: SignedIn, shown: str) -> services.Task | None:
    """The call whose form is in the tab, where it has ended without a clock: the form stays, and may be sent."""
    if not (shown.isascii() and shown.isdigit() and len(shown) < 19):
        return None
    try:
        task = await services.own_task(ctx, int(shown), user.id)
    except NotFound:
        return None
    return task if task.at_leisure else None


async def _left_over(ctx: Context, user: SignedIn) -> dict[str, Any]:
    """What there is to show while there is no call: today's unfinished forms, and what the agent has promised."""
    midnight = datetime.now(user.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    unfinished = await services.unfinished_tasks(ctx, user.id, midnight)
    return {
        "unfinished": [(task, caller_name(task), services.typed_comment(task)) for task in unfinished],
        "attempts": await services.next_attempts(ctx, user.id),
    }


async def _later(
    ctx: Context,
    task: services.Task,
    user: SignedIn,
    *,
    errors: dict[str, str] | None = None,
    outside: dict[str, Outside] | None = None,
    notice: str = "",
    status_code: int = 200,
) -> Template:
    form = await services.whole_form(ctx, LATER, task.segment.id, user.id)
    fields, times = await _drawing(ctx, form, task, user, errors), await _times(ctx, task, user, outside)
    if form.is_flow:
        above = head(task, alone=False) | {"shown": f"later-{task.segment.id}", "notice": notice}
        return fragment(
            "wrapup/step.html", status_code=status_code, steps="step/later", form=fields, times=times, **above
        )
    return fragment(
        "wrapup/later.html",
        status_code=status_code,
        task=task,
        caller=caller_name(task),
        form=fields,
        times=times,
    )


async def _times(
    ctx: Context, task: services.Task, user: SignedIn, outside: dict[str, Outside] | None
) -> dict[str, Any]:
    reader = _reader(user)
    return shown(await shortcuts_of(ctx, task.interaction, reader), outside or {}, reader)


async def _drawing(
    ctx: Context, form: Form, task: services.Task, user: SignedIn, errors: dict[str, str] | None
) -> Callable[..., str]:
    """What draws the form; the template says what stands below its questions."""
    reader = _reader(user)
    if form.is_flow:
        walk = await flows.step_of(ctx, task, form, reader)
        uploads = await uploads_for(ctx, walk.form, walk.subject, user.id, walk.typed(reader))
        scope = f"wrapup-{task.segment.id}"
        return partial(render_step, walk, reader, scope=scope, errors=errors, uploads=uploads)
    typed: Typed = task.draft.typed if task.draft else initial_texts(form, reader)
    uploads = await uploads_for(ctx, form, subject_of(task.segment.id), user.id, typed)
    scope = f"wrapup-{task.segment.id}"
    return partial(render_form, form, typed, reader, scope=scope, errors=errors, uploads=uploads)


def _unchanged(response: AnyResponse) -> AnyResponse:
    """Lets htmx put the parts of the answer that say where they belong there, and leave everything else as it is."""
    response.headers["HX-Reswap"] = "none"
    return response


def _reader(user: SignedIn) -> Reader:
    return Reader(user.zone)


async def _posted(request: AnyRequest) -> list[tuple[str, str]]:
    """The names and texts of a form; files, for which this one has no field, are left out."""
    form = await request.form()
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
