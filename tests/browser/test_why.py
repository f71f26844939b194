"""The pages *why* in a browser: why an interaction waits, why an agent gets nothing; both languages, each width."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.main_job import place_call
from tests.browser.test_pages import HEIGHT, PHONE, WIDTHS, check, choose_language, settled

SignIn = Callable[[Browser, str], Page]

CLICK_AND_LOAD_ANEW = """(address) => {
  const link = document.querySelector(`[data-region] a[href="${address}"]`);
  link.click();
  link.closest("[data-region]").dispatchEvent(new CustomEvent("refresh"));
  return link;
}"""


def check_widths(page: Page, state: str) -> None:
    """Usable by everybody in each width, light and dark, the top bar too."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        check(settled(page), f"{state}, {width} px")
    page.set_viewport_size({"width": 1366, "height": HEIGHT})


def address(link: Locator) -> str:
    """Where a link leads."""
    found = link.get_attribute("href")
    assert found is not None
    return found


def open_while_the_list_is_loaded_anew(link: Locator) -> None:
    """Follows a link that is taken away, with the list that it stands in, before its page has come."""
    page, leads_to = link.page, address(link)
    on_the_way: list[Route] = []
    page.route(f"**{leads_to}", lambda route: on_the_way.append(route))
    # In one go, since the list is loaded anew by itself as well.
    taken_away = page.evaluate_handle(CLICK_AND_LOAD_ANEW, leads_to)
    page.wait_for_function("(link) => !link.isConnected", arg=taken_away)
    while not on_the_way:
        page.wait_for_timeout(10)
    on_the_way.pop().continue_()
    page.unroute(f"**{leads_to}")
    page.wait_for_url(f"**{leads_to}")


def test_why_an_interaction_waits_and_why_an_agent_gets_nothing(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    agent = settled(sign_in(caller_browser, "agent1"))
    agent.keyboard.press("Alt+5")
    expect(agent.locator("#status-button")).to_contain_text("Break · Lunch")
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)

    # Nobody is asked: the page says where each agent stops.
    admin = settled(sign_in(agent_browser, "admin"))
    admin.goto("/p/routing/queues")
    link = settled(admin).get_by_role("link", name=re.compile("^Why ?: Maria Jensen"))
    interaction = address(link)
    open_while_the_list_is_loaded_anew(link)
    expect(settled(admin).get_by_role("heading", level=1)).to_have_text("Why is nobody asked, or just this one?")
    anna = admin.get_by_role("list", name="Agents").get_by_role("link").filter(has_text="Anna Petrova")
    expect(anna).to_contain_text("Lunch")
    expect(admin.get_by_text("Nobody has been asked yet.")).to_be_visible()
    check_widths(admin, "why an interaction waits")
    why_agent = address(anna)
    admin.goto(why_agent)
    expect(settled(admin).get_by_role("heading", level=1)).to_have_text("Why does he get nothing?")
    expect(admin.locator("#main")).to_contain_text(re.compile("Takes no new work now.*Lunch", re.DOTALL))
    check_widths(admin, "why an agent gets nothing")

    # An agent reads the same of himself, with his status and what he owes in the bar.
    agent.goto("/window")
    settled(agent).get_by_role("link", name="Why do I get nothing?").click()
    expect(settled(agent).get_by_role("heading", level=1)).to_have_text("Why do I get nothing?")
    check_widths(agent, "why I get nothing")

    # Somebody is asked and says no: that stands there, too.
    agent.keyboard.press("Alt+1")
    agent.get_by_role("button", name="Reject").click()
    expect(agent.locator("#status-button")).to_contain_text("Missed")
    admin.goto(interaction)
    asked = admin.locator(".why-decisions").get_by_role("listitem").filter(has_text="Anna Petrova")
    expect(asked).to_contain_text("declined")
    check_widths(admin, "somebody has been asked")

    for page, path, heading in (
        (admin, interaction, "Почему никто не вызывается или вызывается именно он?"),
        (admin, why_agent, "Почему ему ничего не приходит?"),
        (agent, why_agent, "Почему мне ничего не приходит?"),
    ):
        if page.locator("html").get_attribute("lang") == "en":
            choose_language(page, "Русский")
        page.goto(path)
        expect(settled(page).get_by_role("heading", level=1)).to_have_text(heading)
        check_widths(page, f"{heading} in Russian")
    caller.get_by_role("button", name="Hang up").click()


def test_the_buttons_of_a_narrow_bar_have_their_names(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "agent2"))
    page.set_viewport_size(PHONE)
    bar = page.get_by_role("banner")
    expect(bar.get_by_role("button", name="Menu")).to_be_visible()
    expect(bar.get_by_role("button", name="Status: Break")).to_be_visible()
    expect(bar.get_by_role("button", name="Promises: nothing due")).to_be_visible()
    bar.get_by_role("button", name="Search").click()
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    check(page, "search, phone")
    page.keyboard.press("Escape")
    bar.get_by_role("button", name="Ben Carter").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    check(page, "menu of the user, phone")
