"""What can be set of a part of a form, read from the class of its kind: no kind is described twice."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from core.errors import NotFound
from core.forms.actions import Answered, Calculated, Given
from core.forms.expressions import Expression
from core.forms.text import Text
from core.locale import gettext as _

Models = tuple[type[BaseModel], ...]
"""The classes that a row may be of: one, or several that differ by their `kind`."""

_SOURCES: frozenset[object] = frozenset((Given, Answered, Calculated))
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HIDDEN = ("kind", "components", "pages", "version", "opened_as")


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
    SOURCE = "source"
    """Where a value comes from: a question's name, a value such as `'text'` or `3`, or an expression."""
    PAIRS = "pairs"
    """Names with such sources, one a line: `about = comment`."""
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
        if name not in _HIDDEN and get_args(field.annotation) != (False,)
    )


def _row(models: Models, data: Any, above: str) -> tuple[Property, ...]:
    """What can be set of a row; of one that may be of several kinds the kind comes first."""
    row = data if isinstance(data, dict) else {}
    found = properties_of(_model_of_row(models, row), row, above)
    if len(models) == 1:
        return found
    kinds = tuple(_kind_of(model) for model in models)
    return Property("kind", f"{above}kind", Widget.CHOICE, str(row.get("kind", "")), kinds, needed=True), *found


def _model_of_row(models: Models, row: Mapping[str, Any]) -> type[BaseModel]:
    return next((model for model in models if _kind_of(model) == row.get("kind")), models[0])


def _kind_of(model: type[BaseModel]) -> str:
    field = model.model_fields.get("kind")
    return str(field.default) if field is not None else ""


def _property(name: str, field: FieldInfo, value: Any, path: str) -> Property:
    widget, inner, choices = _widget(field.annotation)
    rows: tuple[tuple[Property, ...], ...] = ()
    if widget is Widget.ROWS:
        given = value if isinstance(value, list) else []
        rows = tuple(_row(inner, row, f"{path}.{number}.") for number, row in enumerate(given))
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


def _widget(annotation: Any) -> tuple[Widget, Models, tuple[str, ...]]:
    kinds = _kinds(annotation)
    several = next((kind for kind in kinds if get_origin(kind) in (tuple, list, dict)), None)
    if several is not None:
        return _widget_of_several(several)
    literals = [str(value) for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
    if literals:
        return Widget.CHOICE, (), tuple(literals)
    if set(kinds) == _SOURCES:
        return Widget.SOURCE, (), ()
    if Expression in kinds:
        return Widget.EXPRESSION, (), ()
    if kinds == [Text]:
        return Widget.TEXT, (), ()
    if kinds == [bool]:
        optional = NoneType in _kinds(annotation, keep_none=True)
        return (Widget.CHOICE, (), ("yes", "no")) if optional else (Widget.SWITCH, (), ())
    if kinds and all(kind in (int, float, Decimal) for kind in kinds):
        return Widget.NUMBER, (), ()
    return (Widget.LINE if kinds == [str] else Widget.JSON), (), ()


def _widget_of_several(annotation: Any) -> tuple[Widget, Models, tuple[str, ...]]:
    inner = _kinds(get_args(annotation)[-1 if get_origin(annotation) is dict else 0])
    if get_origin(annotation) is dict:
        return (Widget.PAIRS if inner == [str] or set(inner) == _SOURCES else Widget.JSON), (), ()
    literals = [str(value) for kind in inner if get_origin(kind) is Literal for value in get_args(kind)]
    if literals or all(isinstance(each, type) and issubclass(each, str) for each in inner):
        return Widget.LINES, (), tuple(literals)
    models = tuple(each for each in inner if isinstance(each, type) and issubclass(each, BaseModel))
    fit = len(models) == len(inner) and (len(models) == 1 or all(_kind_of(model) for model in models))
    return (Widget.ROWS, models, ()) if fit else (Widget.JSON, (), ())


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
        case Widget.SOURCE:
            return _written_source(value)
        case Widget.PAIRS:
            given = value.items() if isinstance(value, dict) else ()
            return "\n".join(f"{name} = {_written_source(source)}" for name, source in given)
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
    if widget is Widget.ROWS:
        number, _dot, below = rest.partition(".")
        rows = list(value) if isinstance(value, list) else []
        if not number.isdecimal() or int(number) >= len(rows):
            raise NotFound(_("There is no such property."))
        row = dict(rows[int(number)]) if isinstance(rows[int(number)], dict) else {}
        if below == "kind" and len(inner) > 1:
            rows[int(number)] = {"kind": given, **{kept: row[kept] for kept in ("when",) if kept in row}}
        else:
            rows[int(number)] = set_property(_model_of_row(inner, row), row, below, given)
        return {**data, name: rows}
    if widget is Widget.EXPRESSION and given.strip() == written(value):
        return data
    if widget is Widget.PAIRS:
        read: Any = _pairs(given, plain=_kinds(get_args(_kinds(field.annotation)[0])[1]) == [str])
    else:
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
        case Widget.SOURCE if text:
            return _source(text)
        case Widget.CHOICE if text in ("yes", "no") and bool in _kinds(field.annotation):
            return text == "yes"
        case Widget.JSON if text:
            try:
                return json.loads(text)
            except ValueError:
                return text
    return (given if widget is Widget.LINE else text) if text else None


def _written_source(value: Any) -> str:
    """Where a value comes from, as one writes it."""
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    if "field" in value or "expression" in value:
        return str(value.get("field", value.get("expression")))
    given = value.get("value")
    if isinstance(given, bool):
        return "true" if given else "false"
    return repr(given) if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _source(text: str) -> dict[str, Any]:
    """What is written: a value, else the name of a question, else an expression."""
    if text in ("true", "false"):
        return {"value": text == "true"}
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {"field": text} if _NAME.fullmatch(text) else {"expression": text}
    return {"value": value} if isinstance(value, str | int | float | list) else {"expression": text}


def _pairs(given: str, *, plain: bool) -> dict[str, Any]:
    """Names and what follows the sign `=`, line by line; without the sign there is nothing to follow."""
    lines = [line.partition("=") for line in given.splitlines() if line.strip()]
    return {name.strip(): source.strip() if plain else _source(source.strip()) for name, _sign, source in lines}


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
    widget, inner, _choices = _widget(field.annotation) if field is not None else (Widget.JSON, (), ())
    if widget is not Widget.ROWS:
        raise NotFound(_("There is no such property."))
    rows = list(data.get(name) or [])
    if rest:
        number, _dot, below = rest.partition(".")
        if not number.isdecimal() or int(number) >= len(rows):
            raise NotFound(_("There is no such property."))
        row = dict(rows[int(number)])
        rows[int(number)] = change_rows(_model_of_row(inner, row), row, below, change, index)
    elif change == "add":
        rows.append(new_row(inner[0], rows) if len(inner) == 1 else {"kind": _kind_of(inner[0])})
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
