"""Takes the pictures of the README anew: `.venv/bin/python -m scripts.screenshots`, after `make bundle`.

Runs the product on a database of its own with the demo tenant, has customers call and an agent answer in real browsers,
gives the finished calls the times of a working morning, and writes docs/images/.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from core.database.embedded import EmbeddedServer
from switchroom.testing.databases import run_apart
from tests.browser.tones import CALLER_TONE, write_tone
from tests.serving import DEMO_PASSWORD, ROOT, ServerProcess, free_port, running, server_environ

IMAGES = ROOT / "docs" / "images"
CHROMIUM = os.environ.get("SWITCHROOM_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
DESK: ViewportSize = {"width": 1366, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 620}
SHARPNESS = 1.5
LOCAL_HOUR = 11
LARGEST_BYTES = 300_000


@dataclass(frozen=True)
class PastCall:
    """A call of the morning: who, what was noted, and its times in seconds."""

    name: str
    number: str
    successful: bool
    comment: str
    ago: int
    waiting: int
    talk: int
    wrap_up: int


MORNING = (
    PastCall("Oliver Grant", "+442079460958", True, "", 5820, 9, 142, 21),
    PastCall(
        "Aïcha Benali",
        "+33142685300",
        False,
        "Wants to speak to the workshop. They call back after two.",
        3960,
        34,
        267,
        48,
    ),
    PastCall("Thomas Weber", "+4930901820", True, "", 2340, 12, 95, 16),
    PastCall("Lucía Fernández", "+34915550123", True, "New delivery address confirmed.", 1260, 22, 188, 35),
)
"""The earliest first."""

_RETIME = """
UPDATE core_fact SET at = now() - $2::int * interval '1 second' + interval '1 second' * CASE
    WHEN subject = 'interaction' AND new = 'ended' OR new = 'wrap_up' THEN $3::int + $4::int
    WHEN subject = 'segment' AND new = 'closed' THEN $3::int + $4::int + $5::int
    WHEN subject = 'interaction' AND old = '' THEN 0
    ELSE $3::int
END
WHERE subject <> 'agent' AND interaction_id = (SELECT max(id) FROM core_interaction WHERE contact_name = $1)
"""

# The agent has been at work since half past eight, with a break.
_SHIFT = """
WITH agent AS (
    SELECT agent_id AS id FROM core_segment LIMIT 1
), mine AS (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM core_fact
    WHERE subject = 'agent' AND agent_id = (SELECT id FROM agent)
)
UPDATE core_fact SET new = CASE place WHEN 2 THEN 'paused' ELSE 'waiting' END,
    at = now() - interval '1 minute' * CASE place WHEN 1 THEN 156 WHEN 2 THEN 88 ELSE 74 END
FROM mine WHERE mine.id = core_fact.id
"""

NEIGHBOURS = (("Nordlicht Energie", "nordlicht"), ("Bright Dental", "bright"), ("Casa Verde", "casaverde"))

# Other tenants of the vendor, and what all have used in thirty days: less at weekends.
_USAGE = """
WITH made AS (
    INSERT INTO core_tenant (slug, name, language, timezone, suspended, enablement_version, created_at)
    SELECT slug, name, 'en', 'UTC', false, 1, now() FROM unnest($1::text[], $2::text[]) AS given (name, slug)
    RETURNING id
), everybody AS (
    SELECT id, row_number() OVER (ORDER BY id DESC) AS size
    FROM (SELECT id FROM core_tenant UNION SELECT id FROM made) AS tenant
)
INSERT INTO core_usage_day (tenant_id, day, interactions, agents, jobs, storage_bytes)
SELECT everybody.id, day::date,
    (size * 70 * CASE WHEN extract(isodow FROM day) > 5 THEN 0.25 ELSE 1 END
        * (0.8 + 0.2 * sin(extract(doy FROM day) * 1.7 + size)))::int,
    size * 3, size * 900, size * 4000000
FROM everybody, generate_series(current_date - 29, current_date - 1, interval '1 day') AS day
ON CONFLICT (tenant_id, day) DO NOTHING
"""

_TALKING = """
UPDATE core_segment SET started_at = now() - $1::int * interval '1 second' WHERE state = 'active'
"""

_STATUS = "UPDATE core_agent SET status_since = now() - $1::int * interval '1 second' WHERE status = 'busy'"


def main() -> None:
    """Takes all pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with installation() as (server, database), browser() as opened:
        agent = log_in(opened, server.url, "agent1")
        expect(agent.locator("#status-button")).to_contain_text("Break")
        agent.keyboard.press("Alt+1")
        for call in MORNING:
            take(opened, server.url, agent, call)
            sql(database, _RETIME, call.name, call.ago, call.waiting, call.talk, call.wrap_up)
        customer = open_call_page(opened, server.url, "Maria Jensen", "+4530901820", "The parcel arrived damaged")
        answer(agent)
        agent.get_by_label("Comment").fill("Replacement ordered. She keeps the damaged parcel for the driver.")
        agent.get_by_text("Yes", exact=True).click()
        expect(agent.get_by_text("Draft saved")).to_be_visible()
        sql(database, _SHIFT)
        sql(database, _RETIME, "Maria Jensen", 112, 18, 0, 0)
        sql(database, _TALKING, 94)
        sql(database, _STATUS, 94)
        waiting = [
            open_call_page(opened, server.url, "Peter Novak", "+420224123456", ""),
            open_call_page(opened, server.url, "Ingrid Solberg", "+4722123456", "Invoice of October"),
        ]
        look_again(agent)
        picture(agent, "workspace", "light")
        picture(agent, "workspace-dark", "dark")
        expect(waiting[1].get_by_text("You are number 2 in the queue.")).to_be_visible()
        expect(waiting[1].locator("time:visible")).to_have_text(re.compile("^00:1"), timeout=20_000)
        picture(waiting[1], "call-page", "light")
        mate = log_in(opened, server.url, "agent2")
        expect(mate.locator("#status-button")).to_contain_text("Break")
        agent.keyboard.press("Alt+W")
        expect(agent.get_by_role("region", name="My queues")).to_contain_text("Longest wait")
        expect(agent.get_by_role("region", name="My team: Team 1")).to_contain_text("Break")
        picture(agent, "window", "light")
        customer.get_by_role("button", name="Hang up").click()
        administrator = log_in(opened, server.url, "admin")
        administrator.goto(f"{server.url}/admin/plugins")
        expect(administrator.get_by_role("link", name="Settings").first).to_be_visible()
        picture(administrator, "plugins", "light")
        sql(database, _USAGE, [name for name, _slug in NEIGHBOURS], [slug for _name, slug in NEIGHBOURS])
        operator = log_in_operator(opened, server.url)
        expect(operator.get_by_role("heading", name="Busiest tenants")).to_be_visible()
        picture(operator, "console", "light")


