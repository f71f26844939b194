"""The single window while plugins are switched on and off: their sections, and their buttons of the top bar, follow."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

SignIn = Callable[[Browser, str], Page]


def switch(admin: Page, word: str, title: str) -> None:
    """The administrator switches a plugin on or off."""
    card = admin.get_by_role("listitem").filter(has=admin.get_by_role("heading", name=title, exact=True))
    card.get_by_role("button", name=word).click()
    if word == "Switch off":
        admin.get_by_role("dialog").get_by_role("button", name=word).click()
    expect(card.get_by_role("button", name="Switch on" if word == "Switch off" else "Switch off")).to_be_visible()


def test_sections_and_buttons_of_the_bar_follow_what_is_switched_on(sign_in: SignIn, agent_browser: Browser) -> None:
    agent, admin = sign_in(agent_browser, "agent1"), sign_in(agent_browser, "admin")
    agent.goto("/window")
    main = agent.locator("#main")
    sections, bell = main.locator(".window-section > h2"), agent.locator("#bar-promises")
    expect(main.locator("[aria-busy=true]")).to_have_count(0)
    expect(agent.locator("html")).to_have_attribute("data-connection", "connected")
    expect(sections).to_have_text(["Records", "My queues", "Promises due", "My team: Team 1"])
    expect(bell.get_by_role("button")).to_be_visible()
    # What stays is not loaded anew: the page, the sections of others, and the place of the keyboard.
    agent.evaluate("window.stays = true")
    agent.evaluate("document.querySelectorAll('.window-section').forEach((each) => { each.stays = true; })")
    agent.locator("[data-section^='/window/team']").evaluate("(each) => { each.tabIndex = -1; each.focus(); }")

    admin.goto("/admin/plugins")
    switch(admin, "Switch off", "Promises")
    expect(sections).to_have_text(["Records", "My queues", "My team: Team 1"])
    expect(bell).to_have_count(0)
    expect(agent.locator("[data-section^='/window/team']")).to_be_focused()
    switch(admin, "Switch off", "Record queues")
    expect(sections).to_have_text(["My queues", "My team: Team 1"])

    switch(admin, "Switch on", "Promises")
    expect(sections).to_have_text(["My queues", "Promises due", "My team: Team 1"])
    expect(main.get_by_role("region", name="Promises due")).to_contain_text("You owe nothing")
    expect(bell.get_by_role("button")).to_be_visible()
    switch(admin, "Switch on", "Record queues")
    expect(sections).to_have_text(["Records", "My queues", "Promises due", "My team: Team 1"])
    expect(main.get_by_role("region", name="Records", exact=True)).to_contain_text("No record queues for you")
    assert agent.evaluate("window.stays") is True
    sections_now = "[...document.querySelectorAll('.window-section')]"
    kept = agent.evaluate(f"{sections_now}.filter((each) => each.stays).map((each) => each.dataset.section)")
    assert kept == ["/p/routing/mine", "/window/team?limit=16"]
    agent.reload()
    expect(sections).to_have_text(["Records", "My queues", "Promises due", "My team: Team 1"])
