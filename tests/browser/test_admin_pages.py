"""The administration in a browser: with the keyboard alone, in both languages, light and dark, in two processes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage, log_in
from tests.browser.test_pages import WIDTHS, check, choose_language, fits, settled
from tests.browser.test_scaled_out import PASSWORD, command
from tests.conftest import scratch_database
from tests.serving import ServerProcess, free_port, running, server_environ

SignIn = Callable[[Browser, str], Page]

PAGES = {
    "start": "/admin",
    "users": "/admin/users",
    "nobody fits": "/admin/users?words=zzz",
    "a new user": "/admin/users/new",
    "a user": "/admin/users/3",
    "roles": "/admin/roles",
    "a built-in role": "/admin/roles/3",
    "a new role": "/admin/roles/new?copy=3",
    "teams": "/admin/teams",
    "a team": "/admin/teams/1",
    "a new team": "/admin/teams/new",
    "lists": "/admin/lookups",
    "a list": "/admin/lookups/wrapup.reasons",
    "an entry": "/admin/lookups/wrapup.reasons/entries/question",
    "a new entry": "/admin/lookups/wrapup.reasons/new",
    "forms": "/admin/forms",
    "a new form": "/admin/forms/new",
    "a form from a file": "/admin/forms/import",
    "plugins": "/admin/plugins",
    "a plugin": "/admin/plugins/wrapup",
    "tokens": "/admin/tokens",
    "a new token": "/admin/tokens/new",
    "audit log": "/admin/audit",
    "nothing in the log": "/admin/audit?actor=user:999",
}
# Names of people, keys, codes and addresses are the same in every language.
SAME = (
    r"Switchroom|Demo|English|[A-Z][a-z]+ [A-Z][a-z]+|\b[A-Z]{2}\b|Team \d|Alt|Ctrl|Enter|UTC|API|XLSX|CSV|admin|Main"
)
SAME += r"|XLSX|question|request|complaint|other"
SAME += r"|Newcomer|bea|agent\d|supervisor|reader|anna\.petrova|change_of_address|[a-z]+\.[a-z_]+"

# Plugins that happen to be installed here speak for themselves.
OTHERS = ".plugin-card:not(#plugin-telephony, #plugin-routing, #plugin-wrapup)"


def test_every_page_is_usable_in_light_and_dark(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    check(page, "first page of an administrator")
    for state, path in PAGES.items():
        page.goto(path)
        check(settled(page), state)


def test_colleague_is_added_with_the_keyboard_alone(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    page.goto("/admin/users")
    settled(page).get_by_role("link", name="Add a colleague").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Bea Moss")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("Login")).to_have_attribute("aria-invalid", "true")
    check(page, "a new user is refused")
    page.get_by_label("Login").focus()
    page.keyboard.type("bea")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Bea Moss")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/admin/users/\d+$"))
    expect(page.get_by_text("It is not shown again.")).to_be_visible()
    check(page, "a password is shown once")
    page.get_by_role("button", name="Switch off").click()
    dialog = page.get_by_role("dialog", name="Switch off the account of Bea Moss?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    check(page, "asks before an account is switched off")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Switch off")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Account switched off", exact=False).first).to_be_visible()
    page.goto("/admin/users")
    settled(page).get_by_label("Name or login").press_sequentially("bea")
    expect(page.get_by_text("Nobody fits")).to_be_visible()
    page.get_by_label("State of the account").select_option("all")
    expect(page.get_by_role("link", name=re.compile("Bea Moss"))).to_be_visible()


def test_rights_are_found_by_typing(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    page.goto("/admin/roles/new")
    settled(page).get_by_label("Search permissions").fill("softphone")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_label("Search permissions").fill("nothing like it")
    expect(page.get_by_text("No permission fits.")).to_be_visible()
    page.get_by_label("Search permissions").fill("softphone")
    page.get_by_role("checkbox").check()
    page.get_by_label("Name", exact=True).fill("Newcomer")
    page.get_by_role("button", name="Add role").click()
    expect(page.get_by_role("heading", name="Newcomer", level=1)).to_be_visible()
    check(page, "a role of one's own")


def test_entries_of_a_list_are_moved_by_keys_and_by_drag(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    page.goto("/admin/lookups/wrapup.reasons")
    settled(page).get_by_role("button", name="Move Question").focus()
    with page.expect_response("**/order") as answer:
        page.keyboard.press("ArrowDown")
    assert answer.value.status == 204
    expect(page.get_by_role("button", name="Move Question")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Question is now number 2.")
    with page.expect_response("**/order"):
        page.get_by_role("button", name="Move Complaint").drag_to(page.get_by_role("button", name="Move Request"))
    names = page.locator("[data-order-name]").all_inner_texts()
    assert names.index("Complaint") < 2
    page.reload()
    expect(page.locator("[data-order-name]")).to_have_text(names)


def test_data_of_a_plugin_need_its_name_typed(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    page.goto("/admin/plugins/wrapup")
    settled(page).get_by_role("button", name="Switch off").click()
    dialog = page.get_by_role("dialog", name="Switch off Work after calls?")
    check(page, "asks before a plugin is switched off")
    dialog.get_by_role("button", name="Switch off").click()
    page.get_by_role("button", name="Delete data").click()
    forever = page.get_by_role("button", name="Delete for good")
    expect(forever).to_be_disabled()
    check(page, "asks before data are deleted")
    page.keyboard.type("wrapup")
    expect(forever).to_be_enabled()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("Switched on: Work after calls.")).to_be_visible()


def test_every_page_fits_every_width_and_is_in_russian(open_page: OpenPage, agent_browser: Browser) -> None:
    page = open_page(agent_browser, "/login")
    log_in(page, "admin")
    choose_language(settled(page), "Русский")
    for state, path in PAGES.items():
        page.goto(path)
        settled(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 820})
            fits(page, f"{state}, {width} px")
        page.locator(f"select, option, code, .subject, {OTHERS}").evaluate_all(
            "all => all.forEach(each => each.remove())"
        )
        seen = re.sub(SAME, "", page.locator("#main").inner_text())
        assert re.findall(r"[A-Za-z]{2,}", seen) == [], f"{state}: {seen}"
    page.goto("/admin")
    choose_language(settled(page), "English")


@pytest.fixture
def two_servers(
    database_server: str, migrated: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two web servers of one installation."""
    folder = tmp_path_factory.mktemp("installation")
    with scratch_database(database_server, copy_of=migrated) as url:
        environ = server_environ(url, folder, SWITCHROOM__BROKER__URL=redis_url, SWITCHROOM__DEMO="false")
        command(environ, "migrate")
        command(environ, "tenants", "create", "demo", "--name", "Demo")
        for username, role in (("ada", "administrator"), ("anna", "agent"), ("sue", "supervisor")):
            words = ("users", "create", "demo", username, "--name", username.title(), "--role", role)
            command(environ, *words, "--password-stdin")
        web = [ServerProcess("web", environ, folder / f"web{number}.log", free_port()) for number in (1, 2)]
        with running(*web):
            yield web[0], web[1]


