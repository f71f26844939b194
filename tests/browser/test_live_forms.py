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
def show(browser: Browser, script: str) -> Iterator[Show]:
    """Shows a form of these components."""
    page = browser.new_page()

    def shown(*components: dict[str, Any], **typed: str) -> Page:
        parts = [{"label": {"en": part["key"]}, **part} for part in components]
        data = {"key": "test:live", "version": 1, "title": {"en": "T"}, "pages": [{"key": "p", "components": parts}]}
        fields = render_form(read_form(data), typed, Reader(ZoneInfo("Europe/Berlin")), scope="f")
        page.set_content(f"<form>{fields}</form>")
        page.add_script_tag(content=f"{script}\nforms.startForms();")
        return page

    yield shown
    page.close()


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
