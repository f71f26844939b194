"""Forms that are built in the builder are used in real calls, and found in the journal and in the export."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.main_job import go_inbound, place_call
from tests.browser.test_form_builder import add, changes, fill, new_form, options, publish, required, say
from tests.browser.test_pages import PHONE, check, fits, settled
from tests.core.test_forms_files import PDF

SignIn = Callable[[Browser, str], Page]


def choose_form(page: Page, title: str) -> None:
    """The form follows incoming contacts of the queue; the agent is free when it is sent."""
    page.goto("/p/wrapup/rules")
    queue = settled(page).locator("section.rule-queue").filter(has_not_text="where a queue has no rule").first
    queue.get_by_role("link", name=re.compile("Incoming contacts")).click()
    page.locator("input[name=mode][value=required]").check()
    page.locator("#field-form").select_option(label=title)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("The rule is saved.")


def talk(agent: Page, caller: Page, name: str) -> Locator:
    """A customer calls, the agent answers, the customer hangs up; gives the panel with the form."""
    go_inbound(agent)
    place_call(caller, name)
    agent.get_by_role("button", name="Accept").click()
    expect(caller.get_by_role("heading", name="You are connected")).to_be_visible()
    panel = agent.locator("#panels")
    expect(panel.locator("#wrapup-form")).to_be_visible()
    caller.get_by_role("button", name="Hang up").click()
    expect(agent.locator("#status-button")).to_contain_text("Post-processing")
    return panel


def finish(agent: Page, panel: Locator, send: str) -> None:
    """Answers what every call asks, and sends."""
    panel.get_by_role("radiogroup", name="Was the call successful?").get_by_text("Yes", exact=True).click()
    panel.get_by_role("button", name=send, exact=True).click()
    expect(agent.locator("#status-button")).to_contain_text("Waiting")


def journal_answers(agent: Page, name: str) -> Locator:
    """What the journal tells of the call of this customer."""
    agent.goto("/")
    settled(agent).get_by_role("button", name=f"Form answers: {name}").click()
    dialog = agent.locator("#loaded-dialog")
    expect(dialog.locator(".work-answers")).to_be_visible()
    return dialog


def answers_in(place: Locator) -> dict[str, str]:
    """Question → answer, as they are shown."""
    rows = place.locator(".work-answers > div")
    found: dict[str, str] = {}
    while not found:
        # What has happened since may replace them between the look and the reading.
        expect(rows.first).to_be_visible()
        found = rows.evaluate_all(
            "rows => Object.fromEntries(rows.map(row => [row.querySelector('dt').innerText.trim(),"
            " row.querySelector('dd').innerText.trim()]))"
        )
    return found


def only_line(page: Page, form: str) -> dict[str, str]:
    """The one line of the form's export, by the names of its columns."""
    answer = page.request.get(f"/admin/forms/{form}/answers/export?format=csv")
    assert answer.ok, answer.status_text
    (line,) = csv.DictReader(io.StringIO(answer.body().decode("utf-8-sig"), newline=""))
    return line


def build_dynamic(page: Page) -> None:
    """A form with every element of a dynamic form, published."""
    new_form(page, "Repair", "repair")
    add(page, "Information")
    fill(page, "Text: English", "Ask for the machine first.")
    fill(page, "Text: Русский", "Сначала спросите о машине.")
    add(page, "Line of text")
    say(page, "Machine", "Машина")
    required(page)
    fill(page, "Name", "machine")
    add(page, "Date and time")
    say(page, "Wanted at", "Когда удобно")
    fill(page, "Name", "wanted_at")
    add(page, "Drop-down list")
    say(page, "Place", "Место")
    options(page, ("home", "At home", "Дома"), ("shop", "In the shop", "В мастерской"))
    fill(page, "Name", "place")
    add(page, "Files")
    say(page, "Papers", "Документы")
    fill(page, "Name", "papers")
    add(page, "Buttons")
    say(page, "Who comes", "Кто приедет")
    options(page, ("fitter", "A fitter", "Мастер"), ("nobody", "Nobody", "Никто"))
    fill(page, "Name", "who_comes")
    publish(page, 1)


