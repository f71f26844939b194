"""Answers questions about a model's keys: which there are, which take text, which are secret."""

from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr

from core.settings.source import KeyPath


def names_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys of the group at a path; none when there is no such group or its keys are free."""
    return [name for kind in _types_at(model, path) if _is_model(kind) for name in kind.model_fields]


def paths(model: type[BaseModel], above: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the path of every key, groups before their keys; not of keys inside lists."""
    for name, info in model.model_fields.items():
        yield (*above, name)
        for kind in _alternatives(info.annotation):
            if _is_model(kind):
                yield from paths(kind, (*above, name))


def takes_text(model: type[BaseModel], path: KeyPath) -> bool:
    """Tell whether the key takes text and nothing else, so that a variable's text is its value as it stands."""
    kinds = [kind for kind in _types_at(model, path) if kind is not type(None)]
    return bool(kinds) and all(_is_text(kind) for kind in kinds)


def is_secret(model: type[BaseModel], path: KeyPath) -> bool:
    """Tell whether the value at a path must not be repeated: it is secret, holds a secret, or its keys are free."""
    kinds = _types_at(model, path)
    return not kinds or any(_may_hold_secret(kind) for kind in kinds)


def _types_at(model: type[BaseModel], path: KeyPath) -> list[Any]:
    kinds: list[Any] = [model]
    for part in path:
        kinds = [inner for kind in kinds for inner in _step(kind, part)]
    return kinds


def _step(kind: Any, part: str | int) -> list[Any]:
    if _is_model(kind):
        info = kind.model_fields.get(part)
        return _alternatives(info.annotation) if info else []
    if get_origin(kind) in (tuple, list, set) and isinstance(part, int):
        return _alternatives(get_args(kind)[0])
    if get_origin(kind) is dict:
        return _alternatives(get_args(kind)[1])
    return []


def _alternatives(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [inner for part in get_args(annotation) for inner in _alternatives(part)]
    return [annotation]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_text(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return all(isinstance(choice, str) for choice in get_args(kind))
    return kind in (str, SecretStr, SecretBytes, Path)


def _may_hold_secret(kind: Any) -> bool:
    if _is_model(kind):
        return any(
            _may_hold_secret(inner) for info in kind.model_fields.values() for inner in _alternatives(info.annotation)
        )
    if get_origin(kind) in (tuple, list, set, dict):
        return any(_may_hold_secret(inner) for part in get_args(kind) for inner in _alternatives(part))
    return kind in (SecretStr, SecretBytes, Any)
