"""The vendor's console in a browser: axe, the keyboard alone, both languages, a desk and a telephone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_pages import HEIGHT, PHONE, check, fits, tab_to

Enter = Callable[[Browser], Page]

PAGES = {
    "overview": "/vendor",
    "tenants": "/vendor/tenants",
    "new tenant": "/vendor/tenants/new",
    "matrix": "/vendor/plugins",
    "installed": "/vendor/plugins/installed",
    "usage": "/vendor/usage",
    "health": "/vendor/health",
    "audit": "/vendor/audit",
}


@pytest.fixture
def enter(open_page: OpenPage) -> Enter:
    """Opens the console and logs in."""

    def enter_it(browser: Browser, language: str = "en-GB") -> Page:
        page = open_page(browser, "/vendor", locale=language)
        expect(page).to_have_url(re.compile("/vendor/login"))
        page.locator("[name=username]").fill("vendor")
        page.locator("[name=password]").fill("demo")
        page.locator("button[type=submit]").first.click()
        page.wait_for_url("**/vendor")
        return page

    return enter_it


def loaded(page: Page) -> Page:
    """The page once each of its parts has come."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return page


def test_every_page_is_usable_by_everybody(enter: Enter, agent_browser: Browser) -> None:
    page = enter(agent_browser)
    for state, path in PAGES.items():
        page.goto(path)
        check(loaded(page), state)
        page.set_viewport_size(PHONE)
        fits(page, f"{state}, phone")
        page.set_viewport_size({"width": 1366, "height": HEIGHT})
    page.goto("/vendor/tenants")
    page.get_by_role("link", name="Demo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Demo")
    check(page, "a tenant")
    page.get_by_role("link", name="Clone").click()
    expect(page.get_by_role("heading", name="Clone Demo")).to_be_visible()
    check(page, "clone")
    page.go_back()
    page.get_by_role("link", name="Delete this tenant").click()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    check(page, "delete")


def test_login_is_usable_and_says_what_is_wrong(open_page: OpenPage, agent_browser: Browser) -> None:
    page = open_page(agent_browser, "/vendor/login")
    check(page, "login")
    page.get_by_label("Login").fill("vendor")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    check(page, "wrong password")


def test_a_tenant_from_its_making_to_its_end(enter: Enter, agent_browser: Browser) -> None:
    page = enter(agent_browser)
    page.get_by_role("link", name="Tenants").click()
    page.get_by_role("link", name="New tenant").first.click()
    page.get_by_label("Name", exact=True).fill("Ромашка и Ко")
    expect(page.get_by_label("Short name")).to_have_value("romashka-i-ko")
    page.get_by_label("Time zone").fill("Nowhere")
    page.get_by_label("Login").fill("olga")
    page.get_by_label("Full name").fill("Olga")
    page.get_by_role("button", name="Create tenant").click()
    expect(page.get_by_label("Time zone")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Time zone").fill("Europe/Moscow")
    page.get_by_role("button", name="Create tenant").click()
    expect(page.get_by_role("heading", name="Ромашка и Ко is ready")).to_be_visible()
    expect(page.locator(".secret")).to_have_text(re.compile(r"^\w{4}(-\w{4}){3}$"))
    check(page, "a tenant is made")
    page.get_by_role("link", name="To the tenant").click()
    expect(page.get_by_text("romashka-i-ko")).to_be_visible()

    page.get_by_role("button", name="Export now").click()
    link = page.get_by_role("link", name="Load the file")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.startswith("romashka-i-ko-")
    check(page, "exported")

    page.get_by_label("Reason").fill("unpaid")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Suspended")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Active")

    page.get_by_role("link", name="Delete this tenant").click()
    page.get_by_label(re.compile("Type the short name")).fill("romashka")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_label(re.compile("Type the short name"))).to_have_attribute("aria-invalid", "true")
    page.get_by_label(re.compile("Type the short name")).fill("romashka-i-ko")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    check(page, "deleted")
    page.goto("/vendor/tenants?q=romashka")
    expect(page.get_by_text("No tenant fits")).to_be_visible()


def test_the_matrix_is_worked_with_the_keyboard(enter: Enter, agent_browser: Browser) -> None:
    page = enter(agent_browser)
    page.goto("/vendor/plugins")
    cell = page.get_by_role("switch", name="wrapup for Demo")
    expect(cell).to_be_checked()
    tab_to(page, cell, "the matrix")
    page.keyboard.press("Space")
    expect(cell).not_to_be_checked()
    expect(cell).to_be_focused()
    page.keyboard.press("Enter")
    expect(cell).to_be_checked()
    search = page.get_by_role("searchbox", name="Find a tenant").last
    search.fill("nobody")
    expect(page.get_by_text("No tenant fits")).to_be_visible()
    search.fill("dem")
    expect(cell).to_be_visible()


def test_the_console_leaves_no_english_in_russian(enter: Enter, agent_browser: Browser) -> None:
    page = enter(agent_browser, "ru-RU")
    for state, path in PAGES.items():
        page.goto(path)
        text = loaded(page).locator("body").inner_text()
        assert re.search("[А-Яа-я]{4}", text), state
        english = re.findall(r"\b(?:the|and|of|with|no|is|are)\b", text)
        # What plugins say of themselves in their manifests is English.
        assert state in ("new tenant", "installed", "audit") or english == [], f"{state}: {text}"


def test_theme_and_logout(enter: Enter, agent_browser: Browser) -> None:
    page = enter(agent_browser)
    page.keyboard.press("Alt+p")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator("#user-menu-button").click()
    page.get_by_role("button", name="Automatic").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/vendor/login"))
    page.goto("/vendor/health")
    expect(page).to_have_url(re.compile("/vendor/login"))
