"""What can be set of a part of a form, read from the class of its kind: no kind is described twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from core.errors import NotFound
from core.forms.expressions import Expression
from core.forms.text import Text
from core.locale import gettext as _

_HIDDEN = ("kind", "components", "pages", "version")


class Widget(StrEnum):
    """How a property is set."""

    TEXT = "text"
    """A text in each language."""
    EXPRESSION = "expression"
    SWITCH = "switch"
    CHOICE = "choice"
    NUMBER = "number"
    LINE = "line"
    LINES = "lines"
    """Texts, one a line."""
    ROWS = "rows"
    """Several of the same, such as options, each with properties of its own."""
    JSON = "json"


@dataclass(frozen=True)
class Property:
    """One thing that can be set.

    Attributes:
        name: Of the field, such as `label`.
        path: Where it is in the part, such as `options.0.label`.
        value: What it is now, as the widget shows it: a text; of a text in languages a dictionary.
        choices: Of a choice: the values.
        needed: Whether the part cannot do without.
        rows: Of rows: the properties of each.
        title: What a plugin calls it; empty for what core has words for.
        hint: What a plugin says of it.
    """

    name: str
    path: str
    widget: Widget
    value: Any
    choices: tuple[str, ...] = ()
    needed: bool = False
    rows: tuple[tuple[Property, ...], ...] = ()
    title: str = ""
    hint: str = ""


def properties_of(model: type[BaseModel], data: Mapping[str, Any], above: str = "") -> tuple[Property, ...]:
    """What can be set of a part, in the order of its class.

    Args:
        model: The class of its kind, or `Page`, or `Form`.
        data: The part as it is, however wrong.
        above: The path of the part within another one.
    """
    return tuple(
        _property(name, field, data.get(name, _default(field)), f"{above}{name}")
        for name, field in model.model_fields.items()
        if name not in _HIDDEN
    )


def _property(name: str, field: FieldInfo, value: Any, path: str) -> Property:
    widget, inner, choices = _widget(field.annotation)
    rows: tuple[tuple[Property, ...], ...] = ()
    if widget is Widget.ROWS and inner is not None:
        given = value if isinstance(value, list) else []
        rows = tuple(
            properties_of(inner, row if isinstance(row, dict) else {}, f"{path}.{number}.")
            for number, row in enumerate(given)
        )
    return Property(
        name,
        path,
        widget,
        _shown(widget, value),
        choices,
        field.is_required(),
        rows,
        _(field.title) if field.title else "",
        _(field.description) if field.description else "",
    )


def _default(field: FieldInfo) -> Any:
    return None if field.is_required() else to_jsonable_python(field.get_default(call_default_factory=True))


def _widget(annotation: Any) -> tuple[Widget, type[BaseModel] | None, tuple[str, ...]]:
    kinds = _kinds(annotation)
    lists = [kind for kind in kinds if get_origin(kind) in (tuple, list)]
    if lists:
        inner = _kinds(get_args(lists[0])[0])
        if all(isinstance(each, type) and issubclass(each, str) for each in inner):
            return Widget.LINES, None, ()
        if len(inner) == 1 and isinstance(inner[0], type) and issubclass(inner[0], BaseModel):
            return Widget.ROWS, inner[0], ()
        return Widget.JSON, None, ()
    literals = [value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
    if literals:
        return (Widget.JSON if literals == [False] else Widget.CHOICE), None, tuple(str(value) for value in literals)
    if Expression in kinds:
        return Widget.EXPRESSION, None, ()
    if kinds == [Text]:
        return Widget.TEXT, None, ()
    if kinds == [bool]:
        optional = NoneType in _kinds(annotation, keep_none=True)
        return (Widget.CHOICE, None, ("yes", "no")) if optional else (Widget.SWITCH, None, ())
    if kinds and all(kind in (int, float) for kind in kinds):
        return Widget.NUMBER, None, ()
    return (Widget.LINE if kinds == [str] else Widget.JSON), None, ()


def _kinds(annotation: Any, *, keep_none: bool = False) -> list[Any]:
    """What a value may be, without the marks around it."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0], keep_none=keep_none)
    if get_origin(annotation) in (Union, UnionType):
        return [kind for each in get_args(annotation) for kind in _kinds(each, keep_none=keep_none)]
    return [] if annotation is NoneType and not keep_none else [annotation]


def _shown(widget: Widget, value: Any) -> Any:
    match widget:
        case Widget.TEXT:
            return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}
        case Widget.SWITCH:
            return value is True
        case Widget.EXPRESSION:
            return written(value)
        case Widget.LINES:
            return "\n".join(str(line) for line in value) if isinstance(value, list) else ""
        case Widget.ROWS:
            return len(value) if isinstance(value, list) else 0
        case Widget.JSON:
            return "" if value is None else json.dumps(value, ensure_ascii=False)
        case Widget.CHOICE if isinstance(value, bool):
            return "yes" if value else "no"
    return "" if value is None else str(value)


