"""Queues are set up with the keyboard alone, in both languages, light and dark; callers learn when it is closed."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_pages import WIDTHS, check, choose_language, fits, settled

SignIn = Callable[[Browser, str], Page]

PAGES = ("/p/routing/queues/settings", "/p/routing/queues/2", "/p/routing/skills", "/p/routing/skills/agents/3")


def saved(page: Page, sentence: str) -> None:
    """The page has said so in passing."""
    expect(page.locator("#toasts")).to_contain_text(sentence)


def drawn(page: Page, day: int) -> list[tuple[str, str]]:
    """The hours of a day as its picture shows them: from which minute on, and how many."""
    bars = page.locator(f"[data-day='{day}'] [data-day-bar] .span")
    return [(bar.get_attribute("x") or "", bar.get_attribute("width") or "") for bar in bars.all()]


def test_a_queue_is_set_up_with_the_keyboard_alone(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    page = settled(sign_in(agent_browser, "admin"))

    # A skill first, and who has it.
    page.goto("/p/routing/skills")
    check(settled(page), "no skills yet")
    page.get_by_label("Name of the new skill").focus()
    page.keyboard.type("German")
    page.keyboard.press("Enter")
    saved(page, "Say now who has it")
    cell = page.get_by_label("Anna Petrova: German")
    cell.focus()
    page.keyboard.type("12")
    page.keyboard.press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("The skills were not saved.")
    expect(cell).to_have_value("")
    cell.focus()
    page.keyboard.type("7")
    with page.expect_response("**/skills/level") as kept:
        page.keyboard.press("Tab")
    assert kept.value.status == 204

    # The queue, with its week.
    page.goto("/p/routing/queues/settings")
    settled(page).get_by_role("link", name="Add a queue").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True).first).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("Name", exact=True).first).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("Sales")
    page.get_by_label("German").select_option("5")
    page.get_by_role("radio", name="Always open").focus()
    page.keyboard.press("ArrowDown")
    opens, closes = page.get_by_label("Monday, opens"), page.get_by_label("Monday, closes")
    opens.first.focus()
    page.keyboard.type("9")
    page.keyboard.press("Tab")
    page.keyboard.type("1230")
    page.keyboard.press("Tab")
    expect(opens.first).to_have_value("09:00")
    assert drawn(page, 0) == [("540", "210")]
    page.get_by_role("button", name="Monday: add hours").focus()
    page.keyboard.press("Enter")
    expect(opens.nth(1)).to_be_focused()
    page.keyboard.type("14")
    page.keyboard.press("Tab")
    page.keyboard.type("24:00")
    page.get_by_role("button", name="As Monday, until Friday").focus()
    page.keyboard.press("Enter")
    assert drawn(page, 4) == [("540", "210"), ("840", "600")]
    page.get_by_role("button", name="Friday: remove these hours").nth(1).press("Enter")
    page.get_by_role("button", name="Add a day").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Day", exact=True)).to_be_focused()
    page.get_by_label("Day", exact=True).fill("2030-01-01")
    page.get_by_label("Go on to").select_option(label="Main")
    page.get_by_label("After waiting for").fill("60")
    check(page, "a new queue")
    page.keyboard.press("Control+Enter")
    saved(page, "The queue is ready.")
    expect(page).to_have_url(re.compile(r"/p/routing/queues/2$"))
    settled(page)
    assert drawn(page, 0) == [("540", "210"), ("840", "600")]
    assert drawn(page, 4) == [("540", "210")]
    expect(closes.nth(1)).to_have_value("24:00")
    expect(page.get_by_label("Day", exact=True)).to_have_value("2030-01-01")
    check(page, "a queue")

    # A circle is refused by its name.
    page.goto("/p/routing/queues/1")
    settled(page).get_by_label("Go on to").select_option(label="Sales")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#queue-limits")).to_contain_text("Main → Sales → Main")
    check(page, "a circle of queues")

    # The order.
    page.goto("/p/routing/queues/settings")
    settled(page).get_by_role("button", name="Move Sales").focus()
    with page.expect_response("**/queues/order") as ordered:
        page.keyboard.press("ArrowUp")
    assert ordered.value.status == 204
    expect(page.locator("#announcer")).to_have_text("Sales is now number 1.")
    page.reload()
    expect(settled(page).locator("[data-order-name]").first).to_have_text("Sales")

    for path in PAGES:
        page.goto(path)
        check(settled(page), path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 820})
            fits(page, f"{path} at {width}")
        page.set_viewport_size({"width": 1366, "height": 820})
    choose_language(page, "Русский")
    for path in PAGES:
        page.goto(path)
        # The names of time zones stand as they are.
        settled(page).locator("select[name=timezone] optgroup").evaluate_all(
            "all => all.forEach(each => each.remove())"
        )
        text = page.locator("#main").inner_text()
        names = r"Sales|Main|German|[A-Z][a-z]+ [A-Z][a-z]+|Demo|Team \d|UTC"
        assert not re.findall(r"[A-Za-z]{3,}", re.sub(names, "", text)), path
        check(page, f"{path} in Russian")
        fits(page, path)
    choose_language(page, "English")

    # Outside of the hours a caller is told so, and is asked for nothing.
    page.goto("/p/routing/queues/2")
    settled(page).locator("[data-clear-span]").evaluate_all("all => all.forEach(button => button.click())")
    page.keyboard.press("Control+Enter")
    saved(page, "The queue is saved.")
    expect(page.locator(".queue-warnings")).to_contain_text("never open")
    check(settled(page), "a queue that is never open")
    caller = open_page(caller_browser, "/call/demo")
    expect(caller.get_by_role("heading", name="Not just now")).to_be_visible()
    expect(caller.get_by_text("We are closed.")).to_be_visible()
    check(caller, "the call page outside of the hours")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete queue").click()
    saved(page, "The queue is deleted.")
    caller.get_by_role("button", name="Look again").click()
    expect(caller.get_by_label("Your name")).to_be_visible()
