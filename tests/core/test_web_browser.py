"""The workspace in a real browser: what must go on while pages change, fail or lose the server."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from litestar.types import ASGIApp
from playwright.async_api import ConsoleMessage, Page, WebSocketRoute, async_playwright, expect

from core.accounts.permissions import AGENT
from core.agents.service import choose_intent
from core.agents.states import Intent
from core.database.connection import fetch_value
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from tests.core.test_web_live import serving
from tests.core.web_client import (
    PASSWORD,
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    switch_on,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

expect.set_options(timeout=20_000)

CHROMIUM = os.environ.get("SWITCHROOM_CHROMIUM") or shutil.which("chromium")


@pytest.fixture
async def anna(platform: Platform, tenant: TenantRef) -> int:
    """An agent of a tenant that has the sample plugin."""
    await switch_on(platform, tenant, "echo")
    return await add_user(platform, tenant, "anna", AGENT)


@pytest.fixture
async def complaints() -> list[str]:
    """What the browser has complained about, such as a script or a style that the policy forbids."""
    return []


@pytest.fixture
async def page(web: ASGIApp, anna: int, complaints: list[str]) -> AsyncIterator[Page]:
    """The workspace of the agent, connected."""

    def note(message: ConsoleMessage) -> None:
        # That the server refused something is told by the tests that ask it to.
        refused = message.text.startswith(("Failed to load resource", "Response Status Error Code"))
        if message.type == "error" and not refused:
            complaints.append(message.text)

    async with serving(web) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        opened = await (await browser.new_context()).new_page()
        opened.on("console", note)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        await opened.goto(f"http://{server}/login")
        await opened.fill("[name=username]", "anna")
        await opened.fill("[name=password]", PASSWORD)
        await opened.click("button[type=submit]")
        await connected(opened)
        yield opened
        await browser.close()
    assert complaints == []


async def connected(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("data-connection", "connected")


async def test_changing_pages_keeps_the_document(page: Page) -> None:
    await page.evaluate("window.stays = true")
    await page.get_by_role("link", name="Echo").click()
    await expect(page.locator("#echo")).to_have_text("<b>bold</b>")
    await expect(page).to_have_title("Echo · Switchroom")
    await expect(page.locator(".nav-entry.active")).to_have_text("Echo")
    await expect(page.locator("#main")).to_be_focused()
    assert page.url.endswith("/p/echo/page")

    await page.go_back()
    await expect(page.locator("h1")).to_have_text("Today")
    await expect(page.locator(".nav-entry.active")).to_have_text("Home")
    await page.go_forward()
    await expect(page.locator("#echo")).to_be_visible()
    assert await page.locator("main").count() == 1
    assert await page.evaluate("window.stays") is True


async def test_page_that_cannot_be_shown_says_so_in_its_place(page: Page) -> None:
    await page.evaluate("window.stays = true")
    await page.get_by_role("link", name="Echo").click()
    await page.get_by_role("link", name="Gone").click()
    await expect(page.locator("main h1")).to_have_text("Somebody else was first.")
    await page.get_by_role("link", name="Go to the home page").click()
    await expect(page.locator("h1")).to_have_text("Today")
    assert await page.evaluate("window.stays") is True


async def test_status_follows_what_happens_on_the_server(
    page: Page, platform: Platform, tenant: TenantRef, anna: int
) -> None:
    await expect(page.locator("#status")).to_contain_text("Break")
    async with platform.context(tenant) as ctx:
        await choose_intent(ctx, anna, Intent.AVAILABLE)
    await expect(page.locator("#status")).to_contain_text("Waiting")


async def test_status_is_chosen_with_the_keyboard_alone(page: Page, anna: int) -> None:
    await expect(page.locator("#status")).to_contain_text("Break")
    await page.keyboard.press("Alt+1")
    await expect(page.locator("#status")).to_contain_text("Waiting")
    await page.keyboard.press("Alt+s")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#status")).to_contain_text("Outbound only")
    await expect(page.locator("#status-button")).to_be_focused()


async def test_timer_counts_by_the_servers_clock(page: Page) -> None:
    await page.add_init_script("const now = Date.now; Date.now = () => now() + 3_600_000")
    await page.reload()
    timer = page.locator("#status time")
    await expect(timer).to_have_text(re.compile(r"^0\d:\d\d$"))
    before = await timer.inner_text()
    await expect(timer).not_to_have_text(before)
    await expect(timer).to_have_text(re.compile(r"^0\d:\d\d$"))
    assert await timer.inner_text() > before


async def test_panel_that_fails_harms_no_other(page: Page) -> None:
    panels = page.locator("#panels")
    await expect(panels.get_by_role("tab", name="Part")).to_be_visible()
    await expect(panels.get_by_role("tab", name="Nothing")).to_be_hidden()
    await panels.get_by_role("tab", name="Broken").click()
    await expect(panels.get_by_role("alert")).to_contain_text("Error number")
    await panels.get_by_role("tab", name="Part").click()
    await expect(panels.get_by_role("tabpanel", name="Part")).to_contain_text("part")


async def test_panel_loads_again_when_its_topic_changes(page: Page, platform: Platform, tenant: TenantRef) -> None:
    part = page.get_by_role("tabpanel", name="Part", include_hidden=True)
    await expect(part).to_contain_text("part")
    before = await part.inner_text()
    async with platform.context(tenant) as ctx:
        await ctx.publish("echo")
    await expect(part).not_to_have_text(before)


async def test_refused_field_is_marked_and_the_rest_stays(page: Page) -> None:
    await page.get_by_role("link", name="Echo").click()
    field = page.get_by_label("Amount")
    await field.fill("-1")
    await page.get_by_role("button", name="Send").click()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#amount .invalid-feedback")).to_have_text("Give a number from 0 on.")
    await expect(page.locator("#toasts")).to_contain_text("The amount cannot be used.")
    await expect(field).to_have_value("-1")
    await expect(field).to_be_focused()
    await field.press_sequentially("2")
    await expect(page.locator("#amount .invalid-feedback")).to_have_count(0)


async def test_lost_connection_shows_and_everything_is_fetched_again(page: Page) -> None:
    routes: list[WebSocketRoute] = []

    async def through(route: WebSocketRoute) -> None:
        routes.append(route)
        route.connect_to_server()

    await page.route_web_socket("**/live", through)
    await page.reload()
    await connected(page)
    fetched: set[str] = set()
    page.on("request", lambda request: fetched.add(urlsplit(request.url).path))
    await routes[0].close(code=1001)
    await expect(page.locator("html")).to_have_attribute("data-connection", "lost")
    await connected(page)
    async with asyncio.timeout(10):
        while not {"/status", "/home/numbers", "/home/journal", "/p/echo/part"} <= fetched:
            await page.wait_for_timeout(20)
    assert len(routes) == 2


async def test_logout_in_another_tab_ends_this_one(page: Page) -> None:
    other = await page.context.new_page()
    await other.goto(page.url)
    await connected(other)
    await other.locator("#user-menu-button").click()
    await other.get_by_role("button", name="Log out").click()
    await expect(page.locator("h1")).to_have_text("Log in")


async def test_theme_changes_at_once_and_stays(page: Page) -> None:
    await page.evaluate("window.stays = true")
    await page.locator("#user-menu-button").click()
    async with page.expect_response("**/preferences/theme/dark"):
        await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert await page.evaluate("window.stays") is True
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert await fetch_value("SELECT theme FROM core_user WHERE username = 'anna'") == "dark"


async def test_automatic_theme_follows_the_device(page: Page) -> None:
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)


async def test_language_is_changed_from_the_menu(page: Page) -> None:
    await page.locator("#user-menu-button").click()
    await page.get_by_role("button", name="Русский").click()
    await expect(page.locator("h1")).to_have_text("Сегодня")
    await expect(page.locator("html")).to_have_attribute("lang", "ru")


async def test_question_mark_lists_the_shortcuts_unless_one_is_typing(page: Page) -> None:
    await page.get_by_role("link", name="Echo").click()
    await page.get_by_label("Amount").press("?")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.locator("#main").focus()
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(dialog).to_contain_text("Status menu")
    await dialog.get_by_role("switch").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(dialog).to_be_hidden()


async def test_keyboard_reaches_the_content_at_once(page: Page) -> None:
    await page.reload()
    await page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the content")
    await expect(link).to_be_focused()
    await expect(link).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
