"""The schema of forms: what is a form, what is none, and that every form survives being written and read."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.forms.components import LONGEST_TEXT, Computed
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers, accept_answers, pick_answers, read_answers, show_answers
from core.forms.rendering import render_form
from core.forms.schema import Form, read_form
from core.forms.text import Text
from core.locale import ENGLISH, speaking
from core.locale.languages import Languages

# PostgreSQL does not store the character 0, so no text of a form may have it.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WORDS = st.text(CHARACTERS, min_size=1, max_size=20).filter(str.strip)
TEXT = st.dictionaries(st.sampled_from(["en", "ru", "pt-BR"]), WORDS, min_size=1)
KINDS = [
    "static_text",
    "text",
    "long_text",
    "text_list",
    "secret",
    "yes_no",
    "switch",
    "radio",
    "select",
    "multi_select",
    "number",
    "date_time",
    "computed",
    "rich_text",
    "checkbox",
    "consent",
    "yes_no_na",
    "rating",
    "slider",
    "button",
    "phone",
    "money",
    "contact",
    "table",
    "file",
]
SILENT = ("static_text", "rich_text", "secret")


def counted(component: dict[str, Any]) -> bool:
    """Whether answers to it have scores."""
    scores = [option.get("score") for option in component.get("options", ())]
    return component["kind"] in ("yes_no", "yes_no_na") or scores.count(None) < len(scores)


@st.composite
def conditions(draw: st.DrawFn, before: list[dict[str, Any]]) -> dict[str, Any] | None:
    """A condition on what stands before, or none."""
    comparisons = [
        {"field": component["key"], "equals": value}
        for component in before
        for value in {
            "yes_no": [True, False],
            "switch": [True, False],
            "radio": [option["value"] for option in component.get("options", ())],
            "select": [option["value"] for option in component.get("options", ())],
            "text": ["x"],
            "long_text": ["a longer\ntext"],
        }.get(component["kind"], [])
    ]
    asked = [component["key"] for component in before if component["kind"] not in SILENT]
    expressions = [text.format(key) for key in asked for text in ("{0} > 3", "not empty({0})", "'x' in {0}", "{0}")]
    expressions += [f"score({component['key']}) > 1" for component in before if counted(component)]
    if not comparisons + expressions or draw(st.booleans()):
        return None
    leaf = st.sampled_from([*comparisons, *expressions])
    tree = st.recursive(leaf, lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([{"all": parts}, {"any": parts}])
    ), max_leaves=4)  # fmt: skip
    return draw(tree)


@st.composite
def more(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """What some kinds say besides."""
    match kind:
        case "slider":
            most, step = draw(st.sampled_from([(10, 1), (1, 0.25), (100, 7)]))
            return {"maximum": most, "step": step}
        case "rating":
            return {"most": draw(st.integers(2, 10)), "highest": draw(st.none() | TEXT)}
        case "consent":
            return {"text": draw(TEXT)}
        case "phone" | "contact":
            return {"region": draw(st.sampled_from([None, "RU", "DE"]))}
        case "money":
            some = st.sampled_from([["EUR"], ["RUB", "JPY"]])
            return {"currencies": draw(some), "minimum": draw(st.sampled_from([None, "0.50"]))}
        case "table":
            options = [{"value": "xl", "label": draw(TEXT)}]
            columns = [
                {"key": "goods", "label": draw(TEXT), "required": draw(st.booleans())},
                {"key": "price", "label": draw(TEXT), "asks_for": "number"},
                {"key": "size", "label": draw(TEXT), "asks_for": "option", "options": options},
            ]
            most = draw(st.integers(1, 3))
            return {"max_rows": most, "min_rows": draw(st.integers(0, most)), "columns": columns}
        case "file":
            sorts = st.lists(st.sampled_from(["image", "pdf", "text", "archive"]), min_size=1, max_size=3, unique=True)
            return {
                "accepts": draw(sorts),
                "max_files": draw(st.integers(1, 3)),
                "max_megabytes": draw(st.integers(1, 9)),
            }
    return {}


@st.composite
def components(draw: st.DrawFn, key: str, before: list[dict[str, Any]]) -> dict[str, Any]:
    """Any component."""
    kind = draw(st.sampled_from(KINDS))
    made: dict[str, Any] = {"kind": kind, "key": key, "shown_if": draw(conditions(before))}
    if kind in ("static_text", "rich_text"):
        return made | {"text": draw(TEXT)}
    if kind == "computed":
        asked = [component["key"] for component in before if component["kind"] not in SILENT]
        some = draw(st.sampled_from([*asked, "1"]))
        scores = [f"average(score({component['key']}), {{0}})" for component in before if counted(component)]
        formula = draw(
            st.sampled_from(
                [
                    "total({0}, 2)",
                    *scores,
                    "{0} * 2",
                    "{0} + {0}",
                    "empty({0})",
                    "count({0})",
                    "{0}",
                    "round({0} / 3, 2)",
                ]
            )
        )
        return made | {"label": draw(TEXT), "formula": formula.format(some)}
    made |= {"label": draw(TEXT), "required": draw(st.booleans()), "required_if": draw(conditions(before))}
    if draw(st.booleans()):
        made["help"] = draw(TEXT)
    if kind in ("radio", "select", "multi_select", "button"):
        values = draw(
            st.lists(st.from_regex(r"[a-z][a-z.-]{0,5}", fullmatch=True), min_size=1, max_size=4, unique=True)
        )
        counts = st.sampled_from([{}, {"score": 3}, {"score": -0.5}, {"not_applicable": True}])
        made["options"] = [{"value": value, "label": draw(TEXT), **draw(counts)} for value in values]
        one = draw(st.sampled_from([None, *values]))
        made["default"] = one if kind != "multi_select" else [one] if one else []
    if kind == "yes_no":
        made["default"] = draw(st.sampled_from([None, True, False]))
    if kind in ("switch", "checkbox"):
        made["default"] = draw(st.booleans())
    if kind == "text":
        made["format"] = draw(st.sampled_from([None, "email", "url"]))
    if kind == "number":
        made["whole"] = draw(st.booleans())
        made["minimum"] = draw(st.sampled_from([None, -1, 0.5, 2]))
        made["maximum"] = draw(st.sampled_from([None, 3, 10_000_000]))
        made["unit"] = draw(st.none() | TEXT)
    made |= draw(more(kind))
    if kind == "date_time":
        made["must_be"] = draw(st.sampled_from([None, "future", "past"]))
    return made


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    """Any form, as JSON values."""
    pages: list[dict[str, Any]] = []
    before: list[dict[str, Any]] = []
    count = draw(st.integers(1, 3))
    for number in range(count):
        shown_if = draw(conditions(before))
        made = []
        for place in range(draw(st.integers(1, 4))):
            part = draw(components(f"c{len(before)}", before))
            before.append(part)
            if draw(st.integers(0, 4)) == 0:
                part = {"kind": "section", "key": f"s{number}_{place}", "title": draw(TEXT), "components": [part]}
                part["shown_if"] = draw(conditions(before[:-1]))
            made.append(part)
        leads = [
            {"page": to, "when": draw(conditions(before))}
            for to in draw(
                st.lists(st.sampled_from([None, *(f"p{later}" for later in range(number + 1, count))]), max_size=2)
            )
        ]
        pages.append({"key": f"p{number}", "shown_if": shown_if, "components": made, "leads_to": leads})
    return {"key": "test:any", "version": draw(st.integers(1, 9)), "title": draw(TEXT), "pages": pages}


@st.composite
def answered(draw: st.DrawFn) -> tuple[Form, dict[str, str]]:
    """A form and what a browser holds for it: sensible answers and nonsense."""
    form = read_form(draw(forms()))
    sensible = [
        "3",
        "-0,50",
        "+7e2",
        "1 000 000",
        "a@b.example",
        "https://example.com/?q=1",
        "yes",
        "no",
        "x",
        "a longer\ntext",
        "2031-03-30T02:30",
        "2020-01-01T00:00",
        "",
        " ",
        "0001-01-01T00:00",
        "+7 495 123-45-67",
        "12,50 EUR",
        "-3 JPY",
        '["Kim", "+49 30 901820", "kim@example.com"]',
        '["", "", ""]',
        '["Pen", "1,5", "xl", "", "", "", "Ink", "", ""]',
        '["", "x", ""]',
        "[1]",
        "17",
        "17\n4\n17",
    ]
    texts = st.one_of(st.sampled_from(sensible), st.text(max_size=30))
    typed = {}
    for key, question in form.questions.items():
        options = [option.value for option in getattr(question, "options", ())]
        typed[key] = draw(st.one_of(texts, st.sampled_from(options)) if options else texts)
    return form, typed


@given(forms())
@settings(max_examples=200, deadline=None)
def test_a_form_written_as_json_and_read_again_is_the_same(data: dict[str, Any]) -> None:
    form = read_form(data)
    again = read_form(json.loads(json.dumps(form.as_json())))
    assert again == form
    assert again.digest == form.digest
    assert again.as_json() == form.as_json()


class Elements(HTMLParser):
    """Collects the ids, the references to ids, and the names of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: set[str] = set()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given_here = {name: value or "" for name, value in attrs}
        self.ids += [given_here["id"]] if "id" in given_here else []
        self.references |= set(given_here.get("aria-describedby", "").split()) | {given_here.get("for", "")} - {""}
        self.names |= {given_here["name"]} if "name" in given_here else set()


