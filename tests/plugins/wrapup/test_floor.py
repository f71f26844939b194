"""What supervisors see and do of the work after contacts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from core.accounts.sessions import open_session
from core.accounts.users import create_user
from core.agents.states import Status
from core.errors import Conflict, InvalidInput
from core.forms.models import FormSubmission
from core.interactions.journal import JournalEntry, todays_calls
from core.interactions.segments import WrapUpOver
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from plugins.wrapup import floor, services
from plugins.wrapup.floor import Show, Wanted
from plugins.wrapup.models import Mode, Work, WorkState
from plugins.wrapup.rules.keeping import set_rule
from plugins.wrapup.rules.values import RuleValues, Side
from plugins.wrapup.work import get_work
from switchroom.forms import AlreadySubmitted, Reader, Writer
from switchroom.testing.app import web_application
from tests.conftest import Jobs
from tests.plugins.wrapup.calls import Agent, make_agent, time_runs_out

pytestmark = pytest.mark.anyio

READER = Reader(ZoneInfo("UTC"))
YES = {"successful": "yes", "comment": "Sent the papers."}
NO = {"successful": "no", "next_attempt": "none", "comment": "Was cut off."}


@pytest.fixture
async def anna(ctx: Context) -> Agent:
    """An agent who takes calls."""
    return await make_agent(ctx)


@pytest.fixture
async def sue(ctx: Context) -> int:
    """A supervisor."""
    return (await create_user(ctx, "sue", "Sue", "correct horse", ["supervisor"])).id


@pytest.fixture
async def browser(ctx: Context, sue: int, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """The supervisor's browser."""
    headers = {"accept": "text/html", "hx-request": "true", "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web_application(platform), raise_app_exceptions=False),
        base_url="http://calls.test",
        headers=headers,
        cookies={"switchroom": await open_session(ctx, sue)},
    ) as opened:
        yield opened


async def shown(agent: Agent, show: Show, agent_id: int | None = None) -> list[int]:
    """The segments that a list shows."""
    rows = await floor.works(agent.ctx, Wanted(show, agent_id=agent_id), datetime.now(UTC))
    return [row.segment_id for row in rows]


async def entry_of(agent: Agent) -> JournalEntry:
    """The last call in the agent's journal."""
    return (await todays_calls(agent.ctx, agent.id))[0]


async def correct(
    agent: Agent, segment_id: int, by: int, typed: dict[str, str], reason: str = "Heard the call."
) -> None:
    """A supervisor completes or corrects a form."""
    form = await floor.correction_form(agent.ctx, await get_work(agent.ctx, segment_id))
    await floor.correct(agent.ctx, segment_id, by, typed, READER, form, reason)


async def test_lists_tell_what_is_under_way_what_ran_out_and_what_is_done(anna: Agent, jobs: Jobs) -> None:
    ben = await make_agent(anna.ctx, "ben")
    late = await anna.has_ended_a_call()
    assert await services.current_task(anna.ctx, anna.id) is not None
    await time_runs_out(jobs, late)
    talk = await anna.answers_a_call("Ada")
    assert await services.current_task(anna.ctx, anna.id) is not None
    sent = await ben.has_ended_a_call("Cas")
    await services.send(ben.ctx, sent.id, ben.id, YES, READER)
    assert await shown(anna, Show.OPEN) == [talk.id]
    assert await shown(anna, Show.INCOMPLETE) == await shown(anna, Show.TIMED_OUT) == [late.id]
    assert await shown(anna, Show.DONE) == [sent.id]
    assert await shown(anna, Show.DONE, anna.id) == []
    await services.complete_later(anna.ctx, late.id, anna.id, YES, READER)
    assert (await shown(anna, Show.INCOMPLETE), await shown(anna, Show.TIMED_OUT)) == ([], [late.id])


