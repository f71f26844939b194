"""The card, the search and widgets in a browser: usable by everybody, with the keyboard alone, and when parts fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, expect

from switchroom.testing.databases import run_apart
from tests.browser.conftest import OpenPage
from tests.browser.main_job import go_inbound, place_call
from tests.browser.test_pages import PHONE, check, fits
from tests.conftest import scratch_database
from tests.serving import ROOT, ServerProcess, free_port, running, server_environ

SignIn = Callable[[Browser, str], Page]

AGENTS = iter(("agent1", "agent2", "agent3"))
"""A fresh one for each call: the one before still has its work to do."""

HANGING = 6
"""As many as a browser opens connections to one server."""


async def _switch_on(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO core_tenant_plugin (tenant_id, plugin, enabled, settings, changed_at) "
        "SELECT id, 'showing', true, '{}', now() FROM core_tenant"
    )
    await connection.execute("UPDATE core_tenant SET enablement_version = enablement_version + 1")
    await connection.close()


@pytest.fixture(scope="module")
def server(database_server: str, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The product with a plugin whose parts partly fail, switched on for the demo tenant."""
    folder = tmp_path_factory.mktemp("installation")
    with scratch_database(database_server, copy_of=migrated) as url:
        plugins = json.dumps([str(ROOT / "tests" / "core" / "view_plugins")])
        environ = server_environ(url, folder, SWITCHROOM__PLUGINS__DIRS=plugins)
        environ["SHOWING_HANGING_PANELS"] = str(HANGING)
        process = ServerProcess("run", environ, folder / "server.log", free_port())
        with running(process):
            run_apart(_switch_on(url))
            yield process


@pytest.fixture
def talking(sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser) -> Page:
    """An agent who talks to a customer."""
    agent = sign_in(agent_browser, next(AGENTS))
    go_inbound(agent)
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    agent.get_by_role("button", name="Accept").click()
    expect(agent.get_by_role("button", name="Hang up")).to_be_visible()
    expect(agent.locator("#wrapup-send")).to_be_visible()
    return agent


def test_call_controls_work_while_panels_hang_and_raise(talking: Page) -> None:
    talking.keyboard.press("Alt+M")
    expect(talking.get_by_text("The caller does not hear you.")).to_be_visible()
    talking.keyboard.press("Alt+M")
    talking.get_by_role("tab", name="Raises").click()
    raises = talking.get_by_role("tabpanel", name="Raises")
    expect(raises.get_by_role("alert")).to_contain_text(re.compile("Error number: *[0-9a-f]{8}"), timeout=30_000)
    check(talking, "a panel that raises")
    talking.get_by_role("tab", name="Hangs 0").click()
    hangs = talking.get_by_role("tabpanel", name="Hangs 0")
    expect(hangs.get_by_role("alert")).to_contain_text("This part did not answer in time.", timeout=30_000)
    with talking.expect_request("**/p/showing/hangs"):
        hangs.get_by_role("button", name="Try again").click()
    talking.get_by_role("tab", name="Works").click()
    expect(talking.get_by_role("tabpanel", name="Works")).to_contain_text("part panel")
    talking.keyboard.press("Alt+U")
    expect(talking.locator("#status-button")).to_contain_text("Post-processing")


