"""Every page and its states: usable by everybody (axe), with the keyboard alone, in both languages, in every width."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage, log_in
from tests.browser.main_job import go_inbound, place_call
from tests.serving import DEMO_PASSWORD, ROOT

SignIn = Callable[[Browser, str], Page]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PHONE: ViewportSize = {"width": 390, "height": 844}
WIDTHS = (1366, 1024, 390)
HEIGHT = 820

# Rules of the guidelines and good practice alike; what is minor or moderate is not counted.
_RUN_AXE = """
async rules => (await axe.run(document, { resultTypes: ["violations"], ...rules })).violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(node => node.html + " " + node.failureSummary) }))
"""

# All rules once; in the dark those again that look at colours.
_SCHEMES: tuple[tuple[Literal["light", "dark"], dict[str, list[str]]], ...] = (
    ("light", {}),
    ("dark", {"runOnly": ["color-contrast", "link-in-text-block"]}),
)

# New colours are on their way for a moment, even without motion.
_PAINTED = """
async () => {
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  const passing = document.getAnimations().filter(each => each instanceof CSSTransition);
  await Promise.allSettled(passing.map(each => each.finished));
}
"""

_FOCUS_RING = """
element => {
  // A choice is ringed as a whole, around its radio button.
  const ringed = element.closest(".choice, .role-choice") ?? element;
  const { outlineStyle, outlineWidth } = getComputedStyle(ringed);
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
}
"""


@cache
def axe_source() -> str:
    """The script that looks for what keeps people from using a page."""
    return Path(AXE).read_text(encoding="utf-8")


def check(page: Page, state: str) -> None:
    """No serious or critical violation, light and dark, and nothing wider than the window."""
    page.mouse.move(0, 0)
    for scheme, rules in _SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        page.evaluate(_PAINTED)
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(axe_source())
        found = page.evaluate(_RUN_AXE, rules)
        assert not found, f"{state}, {scheme}: {found}"
    fits(page, state)


def fits(page: Page, state: str) -> None:
    """The page does not scroll sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{state}: {wide} px too wide"


def settled(page: Page) -> Page:
    """The page once each of its parts has been loaded."""
    expect(page.locator("html")).to_have_attribute("data-connection", "connected")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return page


def box(locator: Locator) -> FloatRect:
    """Where an element is."""
    found = locator.bounding_box()
    assert found is not None
    return found


def overlap(one: FloatRect, other: FloatRect) -> bool:
    """Whether two elements cover each other."""
    beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    return not beside and not above


def choose_language(page: Page, name: str) -> None:
    """The user takes another language from the menu under the name."""
    page.locator("#user-menu-button").click()
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def test_pages_before_login(open_page: OpenPage, agent_browser: Browser) -> None:
    page = open_page(agent_browser, "/login")
    check(page, "login")
    page.get_by_label("Login").fill("agent1")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    expect(page.get_by_label("Password")).to_be_focused()
    check(page, "wrong password")
    page.get_by_label("Login").fill("supervisor")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Choose a role")).to_be_visible()
    check(page, "choice of a role")


def test_pages_that_say_no(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "reader"))
    expect(page.get_by_role("heading", name="Nothing to do here yet")).to_be_visible()
    check(page, "start page without anything")
    page.goto("/no/such/page")
    expect(page.get_by_role("heading", name="This page does not exist.")).to_be_visible()
    check(page, "no such page")
    page.goto("/p/routing/queues")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("not allow|may not"))
    check(page, "forbidden")


def test_queue_page(sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    check(page, "start page")
    page.get_by_role("navigation").get_by_role("link", name="Queues").click()
    expect(page.get_by_text("Nobody waits")).to_be_visible()
    settled(page)
    check(page, "queues, nobody waits")
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    expect(page.get_by_role("row").filter(has_text="Maria Jensen")).to_contain_text("+49 30 901820")
    ring_for = page.get_by_label("Ring for")
    before = ring_for.input_value()
    ring_for.fill("0")
    page.get_by_role("button", name="Save team").click()
    expect(ring_for).to_have_attribute("aria-invalid", "true")
    expect(ring_for).to_be_focused()
    expect(page.locator("form").filter(has=ring_for)).to_contain_text("Give a number of seconds between")
    expect(page.get_by_role("alert")).to_contain_text("The team was not saved.")
    check(page, "queues, a value is refused")
    # The frame stays where it is, however long the page.
    page.mouse.wheel(0, 5000)
    expect(page.get_by_role("button", name="Save team")).to_be_in_viewport()
    expect(page.get_by_role("navigation").get_by_role("link", name="Queues")).to_be_in_viewport(ratio=1)
    expect(page.locator("#user-menu-button")).to_be_in_viewport(ratio=1)
    ring_for.fill(before)
    page.get_by_role("button", name="Save team").click()
    expect(page.get_by_text("The team is saved.")).to_be_visible()
    expect(page.get_by_text("The team was not saved.")).to_have_count(0)
    caller.get_by_role("button", name="Hang up").click()
    expect(page.get_by_text("Nobody waits")).to_be_visible()


def test_workspace_before_the_first_call(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "agent1"))
    expect(page.get_by_text("No calls yet today")).to_be_visible()
    check(page, "home without calls")
    page.locator("#status-button").click()
    check(page, "status menu")
    page.keyboard.press("Escape")
    page.locator("#user-menu-button").click()
    check(page, "menu of the user")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Status menu")
    check(page, "keyboard shortcuts")


