"""Forms are built in the builder: by clicking, by dragging, by keys alone; tried, published, seen in another tab."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from core.forms.library.properties import written
from plugins.wrapup.forms import SIMPLE
from tests.browser.test_pages import check, settled

SignIn = Callable[[Browser, str], Page]

KINDS = {
    "yes_no": "Yes or no",
    "radio": "One of several",
    "date_time": "Date and time",
    "checkbox": "Box to tick",
    "long_text": "Long text",
}
"""What the kinds of the simple form are called in the palette."""


def new_form(page: Page, title: str, name: str) -> None:
    """Makes a form and opens its editor."""
    page.goto("/admin/forms/new")
    settled(page).get_by_label("Title").fill(title)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make and build it").click()
    expect(page.locator("#builder")).to_be_visible()


def bar(page: Page) -> Locator:
    """Where the editor says which revision it shows."""
    return page.locator('[data-part="bar"]')


def changes(page: Page, act: Callable[[], Any]) -> None:
    """Does what changes the form, and waits until the change is saved."""
    before = bar(page).get_attribute("data-revision")
    act()
    expect(bar(page)).not_to_have_attribute("data-revision", str(before))


def add(page: Page, kind: str) -> None:
    """Adds a component from the palette: it is chosen then."""
    changes(page, page.locator(".builder-palette").get_by_role("button", name=kind, exact=True).click)


def fill(page: Page, label: str, value: str, within: Locator | None = None) -> None:
    """Types what a property is to be."""
    # The properties of the part itself come before those of its options.
    field = (within or page.locator("#side-properties")).get_by_label(label, exact=True).first

    def typed() -> None:
        field.fill(value)
        field.press("Tab")

    if field.input_value() != value:
        changes(page, typed)


def say(page: Page, english: str, russian: str) -> None:
    """The label in both languages."""
    fill(page, "Label: English", english)
    fill(page, "Label: Русский", russian)


def options(page: Page, *wanted: tuple[str, str, str]) -> None:
    """Value and words of each option."""
    side = page.locator("#side-properties")
    for number, (value, english, russian) in enumerate(wanted, start=1):
        row = side.get_by_role("group", name=f"Options {number}", exact=True)
        if number > 2:
            changes(page, side.get_by_role("button", name=re.compile("^Add.*Options$")).click)
        fill(page, "Value that is stored", value, row)
        fill(page, "Label: English", english, row)
        fill(page, "Label: Русский", russian, row)


def required(page: Page) -> None:
    """Must be answered."""
    changes(page, page.get_by_role("switch", name="Must be answered", exact=True).check)


def order(page: Page) -> list[str]:
    """The names of the parts as they stand."""
    return page.locator("[data-place]").evaluate_all("parts => parts.map(part => part.dataset.key)")


def publish(page: Page, version: int) -> None:
    """Publishes, and waits until that is done."""
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".builder-bar .tag")).to_have_text(f"Version {version}")


def exported(page: Page, name: str) -> dict[str, Any]:
    """The form in the file that it is exported to."""
    form: dict[str, Any] = page.request.get(f"/admin/forms/{name}/export").json()["form"]
    return form


def test_the_simple_form_is_built_by_clicking(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    new_form(page, "Task processing", "simple")
    page.get_by_role("button", name="Task processing").click()
    fill(page, "Title: Русский", "Обработка задачи")
    asked = SIMPLE.as_json()["pages"][0]["components"]
    conditions = {question["key"]: written(question["shown_if"]) for question in asked if "shown_if" in question}
    for question in asked:
        add(page, KINDS[question["kind"]])
        say(page, question["label"]["en"], question["label"]["ru"])
        if "options" in question:
            options(page, *((each["value"], each["label"]["en"], each["label"]["ru"]) for each in question["options"]))
        if question["required"]:
            required(page)
        fill(page, "Name", question["key"])
        if question["key"] in conditions:
            fill(page, "Shown only if", conditions[question["key"]])
        if question.get("must_be"):
            changes(page, partial(page.get_by_label("Must be", exact=True).select_option, question["must_be"]))
        if question.get("shortcuts"):
            changes(page, page.get_by_role("switch", name="Answered with Alt+Y and Alt+N").check)
        if question.get("default"):
            fill(page, "Filled in from the start", question["default"])
    check(page, "the builder")
    page.get_by_role("tab", name="Check").click()
    expect(page.get_by_text("There are none: the form can be published.")).to_be_visible()
    expect(page.get_by_text("Every text is there in every language.")).to_be_visible()
    check(page, "nothing to mend")
    publish(page, 1)
    built = exported(page, "simple")
    stripped = [{name: value for name, value in each.items() if name != "shown_if"} for each in asked]
    assert [_with_defaults(each) for each in built["pages"][0]["components"]] == stripped
    assert {
        each["key"]: each["shown_if"] for each in built["pages"][0]["components"] if "shown_if" in each
    } == conditions
    page.get_by_role("tab", name="Preview").click()
    page.get_by_role("button", name="Русский").click()
    frame = page.frame_locator(".preview-frame")
    expect(frame.get_by_role("radiogroup", name="Звонок был успешным?")).to_be_visible()
    expect(frame.get_by_text("Следующая попытка")).to_be_hidden()
    frame.get_by_label("Нет", exact=True).check()
    frame.get_by_label("Не нужна").check()
    frame.get_by_label("Комментарий").fill("Завтра")
    frame.get_by_role("button", name="Check what would be stored").click()
    stored = frame.get_by_role("region", name="What would be stored")
    expect(stored.get_by_text("Завтра")).to_be_visible()
    expect(stored.locator("dt code")).to_have_text(["successful", "next_attempt", "comment", "after_service"])
    page.goto("/admin/forms")
    expect(settled(page).locator(".form-card", has_text="custom:simple")).to_contain_text("Not answered yet")
    check(page, "the list of forms")


def _with_defaults(built: dict[str, Any]) -> dict[str, Any]:
    """A component as the form has it once it is read, without its condition."""
    question = next(each for each in SIMPLE.components if each.key == built["key"])
    read = type(question).model_validate({name: value for name, value in built.items() if name != "shown_if"})
    return read.model_dump(mode="json", exclude_none=True)


def press(page: Page, keys: str) -> None:
    """Presses keys that change the form."""
    changes(page, lambda: page.keyboard.press(keys))


def test_a_dynamic_form_is_built_and_ordered_with_the_keyboard_alone(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    new_form(page, "Dynamic", "dynamic")
    for kind in ("Information", "Line of text", "Date and time", "Drop-down list", "Buttons", "Section"):
        page.locator(".builder-palette").get_by_role("button", name=kind, exact=True).focus()
        press(page, "Enter")
        expect(page.locator("[data-choose]:focus")).to_have_count(1)
    assert order(page) == ["page_1", "static_text", "text", "date_time", "select", "button", "section"]
    for _step in range(4):
        press(page, "Alt+ArrowUp")
    assert order(page)[1:3] == ["static_text", "section"]
    expect(page.locator("#announcer")).to_have_text(re.compile("Section: Section: place 1.2"))
    # Down the page: into the section by Alt with an arrow, and out of it again below.
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Information – Information")).to_be_focused()
    press(page, "Alt+ArrowDown")
    expect(page.locator(".is-section [data-key=static_text]")).to_have_count(1)
    press(page, "Control+d")
    assert order(page)[1:4] == ["section", "static_text", "static_text_2"]
    press(page, "Delete")
    press(page, "Control+z")
    assert order(page)[1:4] == ["section", "static_text", "static_text_2"]
    press(page, "Control+y")
    assert order(page) == ["page_1", "section", "static_text", "text", "date_time", "select", "button"]
    page.get_by_role("button", name="Add a page").focus()
    press(page, "Enter")
    page.locator('.build-pick[data-choose="pages.0.components.4"]').focus()
    press(page, "Alt+ArrowDown")
    assert order(page)[-2:] == ["page_2", "button"]
    page.keyboard.press("Enter")
    page.get_by_role("switch", name="Must be answered", exact=True).focus()
    press(page, "Space")
    page.get_by_label("Shown only if").focus()
    changes(page, lambda: page.keyboard.type("sum(text) >"))
    expect(page.locator("#side-properties").get_by_text("This expression cannot be read")).to_be_visible()
    expect(page.get_by_label("Shown only if")).to_be_focused()
    check(page, "a problem at its place")
    page.get_by_role("tab", name="Properties").focus()
    page.keyboard.press("ArrowLeft")
    problem = page.locator(".check-line", has_text="Shown only if")
    problem.focus()
    check(page, "the list of what is to be mended")
    page.get_by_role("button", name="Publish").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The form cannot be published as it is.")).to_be_visible()
    problem.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Shown only if")).to_be_focused()
    page.keyboard.press("Control+a")
    changes(page, lambda: page.keyboard.type("not empty(text)"))
    expect(page.locator(".build-problems")).to_have_count(0)
    page.get_by_role("button", name="Publish").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".builder-bar .tag")).to_have_text("Version 1")
    kinds = [each["kind"] for one in exported(page, "dynamic")["pages"] for each in one["components"]]
    assert kinds == ["section", "text", "date_time", "select", "button"]
    page.get_by_role("tab", name="Preview").click()
    frame = page.frame_locator(".preview-frame")
    expect(frame.get_by_label("Date and time")).to_be_visible()
    expect(frame.get_by_role("button", name="Option 1")).to_be_hidden()
    frame.get_by_label("Line of text").press_sequentially("x")
    frame.get_by_role("button", name="Option 1").click()
    expect(frame.get_by_role("region", name="What would be stored")).to_contain_text("option1")
    page.goto("/admin/forms/dynamic/versions")
    expect(settled(page).get_by_text("The first version.")).to_be_visible()
    check(page, "the versions")


def test_parts_are_dragged_and_another_tab_sees_it(sign_in: SignIn, agent_browser: Browser) -> None:
    page = settled(sign_in(agent_browser, "admin"))
    new_form(page, "Dragged", "dragged")
    add(page, "Line of text")
    add(page, "A number")
    other = page.context.new_page()
    other.goto("/admin/forms/dragged")
    expect(settled(other).locator("[data-key=number]")).to_be_visible()
    handle = page.locator("[data-key=number] [data-handle]")
    changes(
        page, lambda: handle.drag_to(page.locator("[data-key=text] > .build-head"), target_position={"x": 90, "y": 2})
    )
    assert order(page) == ["page_1", "number", "text"]
    kind = page.locator(".builder-palette").get_by_role("button", name="Information", exact=True)
    changes(page, lambda: kind.drag_to(page.locator("[data-key=text] > .build-head")))
    assert sorted(order(page)) == ["number", "page_1", "static_text", "text"]
    expect(other.get_by_text("This form was changed in another window.").first).to_be_visible()
    expect(other.locator("[data-key=static_text]")).to_be_visible()
    assert order(other) == order(page)
    changes(other, lambda: other.locator("[data-key=text] .build-pick").press("Delete"))
    expect(page.locator("[data-key=text]")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo (Ctrl+Z)")).to_be_disabled()
