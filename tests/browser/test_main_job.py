"""The main job with real voice: a customer calls, waits to music, talks, is held, and the agent wraps up."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.main_job import HEARD_DB, do_the_main_job, go_inbound, place_call, wait_to_hear

SignIn = Callable[[Browser, str], Page]


def test_a_call_from_the_first_ring_to_the_journal(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    do_the_main_job(caller, lambda: sign_in(agent_browser, "agent1"))


def test_the_agent_hangs_up(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    agent = sign_in(agent_browser, "agent2")
    go_inbound(agent)
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    agent.get_by_role("button", name="Accept").click()
    wait_to_hear(agent, lambda now: now["caller"] > HEARD_DB)
    agent.get_by_role("button", name="Hang up").click()
    expect(caller.get_by_role("heading", name="The call has ended")).to_be_visible()
    expect(agent.locator("#status-button")).to_contain_text("Post-processing")


def test_a_customer_who_closes_the_tab_ends_the_call_within_seconds(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    agent = sign_in(agent_browser, "agent3")
    go_inbound(agent)
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    agent.get_by_role("button", name="Accept").click()
    wait_to_hear(agent, lambda now: now["caller"] > HEARD_DB)
    caller.close()
    expect(agent.locator("#status-button")).to_contain_text("Post-processing")
