"""The OpenAPI document for people: what the page `/api/v1/docs` shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.accounts.permissions import SIGNED_IN
from core.locale import gettext as _

_REFERENCE = "#/components/schemas/"
_PAGE = "Page_"
"""How the shapes of parts of lists are named: `Page_User_`."""


@dataclass(frozen=True)
class Kind:
    """What a value is: words, and the shape that they name, if any.

    Attributes:
        shape: The name of a schema of the document, for a link.
    """

    text: str
    shape: str = ""


@dataclass(frozen=True)
class Field:
    """A field of a shape, or a parameter of a request.

    Attributes:
        place: `path`, `query` or `header` for a parameter; else empty.
    """

    name: str
    kind: Kind
    required: bool
    text: str
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """One thing that the API does.

    Attributes:
        right: The permission that it needs; empty for none.
        body: What it takes.
        answer: What it gives; None for nothing.
    """

    id: str
    method: str
    path: str
    summary: str
    paragraphs: tuple[str, ...]
    right: str
    parameters: tuple[Field, ...]
    body: Kind | None
    answer: Kind | None
    status: str


@dataclass(frozen=True)
class Group:
    """The operations on one kind of thing."""

    id: str
    plugin: str
    title: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Shape:
    """What a body or an answer is made of.

    Attributes:
        values: Of a closed set of words: all of them.
    """

    name: str
    fields: tuple[Field, ...]
    values: tuple[str, ...]


def groups_of(document: Mapping[str, Any]) -> list[Group]:
    """The operations of a document by their tag, in its order."""
    found: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            found.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    groups = []
    for tag, operations in found.items():
        plugin, _colon, title = tag.partition(": ")
        groups.append(Group(tag.replace(": ", "-"), plugin, title or plugin, tuple(operations)))
    return groups


def shapes_of(document: Mapping[str, Any]) -> list[Shape]:
    """The schemas of a document by name."""
    return [
        Shape(name, tuple(_fields(schema)), tuple(map(str, schema.get("enum", ()))))
        for name, schema in sorted(document["components"]["schemas"].items())
        if not name.startswith(_PAGE)
    ]


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Operation:
    status, answer = next(iter(operation["responses"].items()))
    text = operation["description"].rpartition("\n\nNeeds the right")[0] or operation["description"]
    permission = operation["x-permission"]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        paragraphs=tuple(part for part in _beyond(operation["summary"], text).split("\n\n") if part),
        right="" if permission == SIGNED_IN else permission,
        parameters=tuple(_parameter(parameter) for parameter in operation.get("parameters", ())),
        body=_content(operation.get("requestBody")),
        answer=_content(answer),
        status=status,
    )


def _beyond(summary: str, text: str) -> str:
    """What a description says more than the summary, with which it begins."""
    return text.removeprefix(summary).removeprefix(".").strip()


def _content(part: Mapping[str, Any] | None) -> Kind | None:
    content = part.get("content", {}) if part else {}
    schema = content.get("application/json", {}).get("schema")
    return _kind(schema) if schema else None


def _parameter(parameter: Mapping[str, Any]) -> Field:
    return Field(
        name=parameter["name"],
        kind=_kind(_given(parameter["schema"])),
        required=parameter.get("required", False),
        text=parameter.get("description", ""),
        place=parameter["in"],
    )


def _given(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter that may be null is left out instead."""
    choices = [choice for choice in schema.get("oneOf", ()) if choice.get("type") != "null"]
    return choices[0] if len(choices) == 1 else schema


def _fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        yield Field(name, _kind(each), name in required, each.get("description", ""))


def _kind(schema: Mapping[str, Any]) -> Kind:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERENCE)
        if name.startswith(_PAGE):
            item = name.removeprefix(_PAGE).removesuffix("_")
            return Kind(_("page of %(kind)s") % {"kind": item}, item)
        return Kind(name, name)
    if choices := schema.get("oneOf", schema.get("anyOf")):
        return _one_of(choices)
    if schema.get("type") == "array":
        inner = _kind(schema.get("items", {}))
        return Kind(_("list of %(kind)s") % {"kind": inner.text}, inner.shape)
    return Kind(_limited(schema))


def _one_of(choices: list[Mapping[str, Any]]) -> Kind:
    kinds = [_kind(choice) for choice in choices]
    shapes = [kind.shape for kind in kinds if kind.shape]
    return Kind(_(" or ").join(kind.text for kind in kinds), shapes[0] if shapes else "")


def _limited(schema: Mapping[str, Any]) -> str:
    """The kind of a plain value, with its limits."""
    words = _plain(schema)
    if "maxLength" in schema:
        return _("%(kind)s, at most %(most)s") % {"kind": words, "most": schema["maxLength"]}
    if "maximum" in schema and schema["maximum"] < 2**53 - 1:
        return _("%(kind)s, %(least)s to %(most)s") % {
            "kind": words,
            "least": schema.get("minimum", "…"),
            "most": schema["maximum"],
        }
    return words


def _plain(schema: Mapping[str, Any]) -> str:
    match schema.get("type"):
        case "string":
            return _("time") if schema.get("format") == "date-time" else _("text")
        case "integer":
            return _("whole number")
        case "number":
            return _("number")
        case "boolean":
            return _("true or false")
        case "null":
            return _("null")
        case "object":
            return _("object")
        case _:
            return _("anything")
