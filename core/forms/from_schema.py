"""Forms out of pydantic schemas: settings ask for what their schema describes, and nothing is written twice.

`Field(title=…, description=…)` gives label and help, `Field(json_schema_extra=shown_as(…))` what JSON schema has no
word for. Both are English texts of the catalogues: marked where they are written, translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from core.errors import InvalidInput
from core.forms.answers import Value
from core.forms.components import (
    LONGEST_TEXT,
    REMOVED,
    Component,
    LongText,
    MultiSelect,
    Number,
    Option,
    Question,
    Radio,
    Secret,
    Select,
    StaticText,
    Switch,
    TextLine,
    TextList,
)
from core.forms.reader import Reader
from core.forms.reading import show_answers
from core.forms.schema import Form, Page
from core.forms.text import Text
from core.forms.words import in_words
from core.locale import gettext as _
from core.locale import mark

_OWN = "switchroom"

_NO_OPTIONS = (Option(value="0", label=Text.of(en="–")),)

WHOLE_FORM = ""
"""The key of what is wrong with the answers together."""


class UnsupportedField(TypeError):
    """A schema has a field that no kind of question can ask for; the text names it and says what can be done."""


def shown_as(
    *,
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    rows: int | None = None,
    options: str = "",
    pictures: bool = False,
) -> dict[str, Any]:
    """What a form shows of a field besides its title and its description, for `Field(json_schema_extra=…)`.

    Args:
        unit: What stands behind a number, such as `s`; marked for translation.
        labels: What the values of an `Enum` or a `Literal` are called; marked for translation.
        rows: The height of a text of several lines.
        options: Of a list of whole numbers, or one: where its options come from, such as `core.teams`.
        pictures: Whether the values of a `Literal` are names of icons, to be chosen as pictures.
    """
    return {_OWN: {"unit": unit, "labels": dict(labels or {}), "rows": rows, "options": options, "pictures": pictures}}


def options_named(schema: type[BaseModel]) -> dict[str, str]:
    """Field → where its options come from, for those that the tenant's data give."""
    named = {}
    for name, field in schema.model_fields.items():
        extra = field.json_schema_extra
        own = extra.get(_OWN) if isinstance(extra, dict) else None
        if isinstance(own, dict) and own.get("options"):
            named[name] = str(own["options"])
    return named


def form_of_schema(
    schema: type[BaseModel], key: str, title: Text, offered: Mapping[str, tuple[Option, ...]] | None = None
) -> Form:
    """The form that asks for the fields of a schema, in the active language; make it anew for each page.

    Args:
        schema: A model of texts, numbers, switches, choices, secrets and lists of these, each of which may be None.
        key: The key of the form, such as `loyalty:settings`.
        title: What the form is called.
        offered: What `core.forms.options.offered` gives, for a schema with fields whose options the tenant's data give;
            None, as where a schema is but checked, asks for these without options.

    Raises:
        UnsupportedField: A field is of another type.
    """
    try:
        described = schema.model_json_schema(mode="validation", by_alias=False)
        definitions = described.get("$defs", {})
        components = tuple(
            _question(schema, name, field, described["properties"][name], definitions, offered)
            for name, field in schema.model_fields.items()
        )
    except (ValidationError, PydanticInvalidForJsonSchema) as error:
        raise UnsupportedField(f"No form can ask for the fields of {schema.__name__}: {error}") from error
    if not components:
        raise UnsupportedField(f"{schema.__name__} has no fields, so there is nothing to ask.")
    return Form(key=key, version=1, title=title, pages=(Page(key="settings", components=components),))


def typed_of_values(form: Form, values: BaseModel | Mapping[str, Any], reader: Reader) -> dict[str, str]:
    """The texts that a form shows of values, such as settings that are stored. Secrets are left out."""
    given = values.model_dump(mode="json") if isinstance(values, BaseModel) else to_jsonable_python(dict(values))
    return show_answers(form, {name: value for name, value in given.items() if name not in form.secrets}, reader)


