"""A running product and real browsers with fake microphones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from switchroom.testing.databases import run_apart
from tests.browser.tones import AGENT_TONE, CALLER_TONE, KEEP_RECEIVED, write_tone
from tests.conftest import scratch_database
from tests.serving import DEMO_PASSWORD, ServerProcess, free_port, running, server_environ

CHROMIUM = os.environ.get("SWITCHROOM_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]
QUIET += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]

OpenPage = Callable[..., Page]

# Milliseconds that a page is given where a machine does much else besides; no test fails for being slow.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def playwright_api() -> Iterator[Playwright]:
    """Playwright, over the system's own Chromium."""
    if not CHROMIUM:
        pytest.fail("No Chromium was found. Install it, or name it in SWITCHROOM_CHROMIUM.", pytrace=False)
    with sync_playwright() as api:
        yield api


def _browser(api: Playwright, tone: Path) -> Browser:
    return api.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, f"--use-file-for-fake-audio-capture={tone}"])


@pytest.fixture(scope="module")
def agent_browser(playwright_api: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone hears the agent's tone."""
    browser = _browser(playwright_api, write_tone(tmp_path_factory.mktemp("tone") / "agent.wav", AGENT_TONE))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def caller_browser(playwright_api: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone hears the caller's tone."""
    browser = _browser(playwright_api, write_tone(tmp_path_factory.mktemp("tone") / "caller.wav", CALLER_TONE))
    yield browser
    browser.close()


@dataclass(frozen=True)
class Installation:
    """The product, and its database."""

    server: ServerProcess
    database: str

    def execute(self, *statements: str, given: tuple[object, ...] = ()) -> None:
        """Changes rows, as if time had passed: all at once, each statement with the values that are given."""

        async def run() -> None:
            connection = await asyncpg.connect(self.database)
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement, *given)
            await connection.close()

        run_apart(run())


@pytest.fixture(scope="module")
def installation(
    database_server: str, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The product in one process, with the demo tenant."""
    folder = tmp_path_factory.mktemp("installation")
    with scratch_database(database_server, copy_of=migrated) as url:
        process = ServerProcess("run", server_environ(url, folder), folder / "server.log", free_port())
        with running(process):
            yield Installation(process, url)


@pytest.fixture(scope="module")
def server(installation: Installation) -> ServerProcess:
    """The process of the installation."""
    return installation.server


@pytest.fixture
def open_page(request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens a page in a fresh browser context; the page must log no error of its own.

    The page is one of `server` where that is given, else of the process that tests share.
    """
    contexts = []
    complaints: list[str] = []

    def open_it(browser: Browser, path: str, server: ServerProcess | None = None, **options: object) -> Page:
        url = (server or request.getfixturevalue("server")).url
        context = browser.new_context(base_url=url, viewport={"width": 1366, "height": 820}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.add_init_script(KEEP_RECEIVED)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on("console", lambda message: _note(complaints, path, message.type, message.text))
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not complaints, complaints


# A refused request is logged by the browser and by htmx; what the page makes of it is for the tests to say. One that is
# given up, since the page is left or asks anew, is logged too, and is nothing to worry about.
_EXPECTED = ("Failed to load resource", "Response Status Error Code", "htmx:afterRequest", "htmx:sendAbort")


def _note(complaints: list[str], path: str, kind: str, text: str) -> None:
    if kind == "error" and not text.startswith(_EXPECTED):
        complaints.append(f"{path}: {text}")


def log_in(page: Page, username: str, password: str = DEMO_PASSWORD) -> None:
    """Logs in to the only tenant."""
    page.get_by_label("Login").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")


@pytest.fixture
def sign_in(open_page: OpenPage) -> Callable[[Browser, str], Page]:
    """Opens a page and logs in."""

    def sign(browser: Browser, username: str) -> Page:
        page = open_page(browser, "/login")
        log_in(page, username)
        return page

    return sign
