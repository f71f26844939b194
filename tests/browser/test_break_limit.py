"""The limit of a break in a browser: the page warns before it and at it by itself, and so does the page of the team."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Installation, OpenPage
from tests.browser.test_pages import PHONE, check, choose_language, settled
from tests.browser.test_status import RUNNING, status, supervisor_page

SignIn = Callable[[Browser, str], Page]


def time_passes(installation: Installation, how_long: timedelta) -> None:
    """All breaks began so much earlier than they did; no page is told."""
    installation.execute(
        "UPDATE core_fact SET at = at - $1::interval",
        "UPDATE core_agent SET status_since = status_since - $1::interval, "
        "pause_limit_at = pause_limit_at - $1::interval WHERE status = 'paused'",
        "UPDATE core_job SET due_at = due_at - $1::interval WHERE name = 'core.pause_limit' AND state = 'due'",
        given=(how_long,),
    )


def test_an_agent_is_warned_before_the_limit_of_the_day_and_at_it(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser, installation: Installation
) -> None:
    agent = settled(sign_in(agent_browser, "agent1"))
    team = supervisor_page(open_page, caller_browser)
    card = team.get_by_role("button", name=re.compile("Anna Petrova"))
    agent.evaluate("window.since = 'the beginning'")
    agent.keyboard.press("Alt+5")
    expect(status(agent)).to_contain_text("Break · Lunch")
    expect(card).to_contain_text("Break · Lunch")
    expect(status(agent)).not_to_have_class(re.compile("limit-"))

    # Lunch may last an hour a day; two minutes before, the warning comes, and counts down.
    time_passes(installation, timedelta(minutes=57, seconds=58))
    expect(agent.get_by_role("alert").filter(has_text="Lunch: two minutes or less are left today.")).to_be_visible()
    expect(status(agent)).to_have_class(re.compile("limit-near"))
    expect(status(agent).locator(".status-limit")).to_contain_text("left")
    expect(status(agent).locator(".status-limit time")).to_have_text(re.compile(r"0[01]:\d\d|02:00"))
    expect(card).not_to_contain_text("over the limit")
    check(agent, "the limit of a break is near")

    # At the limit it says so, and counts for how long: to the agent, and to whoever watches over the team.
    time_passes(installation, timedelta(minutes=1, seconds=58))
    expect(agent.get_by_role("alert").filter(has_text="Lunch: the time for today is used up.")).to_be_visible()
    expect(status(agent)).to_have_class(re.compile("limit-over"))
    expect(status(agent).locator(".status-limit")).to_contain_text("over the limit")
    expect(status(agent).locator(".status-limit time")).to_have_text(RUNNING)
    expect(card).to_contain_text("over the limit")
    check(team, "team, a break is over its limit")
    check(agent, "the limit of a break is over")
    agent.set_viewport_size(PHONE)
    check(agent, "the limit of a break is over, phone")
    agent.set_viewport_size({"width": 1366, "height": 820})
    assert agent.evaluate("window.since") == "the beginning", "the page was loaded anew"

    # Each is said once: a page that is opened now shows it, and is silent.
    agent.reload()
    expect(status(settled(agent))).to_have_class(re.compile("limit-over"))
    expect(agent.get_by_role("alert")).to_have_count(0)
    choose_language(agent, "Русский")
    expect(status(settled(agent))).to_contain_text("сверх лимита")
    check(agent, "the limit of a break is over, Russian")

    # Work puts an end to it.
    agent.keyboard.press("Alt+1")
    expect(status(agent)).not_to_have_class(re.compile("limit-"))
    expect(card).not_to_contain_text("over the limit")
