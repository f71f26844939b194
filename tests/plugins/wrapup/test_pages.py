"""The panel as a browser gets it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.accounts.sessions import open_session
from core.agents.states import Status
from core.database.connection import execute
from core.forms.models import FormSubmission
from core.interactions.lifecycle import end_interaction
from core.interactions.rows import SegmentView, get_segment
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from plugins.wrapup.models import NextAttempt
from switchroom.testing.app import web_application
from switchroom.testing.enabling import switch_off
from tests.conftest import Jobs
from tests.plugins.wrapup.calls import Agent, clock_ends_in, make_agent, time_runs_out

pytestmark = pytest.mark.anyio

YES = {"answer.successful": "yes", "answer.comment": "Sent the papers.", "answer.after_service": "continue"}
NO_AT = {"answer.successful": "no", "answer.next_attempt": "at"}


@pytest.fixture
async def anna(ctx: Context) -> Agent:
    """An agent in Berlin who takes calls."""
    return await make_agent(ctx, timezone="Europe/Berlin")


@pytest.fixture
async def browser(ctx: Context, anna: Agent, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """Her browser: a page of the workspace that loads fragments."""
    token = await open_session(ctx, anna.id)
    transport = httpx.ASGITransport(app=web_application(platform), raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://calls.test",
        headers={"accept": "text/html", "hx-request": "true", "sec-fetch-site": "same-origin"},
        cookies={"switchroom": token},
    ) as opened:
        yield opened


def form_of(segment: SegmentView) -> str:
    """The address that the form of a call is sent to."""
    return f"/p/wrapup/segments/{segment.id}"


async def test_nothing_to_process_is_no_content(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/p/wrapup/panel")).status_code == 204


async def test_the_panel_opens_with_the_call_and_has_no_clock_yet(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.answers_a_call("<b>Kim</b>")
    page = (await browser.get("/p/wrapup/panel")).text
    assert "&lt;b&gt;Kim" in page
    assert "Was the call successful?" in page
    assert "On the call" in page
    assert f'data-autosave="{form_of(segment)}/draft"' in page
    assert "data-countdown" not in page
    assert " style=" not in page
    assert "<script" not in page


async def test_after_the_call_the_clock_counts_to_the_end_of_the_work(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    assert segment.wrap_up_until is not None
    page = (await browser.get("/p/wrapup/panel")).text
    end = segment.wrap_up_until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    add_from = (segment.wrap_up_until - timedelta(seconds=10)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert f'data-countdown="{end}"' in page
    assert f'data-add-from="{add_from}"' in page
    assert "Add 30 s" in page
    assert "2 times left" in page


async def test_loading_again_leaves_the_form_that_is_shown_alone(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.answers_a_call()
    shown = {"Wrapup-Shown": str(segment.id)}
    during = await browser.get("/p/wrapup/panel", headers=shown)
    await end_interaction(anna.ctx, segment.interaction_id, "caller_hung_up")
    after = await browser.get("/p/wrapup/panel", headers=shown)
    for answer in (during, after):
        assert answer.headers["hx-reswap"] == "none"
        assert re.search(r'<header[^>]*id="wrapup-head"[^>]*hx-swap-oob="true"', answer.text)
        assert "<form" not in answer.text
    assert "data-countdown" in after.text
    other = await browser.get("/p/wrapup/panel", headers={"Wrapup-Shown": str(segment.id + 1)})
    assert "<form" in other.text


async def test_a_draft_survives_a_reload(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.answers_a_call()
    typed = {"answer.successful": "no", "answer.comment": "half a <sen", "_tab": "a", "_sequence": "1"}
    assert (await browser.post(f"{form_of(segment)}/draft", data=typed)).status_code == 204
    page = (await browser.get("/p/wrapup/panel")).text
    assert "half a &lt;sen" in page
    assert re.search(r'value="no"[^>]*checked', page)
    assert re.search(r'<fieldset(?![^>]*hidden)[^>]*data-component="next_attempt"', page)
    assert "Draft saved" in page


@pytest.mark.parametrize(
    ("posted", "status", "code"),
    [
        ({"answer.salary": "1"}, 422, "invalid_answers"),
        ({"answer.comment": "x" * 100_000}, 422, "invalid_answers"),
        ({"answer.comment": "x", "_sequence": "one"}, 422, "invalid_input"),
        ({"answer.comment": "x" * 2_000_000}, 413, "too_large"),
    ],
)
async def test_a_draft_that_cannot_be_kept_is_refused(
    browser: httpx.AsyncClient, anna: Agent, posted: dict[str, str], status: int, code: str
) -> None:
    segment = await anna.answers_a_call()
    answer = await browser.post(
        f"{form_of(segment)}/draft", data=posted, headers={"accept": "application/json", "hx-request": ""}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_sending_frees_the_agent_and_says_so(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    answer = await browser.post(form_of(segment), data=YES)
    assert answer.status_code == 200
    assert "The form was sent." in answer.headers["hx-trigger"]
    assert "Nothing to process" in answer.text
    assert await anna.status() is Status.WAITING


async def test_mistakes_come_back_beside_their_fields_with_what_was_typed(
    browser: httpx.AsyncClient, anna: Agent
) -> None:
    segment = await anna.has_ended_a_call()
    answer = await browser.post(form_of(segment), data={**NO_AT, "answer.comment": "busy"})
    assert answer.status_code == 422
    assert "switchroom-problem" not in answer.headers
    assert re.search(r'aria-describedby="[^"]*next_attempt_at-error"', answer.text)
    assert "This must be answered." in answer.text
    assert "busy" in answer.text
    assert await anna.status() is Status.WRAP_UP


async def test_sending_during_the_call_asks_and_only_a_yes_hangs_up(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.answers_a_call()
    asked = await browser.post(form_of(segment), data=YES)
    assert asked.headers["hx-reswap"] == "none"
    assert "End the call and send?" in asked.text
    assert re.search(r"<button[^>]*data-close-dialog[^>]*autofocus", asked.text)
    assert await anna.status() is Status.BUSY
    assert "Sent the papers." in (await browser.get("/p/wrapup/panel")).text

    await browser.post(form_of(segment), data=YES | {"end_call": "maybe"})
    assert await anna.status() is Status.BUSY
    await browser.post(form_of(segment), data=YES | {"end_call": "yes"})
    assert await anna.status() is Status.WAITING


async def test_time_is_added_and_the_number_left_goes_down(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    early = await browser.post(f"{form_of(segment)}/more-time")
    assert early.status_code == 409
    assert "no_extension_left" in early.headers["switchroom-problem"]
    await clock_ends_in(segment, 9)
    added = await browser.post(f"{form_of(segment)}/more-time")
    assert added.headers["hx-reswap"] == "none"
    assert "1 time left" in added.text
    assert "<form" not in added.text
    await clock_ends_in(segment, 9)
    last = await browser.post(f"{form_of(segment)}/more-time")
    assert "No more time can be added." in last.text
    assert "data-wrapup-add" not in last.text


async def test_a_form_sent_twice_says_so_and_changes_nothing(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    await browser.post(form_of(segment), data=YES)
    again = await browser.post(form_of(segment), data=YES | {"answer.after_service": "break"})
    assert again.status_code == 409
    assert "This form was sent already." in again.text
    assert await anna.status() is Status.WAITING
    assert await FormSubmission.all().count() == 1


async def test_what_is_sent_after_zero_is_kept_and_can_be_completed(
    browser: httpx.AsyncClient, anna: Agent, jobs: Jobs
) -> None:
    segment = await anna.has_ended_a_call()
    await time_runs_out(jobs, segment)
    late = await browser.post(form_of(segment), data=YES)
    assert late.status_code == 409
    assert "The time was over" in late.text
    assert "Unfinished today" in late.text
    assert "Sent the papers." in late.text

    form = (await browser.get(f"{form_of(segment)}/later")).text
    assert "Sent the papers." in form
    assert "After service" not in form
    assert "data-countdown" not in form
    waiting = await browser.get("/p/wrapup/panel", headers={"Wrapup-Shown": f"later-{segment.id}"})
    assert (waiting.status_code, waiting.headers["hx-reswap"], waiting.text) == (200, "none", "")

    completed = {name: value for name, value in YES.items() if name != "answer.after_service"}
    wrong = await browser.post(f"{form_of(segment)}/later", data=completed | {"answer.successful": ""})
    assert wrong.status_code == 422
    done = await browser.post(f"{form_of(segment)}/later", data=completed)
    assert done.status_code == 200
    assert "Unfinished today" not in done.text
    assert (await browser.post(f"{form_of(segment)}/later", data=completed)).status_code == 409
    assert await anna.status() is Status.WAITING


async def test_the_next_attempt_is_typed_and_shown_in_her_zone(
    browser: httpx.AsyncClient, anna: Agent, platform: Platform, tenant: TenantRef
) -> None:
    await switch_off(platform, tenant, "promises")
    segment = await anna.has_ended_a_call()
    skipped = await browser.post(form_of(segment), data=NO_AT | {"answer.next_attempt_at": "2031-03-30T02:30"})
    assert skipped.status_code == 422
    assert "02:30 does not exist in Europe/Berlin" in skipped.text
    sent = await browser.post(form_of(segment), data=NO_AT | {"answer.next_attempt_at": "2031-07-01T09:30"})
    assert sent.status_code == 200
    assert (await NextAttempt.get()).due_at == datetime(2031, 7, 1, 7, 30, tzinfo=UTC)
    page = (await browser.get("/p/wrapup/panel")).text
    assert "Your next attempts" in page
    assert "1 Jul 2031, 09:30" in page


async def test_a_new_call_takes_the_place_of_an_unfinished_form(
    browser: httpx.AsyncClient, anna: Agent, jobs: Jobs
) -> None:
    old = await anna.has_ended_a_call()
    await browser.post(f"{form_of(old)}/draft", data=YES)
    await time_runs_out(jobs, old)
    new = await anna.answers_a_call("Ada")
    page = (await browser.get("/p/wrapup/panel", headers={"Wrapup-Shown": f"later-{old.id}"})).text
    assert f'data-wrapup-shown="{new.id}"' in page
    assert "Ada" in page


async def test_a_running_form_is_not_opened_as_an_unfinished_one(browser: httpx.AsyncClient, anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    page = (await browser.get(f"{form_of(segment)}/later")).text
    assert "data-countdown" in page
    assert (await browser.post(f"{form_of(segment)}/later", data={"answer.successful": "yes"})).status_code == 409
    assert (await get_segment(anna.ctx, segment.id)).state == "wrap_up"


@pytest.mark.parametrize("segment_id", ["0", "99", "9223372036854775807", "9223372036854775808", "x"])
async def test_a_form_that_is_not_hers_is_not_there(browser: httpx.AsyncClient, segment_id: str) -> None:
    for path in ("", "/draft", "/later", "/more-time"):
        answer = await browser.post(f"/p/wrapup/segments/{segment_id}{path}", data=YES)
        assert answer.status_code in (400, 404, 422), path


async def test_who_may_not_process_tasks_has_no_panel(ctx: Context, browser: httpx.AsyncClient, anna: Agent) -> None:
    await execute("UPDATE core_role SET permissions = '[]', built_in = false WHERE key = 'agent'")
    assert (await browser.get("/p/wrapup/panel")).status_code == 403


async def test_the_panel_speaks_russian(browser: httpx.AsyncClient, anna: Agent) -> None:
    await execute("UPDATE core_user SET language = 'ru' WHERE id = $1", anna.id)
    segment = await anna.has_ended_a_call()
    page = (await browser.get("/p/wrapup/panel")).text
    assert "Звонок был успешным?" in page
    assert "осталось 2 раза" in page
    wrong = (await browser.post(form_of(segment), data={})).text
    assert not re.search(r">[^<>]*[A-Za-z]{3,}[^<>]*<", re.sub(r"Kim|Europe/Berlin|Alt\+T", "", page + wrong))
