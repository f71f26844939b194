"""Record queues as administrators set them up and agents work in them: steps that several tests take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.test_pages import check, settled


def table_of(word: str) -> str:
    """A table of seven records, named by a word and a number."""
    lines = (f"{number};{word} {number};Customer {number};+49 30 12345{number};Berlin\n" for number in range(1, 8))
    return "ID;Title;Customer;Phone;City\n" + "".join(lines)


def add_queue(admin: Page, name: str, kind: str) -> None:
    """The administrator adds a queue whose list shows the city."""
    admin.goto("/p/records/manage/new")
    admin.get_by_label("Name", exact=True).fill(name)
    admin.get_by_role("radio", name=re.compile(kind)).check()
    admin.get_by_label("Columns").fill("City")
    check(settled(admin), "a new queue")
    admin.keyboard.press("Control+Enter")
    expect(admin.get_by_text("The queue is ready.")).to_be_visible()


def import_table(admin: Page, queue: str, table: str, name: str) -> None:
    """The administrator imports a table, looks at what it holds, and leaves out what is wrong."""
    admin.goto("/p/records/imports")
    check(settled(admin), "import")
    admin.get_by_label("XLSX or CSV").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": table.encode("cp1251")}
    )
    admin.get_by_label("Into the queue").select_option(label=queue)
    admin.get_by_role("button", name="Look at the file").click()
    expect(admin.get_by_label(re.compile("^Phone"))).to_have_value("contact_number")
    check(settled(admin), "columns")
    admin.get_by_role("button", name="Check every line").click()
    expect(admin.get_by_role("heading", name="So they will look")).to_be_visible()
    check(settled(admin), "preview")
    if "wrong" in table:
        expect(admin.get_by_text("This is no phone number that exists.")).to_be_visible()
        admin.get_by_label(re.compile("Leave out 1 line")).check()
    admin.get_by_role("button", name=re.compile("^Import ")).click()
    expect(admin.get_by_text(re.compile("records are imported")).first).to_be_visible()


def watch_queue(admin: Page, name: str) -> None:
    """The administrator has the records of a queue before him, with their states and owners."""
    admin.goto("/p/records/queues")
    settled(admin).get_by_role("link", name=name, exact=True).click()
    expect(settled(admin).get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(admin).to_have_url(re.compile(r"/p/records/queues/\d+$"))


def row(page: Page, title: str) -> Locator:
    """The row of a record in the list of its queue."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True))


def own(page: Page, title: str) -> Locator:
    """A record among those that an agent has in work or has put aside, on his desk."""
    return page.locator(".record-mine li").filter(has=page.get_by_role("link", name=title, exact=True))


def in_work(page: Page, title: str) -> None:
    """The agent is on the page of the record, which he has in work."""
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(settled(page).locator("#item-state").get_by_role("status")).to_contain_text("In work")


@contextmanager
def without_news(page: Page) -> Iterator[None]:
    """The page goes on showing what it shows: nothing that it asks for arrives, only what it does."""

    def keep_back(route: Route) -> None:
        if route.request.method == "GET":
            route.abort()
        else:
            route.continue_()

    page.route("**/*", keep_back)
    settled(page)
    yield
    page.unroute("**/*", keep_back)
