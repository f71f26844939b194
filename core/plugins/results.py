"""What an implementation of a hook may answer, as the annotation of its specification says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Fits = Callable[[Any], bool]


class WrongAnswer(Exception):
    """A plugin has answered with something else than the hook asks for; the text says what and what was asked."""


def check_answer(specification: Callable[..., Any], answer: Any) -> None:
    """Refuses an answer that is not of the annotated type; None always is an answer: it means nothing to say.

    Raises:
        WrongAnswer: It is not.
    """
    if not fits_of(specification)(answer):
        asked = inspect.signature(specification).return_annotation
        asked = asked if isinstance(asked, str) else getattr(asked, "__name__", str(asked))
        raise WrongAnswer(f"The answer must be {asked}, not {_named(answer)}.")


@cache
def fits_of(specification: Callable[..., Any]) -> Fits:
    """Tells whether an answer is of the annotated type."""
    return _fits(get_type_hints(specification).get("return", Any))


@cache
def kinds_of(specification: Callable[..., Any]) -> tuple[type, ...]:
    """The types of what one answer holds: of `list[Job | Schedule]`, both; of `Routes`, itself."""
    annotation = get_type_hints(specification)["return"]
    if get_origin(annotation) is list:
        (annotation,) = get_args(annotation)
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _fits(annotation: Any) -> Fits:
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return lambda _answer: True
    if origin in (Union, UnionType):
        choices = [_fits(choice) for choice in inner]
        return lambda answer: any(fits(answer) for fits in choices)
    if origin is list:
        kinds = _plain(inner[0])
        if kinds is not None:
            return _list_of(kinds)
        each = _fits(inner[0])
        return lambda answer: isinstance(answer, list | tuple) and all(map(each, answer))
    if origin is dict:
        key, value = _fits(inner[0]), _fits(inner[1])
        return lambda answer: (
            isinstance(answer, dict) and all(map(key, answer)) and all(value(item) for item in answer.values())
        )
    if annotation is None or annotation is NoneType:
        return lambda answer: answer is None
    if annotation is int:
        return lambda answer: isinstance(answer, int) and not isinstance(answer, bool)
    kind = origin or annotation
    return lambda answer: isinstance(answer, kind)


def _plain(annotation: Any) -> tuple[type, ...] | None:
    """The classes of an annotation that is a class or a union of classes, but for `int`: a bool is none."""
    choices = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return choices if all(isinstance(choice, type) and choice is not int for choice in choices) else None


def _list_of(kinds: tuple[type, ...]) -> Fits:
    def fits(answer: Any) -> bool:
        # A loop of its own: this runs for every answer of every plugin, and `all` with a generator costs twice as much.
        if answer.__class__ is not list and not isinstance(answer, list | tuple):
            return False
        for item in answer:  # noqa: SIM110
            if not isinstance(item, kinds):
                return False
        return True

    return fits


def _named(answer: Any) -> str:
    if isinstance(answer, list | tuple) and answer:
        return f"a list with {' and '.join(sorted({type(item).__name__ for item in answer}))}"
    return type(answer).__name__
