"""What follows contacts, in a real browser: rules, a clock over a reload, and the supervisor's list of the work."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.main_job import go_inbound, place_call
from tests.browser.test_pages import PHONE, check, choose_language, fits, settled
from tests.serving import DEMO_PASSWORD

SignIn = Callable[[Browser, str], Page]


def by_rule(page: Page, mode: str, saved: str) -> None:
    """An administrator sets what follows incoming contacts of all queues, with the keys."""
    page.goto("/p/wrapup/rules")
    settled(page).get_by_role("link", name=re.compile("Incoming contacts")).first.press("Enter")
    page.get_by_label(re.compile(f"^{mode}")).press("Space")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("link", name=re.compile("Incoming contacts")).first).to_contain_text(saved)


def work_after_a_call(agent: Page, caller: Page, name: str) -> None:
    """The agent has talked with a customer, who hangs up."""
    place_call(caller, name)
    agent.get_by_role("button", name="Accept").click()
    expect(agent.locator("#status-button")).to_contain_text("Busy")
    caller.get_by_role("button", name="Hang up").click()
    expect(agent.locator("#status-button")).to_contain_text("Post-processing")


def supervisor(open_page: OpenPage, browser: Browser) -> Page:
    """The list, as a supervisor sees it."""
    page = open_page(browser, "/login")
    page.get_by_label("Login").fill("supervisor")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("Supervisor", exact=True).click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Work after contacts").click()
    expect(page.get_by_role("heading", name="Work after contacts")).to_be_visible()
    return settled(page)


def follow(page: Page, name: str) -> None:
    """Opens a line of the list in one go, since the list is loaded anew by itself."""
    page.evaluate(
        "name => [...document.querySelectorAll('.work-line')].find(line => line.textContent.includes(name)).click()",
        name,
    )
    expect(page).to_have_url(re.compile(r"/p/wrapup/work/\d+$"))


def test_rules_are_set_and_the_page_asks_only_for_what_a_rule_needs(sign_in: SignIn, agent_browser: Browser) -> None:
    page = sign_in(agent_browser, "admin")
    page.goto("/p/wrapup/rules/edit?queue=&side=outbound")
    settled(page).get_by_label(re.compile("^Clock that runs to its end")).check()
    page.get_by_label(re.compile("^As long as this rule says")).check()
    expect(page.get_by_label("Length")).to_be_visible()
    expect(page.get_by_label("End it at the latest after")).to_be_hidden()
    check(page, "a rule with a clock")
    page.get_by_label("Length").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Give a whole number from 1 to 3600.")).to_be_visible()
    page.get_by_label("Length").fill("45")
    page.get_by_role("button", name="Save").click()
    line = page.get_by_role("link", name=re.compile("Outgoing contacts")).first
    expect(line).to_contain_text("Clock that runs to its end")
    expect(line).to_contain_text("45 s")
    choose_language(settled(page), "Русский")
    page.goto("/p/wrapup/rules")
    check(settled(page), "the rules in Russian")
    page.goto("/p/wrapup/rules/edit?queue=&side=inbound")
    check(settled(page), "a rule in Russian")
    page.set_viewport_size(PHONE)
    fits(page, "a rule, phone")
    page.set_viewport_size({"width": 1366, "height": 820})
    choose_language(page, "English")


def test_a_clock_keeps_its_end_over_a_reload_and_a_limit_shows_none(
    open_page: OpenPage, sign_in: SignIn, agent_browser: Browser, caller_browser: Browser
) -> None:
    admin = sign_in(agent_browser, "admin")
    by_rule(admin, "Clock, ends when the form is sent", "Clock, ends when the form is sent")
    agent = sign_in(agent_browser, "agent1")
    go_inbound(agent)
    work_after_a_call(agent, open_page(caller_browser, "/call/demo"), "Ada King")
    clock = agent.locator("[data-wrapup-clock]")
    status = agent.locator("#status-button time")
    until = clock.get_attribute("data-wrapup-clock")
    assert until
    expect(status).to_have_attribute("data-countdown", until)
    agent.reload()
    expect(clock).to_have_attribute("data-wrapup-clock", until)
    expect(status).to_have_attribute("data-countdown", until)
    agent.locator("#panels").get_by_text("Yes", exact=True).click()
    agent.keyboard.press("Control+Enter")
    expect(agent.locator("#status-button")).to_contain_text("Waiting")

    # Who must send the form sees how long the work has lasted, and nothing that runs down.
    by_rule(admin, "Form must be sent", "Form must be sent")
    work_after_a_call(agent, open_page(caller_browser, "/call/demo"), "Lee Wong")
    expect(status).to_have_attribute("data-elapsed", re.compile("T"))
    expect(agent.locator("[data-countdown]")).to_have_count(0)

    # The supervisor finds the work, ends it, completes it and corrects it.
    page = supervisor(open_page, agent_browser)
    line = page.get_by_role("link", name=re.compile("Lee Wong"))
    expect(line).to_contain_text("After the talk")
    check(page, "the work under way")
    follow(page, "Lee Wong")
    page.get_by_role("button", name="End the work").click()
    page.get_by_role("dialog").get_by_role("button", name="End the work").click()
    expect(page.get_by_text("Say why in at most 300 characters.")).to_be_visible()
    page.get_by_role("dialog").get_by_label("Why").fill("Needed elsewhere")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ended by a supervisor")).to_be_visible()
    expect(agent.locator("#status-button")).to_contain_text("Waiting")
    expect(agent.locator("#panels")).to_contain_text("Ended by a supervisor: Needed elsewhere")
    check(settled(agent), "what is left for the agent")
    form = page.locator("#correct-form")
    check(page, "work that is not completed")
    form.get_by_text("Yes", exact=True).click()
    form.get_by_label("Why").fill("Heard in the recording")
    form.get_by_role("button", name="Complete").click()
    expect(page.get_by_text("Completed later")).to_be_visible()
    form.get_by_label("Comment").fill("Order 17")
    form.get_by_label("Why").fill("The comment was missing")
    form.get_by_role("button", name="Record the correction").click()
    expect(page.get_by_role("listitem").filter(has_text="The comment was missing")).to_be_visible()
    choose_language(page, "Русский")
    page.goto("/p/wrapup/work?show=done")
    line = settled(page).get_by_role("link", name=re.compile("Lee Wong"))
    expect(line).to_contain_text("Исправлено")
    check(page, "the list in Russian")
    follow(page, "Lee Wong")
    check(settled(page), "corrected work in Russian")
    page.set_viewport_size(PHONE)
    fits(page, "corrected work, phone")
