"""A form of the organisation's own that leads on, beside a call and when its time is over, as a browser gets it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from core.accounts.sessions import open_session
from core.agents.states import Status
from core.database.connection import fetch_row, fetch_value
from core.forms.library.store import make_design, publish_design
from core.interactions.lifecycle import end_interaction
from core.interactions.rows import SegmentView
from core.plugins.context import Context, Platform
from plugins.wrapup.rules.keeping import set_rule
from plugins.wrapup.rules.values import RuleValues, Side
from switchroom.testing.app import web_application
from tests.conftest import Jobs
from tests.core.flow_forms import button, end, lead, page, part
from tests.plugins.wrapup.calls import Agent, make_agent, time_runs_out

pytestmark = pytest.mark.anyio

PAGES = [
    page("reason", button("what", late=[lead("late")], wrong=[end("wrong_number", success=False)])),
    page(
        "late",
        part("text", "parcel", required=True),
        button("then", found=[end("found", success=True)], lost=[end("lost", success=False)]),
    ),
]
LAST = {"answer.successful": "yes", "answer.comment": "Found it.", "answer.after_service": "continue"}


@pytest.fixture
async def anna(ctx: Context) -> Agent:
    """An agent whose calls are followed by the form."""
    made = await make_design(ctx, "parcels", {"title": {"en": "Parcels"}, "pages": PAGES})
    await publish_design(ctx, "parcels", made.revision)
    agent = await make_agent(ctx)
    await set_rule(agent.ctx, "", Side.INBOUND, RuleValues(form="custom:parcels"))
    return agent


@pytest.fixture
async def browser(ctx: Context, anna: Agent, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """Her browser."""
    token = await open_session(ctx, anna.id)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web_application(platform), raise_app_exceptions=False),
        base_url="http://calls.test",
        headers={"accept": "text/html", "hx-request": "true", "sec-fetch-site": "same-origin"},
        cookies={"switchroom": token},
    ) as opened:
        yield opened


def revision(text: str) -> str:
    """The step that a page shows."""
    found = re.search(r'name="_revision" value="(\d+)"', text)
    assert found is not None, text
    return found[1]


async def press(
    browser: httpx.AsyncClient, segment: SegmentView, shown: httpx.Response, later: str = "", **posted: str
) -> httpx.Response:
    """Posts the page that is shown."""
    data = {"_revision": revision(shown.text)} | {name.replace("__", "."): text for name, text in posted.items()}
    return await browser.post(f"/p/wrapup/segments/{segment.id}/step{later}", data=data)


async def test_an_agent_goes_through_the_form_and_its_end_is_the_outcome_of_the_call(
    browser: httpx.AsyncClient, anna: Agent
) -> None:
    segment = await anna.answers_a_call()
    first = await browser.get("/p/wrapup/panel")
    assert 'value="late">late</button>' in first.text
    second = await press(browser, segment, first, answer__what="late")
    assert "Step 2" in second.text
    missing = await press(browser, segment, second, answer__then="found")
    assert missing.status_code == 422
    assert "This must be answered." in missing.text
    last = await press(browser, segment, second, answer__parcel="17", answer__then="found")
    assert re.search(r'name="answer.successful" value="yes"[^>]* checked', last.text), "the end has said so"
    stale = await press(browser, segment, second, answer__parcel="18", answer__then="lost")
    assert stale.status_code == 409
    assert "This form has gone on meanwhile" in stale.text

    data = {"_revision": revision(last.text), **LAST}
    address = f"/p/wrapup/segments/{segment.id}/step"
    asked = await browser.post(address, data=data | {"_next": "yes"})
    assert "End the call and send?" in asked.text
    assert await fetch_value("SELECT count(*) FROM core_form_submission") == 0
    sent = await browser.post(address, data=data | {"end_call": "yes"})
    assert sent.status_code == 200
    row = await fetch_row("SELECT outcome, comment, state FROM core_segment WHERE id = $1", segment.id)
    assert row is not None
    assert (row["outcome"], row["comment"], row["state"]) == ("success", "Found it.", "closed")
    stored = await fetch_row("SELECT form, outcome, answers ->> 'parcel' AS parcel FROM core_form_submission")
    assert stored == {"form": "custom:parcels", "outcome": "found", "parcel": "17"}
    assert await fetch_value("SELECT count(*) FROM core_form_walk") == 0
    assert await anna.status() is Status.WAITING


async def test_a_form_whose_time_ran_out_is_gone_on_with_where_it_stood(
    browser: httpx.AsyncClient, anna: Agent, jobs: Jobs
) -> None:
    segment = await anna.answers_a_call()
    second = await press(browser, segment, await browser.get("/p/wrapup/panel"), answer__what="late")
    saved = await browser.post(
        f"/p/wrapup/segments/{segment.id}/step/draft",
        data={"_revision": revision(second.text), "answer.parcel": "1", "_tab": "t", "_sequence": "1"},
    )
    assert saved.status_code == 204
    await end_interaction(anna.ctx, segment.interaction_id, "caller_hung_up")
    await time_runs_out(jobs, segment)
    shown = await browser.get(f"/p/wrapup/segments/{segment.id}/later")
    assert 'value="1"' in shown.text
    assert "Step 2" in shown.text
    status = await anna.status()
    last = await press(browser, segment, shown, "/later", answer__parcel="17", answer__then="lost")
    assert re.search(r'name="answer.successful" value="no"[^>]* checked', last.text)
    done = await press(
        browser, segment, last, "/later", answer__successful="no", answer__next_attempt="none", _next="yes"
    )
    assert done.status_code == 200
    row = await fetch_row("SELECT outcome FROM core_segment WHERE id = $1", segment.id)
    assert row is not None
    assert row["outcome"] == "no_success"
    assert await anna.status() is status
