"""The bell in a browser: it tells once, the keyboard alone suffices, and a supervisor gives away what is nobody's."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Installation, OpenPage
from tests.browser.test_pages import WIDTHS, check, choose_language, fits, settled
from tests.serving import DEMO_PASSWORD

SignIn = Callable[[Browser, str], Page]


def test_the_bell_tells_once_and_is_used_with_the_keyboard_alone(
    sign_in: SignIn, agent_browser: Browser, installation: Installation
) -> None:
    page = sign_in(agent_browser, "agent1")
    page.goto("/p/promises/")
    main, bell = settled(page).locator("#main"), page.locator("#bar-promises")
    expect(main.get_by_text("You owe nothing")).to_be_visible()
    check(page, "nothing is owed")
    # A callback is promised.
    page.get_by_role("button", name="Promise a callback").first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Promise a callback")
    dialog.get_by_label("Number").focus()
    page.keyboard.type("+49 30 123456")
    page.keyboard.press("Tab")
    page.keyboard.type("Kim Larsen")
    dialog.get_by_role("button", name="in 1 h").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_contain_text("for the customer, Berlin")
    check(page, "a callback is being promised")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_be_hidden()
    row = main.get_by_role("listitem").filter(has_text="Kim Larsen")
    expect(row).to_contain_text(re.compile(r"in (1 hr|59 min|60 min)"))
    check(page, "something is owed")
    # Its time comes: said once, in passing, and not by a page that opens.
    installation.execute(
        "UPDATE promises_promise SET due_at = now()",
        "UPDATE core_job SET due_at = now() WHERE name = 'promises.fall_due'",
    )
    expect(page.get_by_text("Due now: Kim Larsen")).to_be_visible()
    expect(bell.get_by_role("button", name="Promises: 1 due")).to_be_visible()
    expect(row).to_contain_text(re.compile("now|overdue"))
    page.reload()
    expect(settled(page).locator("#bar-promises").get_by_role("button", name="Promises: 1 due")).to_be_visible()
    expect(page.locator(".passing")).to_have_count(0)
    # Put off, and done; what hangs on the bell stays open meanwhile.
    page.keyboard.press("Alt+B")
    expect(bell.get_by_role("link", name="All of mine")).to_be_visible()
    check(page, "the bell is open")
    bell.locator("summary").focus()
    page.keyboard.press("Enter")
    bell.get_by_role("button", name="1 h", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Put off to")).to_be_visible()
    expect(bell.get_by_role("button", name="Promises: nothing due")).to_be_visible()
    done = bell.get_by_role("button", name="Done: Kim Larsen")
    expect(done).to_be_visible()
    done.focus()
    page.keyboard.press("Enter")
    expect(bell.get_by_text("You owe nothing at the moment.")).to_be_visible()
    expect(main.get_by_text("You owe nothing")).to_be_visible()
    page.keyboard.press("Escape")
    expect(bell.get_by_text("You owe nothing at the moment.")).to_be_hidden()
    main.get_by_label("State").select_option(label="Settled this week")
    expect(main.get_by_role("listitem").filter(has_text="Kim Larsen")).to_contain_text("Kept")
    check(page, "what was kept")


def test_a_supervisor_gives_away_what_nobody_owns(
    open_page: OpenPage, sign_in: SignIn, agent_browser: Browser, installation: Installation
) -> None:
    ben = sign_in(agent_browser, "agent2")
    settled(ben)
    installation.execute(
        "INSERT INTO promises_promise (tenant_id, kind, state, last_owner_id, subject, reference, url, contact_name, "
        "contact_number, contact_zone, fallback, due_at, left_at, created_at) "
        "SELECT tenant_id, 'callback', 'due', id, 'Send the offer', '', '', 'Lea Weber', '+79161234567', '', "
        "'supervisor', now() - interval '2 hours', now(), now() FROM core_user WHERE username = 'agent3'",
        "INSERT INTO promises_change (tenant_id, promise_id, at, actor, what, why, due_at) "
        "SELECT tenant_id, id, now(), 'system', 'left', 'absent', due_at FROM promises_promise "
        "WHERE left_at IS NOT NULL",
    )
    page = open_page(agent_browser, "/login")
    page.get_by_label("Login").fill("supervisor")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Supervisor").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/")
    page.goto("/p/promises/all")
    main = settled(page).locator("#main")
    row = main.get_by_role("listitem").filter(has_text="Lea Weber")
    expect(row).to_contain_text("Nobody's")
    expect(row).to_contain_text(re.compile("2 hr.* overdue"))
    expect(row).to_contain_text("several time zones")
    check(page, "everybody's promises")
    row.get_by_role("button", name="Lea Weber", exact=True).click()
    details = page.get_by_role("dialog", name="Callback")
    expect(details.get_by_text("The owner was absent when it was due.")).to_be_visible()
    check(page, "the history of a promise")
    page.keyboard.press("Escape")
    main.get_by_label("State").select_option(label="Without an owner")
    row.get_by_role("button", name="Give to somebody: Lea Weber").click()
    dialog = page.get_by_role("dialog", name="Give to somebody")
    dialog.get_by_label("Search for a name").fill("ben")
    check(page, "somebody is chosen")
    dialog.get_by_text("Ben Carter").click()
    dialog.get_by_role("button", name="Give").click()
    expect(page.get_by_text("Given to Ben Carter.")).to_be_visible()
    expect(main.get_by_text("Everything has an owner")).to_be_visible()
    expect(ben.locator("#bar-promises").get_by_role("button", name="Promises: 1 due")).to_be_visible()
    main.get_by_label("State").select_option(label="Still owed")
    expect(row).to_contain_text("Ben Carter")
    # Shut by somebody else: only with a reason.
    row.get_by_role("button", name="Lea Weber", exact=True).click()
    details.get_by_role("button", name="Withdraw").click()
    why = page.get_by_role("dialog", name="Withdraw the promise")
    why.get_by_role("button", name="Withdraw").click()
    expect(why.get_by_label("Why")).to_have_attribute("aria-invalid", "true")
    why.get_by_label("Why").fill("She has written.")
    why.get_by_role("button", name="Withdraw").click()
    expect(row).to_have_count(0)
    expect(ben.locator("#bar-promises").get_by_role("button", name="Promises: nothing due")).to_be_visible()


def test_the_pages_are_russian_and_fit_every_width(
    sign_in: SignIn, agent_browser: Browser, installation: Installation
) -> None:
    installation.execute(
        "INSERT INTO promises_promise (tenant_id, kind, state, owner_id, subject, reference, url, contact_name, "
        "contact_number, contact_zone, fallback, due_at, created_at) "
        "SELECT tenant_id, 'callback', 'open', id, 'Счёт', '', '', 'Олег', '+7916123456' || number, '', 'supervisor', "
        "now() + make_interval(mins => number * 400 - 1000), now() "
        "FROM core_user, generate_series(1, 6) AS number WHERE username = 'agent4'",
    )
    page = settled(sign_in(agent_browser, "agent4"))
    choose_language(page, "Русский")
    page.goto("/p/promises/")
    expect(settled(page).get_by_role("heading", name="Просрочено")).to_be_visible()
    expect(page.locator("#main")).to_contain_text(re.compile("просрочено на .* мин"))
    page.keyboard.press("Alt+B")
    expect(page.locator("#bar-promises").get_by_role("link", name="Все мои")).to_be_visible()
    check(page, "the bell, Russian")
    page.keyboard.press("Escape")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        fits(page, f"promises, {width} px wide")