@given(answered())
@settings(max_examples=200, deadline=None)
def test_every_form_renders_and_reads_whatever_is_typed(case: tuple[Form, dict[str, str]]) -> None:
    form, typed = case
    reader = Reader(ZoneInfo("Europe/Berlin"))
    reading = read_answers(form, typed, reader)
    page = Elements()
    page.feed(render_form(form, typed, reader, scope="f-1", errors=reading.errors))
    assert len(page.ids) == len(set(page.ids))
    assert page.references <= set(page.ids)
    asked = {key for key, question in form.questions.items() if not isinstance(question, Computed)}
    assert page.names == {f"answer.{key}" for key in asked}


@given(answered())
@settings(max_examples=200, deadline=None)
def test_accepted_answers_shown_and_read_again_are_the_same(case: tuple[Form, dict[str, str]]) -> None:
    form, typed = case
    reader = Reader(ZoneInfo("Europe/Berlin"))
    errors = read_answers(form, typed, reader).errors
    if errors:
        with pytest.raises(InvalidAnswers) as caught:
            accept_answers(form, typed, reader)
        assert caught.value.fields == errors
        assert set(errors) <= set(form.questions)
    else:
        answers = accept_answers(form, typed, reader)
        # What is secret is not shown, so it cannot be read again: without it, all is as it was.
        secrets = {key: typed[key] for key in form.secrets & answers.keys()}
        shown = show_answers(form, answers, reader)
        assert not any(shown.get(key) for key in form.secrets)
        assert accept_answers(form, shown | secrets, reader) == answers
        assert json.loads(json.dumps(answers)) == answers


