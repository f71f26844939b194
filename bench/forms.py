"""What a form of 60 components costs: to render, and to read what was sent.

- `ours` and `reference`: the form rendered by the engine, against a plain template that writes the same HTML, byte for
  byte, with the answers put in and the options marked by hand.
- `validating`: what a browser sends read by the engine, against a pydantic model written by hand that cleans, checks
  and stores the same.

Each round types other answers, so that neither side meets the same text again.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, create_model, model_validator

from core.forms.components import clean
from core.forms.reader import Reader
from core.forms.reading import accept_answers
from core.forms.rendering import render_form
from core.forms.schema import Form, read_form

COMPONENTS = 60
ZONE = ZoneInfo("Europe/Berlin")
READER = Reader(ZONE)
VALUES = ("one", "two", "three", "four", "five")
Side = Callable[[dict[str, str]], Any]

KINDS = ("text", "number", "yes_no", "radio", "select", "multi_select", "date_time", "switch", "long_text", "text")


def _form() -> Form:
    """Ten of each kind in turn; the last of ten is shown, and required, by the number among them."""
    components = []
    for number in range(COMPONENTS):
        kind = KINDS[number % len(KINDS)]
        part: dict[str, Any] = {"kind": kind, "key": f"c{number}", "label": {"en": f"Question {number}"}}
        part["help"] = {"en": f"What is meant by question {number}"}
        part["required"] = kind not in ("switch", "multi_select")
        if kind in ("radio", "select", "multi_select"):
            part["options"] = [{"value": value, "label": {"en": value.title()}} for value in VALUES]
        if kind == "number":
            part["minimum"], part["maximum"] = 0, 1000
        if number % len(KINDS) == len(KINDS) - 1:
            part["shown_if"] = f"c{number - 8} > 10"
        components.append(part)
    page = {"key": "all", "components": components}
    return read_form({"key": "bench:form", "version": 1, "title": {"en": "Bench"}, "pages": [page]})


def _typed(turn: int) -> dict[str, str]:
    """What somebody types; no two turns are the same."""
    texts: dict[str, Callable[[int], str]] = {
        "text": lambda number: f"<answer> {turn} & {number}",
        "number": lambda number: str(11 + (turn * 7 + number) % 900),
        "yes_no": lambda number: ("yes", "no")[(turn + number) % 2],
        "radio": lambda number: VALUES[(turn + number) % 5],
        "select": lambda number: VALUES[(turn * 3 + number) % 5],
        "multi_select": lambda number: "\n".join(VALUES[: 1 + (turn + number) % 5]),
        "date_time": lambda number: f"2026-05-{1 + (turn + number) % 28:02}T{turn % 24:02}:30",
        "switch": lambda number: "yes",
        "long_text": lambda number: f"First line {turn}\nsecond line {number}",
    }
    return {f"c{number}": texts[KINDS[number % len(KINDS)]](number) for number in range(COMPONENTS)}


# --- Rendering -------------------------------------------------------------------------------------------------------


def _plain_template(form: Form) -> Callable[[Mapping[str, str]], Markup]:
    """A template that writes what the engine writes of this form, with nothing in it to find out but the answers."""
    source = str(render_form(form, {key: f"[[{key}]]" for key in form.questions}, READER, scope="bench"))
    source = re.sub(r"\[\[(c\d+)\]\]", r"{{ typed.\1 }}", source)
    for key, question in form.questions.items():
        match question.kind_name():
            case "select":
                source = _marked(source, key, r'<option value="(\w+)"', "typed.{key} == {value!r}", "selected")
            case "multi_select":
                source = _marked(source, key, r'<input[^>]*? value="(\w+)"', "{value!r} in lines.{key}", "checked")
            case "radio" | "yes_no" | "switch":
                source = _marked(source, key, r'<input[^>]*? value="(\w+)"', "typed.{key} == {value!r}", "checked")
    source = re.sub(r'(data-component="c(\d+)" data-shown-if="[^"]*") hidden', r"\1", source)
    template = Environment(autoescape=True).from_string(source)
    several = [key for key, question in form.questions.items() if question.kind_name() == "multi_select"]

    def render(typed: Mapping[str, str]) -> Markup:
        return Markup(template.render(typed=typed, lines={key: typed[key].split("\n") for key in several}))  # noqa: S704

    return render


def _marked(source: str, key: str, option: str, test: str, mark: str) -> str:
    """The source with the test that marks each option of one question."""
    start = source.index(f'data-component="{key}"')
    end = source.index("</select>" if mark == "selected" else '<p class="form-hint"', start)

    def with_test(found: re.Match[str]) -> str:
        return f"{found[0]}{{% if {test.format(key=key, value=found[1])} %}} {mark}{{% endif %}}"

    return source[:start] + re.sub(option, with_test, source[start:end], flags=re.DOTALL) + source[end:]


# --- Validating ------------------------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    return clean(text).strip()


def _line(text: str) -> str:
    return _clean(text).replace("\n", " ")


def _number(text: str) -> int:
    compact = "".join(text.split()).replace("\u2212", "-")
    if not re.fullmatch(r"[+-]?\d+", compact):
        raise ValueError("Enter a whole number.")
    if len(Decimal(compact).normalize().as_tuple().digits) > 15:
        raise ValueError("This number has too many digits.")
    return int(compact)


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("Choose yes or no.")
    return text == "yes"


def _several(text: str) -> list[str]:
    chosen = [line.strip() for line in text.split("\n") if line.strip()]
    if not set(chosen) <= set(VALUES):
        raise ValueError("Choose of the options.")
    return [value for value in VALUES if value in chosen]


def _moment(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", text):
        raise ValueError("Give a date and a time.")
    typed = datetime.fromisoformat(text)
    moment = typed.replace(tzinfo=ZONE).astimezone(UTC)
    if moment.astimezone(ZONE).replace(tzinfo=None) != typed:
        raise ValueError("This time does not exist.")
    return moment.isoformat()


BY_HAND: dict[str, Any] = {
    "text": Annotated[str, BeforeValidator(_line), StringConstraints(min_length=1, max_length=200)],
    "long_text": Annotated[str, BeforeValidator(_clean), StringConstraints(min_length=1, max_length=4000)],
    "number": Annotated[int, BeforeValidator(_number), Field(ge=0, le=1000)],
    "yes_no": Annotated[bool, BeforeValidator(_yes)],
    "radio": Literal[VALUES],
    "select": Literal[VALUES],
    "multi_select": Annotated[list[str], BeforeValidator(_several)],
    "date_time": Annotated[str, AfterValidator(_moment)],
    "switch": Annotated[bool, BeforeValidator(_yes)],
}


class _Base(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def _only_what_is_shown(cls, typed: dict[str, str]) -> dict[str, str | None]:
        """What is hidden is not asked for, whatever was typed there."""
        shown: dict[str, str | None] = dict(typed)
        for last in range(9, COMPONENTS, 10):
            if not _number(typed[f"c{last - 8}"]) > 10:
                shown[f"c{last}"] = None
        return shown


def _model() -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for number in range(COMPONENTS):
        kind = BY_HAND[KINDS[number % len(KINDS)]]
        fields[f"c{number}"] = (kind | None, None) if number % 10 == 9 else (kind, ...)
    return create_model("ByHand", __base__=_Base, **fields)


# --- Measuring -------------------------------------------------------------------------------------------------------


def _compare(ours: Side, reference: Side, rounds: int) -> list[float]:
    """The medians of both in milliseconds, each turn with the same answers, in alternating order."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(-rounds // 5, rounds):
        typed = _typed(turn + rounds)
        sides = list(zip((ours, reference), times, strict=True))
        for side, taken in sides if turn % 2 else reversed(sides):
            started = time.perf_counter()
            side(typed)
            # The first rounds only warm up.
            if turn >= 0:
                taken.append(time.perf_counter() - started)
    return [statistics.median(taken) * 1e3 for taken in times]


def run(rounds: int = 500) -> dict[str, Any]:
    """Measure in alternating rounds."""
    form, model = _form(), _model()
    plain = _plain_template(form)
    for turn in range(10):
        typed = _typed(turn)
        assert render_form(form, typed, READER, scope="bench") == plain(typed)
        assert model.model_validate(typed).model_dump() == accept_answers(form, typed, READER)
    rendering = _compare(lambda typed: render_form(form, typed, READER, scope="bench"), plain, rounds)
    validating = _compare(lambda typed: accept_answers(form, typed, READER), model.model_validate, rounds)
    shown = [
        {"ours": round(ours, 3), "reference": round(theirs, 3), "ratio": round(ours / theirs, 2)}
        for ours, theirs in (rendering, validating)
    ]
    unit = f"milliseconds to render {COMPONENTS} components; the reference is a plain template of the same HTML"
    return {"name": "forms", **shown[0], "unit": unit, "n": rounds, "validating": shown[1]}
