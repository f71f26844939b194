"""The single window in a browser: it follows a call by itself, whoever works in it and whatever part of it fails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, expect

from switchroom.testing.databases import run_apart
from tests.browser.conftest import OpenPage
from tests.browser.main_job import place_call
from tests.browser.test_pages import PHONE, check, choose_language, fits
from tests.conftest import scratch_database
from tests.serving import ROOT, ServerProcess, free_port, running, server_environ

SignIn = Callable[[Browser, str], Page]


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
    """The product with a plugin one of whose sections fails, switched on for the demo tenant."""
    folder = tmp_path_factory.mktemp("installation")
    with scratch_database(database_server, copy_of=migrated) as url:
        plugins = json.dumps([str(ROOT / "tests" / "core" / "view_plugins")])
        environ = server_environ(url, folder, SWITCHROOM__PLUGINS__DIRS=plugins)
        process = ServerProcess("run", environ, folder / "server.log", free_port())
        with running(process):
            run_apart(_switch_on(url))
            yield process


def open_window(page: Page) -> Page:
    """The page, by its key."""
    expect(page.locator("html")).to_have_attribute("data-connection", "connected")
    page.keyboard.press("Alt+W")
    expect(page.locator("#main").get_by_role("heading", level=1)).to_have_text("Single window")
    expect(page.locator("#main [aria-busy=true]")).to_have_count(0)
    return page


def test_the_window_follows_a_call_by_itself(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    mate = open_window(sign_in(agent_browser, "agent2"))
    agent = open_window(sign_in(agent_browser, "agent1"))
    work, main = agent.get_by_role("region", name="My work"), agent.locator("#main")
    anna = (
        mate.get_by_role("region", name=re.compile("My team")).get_by_role("listitem").filter(has_text="Anna Petrova")
    )
    expect(anna).to_contain_text("Break")

    # A section that fails says so with its number; the others stay usable.
    failing = main.get_by_role("region", name="A section that fails")
    expect(failing.get_by_role("alert")).to_contain_text(re.compile("Error number: *[0-9a-f]{8}"))
    expect(main.get_by_role("region", name="A section", exact=True)).to_contain_text("part section")
    check(agent, "single window, nothing in hand")
    agent.set_viewport_size(PHONE)
    fits(agent, "single window, phone")
    agent.set_viewport_size({"width": 1366, "height": 820})

    work.get_by_role("button", name="Take work from queues").click()
    expect(agent.locator("#status-button")).to_contain_text("Waiting")
    expect(work).to_contain_text("Work comes to you as soon as somebody waits.")
    expect(anna).to_contain_text("Waiting")
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    place_call(caller)
    card = work.get_by_role("listitem").filter(has_text="Maria Jensen")
    expect(card).to_contain_text("Offered to you")
    expect(main.get_by_role("region", name="My queues")).to_contain_text(re.compile(r"Longest wait \d\d:\d\d"))
    agent.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("In talk")
    expect(anna).to_contain_text("Busy")
    expect(main.get_by_role("region", name="My queues")).to_contain_text("Nobody waits")
    agent.keyboard.press("Alt+H")
    expect(card).to_contain_text("On hold")
    agent.keyboard.press("Alt+H")
    expect(card).to_contain_text("In talk")
    check(agent, "single window, in a call")
    agent.keyboard.press("Alt+U")
    expect(card).to_contain_text("Post-processing")
    expect(card.locator("time[data-countdown]")).to_have_text(re.compile(r"00:\d\d"))

    # The arrows lead to the card, and its page is one key away. The focus stays while the card changes.
    main.focus()
    agent.keyboard.press("ArrowDown")
    expect(card.get_by_role("link")).to_be_focused()
    agent.keyboard.press("Enter")
    expect(main.get_by_role("heading", level=1)).to_have_text("Maria Jensen")
    open_window(agent)
    panel = agent.locator("#panels")
    panel.get_by_text("Yes", exact=True).click()
    panel.get_by_role("button", name="Send").click()
    expect(work).to_contain_text("Nothing in hand")
    expect(anna).to_contain_text("Waiting")

    # The same in Russian, and on the page of the day.
    choose_language(agent, "Русский")
    expect(main.get_by_role("heading", level=1)).to_have_text("Единое окно")
    expect(main.get_by_role("region", name="Мои очереди")).to_contain_text("Никто не ждёт")
    check(agent, "single window, Russian")
    main.get_by_role("link", name="Мой день").click()
    expect(main.get_by_role("heading", level=1)).to_have_text("Мой день")
    choose_language(agent, "English")
    changes = main.get_by_role("list").filter(has_text="was offered work")
    expect(changes).to_contain_text("form sent")
    expect(main.get_by_role("img", name=re.compile("The shift from"))).to_be_visible()
    agent.keyboard.press("Alt+3")
    expect(changes.get_by_role("listitem").first).to_contain_text(re.compile("Break.*chosen", re.DOTALL))
    check(agent, "my day")
    agent.set_viewport_size(PHONE)
    fits(agent, "my day, phone")
    agent.set_viewport_size({"width": 1366, "height": 820})
    main.get_by_role("link", name="Day before").click()
    expect(main).to_contain_text("Not at work")
    expect(main.get_by_role("link", name="Day after")).to_be_visible()
