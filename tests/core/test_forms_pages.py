"""Sections, pages that are left out, and values that are computed."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers, accept_answers, pick_answers, read_answers
from core.forms.rendering import render_form
from core.forms.schema import Form, read_form

READER = Reader(ZoneInfo("UTC"))


def form_of(*pages: dict[str, Any]) -> Form:
    """A form of these pages."""
    return read_form({"key": "test:form", "version": 1, "title": {"en": "T"}, "pages": list(pages)})


def part(kind: str, key: str, **more: Any) -> dict[str, Any]:
    """A component."""
    return {"kind": kind, "key": key, "label": {"en": key}, **more}


PURCHASE = form_of(
    {
        "key": "purchase",
        "components": [
            part("computed", "total", formula="round((price or 0) * (pieces or 0), 2)", unit={"en": "EUR"}),
            part("number", "price", whole=False),
            part("number", "pieces"),
            part("computed", "dear", formula="total > 100"),
            part("text", "approved_by", required_if="dear"),
        ],
    }
)


def test_a_value_is_computed_from_what_stands_before_and_after_it() -> None:
    answers = accept_answers(PURCHASE, {"price": "0,1", "pieces": "3"}, READER)
    assert answers == {"price": 0.1, "pieces": 3, "total": 0.3, "dear": False}
    page = render_form(PURCHASE, {"price": "0,1", "pieces": "3"}, READER, scope="f")
    assert ">0.3</output>" in page
    assert ">No</output>" in page
    with pytest.raises(InvalidAnswers) as caught:
        accept_answers(PURCHASE, {"price": "60", "pieces": "2"}, READER)
    assert set(caught.value.fields) == {"approved_by"}


def test_a_value_that_is_computed_cannot_be_given() -> None:
    with pytest.raises(InvalidAnswers) as caught:
        pick_answers(PURCHASE, [("answer.price", "1"), ("answer.total", "0.01")])
    assert set(caught.value.fields) == {"total"}


VISIT = form_of(
    {
        "key": "visit",
        "components": [
            part("yes_no", "wanted"),
            {
                "kind": "section",
                "key": "where",
                "title": {"en": "Where"},
                "help": {"en": "As on the letter box"},
                "shown_if": "wanted",
                "components": [
                    part("text", "street", required=True),
                    part("text", "gate", shown_if="street == 'Long Lane'", required=True),
                ],
            },
        ],
    }
)


def test_a_section_hides_all_that_is_in_it() -> None:
    assert read_answers(VISIT, {"wanted": "no", "street": "Long Lane"}, READER).shown == {"wanted"}
    assert accept_answers(VISIT, {"wanted": "no", "street": "Long Lane"}, READER) == {"wanted": False}
    reading = read_answers(VISIT, {"wanted": "yes", "street": "Long Lane"}, READER)
    assert reading.shown == {"wanted", "where", "street", "gate"}
    assert set(reading.errors) == {"gate"}


def test_a_section_is_a_group_with_a_heading() -> None:
    page = render_form(VISIT, {"wanted": "yes"}, READER, scope="f")
    section = page[page.index("<fieldset", page.index('data-component="wanted"') + 1) :]
    assert section.index("<legend") < section.index("As on the letter box") < section.index('data-component="street"')
    assert section.index('data-component="gate"') < section.index("</fieldset>")


COMPLAINT = form_of(
    {
        "key": "start",
        "components": [part("yes_no", "angry"), part("yes_no", "member")],
        "leads_to": [{"page": "sorry", "when": "angry"}, {"page": None, "when": "member == false"}],
    },
    {"key": "praise", "components": [part("text", "why", required=True)]},
    {
        "key": "points",
        "components": [part("number", "given", required=True)],
        "shown_if": "member",
        "leads_to": [{"page": None}],
    },
    {"key": "sorry", "components": [part("text", "about", required=True)], "leads_to": [{"page": None}]},
    {"key": "never", "components": [part("text", "unseen", required=True)]},
)


@pytest.mark.parametrize(
    ("typed", "pages", "wrong"),
    [
        ({"angry": "yes"}, {"start", "sorry"}, {"about"}),
        ({"angry": "no", "member": "no"}, {"start"}, set()),
        ({"angry": "no", "member": "yes"}, {"start", "praise", "points"}, {"why", "given"}),
        # Neither way holds: on to the next page, and past the one for members to the one after it.
        ({}, {"start", "praise", "sorry"}, {"why", "about"}),
    ],
)
def test_pages_that_the_way_leaves_out_ask_for_nothing(typed: dict[str, str], pages: set[str], wrong: set[str]) -> None:
    reading = read_answers(COMPLAINT, {**typed, "unseen": "x"}, READER)
    assert reading.pages == pages
    assert set(reading.errors) == wrong
    assert "unseen" not in reading.answers
    page = render_form(COMPLAINT, typed, READER, scope="f")
    for key in ("start", "praise", "points", "sorry", "never"):
        start = page.index(f'data-form-page="{key}"')
        assert (" hidden>" in page[start : page.index(">\n", start) + 1]) == (key not in pages)


def test_what_is_hidden_with_its_page_comes_back_with_it() -> None:
    """The script shows the page again, so what has no condition of its own must not be hidden by itself."""
    page = render_form(COMPLAINT, {"angry": "no", "member": "no"}, READER, scope="f")
    start = page.index('data-component="about"')
    assert " hidden" not in page[start : page.index(">", start)]
