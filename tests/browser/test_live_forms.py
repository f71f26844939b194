"""A form in a real browser: what it shows, requires and computes follows what is typed, without a reload."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from core.forms.reader import Reader
from core.forms.rendering import render_form
from core.forms.schema import read_form
from tests.browser.conftest import CHROMIUM, QUIET
from tests.conftest import ROOT
from tests.core.test_forms_components import COMPONENTS, SCORED

Show = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(playwright_api: Playwright) -> Iterator[Browser]:
    """A browser."""
    started = playwright_api.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield started
    started.close()


@pytest.fixture(scope="module")
def script() -> str:
    """The script of forms as pages get it, with what it imports."""
    command = [
        "exec",
        "--",
        "esbuild",
        "core/web/static/src/forms.js",
        "--bundle",
        "--format=iife",
        "--global-name=forms",
    ]
    bundled = subprocess.run([ROOT / "scripts/npm", *command], check=True, capture_output=True, text=True, cwd=ROOT)
    return bundled.stdout


@pytest.fixture
def show_pages(browser: Browser, script: str) -> Iterator[Show]:
    """Shows a form of these pages."""
    page = browser.new_page()

    def labelled(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**part, "components": labelled(part["components"])}
            if "components" in part
            else {"label": {"en": part["key"]}, **part}
            for part in parts
        ]

    def shown(*pages: dict[str, Any], **typed: str) -> Page:
        data = {"key": "test:live", "version": 1, "title": {"en": "T"}, "pages": labelled(list(pages))}
        fields = render_form(read_form(data), typed, Reader(ZoneInfo("Europe/Berlin")), scope="f")
        page.set_content(f"<form>{fields}</form>")
        page.add_script_tag(content=f"{script}\nforms.startForms();")
        return page

    yield shown
    page.close()


@pytest.fixture
def show(show_pages: Show) -> Show:
    """Shows a form of these components, on one page."""

    def shown(*components: dict[str, Any]) -> Page:
        return show_pages({"key": "p", "components": list(components)})

    return shown


OPTIONS = [{"value": value, "label": {"en": value}} for value in ("late", "broken")]


def test_a_field_is_shown_while_an_expression_holds(show: Show) -> None:
    page = show(
        {"kind": "number", "key": "people", "whole": False},
        {"kind": "multi_select", "key": "reasons", "options": OPTIONS},
        {"kind": "yes_no", "key": "ok"},
        {"kind": "text", "key": "many", "shown_if": "people > 3"},
        {"kind": "text", "key": "why", "shown_if": "'late' in reasons and ok == false"},
        {"kind": "text", "key": "below", "shown_if": "not empty(many)"},
    )
    many, why, below = (page.locator(f"[data-component={key}]") for key in ("many", "why", "below"))
    expect(many).to_be_hidden()
    page.fill("[name='answer.people']", "3,5")
    expect(many).to_be_visible()
    page.fill("[name='answer.many']", "x")
    expect(below).to_be_visible()
    page.fill("[name='answer.people']", "three")
    expect(many).to_be_hidden()
    expect(below).to_be_hidden()
    page.check("[value=late]")
    expect(why).to_be_hidden()
    page.check("[name='answer.ok'][value=no]")
    expect(why).to_be_visible()
    page.uncheck("[value=late]")
    expect(why).to_be_hidden()


def test_a_field_is_required_while_an_expression_holds(show: Show) -> None:
    page = show(
        {"kind": "date_time", "key": "moment"},
        {"kind": "switch", "key": "sure"},
        {"kind": "text", "key": "why", "required_if": "moment > '2026-03-01T10:00' and not sure"},
    )
    why = page.locator("[name='answer.why']")
    page.fill("[name='answer.moment']", "2026-03-01T10:00")
    expect(why).not_to_have_attribute("aria-required", "true")
    page.fill("[name='answer.moment']", "2026-03-01T10:01")
    expect(why).to_have_attribute("aria-required", "true")
    page.check("[name='answer.sure']")
    expect(why).not_to_have_attribute("aria-required", "true")


def test_values_are_computed_while_one_types_and_decide_with(show: Show) -> None:
    page = show(
        {"kind": "computed", "key": "total", "formula": "round((price or 0) * (pieces or 0), 2)"},
        {"kind": "number", "key": "price", "whole": False},
        {"kind": "number", "key": "pieces"},
        {"kind": "computed", "key": "dear", "formula": "total > 100"},
        {"kind": "text", "key": "approved_by", "shown_if": "dear"},
    )
    total, dear = page.locator("[data-component=total] output"), page.locator("[data-component=dear] output")
    expect(total).to_have_text("0")
    page.fill("[name='answer.price']", "0,1")
    page.fill("[name='answer.pieces']", "3")
    expect(total).to_have_text("0.3")
    expect(dear).to_have_text("No")
    page.fill("[name='answer.pieces']", "2000")
    expect(total).to_have_text("200")
    expect(dear).to_have_text("Yes")
    expect(page.locator("[data-component=approved_by]")).to_be_visible()


def test_pages_and_sections_follow_the_answers(show_pages: Show) -> None:
    page = show_pages(
        {
            "key": "start",
            "components": [{"kind": "yes_no", "key": "angry"}],
            "leads_to": [{"page": "sorry", "when": "angry"}, {"page": None, "when": "angry == false"}],
        },
        {"key": "between", "components": [{"kind": "text", "key": "why"}]},
        {
            "key": "sorry",
            "components": [
                {"kind": "yes_no", "key": "more"},
                {
                    "kind": "section",
                    "key": "rest",
                    "title": {"en": "Rest"},
                    "shown_if": "more",
                    "components": [{"kind": "text", "key": "about"}],
                },
            ],
        },
    )
    why, more, about = (page.locator(f"[data-component={key}]") for key in ("why", "more", "about"))
    expect(why).to_be_visible()
    page.check("[name='answer.angry'][value=no]")
    expect(why).to_be_hidden()
    expect(more).to_be_hidden()
    page.check("[name='answer.angry'][value=yes]")
    expect(why).to_be_hidden()
    expect(more).to_be_visible()
    expect(about).to_be_hidden()
    page.check("[name='answer.more'][value=yes]")
    expect(about).to_be_visible()


def test_rows_are_added_and_their_sum_follows(show: Show) -> None:
    page = show(
        {"kind": "table", **COMPONENTS["table"], "key": "goods"},
        {"kind": "money", "key": "freight", "currencies": ["EUR", "USD"]},
        {"kind": "computed", "key": "total", "formula": "sum(goods, 'price') + (freight or 0)"},
        {"kind": "text", "key": "why", "shown_if": "count(goods) > 1"},
    )
    total, why = page.locator("[data-component=total] output"), page.locator("[data-component=why]")
    page.get_by_label("Goods, row 1").fill("Pen")
    page.get_by_label("Price, row 1").fill("1,5")
    expect(total).to_have_text("1.5")
    page.get_by_role("button", name="Add a row").click()
    expect(page.get_by_label("Goods, row 2")).to_be_focused()
    expect(why).to_be_hidden()
    page.get_by_label("Price, row 2").fill("2")
    expect(total).to_have_text("3.5")
    expect(why).to_be_visible()
    page.fill("[name='answer.freight']", "10")
    expect(total).to_have_text("13.5")
    page.get_by_role("button", name="Add a row").click()
    expect(page.get_by_role("button", name="Add a row")).to_be_hidden()


def test_rows_are_removed_and_the_keyboard_goes_on_with_the_next_one(show: Show) -> None:
    page = show(
        {"kind": "table", **COMPONENTS["table"], "key": "goods", "min_rows": 2},
        {"kind": "computed", "key": "total", "formula": "sum(goods, 'price')"},
    )
    total, removals = page.locator("[data-component=total] output"), page.locator("[data-remove-row]")
    for row, price in ((1, "1"), (2, "2")):
        page.get_by_label(f"Price, row {row}").fill(price)
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Price, row 3").fill("4")
    expect(page.get_by_role("button", name="Add a row")).to_be_hidden()
    expect(total).to_have_text("7")
    page.get_by_role("button", name="Remove row 2").press("Enter")
    expect(removals).to_have_count(2)
    expect(page.get_by_role("button", name="Remove row 2")).to_be_focused()
    expect(page.get_by_label("Price, row 2")).to_have_value("4")
    expect(total).to_have_text("5")
    expect(page.get_by_role("button", name="Add a row")).to_be_visible()
    # So many must stay: the row is emptied.
    page.get_by_role("button", name="Remove row 2").press("Enter")
    expect(removals).to_have_count(2)
    expect(page.get_by_label("Goods, row 2")).to_be_focused()
    expect(total).to_have_text("1")


def test_scores_count_and_what_does_not_apply_does_not(show: Show) -> None:
    page = show(
        {"kind": "radio", "key": "mood", "options": SCORED},
        {"kind": "multi_select", "key": "several", "options": SCORED},
        {"kind": "yes_no_na", "key": "solved"},
        {"kind": "computed", "key": "mean", "formula": "average(score(mood), score(several), score(solved))"},
        {"kind": "text", "key": "answered", "shown_if": "not empty(mood)"},
        {"kind": "text", "key": "why_not", "shown_if": {"field": "mood", "equals": "na"}},
    )
    mean = page.locator("[data-component=mean] output")
    answered, why_not = (page.locator(f"[data-component={key}]") for key in ("answered", "why_not"))
    page.check("[name='answer.mood'][value=good]")
    expect(mean).to_have_text("5")
    expect(answered).to_be_visible()
    page.check("[name='answer.several'][value=good]")
    page.check("[name='answer.several'][value=bad]")
    expect(mean).to_have_text("4.75")
    page.check("[name='answer.solved'][value=na]")
    expect(mean).to_have_text("4.75")
    page.check("[name='answer.mood'][value=na]")
    expect(mean).to_have_text("4.5")
    expect(answered).to_be_hidden()
    expect(why_not).to_be_visible()


def test_a_slider_says_where_it_stands_and_a_mark_and_a_person_count(show: Show) -> None:
    page = show(
        {"kind": "slider", **COMPONENTS["slider"], "key": "share"},
        {"kind": "rating", "key": "mark"},
        {"kind": "contact", "key": "who"},
        {"kind": "text", "key": "why", "shown_if": "share >= 0.5 and mark < 3 and not empty(who)"},
    )
    page.locator("[name='answer.share']").fill("0.75")
    expect(page.locator("[data-slider-value]")).to_have_text("0.75")
    page.check("[name='answer.mark'][value='2']")
    expect(page.locator("[data-component=why]")).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("Kim")
    expect(page.locator("[data-component=why]")).to_be_visible()


def test_nobody_is_kept_from_any_component(show: Show) -> None:
    page = show(*({"kind": kind, "key": kind, **more} for kind, more in COMPONENTS.items()))
    page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run('form', { resultTypes: ['violations'] })).violations")
    assert not [(each["id"], each["nodes"][0]["html"]) for each in found]