def written(condition: Any) -> str:
    """A condition as one writes it: comparisons that are data as well."""
    if isinstance(condition, str):
        return condition
    if not isinstance(condition, dict):
        return ""
    for sign, name in ((" and ", "all"), (" or ", "any")):
        if isinstance(condition.get(name), list):
            inner = [written(part) for part in condition[name]]
            many = len(inner) > 1
            return sign.join(f"({part})" if many and (" and " in part or " or " in part) else part for part in inner)
    value = condition.get("equals")
    said = ("true" if value else "false") if isinstance(value, bool) else repr(value)
    return f"{condition.get('field', '')} == {said}"


def set_property(model: type[BaseModel], data: dict[str, Any], path: str, given: str) -> dict[str, Any]:
    """The part with one property set to what somebody has typed; what cannot be read is kept as it was typed.

    Args:
        model: The class of its kind, or `Page`, or `Form`.
        data: The part.
        path: Of the property; of a text in languages with the language, such as `label.ru`.
        given: What was typed; empty for nothing.

    Raises:
        NotFound: There is no such property.
    """
    name, _dot, rest = path.partition(".")
    field = model.model_fields.get(name)
    if field is None or name in _HIDDEN:
        raise NotFound(_("There is no such property."))
    widget, inner, _choices = _widget(field.annotation)
    value = data.get(name)
    if widget is Widget.ROWS and inner is not None:
        number, _dot, below = rest.partition(".")
        rows = list(value) if isinstance(value, list) else []
        if not number.isdecimal() or int(number) >= len(rows):
            raise NotFound(_("There is no such property."))
        row = rows[int(number)]
        rows[int(number)] = set_property(inner, dict(row) if isinstance(row, dict) else {}, below, given)
        return {**data, name: rows}
    if widget is Widget.EXPRESSION and given.strip() == written(value):
        return data
    read = _texts(value, rest, given) if widget is Widget.TEXT else _read(widget, given, field)
    kept = {key: part for key, part in data.items() if key != name}
    return kept if read is None or (not field.is_required() and read == _default(field)) else {**kept, name: read}


def _texts(value: Any, language: str, given: str) -> dict[str, str] | None:
    texts = dict(value) if isinstance(value, dict) else {}
    texts.pop(language, None)
    if given.strip():
        texts[language] = given
    return texts or None


def _read(widget: Widget, given: str, field: FieldInfo) -> Any:
    text = given.strip()
    match widget:
        case Widget.SWITCH:
            return text == "yes"
        case Widget.LINES:
            return [line.strip() for line in given.splitlines() if line.strip()]
        case Widget.NUMBER if text:
            return _number(text)
        case Widget.CHOICE if text in ("yes", "no") and bool in _kinds(field.annotation):
            return text == "yes"
        case Widget.JSON if text:
            try:
                return json.loads(text)
            except ValueError:
                return text
    return (given if widget is Widget.LINE else text) if text else None


def _number(text: str) -> int | float | str:
    compact = text.replace(",", ".").replace(" ", "")
    try:
        number = float(compact)
    except ValueError:
        return text
    if number != number or abs(number) > 1e15:
        return text
    return int(number) if number.is_integer() else number


def change_rows(model: type[BaseModel], data: dict[str, Any], path: str, change: str, index: int) -> dict[str, Any]:
    """The part with one row more or less, or in another order.

    Args:
        model: The class of its kind.
        data: The part.
        path: Of the rows, such as `options` or `columns.0.options`.
        change: `add` (at the end), `remove`, `up` or `down`.
        index: The row.

    Raises:
        NotFound: There are no such rows.
    """
    name, _dot, rest = path.partition(".")
    field = model.model_fields.get(name)
    widget, inner, _choices = _widget(field.annotation) if field is not None else (Widget.JSON, None, ())
    if widget is not Widget.ROWS or inner is None:
        raise NotFound(_("There is no such property."))
    rows = list(data.get(name) or [])
    if rest:
        number, _dot, below = rest.partition(".")
        if not number.isdecimal() or int(number) >= len(rows):
            raise NotFound(_("There is no such property."))
        rows[int(number)] = change_rows(inner, dict(rows[int(number)]), below, change, index)
    elif change == "add":
        rows.append(new_row(inner, rows))
    elif 0 <= index < len(rows):
        other = {"remove": index, "up": index - 1, "down": index + 1}.get(change, index)
        row = rows.pop(index)
        if change != "remove":
            rows.insert(max(0, other), row)
    kept = {key: part for key, part in data.items() if key != name}
    return {**kept, name: rows} if rows else kept


def new_row(model: type[BaseModel], rows: list[Any]) -> dict[str, Any]:
    """A row with a name or a value that none of the others has, and no words yet."""
    field = next((name for name in ("value", "key") if name in model.model_fields), "")
    if not field:
        return {}
    taken = {row.get(field) for row in rows if isinstance(row, dict)}
    number = len(rows) + 1
    while f"{_STEMS[field]}{number}" in taken:
        number += 1
    return {field: f"{_STEMS[field]}{number}"}


_STEMS = {"value": "option", "key": "column"}
