"""Which class a component of a form's JSON is read into: by its `kind`, core's or a plugin's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import Field, PlainValidator, SerializeAsAny, TypeAdapter, ValidationInfo
from typing_extensions import override

from core.forms.answers import Value
from core.forms.components.base import LONGEST_TEXT, Component, StaticText
from core.forms.components.choices import MultiSelect, Radio, Select, Switch, YesNo
from core.forms.components.numbers import Number
from core.forms.components.texts import LongText, Secret, TextLine, TextList
from core.forms.components.times import DateTime
from core.forms.reader import Reader

Kinds = Mapping[str, type[Component]]
"""Kind → class, of the kinds that plugins add: the context (`{"kinds": …}`) in which a form's JSON is validated."""


class Forgotten(TextLine):
    """A question of a kind that nobody knows any more, in a form that was answered long ago: shown as text."""

    max_length: int = LONGEST_TEXT

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return "\n".join(value) if isinstance(value, list) else super().show(value, reader)

    @override
    def admits(self, value: Value) -> bool:
        return True


_Core = (
    StaticText
    | TextLine
    | LongText
    | TextList
    | Secret
    | YesNo
    | Switch
    | Radio
    | Select
    | MultiSelect
    | Number
    | DateTime
)
_KNOWN = {model.kind_name() for model in get_args(_Core)}
_core: TypeAdapter[Component] = TypeAdapter(Annotated[_Core, Field(discriminator="kind")])


def _read(value: Any, info: ValidationInfo) -> Component:
    if isinstance(value, Component):
        return value
    kind = value.get("kind") if isinstance(value, Mapping) else None
    added: Kinds = (info.context or {}).get("kinds", {})
    if isinstance(kind, str) and kind in added:
        return added[kind].model_validate(value, context=info.context)
    if (info.context or {}).get("was_answered") and kind not in _KNOWN:
        kept = {name: part for name, part in value.items() if name in ("key", "label", "help", "shown_if")}
        return Forgotten.model_validate(kept)
    return _core.validate_python(value, context=info.context)


AnyComponent = Annotated[SerializeAsAny[Component], PlainValidator(_read)]
"""Any component, core's or a plugin's."""
