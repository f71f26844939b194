"""Each status that an agent can have, acted out in real browsers: in all of his tabs, and by his supervisor."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import OpenPage, log_in
from tests.browser.main_job import place_call
from tests.browser.test_pages import HEIGHT, PHONE, check, choose_language, fits, settled
from tests.serving import DEMO_PASSWORD

SignIn = Callable[[Browser, str], Page]

PATIENCE = 30_000
"""Milliseconds for what the times of a team have to bring about."""

RUNNING = re.compile(r"\d\d:\d\d")


def status(page: Page) -> Locator:
    """The control of the top bar."""
    return page.locator("#status-button")


def shows(pages: tuple[Page, ...], words: str, dot: str) -> None:
    """Every page of the agent shows this status, with its indicator and a timer that runs."""
    for page in pages:
        expect(status(page)).to_contain_text(words)
        expect(status(page).locator(".status-dot")).to_have_class(re.compile(rf"\bstatus-{dot}\b"))
        expect(status(page).locator("time").first).to_have_text(RUNNING)


def supervisor_page(open_page: OpenPage, browser: Browser) -> Page:
    """The page of the team, as a supervisor has it."""
    page = open_page(browser, "/login")
    page.get_by_label("Login").fill("supervisor")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Supervisor").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("navigation").get_by_role("link", name="Team", exact=True).click()
    expect(page.get_by_role("heading", name="Team", exact=True)).to_be_visible()
    return settled(page)


def save_team(admin: Page, **fields: str) -> None:
    """An administrator changes the team."""
    admin.goto("/admin/teams/1")
    for name, value in fields.items():
        admin.locator(f"#field-{name}").fill(value)
    admin.locator("#save").click()
    expect(admin.get_by_text("The team is saved.")).to_be_visible()


def test_every_status_shows_in_all_tabs_at_once(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    admin = settled(sign_in(agent_browser, "admin"))
    save_team(admin, offer_seconds="5", no_answer_seconds="10", wrap_up_seconds="20")
    desk = settled(sign_in(agent_browser, "agent1"))
    laptop = settled(sign_in(caller_browser, "agent1"))
    both = (desk, laptop)
    shows(both, "Break", "paused")

    # Ready: internal calls alone.
    desk.keyboard.press("Alt+4")
    shows(both, "Internal calls only", "ready")

    # Do not disturb is ruled out by it and by calls from queues, and stands beside a break.
    desk.keyboard.press("Alt+s")
    disturb = desk.get_by_role("switch", name=re.compile("Do not disturb"))
    expect(disturb).to_contain_text("Not while you take internal calls alone.")
    disturb.press("Enter")
    expect(desk.get_by_role("alert")).to_contain_text("you have chosen to take these alone")
    desk.keyboard.press("Alt+2")
    shows(both, "Outbound only", "outbound")
    desk.keyboard.press("Alt+s")
    desk.get_by_role("switch", name=re.compile("Do not disturb")).click()
    for page in both:
        expect(status(page).get_by_title("Do not disturb")).to_be_visible()

    # Callcenter: waiting, with the timer and the indicator.
    laptop.keyboard.press("Alt+1")
    shows(both, "Waiting", "waiting")
    expect(status(desk).get_by_title("Do not disturb")).to_have_count(0)

    # A pause with its reason, chosen with the arrows.
    desk.keyboard.press("Alt+s")
    lunch = desk.get_by_role("button", name=re.compile("^Lunch"))
    expect(lunch).to_be_visible()
    for _press in range(10):
        if lunch.evaluate("element => element === document.activeElement"):
            break
        desk.keyboard.press("ArrowDown")
    expect(lunch).to_be_focused()
    check(desk, "status menu with reasons")
    desk.keyboard.press("Enter")
    shows(both, "Break · Lunch", "paused")

    # Missed: nobody answers in the time of the team.
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    desk.keyboard.press("Alt+1")
    shows(both, "Ringing", "offered")
    expect(status(desk)).to_contain_text("Missed", timeout=PATIENCE)
    shows(both, "Missed", "missed")

    # Busy in an active call; what follows it can be chosen, and taken back.
    save_team(admin, offer_seconds="60")
    expect(desk.get_by_role("button", name="Accept")).to_be_visible(timeout=PATIENCE)
    desk.keyboard.press("Alt+A")
    shows(both, "Busy", "busy")
    laptop.keyboard.press("Alt+6")
    for page in both:
        expect(status(page)).to_contain_text("after this: Break · Short break")
    check(desk, "in a call, with what follows it")
    desk.set_viewport_size(PHONE)
    fits(desk, "in a call, phone")
    expect(desk.locator("#user-menu-button")).to_be_in_viewport(ratio=1)
    desk.set_viewport_size({"width": 1366, "height": HEIGHT})
    desk.get_by_role("button", name="Take back: Inbound").click()
    for page in both:
        expect(status(page)).not_to_contain_text("after this")
        expect(status(page)).to_contain_text("Busy")
    desk.keyboard.press("Alt+7")

    # Post-processing counts down, then what was chosen follows.
    desk.keyboard.press("Alt+U")
    shows(both, "Post-processing", "wrap_up")
    expect(status(laptop)).to_contain_text("after this: Break · Training")
    desk.keyboard.press("Alt+Y")
    desk.keyboard.press("Control+Enter")
    shows(both, "Break · Training", "paused")

    # A reason that is added now can be chosen now, without a new login, in the language of who reads.
    admin.goto("/admin/lookups/core.pause_reasons/new")
    settled(admin)
    admin.locator("#field-name-en").fill("Doctor")
    admin.locator("#field-name-ru").fill("К врачу")
    admin.get_by_label("Code").fill("doctor")
    admin.locator("label.choice[title=Doctor]").click()
    check(admin, "a reason of a break")
    admin.get_by_role("button", name="Add entry").click()
    expect(admin.get_by_text("The entry is added.")).to_be_visible()
    desk.keyboard.press("Alt+s")
    expect(desk.get_by_role("button", name=re.compile("^Doctor"))).to_be_visible()
    desk.keyboard.press("Escape")
    choose_language(laptop, "Русский")
    settled(laptop)
    expect(status(laptop)).to_contain_text("Перерыв · Обучение")
    laptop.keyboard.press("Alt+s")
    laptop.get_by_role("button", name=re.compile("^К врачу")).click()
    shows((laptop,), "Перерыв · К врачу", "paused")
    check(laptop, "status, Russian")


def test_supervisor_sets_states_that_act_at_once(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    agent = settled(sign_in(caller_browser, "agent2"))
    agent.keyboard.press("Alt+1")
    expect(status(agent)).to_contain_text("Waiting")
    page = supervisor_page(open_page, agent_browser)
    name = "Ben Carter"
    card = page.get_by_role("button", name=re.compile(name))
    expect(card).to_contain_text("Waiting")
    check(page, "team")

    # Live, filtered, and found.
    agent.keyboard.press("Alt+5")
    expect(card).to_contain_text("Break · Lunch")
    page.get_by_role("combobox", name="Status").select_option("waiting")
    expect(card).to_have_count(0)
    agent.keyboard.press("Alt+1")
    expect(card).to_be_visible()
    page.get_by_role("combobox", name="Status").select_option("")
    page.get_by_role("searchbox", name="Name").fill("zzz")
    expect(page.get_by_text("Nobody fits")).to_be_visible()
    page.get_by_role("searchbox", name="Name").fill(name.split()[0])
    expect(card).to_be_visible()

    # With the keyboard: opened, refused without a comment, set with one.
    card.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog.get_by_role("heading", name="Last changes")).to_be_visible()
    check(page, "dialog of an agent")
    dialog.get_by_label(re.compile("^Training")).check()
    dialog.get_by_role("button", name="Set state").click()
    expect(dialog.get_by_label("Why")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Why").fill("The course begins")
    dialog.get_by_role("button", name="Set state").click()
    expect(dialog).to_be_hidden()
    shows((agent,), "Break · Training", "paused")
    expect(agent.locator("#toasts")).to_contain_text("has set you to Break · Training: The course begins")
    expect(card).to_contain_text("Break · Training")

    # Who did it and why stands with the agent; then he is logged out of everything.
    card.click()
    expect(dialog.get_by_text("The course begins")).to_be_visible()
    dialog.get_by_label("Why").fill("The shift is over")
    dialog.get_by_role("button", name="Log out everywhere").click()
    expect(agent.get_by_role("button", name="Log in")).to_be_visible()
    expect(card).to_contain_text("Offline")
    log_in(agent, "agent2")
    expect(agent.locator("#toasts")).to_contain_text("has logged you out: The shift is over")


def test_team_that_answers_by_itself(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    admin = settled(sign_in(agent_browser, "admin"))
    admin.goto("/admin/teams/1")
    settled(admin)
    check(admin, "a team")
    admin.get_by_label("Answer by itself").check()
    admin.locator("#save").click()
    expect(admin.get_by_text("The team is saved.")).to_be_visible()
    agent = settled(sign_in(agent_browser, "agent3"))
    agent.keyboard.press("Alt+1")
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    expect(caller.get_by_role("heading", name="You are connected")).to_be_visible(timeout=PATIENCE)
    shows((agent,), "Busy", "busy")
    caller.get_by_role("button", name="Hang up").click()
    shows((agent,), "Post-processing", "wrap_up")