def values_of_answers(form: Form, schema: type[BaseModel], answers: Mapping[str, Value]) -> dict[str, Any]:
    """The values that answers stand for, to be validated by the schema.

    A field left blank is None where the schema allows that, else an empty text or list. A secret that was left blank is
    not among the values: the one that is stored stays.
    """
    values: dict[str, Any] = {}
    for name, question in form.questions.items():
        if name in answers:
            value = answers[name]
            values[name] = None if name in form.secrets and value == REMOVED else value
        elif name not in form.secrets:
            values[name] = _blank(question, schema.model_fields[name])
    return values


def fields_of_error(error: ValidationError | InvalidInput) -> dict[str, str]:
    """Field → what is wrong with it, in the active language; what concerns no single one is under `WHOLE_FORM`."""
    found: dict[str, list[str]] = {}
    if isinstance(error, InvalidInput):
        for name, message in error.fields.items():
            found.setdefault(name.partition(".")[0], []).append(_(message))
        return {name: " ".join(messages) for name, messages in found.items()} or {WHOLE_FORM: _(error.message)}
    for each in error.errors(include_url=False, include_input=False):
        place = str(each["loc"][0]) if each["loc"] else WHOLE_FORM
        message = in_words(each["type"], each.get("ctx", {}), each["msg"])
        if message not in found.setdefault(place, []):
            found[place].append(message)
    return {name: " ".join(messages) for name, messages in found.items()}


# --- From a field to a question --------------------------------------------------------------------------------------


def _question(
    schema: type[BaseModel],
    name: str,
    field: FieldInfo,
    described: Mapping[str, Any],
    definitions: Mapping[str, Any],
    offered: Mapping[str, tuple[Option, ...]] | None,
) -> Component:
    what, nullable = _without_none(_resolved(described, definitions), definitions)
    more: dict[str, Any] = described.get(_OWN) or what.get(_OWN) or {}
    common: dict[str, Any] = {
        "key": name,
        "label": Text.translated(field.title or name.replace("_", " ").capitalize()),
        "help": Text.translated(field.description) if field.description else None,
    }
    default = _default(field)
    needed = not nullable
    source = more.get("options")
    if source and offered is not None and not offered.get(source):
        return StaticText(key=name, text=Text.translated(mark("There is nothing to choose from yet.")))
    given = (offered or {}).get(source, _NO_OPTIONS) if source else ()
    match what:
        case {"type": "boolean"}:
            return Switch(**common, default=bool(default))
        case {"type": "array", "items": {"type": "integer"}} if given:
            initial = tuple(str(each) for each in default or ())
            return MultiSelect(**common, options=given, default=initial, required=what.get("minItems", 0) > 0)
        case {"type": "integer"} if given:
            chosen = None if default is None else str(default)
            return Select(**common, options=given, default=chosen, required=needed)
        case {"enum": values} if _are_texts(values) and more.get("pictures"):
            return Radio(**common, options=_options(values, more), default=default, required=needed, pictures=True)
        case {"enum": values} if _are_texts(values):
            options = _options(values, more)
            return Select(**common, options=options, default=default, required=needed)
        case {"const": str(value)}:
            return Select(**common, options=_options([value], more), default=default, required=needed)
        case {"type": "integer" | "number" as kind}:
            return _number(common, what, more, whole=kind == "integer", default=default, required=needed)
        case {"type": "string", "format": "password"}:
            return Secret(**common, max_length=_longest(what, 1000), removable=nullable)
        case {"type": "string"}:
            required = needed and (field.is_required() or what.get("minLength", 0) > 0)
            return _text(common, what, more, default=default, required=required)
        case {"type": "array", "items": dict(items)}:
            return _list(common, what, _resolved(items, definitions), more, default=default)
    raise UnsupportedField(
        f"The field {name!r} of {schema.__name__} ({field.annotation}) cannot be asked for in a form. Use bool, int, "
        "float, Decimal, str, SecretStr, a Literal or an Enum of texts, a list of one of these, or one of them or None."
    )