def test_a_dynamic_form_from_the_builder_to_a_call_the_journal_and_the_export(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    admin = settled(sign_in(agent_browser, "admin"))
    build_dynamic(admin)
    choose_form(admin, "Repair")

    agent = sign_in(agent_browser, "agent1")
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    panel = talk(agent, caller, "Maria Jensen")
    expect(panel.get_by_text("Ask for the machine first.")).to_be_visible()
    panel.get_by_label("Machine").fill('=SUM(1) <b>"Tumbler"</b>')
    panel.get_by_label("Wanted at").fill("2031-05-04T18:30")
    panel.get_by_label("Place").select_option(label="In the shop")
    pdf: FilePayload = {"name": "Договор.pdf", "mimeType": "application/octet-stream", "buffer": PDF}
    panel.locator("[data-component=papers] input[type=file]").set_input_files([pdf])
    expect(panel.get_by_role("link", name="Договор.pdf")).to_be_visible()
    finish(agent, panel, "A fitter")

    dialog = journal_answers(agent, "Maria Jensen")
    found = answers_in(dialog)
    asked = ["Machine", "Wanted at", "Place", "Papers", "Who comes", "Was the call successful?"]
    assert [question for question in found if question in asked] == asked
    assert found["Machine"] == '=SUM(1) <b>"Tumbler"</b>'
    assert found["Wanted at"] == "4 May 2031, 18:30"
    assert (found["Place"], found["Who comes"]) == ("In the shop", "A fitter")
    with agent.expect_download() as saved:
        dialog.get_by_role("link", name="Договор.pdf").click()
    assert Path(saved.value.path()).read_bytes() == PDF
    check(agent, "the answers in the journal")
    agent.set_viewport_size(PHONE)
    fits(agent, "the answers in the journal, phone")
    agent.set_viewport_size({"width": 1366, "height": 820})
    dialog.get_by_role("link", name="Open the card").click()
    settled(agent).get_by_role("tab", name="Form answers").click()
    expect(agent.get_by_role("tabpanel").get_by_text("In the shop")).to_be_visible()
    check(agent, "the answers on the card")

    admin.goto("/admin/forms")
    settled(admin).get_by_role("link", name="Answers to Repair").click()
    expect(admin.locator(".answer-card")).to_contain_text("Maria Jensen")
    check(admin, "the answers to a form")
    admin.set_viewport_size(PHONE)
    fits(admin, "the answers to a form, phone")
    line = only_line(admin, "repair")
    assert line["Customer"] == "Maria Jensen"
    assert line["Machine [machine]"] == '\'=SUM(1) <b>"Tumbler"</b>'
    assert line["Wanted at [wanted_at]"] == "4 May 2031, 18:30"
    assert (line["Place [place]"], line["Who comes [who_comes]"]) == ("In the shop", "A fitter")
    assert line["Papers [papers]"] == "Договор.pdf"
    with admin.expect_download() as file:
        admin.get_by_role("link", name="XLSX").click()
    head, *lines = (
        load_workbook(io.BytesIO(Path(file.value.path()).read_bytes())).worksheets[0].iter_rows(values_only=True)
    )
    assert [dict(zip(head, row, strict=True))["Machine [machine]"] for row in lines] == ['=SUM(1) <b>"Tumbler"</b>']


def test_a_simple_form_from_the_builder_to_a_call_the_journal_and_the_export(
    sign_in: SignIn, open_page: OpenPage, agent_browser: Browser, caller_browser: Browser
) -> None:
    admin = settled(sign_in(agent_browser, "admin"))
    new_form(admin, "Simple", "simple")
    add(admin, "Yes or no")
    say(admin, "Was it solved?", "Решено?")
    required(admin)
    fill(admin, "Name", "solved")
    add(admin, "One of several")
    say(admin, "Try again", "Ещё раз")
    options(admin, ("at", "At a set time", "В назначенное время"), ("none", "Not again", "Не нужно"))
    required(admin)
    fill(admin, "Name", "try_again")
    fill(admin, "Shown only if", "solved == false")
    add(admin, "Date and time")
    say(admin, "When", "Когда")
    fill(admin, "Name", "try_again_at")
    fill(admin, "Shown only if", "solved == false and try_again == 'at'")
    changes(admin, lambda: admin.get_by_label("Must be", exact=True).select_option("future"))
    add(admin, "Long text")
    say(admin, "Remark", "Замечание")
    fill(admin, "Name", "remark")
    publish(admin, 1)
    choose_form(admin, "Simple")

    agent = sign_in(agent_browser, "agent2")
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    panel = talk(agent, caller, "Olaf Berg")
    expect(panel.get_by_role("radiogroup", name="Try again")).to_be_hidden()
    panel.get_by_role("radiogroup", name="Was it solved?").get_by_text("No", exact=True).click()
    panel.get_by_role("radiogroup", name="Try again").get_by_text("At a set time").click()
    panel.get_by_label("When", exact=True).fill("2031-05-05T09:00")
    panel.get_by_label("Remark").fill("Line one\nLine two")
    finish(agent, panel, "Send")

    found = answers_in(journal_answers(agent, "Olaf Berg"))
    told = {
        "Was it solved?": "No",
        "Try again": "At a set time",
        "When": "5 May 2031, 09:00",
        "Remark": "Line one\nLine two",
    }
    assert {question: found.get(question) for question in told} == told
    line = only_line(admin, "simple")
    assert line["Was it solved? [solved]"] == "No"
    assert line["Try again [try_again]"] == "At a set time"
    assert line["When [try_again_at]"] == "5 May 2031, 09:00"
    assert line["Remark [remark]"].splitlines() == ["Line one", "Line two"]
    assert (line["Customer"], line["Version"]) == ("Olaf Berg", "1")
