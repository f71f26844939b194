"""Files in a form, in a browser: chosen, dropped, refused, taken back, kept in the draft, sent and saved again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from switchroom.testing.databases import run_apart
from tests.browser.test_pages import PHONE, check, fits
from tests.conftest import scratch_database
from tests.core.test_forms_files import PDF, png
from tests.serving import ROOT, ServerProcess, free_port, running, server_environ

SignIn = Callable[[Browser, str], Page]

DROP = """([name, type, words]) => {
  const data = new DataTransfer();
  data.items.add(new File([new TextEncoder().encode(words)], name, { type }));
  const zone = document.querySelector("[data-component=papers] [data-file-drop]");
  for (const kind of ["dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
  }
}"""


async def _switch_on(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO core_tenant_plugin (tenant_id, plugin, enabled, settings, changed_at) "
        "SELECT id, 'papers', true, '{}', now() FROM core_tenant"
    )
    await connection.execute("UPDATE core_tenant SET enablement_version = enablement_version + 1")
    await connection.close()


@pytest.fixture(scope="module")
def server(database_server: str, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The product with the page that asks for files."""
    folder = tmp_path_factory.mktemp("installation")
    with scratch_database(database_server, copy_of=migrated) as url:
        plugins = json.dumps([str(ROOT / "tests" / "core" / "file_plugins")])
        environ = server_environ(url, folder, SWITCHROOM__PLUGINS__DIRS=plugins)
        process = ServerProcess("run", environ, folder / "server.log", free_port())
        with running(process):
            run_apart(_switch_on(url))
            yield process


def payload(name: str, content: bytes) -> FilePayload:
    """A file of somebody's machine."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_files_are_given_taken_back_sent_and_saved_again(
    sign_in: SignIn, agent_browser: Browser, tmp_path: Path
) -> None:
    page = sign_in(agent_browser, "agent1")
    page.goto("/p/papers/desk")
    papers = page.locator("[data-component=papers]")
    rows = papers.locator("[data-file-row]")
    page.locator("#desk-papers").set_input_files([payload("Договор.pdf", PDF), payload("hole.png", png())])
    expect(papers.get_by_role("link", name="Договор.pdf")).to_have_attribute("href", re.compile(r"^/files/\d+$"))
    expect(papers.get_by_role("link", name="hole.png")).to_be_visible()
    expect(papers.get_by_role("status")).to_contain_text("is added")
    # A program in a picture's clothes is refused by its content, and what is too large is not even sent.
    page.evaluate(DROP, ["photo.png", "image/png", "MZ" + "\0" * 200])
    expect(rows.nth(2)).to_contain_text("Only pictures, PDF will do here.")
    page.locator("#desk-papers").set_input_files([payload("large.pdf", PDF.ljust(1_000_001))])
    expect(rows.nth(3)).to_contain_text("too large")
    check(page, "files given and refused")
    page.set_viewport_size(PHONE)
    fits(page, "files, phone")
    page.set_viewport_size({"width": 1366, "height": 820})
    # Whoever uses the keyboard goes on with the next file, and at last with the field.
    for name in ("Remove large.pdf", "Remove photo.png", "Remove hole.png"):
        page.get_by_role("button", name=name).press("Enter")
    expect(page.get_by_role("button", name="Remove Договор.pdf")).to_be_focused()
    page.evaluate(DROP, ["second.pdf", "application/pdf", PDF.decode()])
    expect(papers.get_by_role("link", name="second.pdf")).to_be_visible()
    expect(page.locator("[data-save-state=saved]")).to_be_visible()
    # The draft keeps them.
    page.reload()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Remove second.pdf").click()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    with page.expect_download() as saved:
        papers.get_by_role("link", name="Договор.pdf").click()
    assert saved.value.suggested_filename == "Договор.pdf"
    assert Path(saved.value.path()).read_bytes() == PDF


def test_the_form_waits_for_its_files_and_asks_for_those_that_are_required(
    sign_in: SignIn, agent_browser: Browser
) -> None:
    page = sign_in(agent_browser, "agent2")
    page.goto("/p/papers/desk")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#desk-papers-error")).to_have_text("Add a file.")
    expect(page.locator("#desk-papers")).to_have_attribute("aria-invalid", "true")
    check(page, "a file is missing")
    held = []
    page.route("**/files", lambda route: held.append(route))
    page.locator("#desk-papers").set_input_files([payload("slow.pdf", PDF)])
    row = page.locator("[data-file-row]")
    expect(row.locator("progress")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(row).to_contain_text("Wait until all files are sent")
    expect(page.get_by_text("Sent", exact=True)).to_have_count(0)
    held[0].continue_()
    expect(page.get_by_role("link", name="slow.pdf")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