def test_workspace_and_call_page_through_a_call(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    caller.set_viewport_size(PHONE)
    check(caller, "call page")
    caller.get_by_role("button", name="Call", exact=True).click()
    expect(caller.get_by_label("Your name")).to_have_attribute("aria-invalid", "true")
    check(caller, "call page, refused")
    place_call(caller)
    expect(caller.get_by_role("heading", name="Please wait")).to_be_visible()
    check(caller, "call page, waiting")

    agent = settled(sign_in(agent_browser, "agent2"))
    agent.keyboard.press("Alt+1")
    expect(agent.get_by_text("Incoming call", exact=True)).to_be_visible()
    check(agent, "ringing")
    agent.keyboard.press("Alt+A")
    expect(caller.get_by_role("heading", name="You are connected")).to_be_visible()
    check(caller, "call page, talking")
    expect(agent.get_by_role("tab", name="Task processing")).to_be_visible()
    check(agent, "talking")
    the_softphone_covers_nothing(agent)

    agent.keyboard.press("Alt+M")
    expect(agent.get_by_text("The caller does not hear you.")).to_be_visible()
    agent.get_by_role("button", name="Keys").click()
    check(agent, "muted, with the keypad")
    agent.keyboard.press("Alt+M")
    agent.keyboard.press("Alt+H")
    expect(caller.get_by_role("heading", name="You are on hold")).to_be_visible()
    check(caller, "call page, on hold")
    expect(agent.get_by_role("button", name="Resume")).to_be_visible()
    check(agent, "on hold")
    agent.keyboard.press("Alt+H")

    panel = agent.locator("#panels")
    agent.keyboard.press("Control+Enter")
    expect(panel.get_by_role("alert")).to_contain_text("missing")
    check(agent, "an answer is missing")
    agent.keyboard.press("Alt+N")
    expect(panel.get_by_role("alert")).to_have_count(0)
    panel.get_by_label("At a set time").check()
    check(agent, "the next attempt")
    agent.keyboard.press("Alt+Y")
    panel.get_by_label("Comment").fill("Sends the form by post.")
    agent.keyboard.press("Control+Enter")
    expect(agent.get_by_role("dialog", name="End the call and send?")).to_be_visible()
    check(agent, "asks before the call is ended")
    agent.keyboard.press("Escape")

    agent.keyboard.press("Alt+U")
    expect(caller.get_by_role("heading", name="The call has ended")).to_be_visible()
    check(caller, "call page, ended")
    expect(panel.get_by_role("timer")).to_be_visible()
    check(agent, "after the call")
    agent.keyboard.press("Control+Enter")
    expect(agent.locator("#status-button")).to_contain_text("Waiting")
    expect(agent.get_by_role("row").filter(has_text="Maria Jensen")).to_have_count(1)
    check(agent, "home with a call")


def the_softphone_covers_nothing(agent: Page) -> None:
    """The form, with its button to send, and the softphone stand side by side, in every width of a desk."""
    for width in (1366, 1024):
        agent.set_viewport_size({"width": width, "height": HEIGHT})
        fits(agent, f"talking, {width} px")
        dock = box(agent.locator("#dock"))
        assert not overlap(dock, box(agent.locator("#panels")))
        assert not overlap(dock, box(agent.locator("#main")))
        assert not overlap(dock, box(agent.locator("#wrapup-send")))
        expect(agent.get_by_role("button", name="Hang up")).to_be_in_viewport(ratio=1)
        expect(agent.locator("#wrapup-send")).to_be_in_viewport(ratio=1)
    agent.set_viewport_size(PHONE)
    fits(agent, "talking, phone")
    expect(agent.get_by_role("button", name="Hang up")).to_be_in_viewport(ratio=1)
    agent.set_viewport_size({"width": 1366, "height": HEIGHT})


def test_microphone_that_is_blocked_is_explained(open_page: OpenPage, agent_browser: Browser) -> None:
    page = open_page(agent_browser, "/call/demo")
    page.set_viewport_size(PHONE)
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') } }"
    )
    place_call(page)
    expect(page.get_by_role("alert")).to_contain_text("allow the microphone")
    check(page, "call page, microphone blocked")


def test_softphone_says_what_to_do_when_the_microphone_is_blocked(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    agent = settled(sign_in(agent_browser, "agent1"))
    agent.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') } }"
    )
    go_inbound(agent)
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    agent.get_by_role("button", name="Accept").click()
    expect(agent.locator("#dock").get_by_role("alert")).to_contain_text("allow the microphone")
    expect(agent.get_by_role("button", name="Reject")).to_be_visible()
    check(agent, "softphone, microphone blocked")
    agent.get_by_role("button", name="Reject").click()
    expect(agent.locator("#status-button")).to_contain_text("Missed")
    caller.get_by_role("button", name="Hang up").click()


