"""The JSON Schema of forms: the file is what pydantic gives, and it takes what the engine takes."""

from __future__ import annotations

import json
from typing import Any, get_args

import jsonschema_rs
import pytest
from hypothesis import given, settings
from pydantic import BaseModel

from core.forms.components.kinds import CORE_KINDS
from core.forms.published import form_json_schema
from core.forms.schema import read_form
from tests.conftest import ROOT
from tests.core.test_forms_schema import LINE, NUMBER, RADIO, YES_NO, form_with, forms

FILE = ROOT / "docs/plugin-authors/form.schema.json"
PUBLISHED: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = jsonschema_rs.validator_for(PUBLISHED)


def test_the_file_is_what_pydantic_gives() -> None:
    assert form_json_schema() == PUBLISHED, "Run: .venv/bin/python scripts/form_schema.py"


@pytest.mark.parametrize("model", [kind for kind in get_args(CORE_KINDS) if kind.kind_name() != "section"])
def test_each_component_is_as_its_model_says(model: type[BaseModel]) -> None:
    own = model.model_json_schema()
    own.pop("$defs", None)
    assert PUBLISHED["$defs"][model.__name__] == own


@given(forms())
@settings(max_examples=50, deadline=None)
def test_it_takes_every_form_that_the_engine_takes(data: dict[str, Any]) -> None:
    VALIDATOR.validate(json.loads(json.dumps(data)))
    VALIDATOR.validate(read_form(data).as_json())


@pytest.mark.parametrize(
    "data",
    [
        form_with({**YES_NO, "colour": "red"}),
        form_with({**YES_NO, "kind": "tachometer"}),
        form_with({**YES_NO, "label": {}}),
        form_with({**RADIO, "options": []}),
        form_with({**RADIO, "options": [{"value": "a"}]}),
        form_with({**LINE, "shown_if": {"field": "x"}}),
        form_with({**NUMBER, "key": "No"}),
        form_with({"kind": "section", "key": "s", "title": {"en": "S"}, "components": [{"kind": "text"}]}),
        form_with(),
    ],
)
def test_it_refuses_what_is_no_form(data: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(data)
