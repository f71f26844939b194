"""Lists that are read page by page: each answer says with which cursor the next one begins.

A page starts after the last item of the one before, whatever has been added or removed meanwhile, so nothing is given
twice and nothing is left out.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from litestar.params import QueryParameter

from core.api.shapes import LARGEST_ID, Answer, storable
from core.errors import InvalidInput
from core.locale import gettext as _

LARGEST_PAGE = 200
USUAL_PAGE = 50

T = TypeVar("T")
A = TypeVar("A", bound=Answer)

Limit = Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE, description="How many items to give at most.")]
Cursor = Annotated[
    str | None, QueryParameter(max_length=1000, description="`next` of the answer before; without it the list begins.")
]


class Page(Answer, Generic[T]):
    """A part of a list."""

    items: list[T]
    """The items, in the order of the list."""
    next: str | None = None
    """The cursor of the next part; null at the end of the list."""


def page_of(kind: type[A], found: Sequence[Any], limit: int, key: Callable[[Any], tuple[Any, ...]]) -> Page[A]:
    """A page made of what a service has found.

    Args:
        kind: The shape of an item.
        found: The items from the cursor on, one more than `limit` if there are as many.
        limit: How many to give.
        key: What the next page begins after, of one item: numbers and texts.
    """
    shown = found[:limit]
    cursor = write_cursor(*key(shown[-1])) if len(found) > limit else None
    # The class is made when the program runs; there is no name for it.
    return Page[kind](items=[kind.model_validate(item) for item in shown], next=cursor)  # type: ignore[valid-type]


def write_cursor(*key: int | str) -> str:
    """The cursor for a key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: type[int] | type[str]) -> tuple[Any, ...] | None:
    """The key of a cursor, whose parts are of these kinds; None where the list begins.

    Raises:
        InvalidInput: It is not a cursor of such a list.
    """
    if cursor is None:
        return None
    try:
        # Whatever is no base64 is dropped by the decoder, and what is left is no JSON.
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    if not isinstance(key, list) or len(key) != len(kinds) or not all(map(_fits, key, kinds)):
        text = _("This is not the cursor of this list.")
        raise InvalidInput(
            text, fields={"cursor": text}, mend=_("Send `next` of the answer before, or begin without a cursor.")
        )
    return tuple(key)


def _fits(part: object, kind: type) -> bool:
    if kind is int:
        return type(part) is int and abs(part) <= LARGEST_ID
    return isinstance(part, str) and storable(part)
