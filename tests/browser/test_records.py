"""Record queues in a real browser: a table becomes records, and every action on them is done, open queue and closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.test_pages import check, choose_language, settled

SignIn = Callable[[Browser, str], Page]

TABLE = "ID;Title;Customer;Phone;City\n" + "".join(
    f"{number};Case {number};Customer {number};+49 30 12345{number};Berlin\n" for number in range(1, 8)
)


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


def work_on(agent: Page, title: str) -> None:
    """The agent takes the next record with the keyboard and has it in work."""
    expect(agent.locator("[data-shortcut='Alt+R']")).to_be_enabled()
    agent.keyboard.press("Alt+R")
    expect(agent.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(settled(agent).locator("#item-state").get_by_role("status")).to_contain_text("In work")


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


def test_every_action_in_a_closed_and_in_an_open_queue(sign_in: SignIn, agent_browser: Browser) -> None:
    admin = settled(sign_in(agent_browser, "admin"))
    add_queue(admin, "Returns", "one record after the other")
    import_table(admin, "Returns", TABLE + "9;A wrong one;X;12;Bonn\n", "returns.csv")

    agent = settled(sign_in(agent_browser, "agent1"))
    agent.goto("/p/records/desk")
    check(settled(agent), "desk")

    work_on(agent, "Case 1")
    check(agent, "a record in work")
    agent.get_by_label("City").fill("Potsdam")
    agent.keyboard.press("Control+Enter")
    expect(agent.get_by_text("Done.", exact=True)).to_be_visible()

    work_on(settled(agent), "Case 2")
    # The button is off while one is in work, and says why; the same agent in another tab is told the truth.
    other = agent.context.new_page()
    other.goto("/p/records/desk")
    expect(settled(other).get_by_role("button", name=re.compile("Next record"))).to_be_disabled()
    expect(other.get_by_text("You have 1 record in work, which is the most.")).to_be_visible()
    other.get_by_role("link", name="Case 2").click()
    expect(settled(other).get_by_role("button", name="Keep for me")).to_be_visible()
    with without_news(other):
        agent.keyboard.press("Alt+I")
        expect(agent.get_by_text("The record is yours now.")).to_be_visible()
        other.get_by_role("button", name="Keep for me").click()
        expect(other.get_by_role("alert")).to_contain_text("This record is done already.")
    other.reload()
    expect(settled(other).get_by_role("button", name="Keep for me")).to_have_count(0)
    other.close()
    agent.get_by_role("link", name="My records").click()
    expect(agent.get_by_role("link", name="Case 2")).to_be_visible()
    check(settled(agent), "records of one's own")
    agent.goto("/p/records/desk")

    work_on(settled(agent), "Case 3")
    agent.keyboard.press("Alt+L")
    expect(agent.get_by_label("Date and time")).to_be_focused()
    check(agent, "postponing")
    agent.get_by_label("Date and time").fill("2020-01-01T10:00")
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("dialog").get_by_text("Choose a time that lies ahead.")).to_be_visible()
    agent.get_by_role("dialog").get_by_role("button", name="In an hour").click()
    expect(settled(agent).locator(".record-mine li").filter(has_text="Case 3")).to_contain_text("Postponed")

    work_on(agent, "Case 4")
    agent.keyboard.press("Alt+G")
    expect(agent.get_by_text("The record is at the end of the queue.")).to_be_visible()

    work_on(settled(agent), "Case 5")
    agent.keyboard.press("Alt+K")
    kept = settled(agent).locator(".record-mine li").filter(has_text="Case 5")
    expect(kept).to_contain_text("Kept")
    check(agent, "desk with records")
    kept.get_by_role("link").click()
    agent.get_by_role("button", name="Take up again").focus()
    agent.keyboard.press("Enter")
    expect(settled(agent).locator("#item-state").get_by_role("status")).to_contain_text("In work")

    # Who watches over the queues takes it away: the page of the agent shows it at once.
    admin.goto(agent.url)
    settled(admin).get_by_role("button", name="Put back", exact=True).click()
    admin.get_by_role("dialog").get_by_label("Reason").fill("Somebody else is faster.")
    check(admin, "putting back")
    admin.keyboard.press("Enter")
    expect(admin.get_by_text("The record is in the queue again.")).to_be_visible()
    expect(agent.get_by_text("This record is not with you any more")).to_be_visible()

    add_queue(admin, "Complaints", "any record from a list")
    import_table(admin, "Complaints", TABLE.replace("Case", "Complaint"), "complaints.csv")
    agent.goto("/p/records/desk")
    settled(agent).get_by_role("link", name=re.compile("^Open the list ?: Complaints")).click()
    expect(settled(agent).get_by_role("row").filter(has_text="Complaint 4")).to_contain_text("Berlin")
    check(agent, "an open queue")
    open_it = agent.get_by_role("button", name=re.compile("^Open ?: Complaint 4"))
    open_it.focus()
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("heading", name="Complaint 4", exact=True)).to_be_visible()
    agent.keyboard.press("Alt+G")
    expect(agent.get_by_text("The record is at the end of the queue.")).to_be_visible()
    for key, said in (
        ("Control+Enter", "Done."), ("Alt+I", "The record is yours now."), ("Alt+K", "The record is kept for you."),
    ):  # fmt: skip
        settled(agent).get_by_role("link", name=re.compile("^Open the list ?: Complaints")).click()
        settled(agent).get_by_role("button", name=re.compile("^Open ?: Complaint")).first.click()
        expect(settled(agent).locator("#item-state").get_by_role("status")).to_contain_text("In work")
        agent.keyboard.press(key)
        expect(agent.get_by_text(said).first).to_be_visible()

    choose_language(agent, "Русский")
    agent.goto("/p/records/desk")
    expect(settled(agent).get_by_role("button", name=re.compile("Следующая запись"))).to_be_enabled()
    check(agent, "desk in Russian")
    agent.keyboard.press("Alt+R")
    expect(agent.get_by_role("button", name="Оставить за мной")).to_be_visible()
    check(settled(agent), "a record in Russian")
    choose_language(agent, "English")