def _number(
    common: dict[str, Any],
    what: Mapping[str, Any],
    more: Mapping[str, Any],
    *,
    whole: bool,
    default: Any,
    required: bool,
) -> Number:
    least, most = what.get("minimum"), what.get("maximum")
    # Below and above a limit: exact for whole numbers; for others the schema says it when it validates.
    if whole and least is None and "exclusiveMinimum" in what:
        least = what["exclusiveMinimum"] + 1
    if whole and most is None and "exclusiveMaximum" in what:
        most = what["exclusiveMaximum"] - 1
    unit = Text.translated(more["unit"]) if more.get("unit") else None
    if isinstance(default, str):
        default = float(default)
    return Number(**common, whole=whole, minimum=least, maximum=most, unit=unit, default=default, required=required)


def _text(
    common: dict[str, Any], what: Mapping[str, Any], more: Mapping[str, Any], *, default: Any, required: bool
) -> Question:
    longest = _longest(what, 200)
    if more.get("rows"):
        return LongText(**common, rows=more["rows"], max_length=longest, default=default, required=required)
    form = {"email": "email", "uri": "url"}.get(what.get("format", ""))
    if form == "url":
        longest = _longest(what, 2000)
    return TextLine(**common, max_length=longest, default=default, required=required, format=form)


def _list(
    common: dict[str, Any], what: Mapping[str, Any], items: Mapping[str, Any], more: Mapping[str, Any], *, default: Any
) -> Question:
    initial = tuple(default or ())
    required = what.get("minItems", 0) > 0
    match items:
        case {"enum": values} if _are_texts(values):
            return MultiSelect(**common, options=_options(values, more), default=initial, required=required)
        case {"type": "string", "format": "password"}:
            pass
        case {"type": "string"}:
            return TextList(
                **common,
                max_items=what.get("maxItems", 100),
                max_length=_longest(items, 200),
                rows=more.get("rows") or 4,
                default=initial,
                required=required,
            )
    raise UnsupportedField(f"The list {common['key']!r} can hold texts, or values of a Literal or an Enum of texts.")


def _resolved(described: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(described)
    while "$ref" in found:
        target = definitions[found.pop("$ref").rpartition("/")[2]]
        found = {**target, **found}
    return found


def _without_none(described: dict[str, Any], definitions: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """What it is when it is not None, and whether it may be None; of a decimal's two forms, the number."""
    kinds = [_resolved(each, definitions) for each in described.get("anyOf", ())]
    some = [each for each in kinds if each.get("type") != "null"]
    numbers = [each for each in some if each.get("type") == "number"]
    nullable = len(some) < len(kinds)
    if numbers and len(some) == 2:
        some = numbers
    if len(some) != 1:
        return described, False
    return {**{name: value for name, value in described.items() if name != "anyOf"}, **some[0]}, nullable


def _default(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True) if not field.default_factory_takes_validated_data else None
    return None if default is PydanticUndefined else to_jsonable_python(default)


def _options(values: list[str], more: Mapping[str, Any]) -> tuple[Option, ...]:
    labels = more.get("labels", {})
    return tuple(
        Option(value=value, label=Text.translated(labels.get(value, value.replace("_", " ").capitalize())))
        for value in values
    )


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _longest(what: Mapping[str, Any], usual: int) -> int:
    return min(int(what.get("maxLength", usual)), LONGEST_TEXT)


# --- From answers to values, and from errors to words ----------------------------------------------------------------


def _blank(question: Question, field: FieldInfo) -> Any:
    if question.blank is not None:
        return question.blank
    if _may_be_none(field):
        return None
    match question:
        case TextList() | MultiSelect():
            return []
        case TextLine() | LongText():
            return ""
    return None


def _may_be_none(field: FieldInfo) -> bool:
    return type(None) in getattr(field.annotation, "__args__", ())
