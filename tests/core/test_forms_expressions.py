"""Expressions: what can be written, what it gives, and that the browser gives the same as the server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.errors import InvalidInput
from core.forms.expressions import DEEPEST, LONGEST, MOST_PARTS, Expression
from core.forms.reader import Reader
from core.forms.reading import read_answers
from core.forms.rendering import render_form
from core.forms.schema import Form, read_form
from tests.conftest import ROOT

NAMES = ["n", "m", "t", "ok", "several"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(-(10**14), 10**14) | st.floats(-1e6, 1e6).map(lambda number: round(number, 4)),
        "m": st.sampled_from([0, 1, 2, -0.5, 0.1, 0.2, 2.675, 1.005, 1e-7, 999999999999999]),
        "t": st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
        | st.sampled_from(["a", "ab", "🙂", "\ufb01"]),
        "ok": st.booleans(),
        "t.score": st.integers(-5, 5),
        "several.score": st.sampled_from([0, 1, 2.5, -0.1]),
        "several": st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3),
    },
)
LEAVES = st.sampled_from(
    [*NAMES, "score(t)", "score(several)", "0", "1", "3", "0.5", "'a'", "'ab'", "''", "true", "False", "none"]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sign = st.sampled_from(["and", "or", "+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", "in", "not in"])
    name = st.sampled_from(["empty", "count", "length", "round"])
    return st.one_of(
        st.builds("({} {} {})".format, inner, sign, inner),
        st.builds("({} {} {} {} {})".format, inner, st.sampled_from(["<", "=="]), inner, sign, inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("{}({})".format, name, inner),
        st.builds("round({}, {})".format, inner, st.sampled_from(["0", "1", "2", "4", "5", "0.5"])),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max", "total", "average"]), inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    )


EXPRESSIONS = st.recursive(LEAVES, _grown, max_leaves=12)


@pytest.fixture(scope="module")
def browser() -> Iterator[Callable[[list[Any], dict[str, Any]], Any]]:
    """Evaluates trees by the script that pages use, in one process of Node.js."""
    node = shutil.which("node") or _node_of_the_wheel()
    script = (ROOT / "core/web/static/src/expressions.js").as_uri()
    program = (
        f'import {{ evaluate }} from "{script}";\n'
        'import { createInterface } from "node:readline";\n'
        "for await (const line of createInterface({ input: process.stdin })) {\n"
        "  const [tree, answers] = JSON.parse(line);\n"
        "  console.log(JSON.stringify(evaluate(tree, (key) => answers[key] ?? null)));\n"
        "}"
    )
    command = [node, "--no-warnings", "--input-type=module", "--eval", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, said = process.stdin, process.stdout

        def evaluate(tree: list[Any], answers: dict[str, Any]) -> Any:
            asked.write(json.dumps([tree, answers]) + "\n")
            asked.flush()
            return json.loads(said.readline())

        yield evaluate
        asked.close()


def _node_of_the_wheel() -> str:
    found = subprocess.run(
        [ROOT / "scripts/npm", "exec", "--call", "command -v node"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return found.stdout.strip()


@given(EXPRESSIONS, ANSWERS)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("round(m, 2)", {"m": 2.675})
@example("round(-m, 2)", {"m": 1.005})
@example("average(m, n, several)", {"m": 0.1, "n": 0.2})
@example("total(n, t) / average(score(t))", {"t.score": 0})
@example("m * 3", {"m": 0.1})
@example("n / m", {"n": 1, "m": 3})
@example("n + 1", {"n": 999_999_999_999_999})
@example("t < 'ab'", {"t": "🙂"})
@example("'\ufb01' < '🙂'", {})
def test_the_browser_gives_what_the_server_gives(
    browser: Callable[[list[Any], dict[str, Any]], Any], text: str, answers: dict[str, Any]
) -> None:
    expression = Expression(text)
    ours = expression.value(answers)
    theirs = browser(expression.for_browser(), answers)
    assert (theirs, type(theirs) is bool) == (ours, type(ours) is bool)


@given(EXPRESSIONS, ANSWERS)
@settings(deadline=None)
def test_the_same_about_questions_of_other_names_gives_the_same(text: str, answers: dict[str, Any]) -> None:
    expression = Expression(text)
    renamed = Expression(expression.renamed(lambda name: f"plugin__{name}").root)
    assert renamed.value({f"plugin__{name}": value for name, value in answers.items()}) == expression.value(answers)
    assert list(renamed.fields()) == [f"plugin__{name}" for name in expression.fields()]


@pytest.mark.parametrize(
    ("text", "answers", "gives"),
    [
        ("people > 3 and not empty(comment)", {"people": 4, "comment": "x"}, True),
        ("people > 3 and not empty(comment)", {"people": 4}, False),
        ("people > 3", {}, False),
        ("people * 2", {}, None),
        ("(people or 0) * 2", {}, 0),
        ("0.1 + 0.2", {}, 0.3),
        ("price * 3", {"price": 1.1}, 3.3),
        ("1 / 0", {}, None),
        ("'late' in reasons", {"reasons": ["late", "broken"]}, True),
        ("count(reasons) >= 2", {"reasons": ["late", "broken"]}, True),
        ("'oo' in word", {"word": "loose"}, True),
        ("1 == true", {}, False),
        ("when >= '2026-03-01'", {"when": "2026-03-01T09:30"}, True),
        ("'big' if people > 3 else 'small'", {"people": 1}, "small"),
        ("1 < people <= 3", {"people": 3}, True),
        ("round(2.5)", {}, 3),
        ("round(-2.5)", {}, -3),
        ("max(people, 2, 1)", {"people": 0}, 2),
        ("total(people, comment, 3)", {"people": 2}, 5),
        ("average(people, comment, 4)", {"people": 2}, 3),
        ("average(people, comment)", {}, None),
        ("score(mood) * 2", {"mood": "good", "mood.score": 4}, 8),
        ("score(mood)", {"mood": "none_of_it"}, None),
        ("length('🙂')", {}, 1),
    ],
)
def test_what_expressions_give(text: str, answers: dict[str, Any], gives: Any) -> None:
    found = Expression(text).value(answers)
    assert (found, type(found)) == (gives, type(gives))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1" + 990 * "0",
        "a.b",
        "a[0]",
        "a()",
        "__import__('os').system('true')",
        "eval('1')",
        "lambda: 1",
        "[1, 2]",
        "{'a': 1}",
        "(a, b)",
        "[x for x in several]",
        "2 ** 9999999",
        "1 << 99",
        "'x' % a",
        "f'{a}'",
        "(a := 1)",
        "a = 1",
        "a; b",
        "a\nb",
        "import os",
        "b'a'",
        "1j",
        "...",
        "1e999",
        "9999999999999999",
        "min(*several)",
        "min(a, key=a)",
        "empty()",
        "empty(a, b)",
        "round(1, 2, 3)",
        "a is b",
        "~a",
        "+a +",
        "(" * 900,
        "not " * 200 + "a",
        "-" * 900 + "1",
        "score(1)",
        "score(a, b)",
        "score(true)",
        "await a",
        "\x00",
        "a \x00",
        "x" * (LONGEST + 1),
        " + ".join("a" * (MOST_PARTS // 2 + 2)),
        "-" * (DEEPEST + 1) + "a",
    ],
)
def test_what_is_not_safe_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Expression(text)


@given(st.text(max_size=60) | st.text("abn()[]{}.,'\"<>=!+-*/%&|^~@:;\\ \n0123456789_", max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_is_an_expression_or_is_refused(text: str) -> None:
    try:
        expression = Expression(text)
    except ValidationError:
        return
    expression.value({"a": 1, "n": "x"})


def asking(*parts: dict[str, Any]) -> Form:
    """A form of these components."""
    page = {"key": "p", "components": [{"label": {"en": "?"}, **part} for part in parts]}
    return read_form({"key": "test:form", "version": 1, "title": {"en": "T"}, "pages": [page]})


def test_an_expression_shows_and_requires_by_typed_answers() -> None:
    form = asking(
        {"kind": "number", "key": "people"},
        {"kind": "date_time", "key": "when"},
        {"kind": "multi_select", "key": "why", "options": [{"value": "late", "label": {"en": "Late"}}]},
        {"kind": "text", "key": "who", "shown_if": "people > 3"},
        {"kind": "text", "key": "comment", "required_if": {"any": ["'late' in why", "when > '2026-01-01T10:00'"]}},
    )
    reader = Reader(ZoneInfo("Europe/Berlin"))
    assert "who" not in read_answers(form, {"people": "3"}, reader).shown
    assert "who" in read_answers(form, {"people": " 4 "}, reader).shown
    assert "who" not in read_answers(form, {"people": "many"}, reader).shown
    assert read_answers(form, {"why": "late"}, reader).required == {"comment"}
    # The clock of whoever reads counts, not the UTC time that is stored.
    assert read_answers(form, {"when": "2026-01-01T10:00"}, reader).required == set()
    assert read_answers(form, {"when": "2026-01-01T10:01"}, reader).required == {"comment"}


def test_an_expression_on_a_question_that_is_gone_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        asking({"kind": "text", "key": "who", "shown_if": "people > 3"})
    assert "'people'" in str(caught.value.fields)
    with pytest.raises(InvalidInput):
        asking({"kind": "secret", "key": "key"}, {"kind": "text", "key": "who", "shown_if": "key == 'x'"})


def test_a_form_with_expressions_is_the_same_after_a_round_trip() -> None:
    form = asking({"kind": "number", "key": "n"}, {"kind": "text", "key": "t", "shown_if": {"all": ["n > 1", "n < 9"]}})
    assert form.as_json()["pages"][0]["components"][1]["shown_if"] == {"all": ["n > 1", "n < 9"]}
    assert read_form(json.loads(json.dumps(form.as_json()))) == form


def test_the_browser_gets_the_tree_and_what_answers_are() -> None:
    form = asking({"kind": "number", "key": "n"}, {"kind": "text", "key": "t", "shown_if": "n > 1"})
    page = render_form(form, {}, Reader(ZoneInfo("UTC")), scope="f")
    assert 'data-operand="number"' in page
    assert "&#34;expression&#34;: [&#34;compare&#34;" in page