async def test_a_supervisor_ends_work_that_nobody_finishes(anna: Agent, sue: int) -> None:
    await set_rule(anna.ctx, "", Side.INBOUND, RuleValues(mode=Mode.REQUIRED))
    segment = await anna.has_ended_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": "half a sen"}, Writer())
    with pytest.raises(InvalidInput):
        await floor.end_work(anna.ctx, segment.id, sue, " ")
    assert await anna.status() is Status.WRAP_UP
    await floor.end_work(anna.ctx, segment.id, sue, "Went home ill.")
    assert await anna.status() is Status.WAITING
    work = await Work.get(segment_id=segment.id)
    assert (work.state, work.reason) == (WorkState.ENDED, "Went home ill.")
    assert (await entry_of(anna)).disposition == "No disposition chosen"
    with pytest.raises(WrapUpOver):
        await floor.end_work(anna.ctx, segment.id, sue, "Again.")
    # The draft is there, and the agent can complete it.
    await services.complete_later(anna.ctx, segment.id, anna.id, YES, READER)
    assert (await entry_of(anna)).outcome == "success"


async def test_a_correction_stands_beside_what_was_sent_with_who_when_and_what_before(anna: Agent, sue: int) -> None:
    segment = await anna.has_ended_a_call()
    with pytest.raises(Conflict):
        await correct(anna, segment.id, sue, NO)
    await services.send(anna.ctx, segment.id, anna.id, YES, READER)
    sent = await FormSubmission.get(user_id=anna.id)
    await correct(anna, segment.id, sue, NO)
    await correct(anna, segment.id, sue, NO | {"comment": "Was cut off twice."}, "Heard it again.")
    kept = await FormSubmission.get(id=sent.id)
    assert (kept.answers, kept.submitted_at) == (sent.answers, sent.submitted_at)
    first, second = await floor.corrections(segment.id)
    assert (first.by_id, first.reason, first.before["successful"]) == (sue, "Heard the call.", True)
    assert (second.reason, second.before["comment"]) == ("Heard it again.", "Was cut off.")
    work = await get_work(anna.ctx, segment.id)
    holds = await floor.answers_of(anna.ctx, work)
    assert holds is not None
    assert (holds.answers["comment"], work.state) == ("Was cut off twice.", WorkState.SENT)
    entry = await entry_of(anna)
    assert (entry.outcome, entry.comment) == ("no_success", "Was cut off twice.")


async def test_a_supervisor_completes_what_ran_out_of_time(anna: Agent, sue: int, jobs: Jobs) -> None:
    segment = await anna.has_ended_a_call()
    await time_runs_out(jobs, segment)
    await correct(anna, segment.id, sue, YES)
    work = await get_work(anna.ctx, segment.id)
    assert (work.state, work.settled_by) == (WorkState.COMPLETED, sue)
    assert (await entry_of(anna)).outcome == "success"
    # The agent comes too late to complete it in his own way.
    since = datetime.now(UTC).replace(hour=0, minute=0)
    assert await services.unfinished_tasks(anna.ctx, anna.id, since) == []
    with pytest.raises(AlreadySubmitted):
        await services.complete_later(anna.ctx, segment.id, anna.id, NO, READER)


async def test_the_pages_show_end_and_correct(
    anna: Agent, browser: httpx.AsyncClient, platform: Platform, other_tenant: TenantRef
) -> None:
    segment = await anna.has_ended_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": "half a sen"}, Writer())
    assert "Work after contacts" in (await browser.get("/p/wrapup/work")).text
    assert f"work-{segment.id}" in (await browser.get("/p/wrapup/work/list")).text
    page = f"/p/wrapup/work/{segment.id}"
    assert "The agent is still at it" in (await browser.get(page)).text
    assert (await browser.post(f"{page}/end", data={"reason": ""})).status_code == 422
    ended = await browser.post(f"{page}/end", data={"reason": "Went home ill."})
    assert (ended.status_code, await anna.status()) == (200, Status.WAITING)
    assert "half a sen" in ended.text
    wrong = await browser.post(f"{page}/correct", data={"reason": "Heard it.", "answer.comment": "Typed."})
    assert wrong.status_code == 422
    assert "Typed." in wrong.text
    fine = {"reason": "Heard it.", "answer.successful": "yes", "answer.comment": "Typed."}
    assert "Heard it." in (await browser.post(f"{page}/correct", data=fine)).text
    assert (await browser.get("/p/wrapup/work/999")).status_code == 404


async def test_an_agent_may_not_look_at_the_work_of_others(anna: Agent, browser: httpx.AsyncClient) -> None:
    browser.cookies.set("switchroom", await open_session(anna.ctx, anna.id))
    for address in ("/p/wrapup/work", "/p/wrapup/work/list", "/p/wrapup/work/1"):
        assert (await browser.get(address)).status_code == 403
