"""The JSON Schema of forms, for whoever writes them by hand or by program."""

from __future__ import annotations

from typing import Any

from core.forms.components.kinds import PLACE_OF_COMPONENT, core_kinds
from core.forms.schema import Form

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def form_json_schema() -> dict[str, Any]:
    """What the JSON of a form may look like, with the kinds of components that core knows.

    What must hold among its parts, as that a condition asks for a question that is there, `read_form` says.
    """
    form = Form.model_json_schema()
    component = core_kinds.json_schema()
    definitions = {**form.pop("$defs", {}), **component.pop("$defs", {})}
    schema = {"$schema": _DIALECT, **form, "$defs": {"Component": component, **dict(sorted(definitions.items()))}}
    filled: dict[str, Any] = _filled(schema)
    return filled


def _filled(schema: Any) -> Any:
    """The schema with the reference to a component wherever one may stand."""
    if schema == PLACE_OF_COMPONENT:
        return {"$ref": "#/$defs/Component"}
    if isinstance(schema, dict):
        return {name: _filled(part) for name, part in schema.items()}
    return [_filled(part) for part in schema] if isinstance(schema, list) else schema
