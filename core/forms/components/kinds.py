"""Which class a component of a form's JSON is read into: by its `kind`, core's or a plugin's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, PlainValidator, SerializeAsAny, TypeAdapter, ValidationInfo, WithJsonSchema, model_validator
from typing_extensions import override

from core.forms.answers import Value
from core.forms.components.base import LONGEST_TEXT, Component, RichText, StaticText
from core.forms.components.choices import (
    Button,
    Checkbox,
    Consent,
    MultiSelect,
    Radio,
    Rating,
    Select,
    Switch,
    YesNo,
    YesNoNA,
)
from core.forms.components.computed import Computed
from core.forms.components.contacts import Contact, Money, Phone
from core.forms.components.files import File
from core.forms.components.numbers import Number, Slider
from core.forms.components.tables import Table
from core.forms.components.texts import LongText, Secret, TextLine, TextList
from core.forms.components.times import DateTime
from core.forms.problems import Unusable
from core.forms.reader import Reader
from core.forms.text import Text
from core.locale import gettext as _

Kinds = Mapping[str, type[Component]]
"""Kind → class, of the kinds that plugins add: the context (`{"kinds": …}`) in which a form's JSON is validated."""


class Forgotten(TextLine):
    """A question of a kind that nobody knows any more, in a form that was answered long ago: shown as text."""

    max_length: int = LONGEST_TEXT

    @override
    def show(self, value: Value, reader: Reader) -> str:
        return "\n".join(str(each) for each in value) if isinstance(value, list) else super().show(value, reader)

    @override
    def admits(self, value: Value) -> bool:
        return True


PLACE_OF_COMPONENT = {"title": "Component"}
"""What stands in the JSON Schema where a component may; `published.py` puts the reference there."""


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
    return core_kinds.validate_python(value, context=info.context)


AnyComponent = Annotated[SerializeAsAny[Component], PlainValidator(_read), WithJsonSchema(PLACE_OF_COMPONENT)]
"""Any component, core's or a plugin's."""


class Section(Component):
    """Components under a heading of their own, shown and hidden together."""

    kind: Literal["section"] = "section"
    title: Text
    help: Text | None = None
    components: Annotated[tuple[AnyComponent, ...], Field(min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _holds_no_section(self) -> Self:
        inner = next((number for number, part in enumerate(self.components) if isinstance(part, Section)), None)
        if inner is not None:
            raise Unusable({f"components.{inner}": _("A section cannot hold another. Move it below this one.")})
        return self


CORE_KINDS = (
    StaticText
    | RichText
    | Section
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
    | Slider
    | Rating
    | DateTime
    | Checkbox
    | Consent
    | YesNoNA
    | Button
    | Phone
    | Money
    | Contact
    | Table
    | File
    | Computed
)
_KNOWN = {model.kind_name() for model in get_args(CORE_KINDS)}
core_kinds: TypeAdapter[Component] = TypeAdapter(Annotated[CORE_KINDS, Field(discriminator="kind")])
