"""Changes of a form under work: each takes the content and gives a new one, with the place of what it was about."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import NotFound
from core.forms.expressions import Expression
from core.forms.library.content import Content, parts
from core.locale import gettext as _

FORM = "form"
"""The place of the form itself."""

_CONDITIONS = ("shown_if", "required_if", "formula", "when")


@dataclass(frozen=True)
class Edited:
    """What a change has made.

    Attributes:
        content: The form as it is now.
        place: Where that stands which was changed; `form` for the form itself.
    """

    content: Content
    place: str


def part_at(content: Content, place: str) -> dict[str, Any]:
    """The page or the component at a place, or the form itself.

    Raises:
        NotFound: There is none.
    """
    if place == FORM:
        return content
    found = next((part.data for part in parts(content) if part.place == place), None)
    if found is None:
        raise NotFound(_("This part of the form is no longer there."))
    return found


def is_there(content: Content, place: str) -> bool:
    """Whether there is a part at this place."""
    return place == FORM or any(part.place == place for part in parts(content))


def add(content: Content, part: dict[str, Any], into: str, index: int) -> Edited:
    """Adds a part to a list such as `pages` or `pages.0.components`, under a name that no other has.

    Args:
        content: The form.
        part: A page or a component.
        into: The list.
        index: Where in it; a number beyond its end is the end.

    Raises:
        NotFound: There is no such list.
    """
    new = copy.deepcopy(content)
    target = _list_at(new, into)
    added = _with_new_names(new, copy.deepcopy(part))
    index = max(0, min(index, len(target)))
    target.insert(index, added)
    return Edited(new, f"{into}.{index}")


def add_after(content: Content, part: dict[str, Any], chosen: str) -> Edited:
    """Adds a component behind what is chosen: at the end of a page or a section, after a component."""
    place = chosen if is_there(content, chosen) and chosen != FORM else f"pages.{len(content.get('pages', [])) - 1}"
    if not is_there(content, place):
        page = add(content, {"key": "page_1", "components": []}, "pages", 0)
        return add_after(page.content, part, page.place)
    data = part_at(content, place)
    if "kind" not in data or (data["kind"] == "section" and part.get("kind") != "section"):
        return add(content, part, f"{place}.components", len(data.get("components", [])))
    above, index = _split(place)
    if part.get("kind") == "section" and place.count("components") > 1:
        above, index = _split(above.removesuffix(".components"))
    return add(content, part, above, index + 1)


def remove(content: Content, place: str) -> Edited:
    """Takes a part away; what comes after it, or before it, is what one goes on with.

    Raises:
        NotFound: There is no such part.
    """
    part_at(content, place)
    new = copy.deepcopy(content)
    above, index = _split(place)
    siblings = _list_at(new, above)
    del siblings[index]
    if siblings:
        return Edited(new, f"{above}.{min(index, len(siblings) - 1)}")
    return Edited(new, above.rpartition(".")[0] or FORM)


def duplicate(content: Content, place: str) -> Edited:
    """Puts a copy of a part behind it, under names of its own.

    Raises:
        NotFound: There is no such part.
    """
    above, index = _split(place)
    return add(content, part_at(content, place), above, index + 1)


def move(content: Content, place: str, into: str, index: int) -> Edited:
    """Moves a part to a place in a list, as that list is without it.

    Raises:
        NotFound: There is no such part or list, or the list is within the part.
    """
    if f"{into}.".startswith(f"{place}."):
        raise NotFound(_("A part cannot be moved into itself."))
    part = part_at(content, place)
    new = copy.deepcopy(content)
    above, old_index = _split(place)
    target = _list_at(new, into)
    del _list_at(new, above)[old_index]
    index = max(0, min(index, len(target)))
    target.insert(index, copy.deepcopy(part))
    return Edited(new, _place_of(new, target, index))


def step(content: Content, place: str, by: int) -> Edited:
    """Moves a part one step up (-1) or down (1): past its neighbour, into a section, out of it, to the next page.

    Raises:
        NotFound: There is no such part.
    """
    data = part_at(content, place)
    above, index = _split(place)
    siblings = _list_at(content, above)
    neighbour = index + by
    if 0 <= neighbour < len(siblings):
        if "kind" in data and data["kind"] != "section" and siblings[neighbour].get("kind") == "section":
            inner = f"{above}.{neighbour}.components"
            return move(content, place, inner, 0 if by > 0 else len(siblings[neighbour].get("components", [])))
        return move(content, place, above, neighbour)
    holder = above.rpartition(".")[0]
    if not holder:
        return Edited(content, place)
    if holder.count(".") > 1:
        outside, section = _split(holder)
        return move(content, place, outside, section + (1 if by > 0 else 0))
    _pages, page = _split(holder)
    pages = content.get("pages", [])
    if not 0 <= page + by < len(pages):
        return Edited(content, place)
    there = pages[page + by].get("components", [])
    return move(content, place, f"pages.{page + by}.components", 0 if by > 0 else len(there))


def put(content: Content, place: str, part: dict[str, Any]) -> Edited:
    """Puts a part as it is now where it was.

    Raises:
        NotFound: There is no such part.
    """
    new = copy.deepcopy(content)
    there = part_at(new, place)
    there.clear()
    there.update(part)
    return Edited(new, place)


def rename(content: Content, place: str, key: str) -> Edited:
    """Gives a part another name, also in the conditions and the ways that name it.

    Raises:
        NotFound: There is no such part.
    """
    new = copy.deepcopy(content)
    part = part_at(new, place)
    old, part["key"] = part.get("key"), key
    alone = sum(1 for each in parts(content) if each.data.get("key") == old) == 1
    if isinstance(old, str) and alone:
        for each in parts(new):
            if "kind" in part:
                _rename_in(each.data, old, key)
            else:
                for way in _rows(each.data.get("leads_to")):
                    way.update({"page": key} if way.get("page") == old else {})
    return Edited(new, place)


def _rename_in(data: dict[str, Any], old: str, key: str) -> None:
    for name in _CONDITIONS:
        if name in data:
            data[name] = _renamed(data[name], old, key)
    for way in _rows(data.get("leads_to")):
        _rename_in(way, old, key)


def _rows(value: Any) -> Iterator[dict[str, Any]]:
    yield from (row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()


def _renamed(condition: Any, old: str, key: str) -> Any:
    if isinstance(condition, str):
        try:
            expression = Expression(condition)
            names = set(expression.fields())
            return expression.renamed(lambda name: key if name == old else name).root if old in names else condition
        except ValueError:
            return condition
    if isinstance(condition, dict):
        changed = {name: _renamed(part, old, key) for name, part in condition.items() if name in ("all", "any")}
        return {**condition, **changed, **({"field": key} if condition.get("field") == old else {})}
    return [_renamed(part, old, key) for part in condition] if isinstance(condition, list) else condition


def _with_new_names(content: Content, part: dict[str, Any]) -> dict[str, Any]:
    taken = {each.data.get("key") for each in parts(content)}
    for each in _with_inner(part):
        key = str(each.get("key") or "part")
        stem = key.rstrip("0123456789").rstrip("_") or "part"
        number = 1
        while key in taken:
            number += 1
            key = f"{stem}_{number}"
        taken.add(key)
        each["key"] = key
    return part


def _with_inner(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield part
    for inner in _rows(part.get("components")):
        yield from _with_inner(inner)


def _split(place: str) -> tuple[str, int]:
    above, _dot, index = place.rpartition(".")
    if not above or not index.isdecimal():
        raise NotFound(_("This part of the form is no longer there."))
    return above, int(index)


def _list_at(content: Content, place: str) -> list[dict[str, Any]]:
    above, _dot, name = place.rpartition(".")
    allowed = name == "components" or place == "pages"
    if not allowed or not is_there(content, above or FORM):
        raise NotFound(_("This part of the form is no longer there."))
    found: list[dict[str, Any]] = part_at(content, above or FORM).setdefault(name, [])
    return found


def _place_of(content: Content, target: list[dict[str, Any]], index: int) -> str:
    return next(part.place for part in parts(content) if part.data is target[index])
