"""The panel in a real browser: what is typed stays, whatever happens around it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from core.database.connection import fetch_value
from core.forms.library.store import make_design, publish_design
from core.forms.store import get_draft
from core.interactions.lifecycle import end_interaction
from core.interactions.rows import SegmentView
from core.plugins.context import Context, Platform
from plugins.promises.models import Promise
from plugins.routing.hours import Span
from plugins.routing.models import reference_of
from plugins.routing.services.queues import create_queue
from plugins.routing.services.values import QueueValues
from plugins.wrapup.rules.keeping import set_rule
from plugins.wrapup.rules.values import RuleValues, Side
from tests.conftest import Jobs
from tests.core.flow_forms import button, end, lead, part
from tests.core.flow_forms import page as layout
from tests.plugins.wrapup.calls import Agent, clock_ends_in, time_runs_out
from tests.serving import DEMO_PASSWORD, ServerProcess, free_port, server_environ

pytestmark = pytest.mark.anyio

CHROMIUM = os.environ.get("SWITCHROOM_CHROMIUM") or shutil.which("chromium")
COMMENT = '[name="answer.comment"]'
FLOW = [
    layout("reason", button("what", late=[lead("late")], wrong=[end("wrong_number", success=False)])),
    layout(
        "late",
        part("text", "parcel", required=True),
        button("then", found=[end("found", success=True)], lost=[end("lost", success=False)]),
    ),
]
STATE = "[data-save-state]"


@pytest.fixture
async def server(platform: Platform, database_url: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """The product with the demo tenant, on the tables that the test works with."""
    process = ServerProcess("run", server_environ(database_url, tmp_path), tmp_path / "log", free_port())
    try:
        await asyncio.to_thread(process.start)
        yield process
    finally:
        await asyncio.to_thread(process.stop)


@pytest.fixture
async def page(server: ServerProcess) -> AsyncIterator[Page]:
    """The workspace of an agent of the demo tenant."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = await browser.new_page()
        await opened.goto(f"{server.url}/login?tenant=demo")
        await opened.fill("[name=username]", "agent1")
        await opened.fill("[name=password]", DEMO_PASSWORD)
        await opened.click("button[type=submit]")
        await expect(opened.locator("html")).to_have_attribute("data-connection", "connected")
        yield opened
        await browser.close()


@pytest.fixture
async def demo(platform: Platform, server: ServerProcess) -> AsyncIterator[Context]:
    """The context of the demo tenant."""
    async with platform.context(await platform.tenant(slug="demo")) as ctx:
        yield ctx.for_plugin("wrapup")


async def test_what_is_typed_survives_the_end_of_the_call_a_reload_and_the_end_of_time(
    demo: Context, page: Page, jobs: Jobs
) -> None:
    agent = Agent(demo, await fetch_value("SELECT id FROM core_user WHERE username = 'agent1'"))
    await agent.becomes_available()
    segment = await agent.answers_a_call()
    await expect(page.get_by_label("Comment")).to_be_visible()
    await page.keyboard.press("Alt+n")
    await page.check("input[value=at]")
    await expect(page.locator("[data-component=next_attempt_at]")).to_be_visible()
    await page.click(COMMENT)
    await page.keyboard.type("Hello world")
    await page.evaluate("document.activeElement.setSelectionRange(5, 5)")

    await end_interaction(demo, segment.interaction_id, "caller_hung_up")
    await expect(page.locator("[data-wrapup-clock]")).to_be_visible()
    await page.keyboard.type(",")
    await expect(page.locator(COMMENT)).to_have_value("Hello, world")
    await expect(page.locator(COMMENT)).to_be_focused()
    await expect(page.locator(STATE)).to_have_attribute("data-save-state", "saved")

    await page.reload()
    await expect(page.locator(COMMENT)).to_have_value("Hello, world")
    await expect(page.locator("[data-component=next_attempt_at]")).to_be_visible()

    await page.click(COMMENT)
    await clock_ends_in(segment, 9)
    await demo.publish(f"user:{agent.id}")
    await expect(page.locator("[data-wrapup-add]")).to_be_visible()
    await expect(page.locator("[data-wrapup-seconds]")).to_be_hidden()
    await page.keyboard.press("Alt+t")
    await expect(page.locator("[data-wrapup-seconds]")).to_be_visible()
    await expect(page.locator(COMMENT)).to_be_focused()

    await page.keyboard.press("Control+End")
    await page.keyboard.type("!")
    await time_runs_out(jobs, segment)
    await expect(page.get_by_text("Unfinished today")).to_be_visible()
    await draft_becomes(demo, segment, agent, "Hello, world!")


