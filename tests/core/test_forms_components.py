"""Each kind of component: what it accepts, what it stores, and what it says about the rest."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidInput
from core.forms.reader import Reader
from core.forms.reading import accept_answers, pick_answers, read_answers
from core.forms.rendering import render_form
from core.forms.schema import Form, read_form
from core.forms.values import pick_values
from core.locale.languages import Languages

READER = Reader(ZoneInfo("Europe/Moscow"))
OPTIONS = [{"value": value, "label": {"en": value.title()}} for value in ("xl", "xs")]
COLUMNS = [
    {"key": "goods", "label": {"en": "Goods"}, "required": True},
    {"key": "price", "label": {"en": "Price"}, "asks_for": "number"},
    {"key": "size", "label": {"en": "Size"}, "asks_for": "option", "options": OPTIONS},
]
COMPONENTS: dict[str, dict[str, Any]] = {
    "checkbox": {},
    "consent": {"text": {"en": "You may **call** me"}},
    "yes_no_na": {},
    "rating": {"most": 5, "lowest": {"en": "Bad"}, "highest": {"en": "Good"}},
    "slider": {"minimum": 0, "maximum": 1, "step": 0.25},
    "button": {"options": OPTIONS},
    "phone": {"region": "RU"},
    "money": {"currencies": ["RUB", "JPY"], "minimum": "0.50", "maximum": "1000"},
    "contact": {"region": "RU"},
    "table": {"columns": COLUMNS, "max_rows": 3},
    "file": {"max_files": 2},
}
ROWS = [{"goods": "Pen", "price": 1.5, "size": "xl"}, {"goods": "Ink"}]


def form_of(*parts: dict[str, Any]) -> Form:
    """A form of these components."""
    made = [part if part["kind"] == "rich_text" else {"label": {"en": part["key"]}, **part} for part in parts]
    page = {"key": "p", "components": made}
    return read_form({"key": "test:form", "version": 1, "title": {"en": "T"}, "pages": [page]})


def asking(kind: str, **more: Any) -> Form:
    """A form of one component, `it`."""
    return form_of({"kind": kind, "key": "it", **COMPONENTS[kind], **more})


def posted(form: Form, *texts: str) -> dict[str, str]:
    """What is typed when a browser sends these."""
    return pick_answers(form, [("answer.it", text) for text in texts])


@pytest.mark.parametrize(
    ("kind", "texts", "answer"),
    [
        ("checkbox", ["yes"], True),
        ("checkbox", [], False),
        ("consent", ["yes"], True),
        ("yes_no_na", ["na"], "na"),
        ("rating", ["4"], 4),
        ("slider", ["0.75"], 0.75),
        ("button", ["xl"], "xl"),
        ("phone", ["8 (495) 123-45-67"], "+74951234567"),
        ("phone", ["+49 30 901820"], "+4930901820"),
        ("money", ["12,5", "RUB"], "12.50 RUB"),
        ("money", ["1 000", "JPY"], "1000 JPY"),
        ("money", ["12.50"], "12.50 RUB"),
        ("money", ["", "JPY"], None),
        ("contact", ["  Kim  Lee ", "84951234567", ""], {"name": "Kim Lee", "phone": "+74951234567"}),
        ("contact", ["", " ", ""], None),
        ("table", ["Pen", "1,5", "xl", "", "", "", "Ink", "", ""], ROWS),
        ("table", ["", "", ""], None),
        ("file", ["17", "4", ""], ["17", "4"]),
        ("file", [""], None),
    ],
)  # fmt: skip
def test_what_is_posted_is_stored_typed_and_given_by_programs_as_well(kind: str, texts: list[str], answer: Any) -> None:
    form = asking(kind)
    expected = {} if answer is None else {"it": answer}
    assert accept_answers(form, posted(form, *texts), READER) == expected
    assert accept_answers(form, pick_values(form, expected, READER), READER) == expected


@pytest.mark.parametrize(
    ("kind", "texts", "says"),
    [
        ("checkbox", ["no"], "Tick it"),
        ("yes_no_na", ["maybe"], "one of the options"),
        ("rating", ["0"], "one of the options"),
        ("rating", ["6"], "one of the options"),
        ("slider", ["0.3"], "steps of 0.25"),
        ("slider", ["2"], "From 0 to 1"),
        ("button", ["zz"], "one of the options"),
        ("phone", ["12"], "phone number"),
        ("phone", ["+7 495 123-45"], "phone number"),
        ("money", ["much", "RUB"], "amount"),
        ("money", ["1.234", "RUB"], "at most 2 decimals"),
        ("money", ["1.5", "JPY"], "at most 0 decimals"),
        ("money", ["5", "USD"], "amount"),
        ("money", ["0.49", "RUB"], "At least 0.50"),
        ("money", ["1001", "RUB"], "At most 1000"),
        ("contact", ["Kim", "12", ""], "phone number"),
        ("contact", ["Kim", "", "kim"], "e-mail"),
        ("table", ["Pen", "dear", ""], "Row 1, Price: Enter a number."),
        ("table", ["Pen", "", "", "", "1", ""], "Row 2, Goods: This must be answered."),
        ("table", ["Pen", "", "huge"], "Row 1, Size: Choose"),
        ("file", ["me.png"], "no files"),
        ("file", ["0017"], "no files"),
        ("file", ["1", "2", "3"], "At most 2 files"),
    ],
)
def test_what_cannot_be_used_is_said_in_the_readers_language(kind: str, texts: list[str], says: str) -> None:
    form = asking(kind)
    typed = posted(form, *texts)
    assert says in read_answers(form, typed, READER).errors["it"]
    with Languages().speaking("ru"):
        assert re.search("[а-я]", read_answers(form, typed, READER).errors["it"])


@pytest.mark.parametrize(
    ("kind", "texts"), [("money", ["1", "RUB", "2"]), ("contact", ["a"] * 4), ("table", ["a"] * 10)]
)
def test_more_inputs_than_there_are_is_refused(kind: str, texts: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        posted(asking(kind), *texts)
    assert set(caught.value.fields) == {"it"}


@pytest.mark.parametrize("kind", COMPONENTS)
def test_what_is_required_says_so_when_it_is_left_blank(kind: str) -> None:
    form = asking(kind, required=True)
    reading = read_answers(form, {}, READER)
    assert reading.required == {"it"}
    assert reading.errors["it"]


@pytest.mark.parametrize("kind", COMPONENTS)
def test_label_help_and_error_belong_to_the_field(kind: str) -> None:
    form = asking(kind, required=True, help={"en": "As you like"})
    page = render_form(form, {}, READER, scope="f", errors={"it": "This must be answered."})
    ids = set(re.findall(r' id="([^"]+)"', page))
    described = re.findall(r'aria-describedby="([^"]+)"', page)
    assert all(set(each.split()) <= ids for each in described)
    assert any({"f-it-help", "f-it-error"} <= set(each.split()) for each in described)
    assert set(re.findall(r' for="([^"]+)"', page)) <= ids
    assert "f-it" in ids
    unnamed = [
        each
        for each in re.findall(r"<(?:input|select)[^>]*>", page)
        if "aria-label=" not in each and 'type="hidden"' not in each and not re.search(r'id="([^"]+)"', each)
    ]
    assert not unnamed


def test_rich_text_has_emphasis_and_links_but_no_harm() -> None:
    hostile = (
        "# Hi\n\n**bold** <b>x</b> [go](https://example.com) [no](javascript:alert(1)) ![i](https://x.example/i.png)"
    )
    words = {"kind": "rich_text", "key": "it", "text": {"en": hostile}}
    page = render_form(form_of(words), {}, READER, scope="f")
    assert "<h3>Hi</h3>" in page
    assert "<strong>bold</strong>" in page
    assert 'href="https://example.com"' in page
    assert "<b>" not in page
    assert 'href="javascript' not in page
    assert "<img" not in page


def test_expressions_see_amounts_marks_rows_and_people() -> None:
    form = form_of(
        *(
            {"kind": kind, "key": kind, **COMPONENTS[kind]}
            for kind in ("money", "rating", "table", "contact", "checkbox")
        ),
        {"kind": "computed", "key": "sum", "formula": "sum(table, 'price') + (money or 0)"},
        {"kind": "computed", "key": "rows", "formula": "count(table)"},
        {"kind": "computed", "key": "good", "formula": "rating >= 4 and not empty(contact) and checkbox"},
    )
    typed = {
        "money": "12,50 RUB",
        "rating": "4",
        "table": '["Pen", "1,5", "", "Ink", "2", ""]',
        "contact": '["Kim", "", ""]',
        "checkbox": "yes",
    }
    answers = accept_answers(form, typed, READER)
    assert (answers["sum"], answers["rows"], answers["good"]) == (16, 2, True)


@pytest.mark.parametrize(
    ("kind", "more", "place"),
    [
        ("phone", {"region": "XX"}, "region"),
        ("money", {"currencies": ["EUR", "XXY"]}, "currencies.1"),
        ("money", {"minimum": "9", "maximum": "3"}, "minimum"),
        ("table", {"columns": [COLUMNS[0], COLUMNS[0]]}, "columns.1.key"),
        ("table", {"columns": [{**COLUMNS[0], "asks_for": "option"}]}, "columns.0.options"),
        ("slider", {"step": 0}, "step"),
        ("consent", {"default": True}, "default"),
    ],
)
def test_a_component_that_makes_no_sense_is_refused_with_its_place(kind: str, more: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        asking(kind, **more)
    assert set(caught.value.fields) == {f"pages.0.components.0.{place}"}


SCORED = [
    {"value": "good", "label": {"en": "Good"}, "score": 5},
    {"value": "bad", "label": {"en": "Bad"}, "score": -0.5},
    {"value": "so_so", "label": {"en": "So so"}},
    {"value": "na", "label": {"en": "Does not apply"}, "not_applicable": True},
]


def test_choices_count_their_scores_and_what_does_not_apply_counts_as_nothing() -> None:
    form = form_of(
        {"kind": "radio", "key": "mood", "options": SCORED, "required": True},
        {"kind": "select", "key": "second", "options": SCORED},
        {"kind": "multi_select", "key": "several", "options": SCORED},
        {"kind": "yes_no_na", "key": "solved"},
        {"kind": "yes_no", "key": "first_call"},
        {"kind": "computed", "key": "sum", "formula": "total(score(mood), score(several), score(first_call))"},
        {"kind": "computed", "key": "mean", "formula": "average(score(mood), score(second), score(solved))"},
        {"kind": "computed", "key": "answered", "formula": "not empty(mood) and count(several) == 2"},
        {"kind": "text", "key": "why_not", "shown_if": {"field": "mood", "equals": "na"}},
    )

    def computed(**typed: str) -> tuple[Any, Any, Any]:
        answers = accept_answers(form, typed, READER)
        return answers.get("sum"), answers.get("mean"), answers["answered"]

    all_of_it = {"mood": "good", "second": "bad", "several": "good\nbad", "solved": "yes", "first_call": "no"}
    assert computed(**all_of_it) == (9.5, 1.83333333333333, True)
    assert computed(**{**all_of_it, "solved": "na", "second": "so_so"}) == (9.5, 5, True)
    assert computed(mood="na", several="na", solved="na") == (None, None, False)
    # It answers a question that is required, and a condition may ask for it.
    assert read_answers(form, {"mood": "na"}, READER).shown >= {"why_not"}
    assert "mood" in read_answers(form, {}, READER).errors
    assert "alone" in read_answers(form, {"mood": "good", "several": "na\ngood"}, READER).errors["several"]


@pytest.mark.parametrize(
    ("parts", "place", "says"),
    [
        ([{"kind": "radio", "key": "it", "options": [{**SCORED[3], "score": 1}]}], "0.options.0.score", "no score"),
        ([{"kind": "text", "key": "it"}, {"kind": "text", "key": "b", "shown_if": "score(it)"}], "1.shown_if", "score"),
        ([{"kind": "text", "key": "b", "shown_if": "score(it) > 1"}], "0.shown_if", "no question 'it'"),
        ([{"kind": "table", "key": "it", **COMPONENTS["table"], "min_rows": 4}], "0.min_rows", "above"),
    ],
)  # fmt: skip
def test_scores_and_rows_that_make_no_sense_are_refused(parts: list[dict[str, Any]], place: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        form_of(*parts)
    assert says in refused.value.fields[f"pages.0.components.{place}"]


def test_a_table_has_as_many_rows_as_are_asked_for() -> None:
    form = asking("table", min_rows=2)
    assert accept_answers(form, {}, READER) == {}
    assert "At least 2 rows" in read_answers(form, {"it": '["Pen", "", ""]'}, READER).errors["it"]
    assert len(accept_answers(form, {"it": '["Pen", "", "", "Ink", "", ""]'}, READER)["it"]) == 2  # type: ignore[arg-type]
    page = render_form(form, {"it": '["Pen", "", ""]'}, READER, scope="f")
    assert page.count("data-remove-row") == 2
    assert 'aria-label="Remove row 2"' in page
