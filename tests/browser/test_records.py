"""Record queues in a real browser: a table becomes records, and every action on them is done, open queue and closed."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Installation
from tests.browser.record_queues import (
    add_queue,
    import_table,
    in_work,
    own,
    row,
    table_of,
    watch_queue,
    without_news,
)
from tests.browser.test_pages import PHONE, WIDTHS, check, choose_language, fits, settled

SignIn = Callable[[Browser, str], Page]

AGENT = "Anna Petrova"


def take_next(agent: Page, title: str) -> None:
    """The agent takes the next record with the keyboard and has it in work."""
    expect(agent.locator("[data-shortcut='Alt+R']")).to_be_enabled()
    agent.keyboard.press("Alt+R")
    in_work(agent, title)


def open_from_list(agent: Page, queue: str, title: str) -> None:
    """The agent opens a record that he has chosen from the list of an open queue."""
    settled(agent).get_by_role("link", name=re.compile(f"^Open the list ?: {queue}")).click()
    expect(settled(agent).get_by_role("heading", name=queue, exact=True)).to_be_visible()
    agent.get_by_role("button", name=re.compile(f"^Open ?: {title}$")).focus()
    agent.keyboard.press("Enter")
    in_work(agent, title)


def test_every_action_in_a_closed_queue(sign_in: SignIn, agent_browser: Browser) -> None:
    admin = settled(sign_in(agent_browser, "admin"))
    add_queue(admin, "Returns", "one record after the other")
    import_table(admin, "Returns", table_of("Case") + "9;A wrong one;X;12;Bonn\n", "returns.csv")
    watch_queue(admin, "Returns")

    agent = settled(sign_in(agent_browser, "agent1"))
    agent.goto("/p/records/desk")
    check(settled(agent), "desk")

    # Done: it leaves the queue.
    take_next(agent, "Case 1")
    expect(row(admin, "Case 1")).to_contain_text(re.compile(f"In work.*{AGENT}", re.DOTALL))
    check(agent, "a record in work")
    agent.get_by_label("City").fill("Potsdam")
    agent.keyboard.press("Control+Enter")
    expect(agent.get_by_text("The record is done.")).to_be_visible()
    expect(row(admin, "Case 1")).to_have_count(0)

    take_next(settled(agent), "Case 2")
    # The button is off while one is in work, and says why; the same agent in another tab is told the truth.
    other = agent.context.new_page()
    other.goto("/p/records/desk")
    expect(settled(other).get_by_role("button", name=re.compile("Next record"))).to_be_disabled()
    expect(other.get_by_text("You have 1 record in work, which is the most.")).to_be_visible()
    other.get_by_role("link", name="Case 2").click()
    expect(settled(other).get_by_role("button", name="Keep for me")).to_be_visible()
    with without_news(other):
        # Assign to me: it leaves the queue, and is among the agent's own records.
        agent.keyboard.press("Alt+I")
        expect(agent.get_by_text("The record is yours now.")).to_be_visible()
        other.get_by_role("button", name="Keep for me").click()
        expect(other.get_by_role("alert").filter(has_text="This record is done already.")).to_be_visible()
    other.reload()
    expect(settled(other).get_by_role("button", name="Keep for me")).to_have_count(0)
    other.close()
    expect(row(admin, "Case 2")).to_have_count(0)
    agent.get_by_role("link", name="My records").click()
    expect(agent.get_by_role("link", name="Case 2")).to_be_visible()
    check(settled(agent), "records of one's own")
    agent.goto("/p/records/desk")

    # Postpone: it stays the agent's, with its time.
    take_next(settled(agent), "Case 3")
    agent.keyboard.press("Alt+L")
    expect(agent.get_by_label("Date and time")).to_be_focused()
    check(agent, "postponing")
    agent.get_by_label("Date and time").fill("2020-01-01T10:00")
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("dialog").get_by_text("Choose a time that lies ahead.")).to_be_visible()
    agent.get_by_role("dialog").get_by_role("button", name="In an hour").click()
    expect(own(settled(agent), "Case 3")).to_contain_text("Postponed")
    expect(row(admin, "Case 3")).to_contain_text(re.compile(f"Postponed.*{AGENT}", re.DOTALL))

    # Move to the end: it is nobody's, behind all others, and the move is counted.
    take_next(agent, "Case 4")
    agent.keyboard.press("Alt+G")
    expect(agent.get_by_text("The record is at the end of the queue.")).to_be_visible()
    expect(row(admin, "Case 4")).to_contain_text("Waiting again")
    expect(row(admin, "Case 4")).not_to_contain_text(AGENT)
    expect(admin.get_by_role("row").last).to_contain_text("Case 4")

    # Keep for me: it stays the agent's, without a time.
    take_next(settled(agent), "Case 5")
    agent.keyboard.press("Alt+K")
    kept = own(settled(agent), "Case 5")
    expect(kept).to_contain_text("Kept")
    expect(row(admin, "Case 5")).to_contain_text(re.compile(f"Kept.*{AGENT}", re.DOTALL))
    check(agent, "desk with records")
    kept.get_by_role("link").click()
    agent.get_by_role("button", name="Take up again").focus()
    agent.keyboard.press("Enter")
    in_work(agent, "Case 5")

    # Who watches over the queues takes it away: the page of the agent shows it at once.
    expect(agent).to_have_url(re.compile(r"/p/records/items/\d+$"))
    admin.goto(agent.url)
    settled(admin).get_by_role("button", name="Put back", exact=True).click()
    admin.get_by_role("dialog").get_by_label("Reason").fill("Somebody else is faster.")
    check(admin, "putting back")
    admin.keyboard.press("Enter")
    expect(admin.get_by_text("The record is in the queue again.")).to_be_visible()
    expect(agent.get_by_text("This record is not with you any more")).to_be_visible()

    # What was moved to the end comes after all the others, and says so.
    agent.goto("/p/records/desk")
    for title in ("Case 5", "Case 6", "Case 7"):
        take_next(settled(agent), title)
        agent.keyboard.press("Control+Enter")
        expect(settled(agent).locator("[data-shortcut='Alt+R']")).to_be_enabled()
    take_next(agent, "Case 4")
    expect(agent.locator("#item-state")).to_contain_text("moved to the end 1 time")


def test_every_action_in_an_open_queue(sign_in: SignIn, agent_browser: Browser, installation: Installation) -> None:
    admin = settled(sign_in(agent_browser, "admin"))
    add_queue(admin, "Complaints", "any record from a list")
    import_table(admin, "Complaints", table_of("Complaint"), "complaints.csv")
    watch_queue(admin, "Complaints")
    colleague = settled(sign_in(agent_browser, "agent2"))
    colleague.goto("/p/records/desk")
    settled(colleague).get_by_role("link", name=re.compile("^Open the list ?: Complaints")).click()
    expect(row(settled(colleague), "Complaint 7")).to_contain_text("Waiting")

    agent = settled(sign_in(agent_browser, "agent1"))
    agent.goto("/p/records/desk")
    settled(agent).get_by_role("link", name=re.compile("^Open the list ?: Complaints")).click()
    expect(row(settled(agent), "Complaint 4")).to_contain_text("Berlin")
    check(agent, "an open queue")
    agent.set_viewport_size(PHONE)
    fits(agent, "an open queue, phone")
    agent.set_viewport_size({"width": 1366, "height": 820})
    agent.goto("/p/records/desk")

    # Move to the end: it is nobody's, behind all others, and the move is counted.
    open_from_list(agent, "Complaints", "Complaint 4")
    expect(row(admin, "Complaint 4")).to_contain_text(re.compile(f"In work.*{AGENT}", re.DOTALL))
    expect(row(colleague, "Complaint 4")).to_have_count(0)
    agent.keyboard.press("Alt+G")
    expect(agent.get_by_text("The record is at the end of the queue.")).to_be_visible()
    expect(row(admin, "Complaint 4")).to_contain_text("Waiting again")
    expect(row(admin, "Complaint 4")).not_to_contain_text(AGENT)
    expect(colleague.get_by_role("row").last).to_contain_text("Complaint 4")

    # Done: it leaves the queue.
    open_from_list(agent, "Complaints", "Complaint 1")
    agent.keyboard.press("Control+Enter")
    expect(agent.get_by_text("The record is done.")).to_be_visible()
    expect(row(admin, "Complaint 1")).to_have_count(0)

    # Assign to me: it leaves the queue, and is among the agent's own records.
    open_from_list(agent, "Complaints", "Complaint 2")
    agent.keyboard.press("Alt+I")
    expect(agent.get_by_text("The record is yours now.")).to_be_visible()
    expect(row(admin, "Complaint 2")).to_have_count(0)
    agent.get_by_role("link", name="My records").click()
    expect(settled(agent).get_by_role("link", name="Complaint 2")).to_be_visible()
    agent.goto("/p/records/desk")

    # Keep for me: others do not see it, and it has no time.
    open_from_list(agent, "Complaints", "Complaint 3")
    agent.keyboard.press("Alt+K")
    expect(own(settled(agent), "Complaint 3")).to_contain_text("Kept")
    expect(row(admin, "Complaint 3")).to_contain_text(re.compile(f"Kept.*{AGENT}", re.DOTALL))
    expect(row(colleague, "Complaint 3")).to_have_count(0)

    # Postpone: others do not see it, and at its time it is the same agent's to take up.
    open_from_list(agent, "Complaints", "Complaint 6")
    agent.keyboard.press("Alt+L")
    proposed = agent.get_by_label("Date and time").input_value()
    agent.get_by_role("dialog").get_by_role("button", name="Postpone", exact=True).click()
    postponed = own(settled(agent), "Complaint 6")
    expect(postponed).to_contain_text("Postponed")
    expect(postponed).to_contain_text(proposed.partition("T")[2])
    expect(row(admin, "Complaint 6")).to_contain_text(re.compile(f"Postponed.*{AGENT}", re.DOTALL))
    expect(row(colleague, "Complaint 6")).to_have_count(0)
    installation.execute(
        "UPDATE records_item SET next_at = now() WHERE title = 'Complaint 6'",
        "UPDATE promises_promise SET due_at = now() WHERE subject = 'Complaint 6'",
        "UPDATE core_job SET due_at = now() WHERE name IN ('records.come_back', 'promises.fall_due')",
    )
    expect(postponed).to_contain_text("Due")
    expect(agent.get_by_role("button", name="Promises: 1 due")).to_be_visible()
    expect(row(admin, "Complaint 6")).to_contain_text(re.compile(f"Due.*{AGENT}", re.DOTALL))
    expect(row(colleague, "Complaint 6")).to_have_count(0)
    postponed.get_by_role("link").click()
    agent.get_by_role("button", name="Take up again").click()
    in_work(agent, "Complaint 6")
    expect(agent.get_by_role("button", name="Promises: nothing due")).to_be_visible()
    agent.keyboard.press("Control+Enter")
    expect(agent.get_by_text("The record is done.").first).to_be_visible()
    expect(row(admin, "Complaint 6")).to_have_count(0)


# Names and what the tables hold are the same in every language; so are keys, and the names of kinds of files.
SAME = r"Demo|Alex Morgan|Anna Petrova|Ben Carter|\b[A-Z]{2}\b|Team \d|Ctrl|XLSX|CSV|\w+\.csv"
SAME += r"|Switchroom|Returns|Complaints|Refunds|Refund \d|Customer|Berlin|ID|Title|Phone|City"


def only_russian(page: Page, state: str) -> None:
    """The page shows no Latin word but names and what the tables hold."""
    seen = re.sub(SAME, "", page.locator("body").inner_text())
    assert re.findall(r"[A-Za-z]{2,}", seen) == [], f"{state}: {seen}"


def test_the_pages_are_russian_and_fit_every_width(sign_in: SignIn, agent_browser: Browser) -> None:
    admin = settled(sign_in(agent_browser, "admin"))
    add_queue(admin, "Refunds", "one record after the other")
    import_table(admin, "Refunds", table_of("Refund"), "refunds.csv")
    watch_queue(admin, "Refunds")
    place = admin.url.rpartition("/")[2]

    agent = settled(sign_in(agent_browser, "agent2"))
    choose_language(agent, "Русский")

    def looked_at(page: Page, state: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 820})
            only_russian(settled(page), state)
            check(page, f"{state} in Russian, {width} px")
        page.set_viewport_size({"width": 1366, "height": 820})

    agent.goto("/p/records/desk")
    expect(settled(agent).locator(f"#next-{place}")).to_be_enabled()
    looked_at(agent, "desk")
    agent.locator(f"#next-{place}").click()
    expect(agent.get_by_role("button", name="Оставить за мной")).to_be_visible()
    looked_at(agent, "a record")
    agent.keyboard.press("Alt+K")
    expect(own(settled(agent), "Refund 1")).to_contain_text("Оставлено")

    choose_language(admin, "Русский")
    for path in ("queues", f"queues/{place}", "manage", "manage/new", f"manage/{place}", "imports"):
        admin.goto(f"/p/records/{path}")
        looked_at(admin, path)