def test_everything_is_reached_with_the_keyboard(open_page: OpenPage, agent_browser: Browser) -> None:
    page = open_page(agent_browser, "/login")
    expect(page.get_by_label("Login")).to_be_focused()
    page.keyboard.type("agent3")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(DEMO_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    settled(page)

    wanted = {
        "Skip to the content": page.get_by_role("link", name="Skip to the content"),
        "navigation": page.get_by_role("navigation").get_by_role("link", name="Home"),
        "shortcuts": page.get_by_role("button", name="Keyboard shortcuts"),
        "status": page.locator("#status-button"),
        "user": page.locator("#user-menu-button"),
    }
    for name, control in wanted.items():
        tab_to(page, control, name)
    page.keyboard.press("Alt+1")
    expect(page.locator("#status-button")).to_contain_text("Waiting")
    page.keyboard.press("Alt+s")
    expect(page.get_by_role("button", name=re.compile("^Break"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#status-button")).to_be_focused()
    page.keyboard.press("Alt+p")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+3")
    expect(page.locator("#status-button")).to_contain_text("Break")


def tab_to(page: Page, control: Locator, name: str) -> None:
    """Tab leads there, and shows where it is."""
    for _step in range(30):
        page.keyboard.press("Tab")
        if control.evaluate("element => element === document.activeElement"):
            assert control.evaluate(_FOCUS_RING), f"{name}: the focus does not show"
            return
    pytest.fail(f"Tab does not lead to: {name}")


def test_no_two_controls_share_a_shortcut(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    agent = settled(sign_in(agent_browser, "agent4"))
    go_inbound(agent)
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    agent.get_by_role("button", name="Accept").click()
    expect(agent.get_by_role("button", name="Hang up")).to_be_visible()
    expect(agent.locator("#wrapup-send")).to_be_visible()
    keys = agent.locator("[data-shortcut]").evaluate_all("all => all.map(each => each.dataset.shortcut)")
    assert len(keys) == len(set(keys)) >= 10, keys
    agent.keyboard.press("Alt+U")
    expect(caller.get_by_role("heading", name="The call has ended")).to_be_visible()


def test_russian_leaves_no_english(open_page: OpenPage, agent_browser: Browser, caller_browser: Browser) -> None:
    page = open_page(agent_browser, "/login")
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Войти")
    only_russian(page, "login")
    page.get_by_label("Логин").fill("agent5")
    page.get_by_label("Пароль").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url("**/")
    choose_language(settled(page), "Русский")
    expect(page.get_by_role("heading", level=1)).to_have_text("Сегодня")
    only_russian(settled(page), "home")
    page.locator("#status-button").click()
    only_russian(page, "status menu")
    page.keyboard.press("Alt+1")

    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"], locale="ru-RU")
    caller.set_viewport_size(PHONE)
    only_russian(caller, "call page")
    caller.get_by_label("Ваше имя").fill("Екатерина Константинопольская")
    caller.get_by_label("Ваш номер телефона").fill("+74951234567")
    caller.get_by_role("button", name="Позвонить", exact=True).click()
    expect(page.locator("#softphone-accept")).to_be_visible()
    only_russian(page, "ringing")
    page.locator("#softphone-accept").click()
    expect(page.locator("#wrapup-send")).to_be_visible()
    only_russian(page, "talking")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        fits(page, f"talking, {width} px")
    fits(caller, "call page, talking")
    page.keyboard.press("Alt+U")
    expect(caller.get_by_role("heading", name="Звонок завершён")).to_be_visible()
    only_russian(caller, "call page, ended")


# Names, keys and addresses are the same in every language.
_SAME = r"Switchroom|Demo|Elena Sokolova|Team \d|English|Alt|Ctrl|Enter|UTC|Main|ES"


def only_russian(page: Page, state: str) -> None:
    """What can be seen holds no Latin word but names and keys."""
    seen = re.sub(_SAME, "", page.locator("body").inner_text())
    assert re.findall(r"[A-Za-z]{2,}", seen) == [], f"{state}: {seen}"


def test_russian_queue_page(open_page: OpenPage, agent_browser: Browser) -> None:
    page = open_page(agent_browser, "/login")
    log_in(page, "admin")
    choose_language(settled(page), "Русский")
    page.get_by_role("navigation").get_by_role("link", name="Очереди").click()
    expect(page.get_by_role("button", name="Сохранить команду")).to_be_visible()
    seen = re.sub(r"Alex Morgan|[A-Z][a-z]+ [A-Z][a-z]+", "", page.locator("body").inner_text())
    assert re.findall(r"[A-Za-z]{2,}", re.sub(_SAME + "|AM", "", seen)) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        fits(page, f"queues, {width} px")