@contextmanager
def installation() -> Iterator[tuple[ServerProcess, str]]:
    """The product on a database of its own, in a zone where it is late in the morning; and that database's address."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = EmbeddedServer(folder / "postgres", durable=False)
        try:
            url = server.start()
            east = (LOCAL_HOUR - datetime.now(UTC).hour + 12) % 24 - 12
            zone = f"Etc/GMT{-east:+d}"
            environ = server_environ(url, folder, SWITCHROOM__LOCALE__DEFAULT_TIMEZONE=zone)
            process = ServerProcess("run", environ, folder / "log", free_port())
            with running(process):
                yield process, url
        finally:
            server.destroy()


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a microphone that hears something."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        tone = write_tone(Path(folder) / "voice.wav", CALLER_TONE)
        fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        arguments = ["--no-sandbox", "--disable-gpu", *fake, f"--use-file-for-fake-audio-capture={tone}"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


def open_page(opened: Browser, address: str, size: ViewportSize) -> Page:
    """A page of its own visitor."""
    context = opened.new_context(
        viewport=size, device_scale_factor=SHARPNESS, permissions=["microphone", "notifications"]
    )
    page = context.new_page()
    page.goto(address)
    return page


def log_in(opened: Browser, url: str, username: str) -> Page:
    """The workspace."""
    page = open_page(opened, f"{url}/login", DESK)
    page.get_by_label("Login").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("html")).to_have_attribute("data-connection", "connected")
    return page


def log_in_operator(opened: Browser, url: str) -> Page:
    """The vendor's console."""
    page = open_page(opened, f"{url}/vendor/login", DESK)
    page.get_by_label("Login").fill("vendor")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    return page


def open_call_page(opened: Browser, url: str, name: str, number: str, subject: str) -> Page:
    """A customer calls."""
    page = open_page(opened, f"{url}/call/demo", PHONE)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your phone number").fill(number)
    page.get_by_label("What is it about?").fill(subject)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_role("button", name="Hang up").locator("visible=true")).to_be_visible()
    return page


def answer(agent: Page) -> None:
    """The agent takes the call that rings."""
    agent.get_by_role("button", name="Accept").click()
    expect(agent.locator("#wrapup-send")).to_be_visible()
    expect(agent.get_by_role("button", name="Hang up")).to_be_visible()


def take(opened: Browser, url: str, agent: Page, call: PastCall) -> None:
    """A call from the ring to the form that is sent."""
    customer = open_call_page(opened, url, call.name, call.number, "")
    answer(agent)
    customer.get_by_role("button", name="Hang up").locator("visible=true").click()
    expect(agent.get_by_role("timer")).to_be_visible()
    agent.get_by_text("Yes" if call.successful else "No", exact=True).click()
    if not call.successful:
        agent.get_by_label("None").check()
    agent.get_by_label("Comment").fill(call.comment)
    agent.get_by_role("button", name="Send").click()
    expect(agent.locator("#status-button")).to_contain_text("Waiting")
    customer.context.close()


def look_again(page: Page) -> None:
    """The page fetches what it shows: its rows have changed behind its back."""
    page.evaluate(
        "document.querySelectorAll('[data-region]').forEach(each => each.dispatchEvent(new Event('refresh')))"
    )
    expect(page.locator("#status-button time")).to_have_text(re.compile("^01:"))


def picture(page: Page, name: str, scheme: str) -> None:
    """Writes one picture; it must be small enough for a README."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
    page.locator(".passing").evaluate_all("all => all.forEach(each => each.remove())")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.wait_for_function(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    file = IMAGES / f"{name}.png"
    page.screenshot(path=file)
    if file.stat().st_size > LARGEST_BYTES:
        raise SystemExit(f"{file} has {file.stat().st_size} bytes, more than {LARGEST_BYTES}.")


def sql(database: str, statement: str, *values: object) -> None:
    """Changes rows of the scratch database."""

    async def run() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(statement, *values)
        await connection.close()

    run_apart(run())


if __name__ == "__main__":
    main()