def form_with(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A form of one page."""
    return {
        "key": "test:form",
        "version": 1,
        "title": {"en": "T"},
        "pages": [{"key": "p", "components": parts}],
        **more,
    }


YES_NO: dict[str, Any] = {"kind": "yes_no", "key": "ok", "label": {"en": "Ok?"}}
LINE: dict[str, Any] = {"kind": "text", "key": "line", "label": {"en": "Line"}}

WORDS_ALONE: dict[str, Any] = {"kind": "static_text", "key": "words", "text": {"en": "Hello"}}
OPTION: dict[str, Any] = {"value": "a", "label": {"en": "A"}}
RADIO: dict[str, Any] = {"kind": "radio", "key": "r", "label": {"en": "R"}, "options": [OPTION]}
NUMBER: dict[str, Any] = {"kind": "number", "key": "n", "label": {"en": "N"}}
TOTAL: dict[str, Any] = {"kind": "computed", "key": "total", "label": {"en": "T"}, "formula": "sum + 1"}
SECTION: dict[str, Any] = {"kind": "section", "key": "s", "title": {"en": "S"}, "components": [LINE]}
FIRST = "pages.0.components.0"


def page(key: str, *leads: dict[str, Any]) -> dict[str, Any]:
    """A page of one question, `in_<key>`."""
    return {"key": key, "components": [{**YES_NO, "key": f"in_{key}"}], "leads_to": list(leads)}


def form_of(*pages: dict[str, Any]) -> dict[str, Any]:
    """A form of these pages."""
    return form_with() | {"pages": list(pages)}


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        (form_with(YES_NO, YES_NO), "pages.0.components.1.key", "Two components are named 'ok'"),
        (form_with({**YES_NO, "colour": "red"}), "pages.0.components.0.colour", "Unknown field"),
        (form_with({**YES_NO, "kind": "tachometer"}), "pages.0.components.0", "no component of the kind tachometer"),
        (form_with({"key": "ok"}), "pages.0.components.0", "of which kind"),
        (form_with({**YES_NO, "label": {}}), "pages.0.components.0.label", "at least one language"),
        (form_with({**YES_NO, "label": {"en": "a\0"}}), "pages.0.components.0.label.en", "blank"),
        (form_with({**LINE, "default": "a\0"}), "pages.0.components.0.default", "right form"),
        (form_with({**YES_NO, "label": {"en": "  "}}), "pages.0.components.0.label.en", "blank"),
        (form_with({**YES_NO, "key": "No"}), "pages.0.components.0.key", "small letter"),
        (form_with({"kind": "yes_no", "key": "ok"}), "pages.0.components.0.label", "missing"),
        (form_with({**LINE, "shown_if": {"field": "gone", "equals": "x"}}), f"{FIRST}.shown_if", "no question 'gone'"),
        (form_with({**LINE, "required_if": "gone > 1"}), f"{FIRST}.required_if", "no question 'gone'"),
        (form_with({**LINE, "shown_if": {"field": "line", "equals": "x"}}), f"{FIRST}.shown_if", "stand before"),
        (form_with(LINE, {**YES_NO, "shown_if": "ok"}), "pages.0.components.1.shown_if", "stand before"),
        (form_with(YES_NO, {**LINE, "shown_if": {"field": "ok", "equals": "yes"}}), None, "'ok' is never 'yes'"),
        (form_with(WORDS_ALONE, {**LINE, "shown_if": "words"}), "pages.0.components.1.shown_if", "no answer"),
        (form_with(YES_NO, {**LINE, "required_if": {"all": []}}), "pages.0.components.1.required_if.all", "1"),
        (form_with(YES_NO, {**LINE, "required_if": "ok +"}), "pages.0.components.1.required_if", "cannot be read"),
        (form_with(YES_NO, {**LINE, "shown_if": {"any": ["ok", "a.b"]}}), "pages.0.components.1.shown_if.any.1", "a.b"),
        (form_with({**RADIO, "options": []}), f"{FIRST}.options", "At least 1"),
        (form_with({**RADIO, "options": [{"value": "a", "label": {}}]}), f"{FIRST}.options.0.label", "text is missing"),
        (form_with({**RADIO, "options": [{"value": "a"}]}), f"{FIRST}.options.0.label", "missing"),
        (form_with({**RADIO, "options": [OPTION, OPTION]}), f"{FIRST}.options.1.value", "Two options"),
        (form_with({**RADIO, "default": "b"}), f"{FIRST}.default", "none of the options"),
        (form_with({**NUMBER, "minimum": 3, "maximum": 2}), f"{FIRST}.minimum", "above the maximum"),
        (form_with({**TOTAL, "formula": "total + 1"}), f"{FIRST}.formula", "total → total"),
        (form_with(TOTAL, {**TOTAL, "key": "sum", "formula": "total"}), f"{FIRST}.formula", "total → sum → total"),
        (
            form_with(TOTAL, {**NUMBER, "key": "sum", "shown_if": "total > 1"}),
            f"{FIRST}.formula",
            "total → sum → total",
        ),
        (form_with({**TOTAL, "required": True}, NUMBER), f"{FIRST}.required", "cannot be required"),
        (form_with(SECTION, LINE), "pages.0.components.1.key", "Two components are named 'line'"),
        (form_with({**SECTION, "components": [SECTION]}), f"{FIRST}.components.0", "cannot hold another"),
        (form_with({**SECTION, "components": []}), f"{FIRST}.components", "At least 1"),
        (form_of(page("a"), page("a")), "pages.1.key", "Two pages are named 'a'"),
        (form_of(page("a", {"page": "z"})), "pages.0.leads_to.0.page", "There is no page 'z'"),
        (form_of(page("a"), page("b", {"page": "a"})), "pages.1.leads_to.0.page", "leads back to 'a'"),
        (form_of(page("a", {"page": "a"})), "pages.0.leads_to.0.page", "leads back to 'a'"),
        (form_of(page("a", {"page": None, "when": "in_b"}), page("b")), "pages.0.leads_to.0.when", "stand before"),
        (form_with(YES_NO, key="no-colon"), "key", "small letter"),
        (form_with(YES_NO, version=0), "version", "1"),
        ("a form", "form", "valid"),
        (None, "form", "valid"),
    ],
)
def test_what_is_no_form_is_refused_with_the_place(data: object, place: str | None, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_form(data)
    found = [message for where, message in caught.value.fields.items() if place in (where, None)]
    assert any(says in message for message in found), caught.value.fields


def test_a_text_falls_back_to_its_parent_language_then_english_then_any() -> None:
    text = Text.of(en="Comment", ru="Комментарий")
    assert text.in_language("ru-RU") == "Комментарий"
    assert text.in_language("de") == "Comment"
    assert Text.of(ru="Да").in_language("de") == "Да"
    with speaking("ru", ENGLISH):
        assert str(text) == "Комментарий"
    assert str(text) == "Comment"


def test_what_people_typed_cannot_become_markup() -> None:
    form = read_form(
        form_with({**LINE, "label": {"en": "<script>a</script>"}}, {**LINE, "kind": "long_text", "key": "b"})
    )
    hostile = '"><script>alert(1)</script></textarea>'
    page = render_form(
        form, {"line": hostile, "b": hostile}, Reader(ZoneInfo("UTC")), scope="f", errors={"line": "<b>no</b>"}
    )
    assert "<script>" not in page
    assert "<b>" not in page
    assert page.count("</textarea>") == 1


def test_a_label_an_error_and_a_help_text_belong_to_their_field() -> None:
    form = read_form(
        form_with({**LINE, "required": True, "help": {"en": "In a few words"}}, {**YES_NO, "required": True})
    )
    page = render_form(form, {}, Reader(ZoneInfo("UTC")), scope="f", errors={"line": "This must be answered."})
    assert re.search(r'<label [^>]*for="f-line"', page)
    field = re.search(r'<input[^>]*id="f-line"[^>]*>', page)
    assert field
    assert 'aria-describedby="f-line-help f-line-error"' in field[0]
    assert 'aria-invalid="true"' in field[0]
    assert 'aria-required="true"' in field[0]
    assert re.search(r'<fieldset[^>]*role="radiogroup"[^>]*>\s*<legend[^>]*>Ok\?</legend>', page)
    assert 'href="#f-line"' in page


def test_the_browser_gets_conditions_in_its_own_terms_and_hidden_fields_hidden() -> None:
    form = read_form(form_with(YES_NO, {**LINE, "shown_if": {"field": "ok", "equals": False}}))
    reader = Reader(ZoneInfo("UTC"))

    def component(typed: dict[str, str]) -> str:
        found = re.search(r'<div[^>]*data-component="line"[^>]*>', render_form(form, typed, reader, scope="f"))
        assert found
        return found[0]

    assert "&#34;equals&#34;: &#34;no&#34;" in component({})
    assert " hidden" in component({"ok": "yes"})
    assert " hidden" not in component({"ok": "no"})


def test_only_the_fields_of_the_form_are_taken_from_what_is_posted() -> None:
    form = read_form(form_with(YES_NO, LINE))
    assert pick_answers(form, [("answer.ok", "yes"), ("_tab", "a"), ("answer.line", "a\r\nb\x00")]) == {
        "ok": "yes",
        "line": "a\nb",
    }
    with pytest.raises(InvalidAnswers) as caught:
        pick_answers(form, [("answer.price", "1")])
    assert "price" in caught.value.fields
    with pytest.raises(InvalidAnswers) as caught:
        pick_answers(form, [("answer.ok", "yes"), ("answer.ok", "no")])
    assert "ok" in caught.value.fields
    with pytest.raises(InvalidAnswers) as caught:
        pick_answers(form, [("answer.line", "x" * 10_000_000)])
    assert "line" in caught.value.fields


@pytest.mark.parametrize("length", [LONGEST_TEXT, LONGEST_TEXT + 1])
def test_a_text_that_is_too_long_is_refused_with_its_length(length: int) -> None:
    form = read_form(form_with({**LINE, "kind": "long_text", "max_length": LONGEST_TEXT}))
    errors = read_answers(form, {"line": "x" * length}, Reader(ZoneInfo("UTC"))).errors
    assert (str(length) in errors.get("line", "")) == (length > LONGEST_TEXT)


def test_what_is_wrong_is_said_in_english_where_there_is_no_catalogue_of_the_language() -> None:
    form = read_form(form_with({**LINE, "required": True}))
    said = {}
    for language in ("en", "ru", "ru-RU", "de"):
        with Languages().speaking(language):
            said[language] = read_answers(form, {}, Reader(ZoneInfo("UTC"))).errors["line"]
    assert said["de"] == said["en"] == "This must be answered."
    assert said["ru-RU"] == said["ru"] != said["en"]