def test_what_is_switched_in_one_process_shows_in_the_open_pages_of_another(
    two_servers: tuple[ServerProcess, ServerProcess], open_page: OpenPage, agent_browser: Browser
) -> None:
    first, second = two_servers

    def sign_in(username: str, server: ServerProcess) -> Page:
        page = open_page(agent_browser, "/login", server=server)
        log_in(page, username, PASSWORD)
        return settled(page)

    admin, agent, supervisor = sign_in("ada", first), sign_in("anna", second), sign_in("sue", second)
    queues = supervisor.get_by_role("navigation").get_by_role("link", name="Queues")
    expect(queues).to_be_visible()
    expect(agent.locator("#dock section")).to_be_visible()
    for page in (agent, supervisor):
        page.evaluate("window.stays = true")

    def switch(word: str, title: str) -> None:
        card = admin.get_by_role("listitem").filter(has=admin.get_by_role("heading", name=title, exact=True))
        card.get_by_role("button", name=word).click()
        if word == "Switch off":
            admin.get_by_role("dialog").get_by_role("button", name=word).click()
        expect(card.get_by_role("button", name="Switch on" if word == "Switch off" else "Switch off")).to_be_visible()

    admin.goto("/admin/plugins")
    settled(admin)
    switch("Switch off", "Telephony")
    expect(agent.locator("#dock section")).to_have_count(0)
    switch("Switch off", "Queues")
    expect(queues).to_have_count(0)
    switch("Switch on", "Queues")
    expect(queues).to_be_visible()
    queues.click()
    expect(supervisor.get_by_text("Nobody waits")).to_be_visible()
    switch("Switch on", "Telephony")
    expect(agent.locator("#dock section")).to_be_visible()
    for page in (agent, supervisor):
        assert page.evaluate("window.stays") is True
