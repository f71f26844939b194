"""Dispositions in a real browser: set up with mouse and keyboard, brought in from a table, seen by agents."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_pages import PHONE, check, choose_language, settled

SignIn = Callable[[Browser, str], Page]

ROWS = [
    ["Order", "Final", "Bought it", "11", "true", "SUCCESS", "true", "true", "false", "", "BLENDED"],
    ["Engaged", "Line", "", "", "false", "CONTINUE", "false", "true", "false", "BUSY", "OUTBOUND"],
]


def table(*rows: list[str]) -> bytes:
    """A table of dispositions."""
    return "".join(",".join(row) + "\r\n" for row in rows).encode()


def opened(page: Page) -> Page:
    """The page of the list of all queues."""
    page.goto("/p/wrapup/dispositions")
    expect(page.get_by_role("heading", name="Final", exact=True)).to_be_visible()
    return settled(page)


def folder(page: Page, name: str) -> Locator:
    """A folder with what lies in it."""
    return page.locator(".disposition-folders > li").filter(has=page.get_by_role("heading", name=name, exact=True))


def first_in(page: Page, name: str) -> Locator:
    """What stands first in a folder."""
    return folder(page, name).locator("[data-order-group] > li").first.locator("[data-order-name]")


def look_at(page: Page, content: bytes) -> None:
    """The administrator chooses a file and lets it be looked at."""
    page.get_by_label("Table in CSV").set_input_files(
        {"name": "dispositions.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Look at the file").click()


def test_a_list_is_set_up_with_the_keyboard_and_the_mouse(sign_in: SignIn, agent_browser: Browser) -> None:
    page = opened(sign_in(agent_browser, "admin"))
    check(page, "dispositions")
    page.get_by_label("Name of the folder").fill("final")
    page.get_by_role("button", name="Add folder").click()
    expect(page.get_by_text("There is a folder of this name already.")).to_be_visible()
    page.get_by_label("Name of the folder").fill("Sales")
    page.get_by_role("button", name="Add folder").click()
    expect(folder(page, "Sales")).to_be_visible()
    check(settled(page), "an empty folder")

    folder(page, "Sales").get_by_role("link", name=re.compile("^Add")).click()
    expect(page.get_by_role("heading", name="Add a disposition")).to_be_visible()
    check(settled(page), "a new disposition")
    page.get_by_label("Name of the disposition").fill("REFUSAL")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("There is a disposition of this name already.")).to_be_visible()
    page.get_by_label("Name of the disposition").fill("Sold")
    page.get_by_label("Code").fill("21")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The disposition is added.")).to_be_visible()
    expect(first_in(page, "Sales")).to_have_text("Sold")

    # Up from the folder below, past its first place.
    settled(page)
    handle = folder(page, "Final").get_by_role("button", name="Move Refusal")
    handle.focus()
    page.keyboard.press("ArrowUp")
    expect(first_in(page, "Final")).to_have_text("Refusal")
    expect(page.locator("#announcer")).to_have_text("Refusal is now number 1 in Final.")
    with page.expect_response(re.compile("/order$")):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
    expect(first_in(page, "Intermediate")).to_have_text("Refusal")
    with page.expect_response(re.compile("/order$")):
        folder(page, "Sales").get_by_role("button", name="Move Sold").drag_to(
            folder(page, "System").get_by_role("button", name="Move Record no longer valid")
        )
    opened(page)
    expect(first_in(page, "Intermediate")).to_have_text("Refusal")
    expect(folder(page, "System")).to_contain_text("Sold")
    expect(folder(page, "Sales")).not_to_contain_text("Sold")

    page.get_by_role("link", name="Change Busy").click()
    expect(page.get_by_text("it can be renamed, moved and switched off, but not deleted")).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    check(settled(page), "a disposition of the system")
    page.get_by_label("Name of the disposition").fill("Engaged")
    page.get_by_label("Folder").select_option(label="Sales")
    page.keyboard.press("Control+Enter")
    expect(first_in(page, "Sales")).to_have_text("Engaged")

    page.get_by_role("link", name="Change Sales").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    check(settled(page), "asks before a folder is deleted")
    page.get_by_role("button", name="Delete folder").click()
    expect(page.get_by_text("There are dispositions in this folder.")).to_be_visible()

    opened(page)
    page.get_by_role("searchbox", name="Name, description").fill("engaged")
    expect(page.get_by_text("What is found cannot be moved.")).to_be_visible()
    expect(page.locator(".disposition-list > li")).to_have_count(1)
    check(settled(page), "what is found")
    page.get_by_role("searchbox", name="Name, description").fill("no such thing")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    check(settled(page), "nothing is found")


def test_a_table_is_looked_at_refused_and_taken_in(sign_in: SignIn, agent_browser: Browser) -> None:
    page = opened(sign_in(agent_browser, "admin"))
    page.get_by_role("link", name="Import", exact=True).click()
    expect(page.get_by_label("Table in CSV")).to_be_visible()
    check(settled(page), "import of dispositions")
    look_at(page, table(ROWS[0], ["ORDER", *ROWS[0][1:3], "", *ROWS[0][4:]], [*ROWS[1], "more"]))
    expect(page.get_by_text("Nothing of this table was taken.")).to_be_visible()
    problems = page.get_by_role("listitem").filter(has_text="differ in capital letters alone")
    expect(problems).to_have_count(2)
    expect(page.get_by_role("listitem").filter(has_text="Line 3")).to_contain_text("There are 12 columns")
    check(settled(page), "a table that is refused")
    look_at(page, table(*ROWS))
    expect(page.get_by_role("heading", name="What will change")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="New folder")).to_contain_text("Line")
    check(settled(page), "what a table will change")
    page.get_by_role("button", name="Import the table").click()
    expect(page.get_by_text("The table is imported.")).to_be_visible()
    expect(first_in(page, "Line")).to_have_text("Engaged")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    assert download.value.path().read_bytes() == table(*ROWS)


def test_a_queue_gets_dispositions_of_its_own(sign_in: SignIn, agent_browser: Browser) -> None:
    page = opened(sign_in(agent_browser, "admin"))
    choice = page.get_by_label("Whose dispositions")
    queue = choice.locator("option").nth(1).get_attribute("value")
    choice.select_option(queue)
    expect(page.get_by_role("heading", name="This queue has the dispositions of all queues")).to_be_visible()
    check(settled(page), "a queue without its own")
    page.get_by_role("button", name="Give it dispositions of its own").click()
    expect(page.get_by_text("This queue has dispositions of its own.")).to_be_visible()
    expect(page.get_by_role("heading", name="Final", exact=True)).to_be_visible()
    check(settled(page), "a queue with its own")
    page.set_viewport_size(PHONE)
    check(page, "dispositions, phone")
    page.set_viewport_size({"width": 1366, "height": 820})
    page.get_by_role("button", name="Use those of all queues").click()
    page.get_by_role("button", name="Remove this list").click()
    expect(page.get_by_role("heading", name="This queue has the dispositions of all queues")).to_be_visible()


def test_dispositions_in_russian_and_on_a_phone(open_page: OpenPage, sign_in: SignIn, agent_browser: Browser) -> None:
    page = opened(sign_in(agent_browser, "admin"))
    choose_language(page, "Русский")
    for address in ("", "/entries", "/import"):
        page.goto("/p/wrapup/dispositions")
        expect(page.get_by_role("link", name="Импорт", exact=True)).to_be_visible()
        expect(page.locator(".disposition-list > li").first).to_be_visible()
        if address == "/entries":
            page.locator(".disposition-list").get_by_role("link").first.click()
            expect(page.locator("#field-description")).to_be_visible()
        elif address == "/import":
            page.get_by_role("link", name="Импорт", exact=True).click()
            expect(page.locator("#field-file")).to_be_visible()
        check(settled(page), f"dispositions{address}, Russian")
        page.set_viewport_size(PHONE)
        check(settled(page), f"dispositions{address}, Russian, phone")
        page.set_viewport_size({"width": 1366, "height": 820})
    choose_language(page, "English")
