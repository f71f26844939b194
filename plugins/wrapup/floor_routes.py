"""The supervisor's pages of the work after contacts. Thin: what happens is in `floor`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import Parameter

from plugins.wrapup import floor
from plugins.wrapup.answers import corrections_of, told
from plugins.wrapup.floor import Show, Wanted
from plugins.wrapup.permissions import SUPERVISE
from plugins.wrapup.work import WorkView, get_work, subject_of
from switchroom import Context
from switchroom.agents import all_agents
from switchroom.capabilities import QueueDirectory
from switchroom.forms import (
    InvalidAnswers,
    Reader,
    get_draft,
    initial_texts,
    pick_answers,
    render_form,
    show_answers,
    uploads_for,
)
from switchroom.interactions import get_interaction, get_segment
from switchroom.locale import gettext as _
from switchroom.locale import mark
from switchroom.web import SignedIn, fragment, page, with_toast

HOME = "/p/wrapup/work"
AnyRequest = Request[Any, Any, Any]
Answer = Response[Any]
SegmentId = Annotated[int, Parameter(ge=1, le=2**63 - 1)]

SHOWN = {
    Show.OPEN: mark("Under way"),
    Show.INCOMPLETE: mark("Not completed"),
    Show.TIMED_OUT: mark("Ran out of time"),
    Show.DONE: mark("Sent"),
}
STATES = {
    "open": mark("Under way"),
    "sent": mark("Sent"),
    "timed_out": mark("Time ran out"),
    "ended": mark("Ended by a supervisor"),
    "unsent": mark("Not sent"),
    "completed": mark("Completed later"),
}


@get("/work", permission=SUPERVISE)
async def work_page(ctx: Context, show: Show = Show.OPEN) -> Answer:
    """The work of all agents; the list loads by itself."""
    return await page(
        "wrapup/floor.html",
        title=_("Work after contacts"),
        shown=SHOWN,
        show=show,
        queues=await _queues(ctx),
        agents=await all_agents(ctx),
    )


@get("/work/list", permission=SUPERVISE)
async def work_list(ctx: Context, show: Show = Show.OPEN, queue: str = "", agent: str = "", day: str = "") -> Answer:
    """What is looked for."""
    wanted = Wanted(
        show=show,
        queue=queue[:60].replace("\0", "") or None,
        agent_id=int(agent) if agent.isascii() and agent.isdigit() and len(agent) < 17 else None,
        day=_day(day),
    )
    rows = await floor.works(ctx, wanted, datetime.now(UTC))
    return fragment(
        "wrapup/floor_list.html",
        rows=rows,
        show=show,
        filtered=bool(queue or agent or day),
        queues=await _queues(ctx),
        states=STATES,
        more=len(rows) == floor.MOST,
        most=floor.MOST,
    )


@get("/work/{segment_id:int}", permission=SUPERVISE)
async def work_of_segment(ctx: Context, user: SignedIn, segment_id: SegmentId) -> Answer:
    """One agent's work: the answers, what was corrected, and the form to do so."""
    return await _detail(ctx, user, await get_work(ctx, segment_id))


@post("/work/{segment_id:int}/end", permission=SUPERVISE, status_code=200)
async def end_work(request: AnyRequest, ctx: Context, user: SignedIn, segment_id: SegmentId) -> Answer:
    """Ends work that its agent has not finished.

    Raises:
        InvalidInput: No reason: the page marks the field.
    """
    reason = str((await request.form()).get("reason", ""))
    await floor.end_work(ctx, segment_id, user.id, reason)
    return with_toast(await _detail(ctx, user, await get_work(ctx, segment_id)), _("The work is ended."))


@post("/work/{segment_id:int}/correct", permission=SUPERVISE, status_code=200)
async def correct(request: AnyRequest, ctx: Context, user: SignedIn, segment_id: SegmentId) -> Answer:
    """Completes or corrects a form.

    Raises:
        InvalidInput: No reason: the page marks the field.
    """
    posted = [(name, text) for name, text in (await request.form()).multi_items() if isinstance(text, str)]
    work = await get_work(ctx, segment_id)
    form = await floor.correction_form(ctx, work)
    typed, reason = pick_answers(form, posted), dict(posted).get("reason", "")
    try:
        await floor.correct(ctx, segment_id, user.id, typed, Reader(user.zone), form, reason)
    except InvalidAnswers as error:
        return await _detail(ctx, user, work, typed=typed, errors=error.fields, reason=reason, status_code=error.status)
    return with_toast(await _detail(ctx, user, await get_work(ctx, segment_id)), _("The correction is recorded."))


PAGES = [work_page, work_list, work_of_segment, end_work, correct]


async def _detail(
    ctx: Context,
    user: SignedIn,
    work: WorkView,
    *,
    typed: Any = None,
    errors: dict[str, str] | None = None,
    reason: str = "",
    status_code: int = 200,
) -> Answer:
    reader = Reader(user.zone)
    names = {agent.user_id: agent.name for agent in await all_agents(ctx)}
    form = await floor.correction_form(ctx, work)
    first, holds = await floor.original(ctx, work), await floor.answers_of(ctx, work)
    if typed is None:
        draft = await get_draft(ctx, work.rule.form, f"core:segment:{work.segment_id}", work.agent_id)
        kept = draft.typed if draft else initial_texts(form, reader)
        typed = show_answers(form, holds.answers, reader) if holds else kept
    uploads = await uploads_for(ctx, form, subject_of(work.segment_id), user.id, typed)
    made = await corrections_of(ctx, work.segment_id)
    return await page(
        "wrapup/floor_work.html",
        title=names.get(work.agent_id, _("Somebody")),
        status_code=status_code,
        work=work,
        segment=await get_segment(ctx, work.segment_id),
        interaction=await get_interaction(ctx, work.interaction_id),
        agent=names.get(work.agent_id, _("Somebody")),
        queue=(await _queues(ctx)).get(work.queue, ""),
        states=STATES,
        sent=await told(ctx, first, reader),
        holds=await told(ctx, holds, reader) if made else None,
        made=made,
        files=f"/p/wrapup/contacts/{work.interaction_id}/files",
        form=render_form(form, typed, reader, scope=f"correct-{work.segment_id}", errors=errors, uploads=uploads),
        reason=reason,
        home=HOME,
    )


async def _queues(ctx: Context) -> dict[str, str]:
    directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
    return {each.reference: each.name for each in await directory.queues(ctx)} if directory else {}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