async def test_sending_during_the_call_asks_and_the_safe_answer_is_the_first(demo: Context, page: Page) -> None:
    agent = Agent(demo, await fetch_value("SELECT id FROM core_user WHERE username = 'agent1'"))
    await agent.becomes_available()
    await agent.answers_a_call()
    await expect(page.get_by_label("Comment")).to_be_visible()
    await page.keyboard.press("Alt+y")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("button", name="Go on talking")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await agent.status() == "busy"
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("button", name="End the call and send").click()
    await expect(page.get_by_text("The form was sent.")).to_be_visible()
    assert await agent.status() == "waiting"


async def test_one_click_gives_the_time_of_the_next_attempt_and_a_closed_queue_asks_again(
    demo: Context, page: Page
) -> None:
    agent = Agent(demo, await fetch_value("SELECT id FROM core_user WHERE username = 'agent1'"))
    week = {day: (Span(600, 1080),) for day in range(5)}
    queue = await create_queue(demo.for_plugin("routing"), QueueValues("Office", always_open=False, week=week))
    await agent.becomes_available()
    await agent_waits(agent)
    segment = await agent.has_ended_a_call(queue=reference_of(queue))
    await expect(page.get_by_label("Comment")).to_be_visible()
    await page.keyboard.press("Alt+n")
    await page.check("input[value=at]")
    at = page.locator('[name="answer.next_attempt_at"]')
    beside = page.locator("[data-component=next_attempt_at]")
    await beside.get_by_role("button", name="Tomorrow morning").focus()
    await page.keyboard.press("Enter")
    await expect(at).to_have_value(re.compile("T09:00$"))
    await expect(at).to_be_focused()

    # On a Sunday it is closed. One key takes the time that is offered.
    await at.fill("2031-06-01T11:00")
    await page.keyboard.press("Control+Enter")
    await expect(beside.get_by_role("alert")).to_contain_text("Office is closed at this time.")
    await expect(beside.get_by_role("button", name="Take 2 Jun 2031, 10:00")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(at).to_have_value("2031-06-02T10:00")
    await expect(beside.get_by_role("alert")).to_have_count(0)

    await at.fill("2031-06-01T11:00")
    await page.keyboard.press("Control+Enter")
    await expect(beside.get_by_role("alert")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The form was sent.")).to_be_visible()
    assert f"{(await Promise.get(interaction_id=segment.interaction_id)).due_at:%Y-%m-%d}" == "2031-06-01"


async def test_a_form_that_leads_on_is_gone_through_by_keys_and_says_where_one_is(demo: Context, page: Page) -> None:
    made = await make_design(demo, "parcels", {"title": {"en": "Parcels"}, "pages": FLOW})
    await publish_design(demo, "parcels", made.revision)
    await set_rule(demo, "", Side.INBOUND, RuleValues(form="custom:parcels"))
    agent = Agent(demo, await fetch_value("SELECT id FROM core_user WHERE username = 'agent1'"))
    await agent.becomes_available()
    await expect(page.locator("html")).to_have_attribute("data-connection", "connected")
    await agent_waits(agent)
    segment = await agent.answers_a_call()
    await page.get_by_role("button", name="late", exact=True).click()
    await expect(page.get_by_role("heading", name="Parcels")).to_be_focused()
    await expect(page.get_by_text("Step 2")).to_be_visible()
    await page.get_by_label("parcel").fill("17")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Step 2")).to_be_visible()
    await expect(page.locator(STATE)).to_have_attribute("data-save-state", "saved")
    await page.reload()
    await expect(page.get_by_label("parcel")).to_have_value("17")
    await page.get_by_role("button", name="Back", exact=True).click()
    await expect(page.get_by_text("Step 1")).to_be_visible()
    await page.get_by_role("button", name="late", exact=True).click()
    await expect(page.get_by_label("parcel")).to_have_value("17")
    await page.get_by_role("button", name="found", exact=True).click()
    await expect(page.get_by_text("answers so far")).to_be_visible()
    await expect(page.get_by_role("button", name="Next", exact=True)).to_have_count(0)
    await end_interaction(demo, segment.interaction_id, "caller_hung_up")
    await expect(page.locator("[data-wrapup-clock]")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The form was sent.")).to_be_visible()
    row = await fetch_value("SELECT outcome FROM core_segment WHERE id = $1", segment.id)
    assert row == "success"


async def agent_waits(agent: Agent) -> None:
    """The agent is seen to be there, and takes calls."""
    async with asyncio.timeout(30):
        while True:
            if await agent.status() == "waiting":
                return
            await asyncio.sleep(0.02)


async def draft_becomes(ctx: Context, segment: SegmentView, agent: Agent, comment: str) -> None:
    """What was typed last is sent when the form goes, and may still be on its way when the page shows that it went."""
    async with asyncio.timeout(30):
        while True:
            draft = await get_draft(ctx, "wrapup:simple", f"core:segment:{segment.id}", agent.id)
            if draft is not None and draft.typed["comment"] == comment:
                return
            await asyncio.sleep(0.02)