def test_the_card_is_reached_from_the_call_and_follows_it(talking: Page) -> None:
    talking.locator("#wrapup-head").get_by_role("link", name="Maria Jensen").click()
    main = talking.locator("#main")
    expect(main.get_by_role("heading", level=1, name="Maria Jensen")).to_be_visible()
    expect(main.get_by_text("In talk")).to_be_visible()
    expect(main.get_by_role("listitem").filter(has_text="answered")).to_be_visible()
    check(talking, "card")
    talking.keyboard.press("Alt+H")
    expect(main.get_by_role("status").filter(has_text="On hold")).to_be_visible()
    talking.keyboard.press("Alt+H")
    expect(main.get_by_role("status").filter(has_text="In talk")).to_be_visible()
    # The keyboard leads through the tabs; what stands in one is loaded when it is opened.
    talking.get_by_role("tab", name="What happened").focus()
    talking.keyboard.press("ArrowRight")
    expect(main.get_by_role("tabpanel", name="Earlier contacts")).to_contain_text(re.compile("Incoming|No earlier"))
    check(talking, "earlier contacts")
    talking.keyboard.press("ArrowRight")
    expect(main.get_by_role("tabpanel", name="Form answers")).to_contain_text(re.compile("No form|not sent"))
    talking.keyboard.press("ArrowRight")
    expect(main.get_by_role("tabpanel", name="Orders")).to_contain_text("part orders")
    talking.keyboard.press("End")
    broken = main.get_by_role("tabpanel", name="Raises")
    expect(broken.get_by_role("alert")).to_contain_text("Error number")
    check(talking, "a tab that raises")
    talking.keyboard.press("Home")
    expect(main.get_by_role("tabpanel", name="What happened")).to_be_visible()
    ask = main.get_by_role("button", name="Ask")
    ask.click()
    dialog = talking.get_by_role("dialog", name="Ask")
    expect(dialog).to_contain_text("part dialog")
    check(talking, "dialog of an action")
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_be_hidden()
    expect(ask).to_be_focused()
    main.get_by_role("button", name="Do it").click()
    expect(talking.get_by_text("It is done.")).to_be_visible()
    talking.set_viewport_size(PHONE)
    fits(talking, "card, phone")
    talking.set_viewport_size({"width": 1366, "height": 820})
    talking.keyboard.press("Alt+U")
    expect(main.get_by_role("listitem").filter(has_text="hung up")).to_be_visible()
    main.get_by_role("link", name="Go there").click()
    expect(main.get_by_role("heading", level=1)).to_have_text("Shown")


def test_search_finds_and_opens_with_the_keyboard_alone(talking: Page) -> None:
    talking.keyboard.press("Control+k")
    dialog = talking.get_by_role("dialog", name="Search")
    expect(dialog.get_by_role("combobox")).to_be_focused()
    check(talking, "search, nothing typed")
    talking.keyboard.type("jense")
    first = dialog.get_by_role("option").first
    expect(first).to_contain_text("Maria Jensen")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(dialog.get_by_role("option").filter(has_text="About jense")).to_be_visible()
    check(talking, "search, hits")
    talking.keyboard.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "false")
    talking.keyboard.press("ArrowUp")
    talking.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(talking.locator("#main").get_by_role("heading", level=1)).to_have_text("Maria Jensen")
    # What the comment of the call holds is typed there, not taken for a key.
    talking.locator("#panels").get_by_label("Comment").fill("/")
    expect(dialog).to_be_hidden()
    talking.locator("#main").focus()
    talking.keyboard.press("/")
    expect(dialog).to_be_visible()
    talking.route("**/search/core*", lambda route: route.abort())
    talking.route("**/search/plugins*", lambda route: route.abort())
    dialog.get_by_role("combobox").fill("jensen")
    expect(dialog.get_by_role("alert")).to_contain_text("The search did not work.")
    check(talking, "search, failed")
    talking.unroute_all()
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_role("option").first).to_contain_text("Maria Jensen")
    talking.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    talking.keyboard.press("Alt+U")
    expect(talking.get_by_text("The call has ended")).to_be_visible()


def test_widgets_of_the_start_page(open_page: OpenPage, agent_browser: Browser) -> None:
    page = open_page(agent_browser, "/login")
    page.get_by_label("Login").fill("admin")
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Log in").click()
    ring = page.get_by_role("region", name="Service level today")
    expect(ring.get_by_role("img")).to_be_visible()
    expect(ring).to_contain_text("Waiting now")
    works = page.get_by_role("region", name="A widget", exact=True)
    expect(works).to_contain_text("part widget")
    broken = page.get_by_role("region", name="A widget that fails")
    expect(broken.get_by_role("alert")).to_contain_text("Error number")
    expect(page.get_by_text("A hidden widget")).to_have_count(0)
    check(page, "start page with widgets")
    page.set_viewport_size(PHONE)
    fits(page, "start page with widgets, phone")
