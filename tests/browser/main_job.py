"""The steps of the main job, as an agent and a customer take them in their browsers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.tones import AGENT_TONE, CALLER_TONE, listen

HEARD_DB = -50.0
SILENT_DB = -75.0
PATIENCE_SECONDS = 30.0


def wait_to_hear(page: Page, check: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """Listens until what is heard fits; the buffers on the way hold a moment of the past."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        heard = listen(page, seconds=0.6)
        if check(heard):
            return heard
        assert time.monotonic() < deadline, f"heard {heard}"


def music(heard: dict[str, float]) -> bool:
    """Something is heard, and it is neither voice."""
    voices = (abs(heard["loudest"] - CALLER_TONE) < 8, abs(heard["loudest"] - AGENT_TONE) < 8)
    return heard["level"] > HEARD_DB and heard["agent"] < HEARD_DB - 10 and not voices[1]


def go_inbound(agent: Page) -> None:
    """The agent begins to take calls."""
    agent.locator("#status-button").click()
    agent.get_by_role("button", name=re.compile("^Inbound")).click()
    expect(agent.locator("#status-button")).to_contain_text("Waiting")


def place_call(caller: Page, name: str = "Maria Jensen", number: str = "+4930901820") -> None:
    """The customer fills in the form and calls."""
    caller.get_by_label("Your name").fill(name)
    caller.get_by_label("Your phone number").fill(number)
    caller.get_by_label("What is it about?").fill("My order")
    caller.get_by_role("button", name="Call", exact=True).click()


def do_the_main_job(caller: Page, sign_in: Callable[[], Page]) -> None:
    """A call from the first ring to the journal; the agent comes while the customer waits.

    Args:
        caller: The customer's page.
        sign_in: Opens the agent's page.
    """
    place_call(caller)
    expect(caller.get_by_role("heading", name="Please wait")).to_be_visible()
    wait_to_hear(caller, music)

    agent = sign_in()
    go_inbound_and_ring(agent)
    agent.get_by_role("button", name="Accept").click()
    expect(caller.get_by_role("heading", name="You are connected")).to_be_visible()
    expect(agent.locator("#status-button")).to_contain_text("Busy")
    expect(
        agent.get_by_role("heading", name="Task processing").or_(agent.get_by_text("Task processing"))
    ).to_be_visible()

    # Each hears the other, and not itself.
    heard = wait_to_hear(agent, lambda now: now["caller"] > HEARD_DB)
    assert abs(heard["loudest"] - CALLER_TONE) < 8
    assert heard["agent"] < SILENT_DB
    heard = wait_to_hear(caller, lambda now: now["agent"] > HEARD_DB)
    assert abs(heard["loudest"] - AGENT_TONE) < 8
    assert heard["caller"] < SILENT_DB

    # Hold: music to the customer, silence to the agent.
    agent.get_by_role("button", name="Hold").click()
    expect(caller.get_by_role("heading", name="You are on hold")).to_be_visible()
    wait_to_hear(caller, music)
    wait_to_hear(agent, lambda now: now["caller"] < SILENT_DB)
    agent.get_by_role("button", name="Resume").click()
    wait_to_hear(caller, lambda now: now["agent"] > HEARD_DB)
    wait_to_hear(agent, lambda now: now["caller"] > HEARD_DB)

    # Mute cuts one direction.
    agent.get_by_role("button", name="Mute", exact=True).click()
    wait_to_hear(caller, lambda now: now["agent"] < SILENT_DB)
    wait_to_hear(agent, lambda now: now["caller"] > HEARD_DB)
    agent.get_by_role("button", name="Unmute").click()
    wait_to_hear(caller, lambda now: now["agent"] > HEARD_DB)

    # The customer hangs up: both ends are over.
    caller.get_by_role("button", name="Hang up").click()
    expect(agent.locator("#status-button")).to_contain_text("Post-processing")
    expect(caller.get_by_role("heading", name="The call has ended")).to_be_visible()

    wrap_up_survives_a_reload_and_is_sent(agent)
    expect(agent.locator("#status-button")).to_contain_text("Waiting")
    row = agent.get_by_role("row").filter(has_text="Maria Jensen")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Success")
    expect(agent.locator("#main").get_by_text("Sent the form by post.")).to_be_visible()


def go_inbound_and_ring(agent: Page) -> None:
    """Going inbound with a customer in line rings at once."""
    agent.locator("#status-button").click()
    agent.get_by_role("button", name=re.compile("^Inbound")).click()
    expect(agent.get_by_text("Incoming call", exact=True)).to_be_visible()
    expect(agent.locator("#dock")).to_contain_text("Maria Jensen")


def wrap_up_survives_a_reload_and_is_sent(agent: Page) -> None:
    """The form's clock runs, what was typed stays over a reload, and sending frees the agent."""
    panel = agent.locator("#panels")
    panel.get_by_label("Comment").fill("Sent the form by post.")
    panel.get_by_text("Yes", exact=True).click()
    expect(panel.get_by_text("Saved")).to_be_visible()
    before = panel.locator("[data-countdown]").first.get_attribute("data-countdown")
    agent.reload()
    expect(panel.get_by_label("Comment")).to_have_value("Sent the form by post.")
    expect(panel.get_by_label("Yes")).to_be_checked()
    assert panel.locator("[data-countdown]").first.get_attribute("data-countdown") == before
    panel.get_by_role("button", name=re.compile("^Send|^Complete|^Finish")).click()
