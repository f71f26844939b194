"""What has changed between two versions of a form, part by part: pages and components are known by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.forms.library.content import Content, Part, parts

FORM = "form"
"""The name of what belongs to no part."""


class Kind(StrEnum):
    """What has become of a part."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True)
class Change:
    """One thing that is different.

    Attributes:
        part: `page` or the kind of the component; `form` for what belongs to the whole.
        key: The name of the part.
        data: The part as it is now, or as it was where it was removed.
        field: Of a change: what of it, such as `label`.
        before: Of a change: what it was, JSON, None for what was not there.
        after: Of a change: what it is.
        place: Where it is now, or where it was.
    """

    kind: Kind
    part: str
    key: str
    data: Mapping[str, Any]
    place: str
    field: str = ""
    before: Any = None
    after: Any = None


def differences(old: Content, new: Content) -> list[Change]:
    """What has changed, in the order in which parts are shown; what was removed comes last."""
    changes = _fields(FORM, FORM, new, FORM, old, new)
    before, after = _by_name(old), _by_name(new)
    moved = _moved(old, new)
    for name, part in after.items():
        if name not in before:
            changes.append(Change(Kind.ADDED, name[0], name[1], part.data, part.place))
            continue
        if name in moved:
            changes.append(Change(Kind.MOVED, name[0], name[1], part.data, part.place))
        changes += _fields(name[0], name[1], part.data, part.place, before[name].data, part.data)
    gone = [(name, part) for name, part in before.items() if name not in after]
    changes += [Change(Kind.REMOVED, name[0], name[1], part.data, part.place) for name, part in gone]
    return changes


def _name(part: Part) -> tuple[str, str]:
    """What a part is known by: a component of another kind under the same name is another one."""
    return str(part.data.get("kind", "page")) if "components" in part.place else "page", str(part.data.get("key", ""))


def _by_name(content: Content) -> dict[tuple[str, str], Part]:
    found: dict[tuple[str, str], Part] = {}
    for part in parts(content):
        found.setdefault(_name(part), part)
    return found


def _fields(
    part: str, key: str, data: Mapping[str, Any], place: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[Change]:
    names = [name for name in dict.fromkeys((*new, *old)) if name not in ("pages", "components", "key", "kind")]
    return [
        Change(Kind.CHANGED, part, key, data, place, name, old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _moved(old: Content, new: Content) -> set[tuple[str, str]]:
    """The parts that stand elsewhere: in another page or section, or not in the longest row that kept its order."""
    before, after = _rows(old), _rows(new)
    moved: set[tuple[str, str]] = set()
    for row, names in after.items():
        stayed = [name for name in names if name in before.get(row, ())]
        places = {name: place for place, name in enumerate(before.get(row, ()))}
        moved |= set(stayed) - _longest_in_order(stayed, places)
        elsewhere = {name for other, there in before.items() if other != row for name in there}
        moved |= {name for name in names if name in elsewhere and name not in stayed}
    return moved


def _rows(content: Content) -> dict[tuple[str, str] | None, list[tuple[str, str]]]:
    """Names of what stands in the form itself (None), in each page, and in each section."""
    by_place = {part.place: _name(part) for part in parts(content)}
    rows: dict[tuple[str, str] | None, list[tuple[str, str]]] = {}
    for place, name in by_place.items():
        above = place.rsplit(".", 2)[0]
        rows.setdefault(by_place.get(above), []).append(name)
    return rows


def _longest_in_order(names: list[tuple[str, str]], places: Mapping[tuple[str, str], int]) -> set[tuple[str, str]]:
    """The most names that stand in the order in which they stood before."""
    best: list[list[tuple[str, str]]] = []
    for name in names:
        longest: list[tuple[str, str]] = []
        for row in best:
            if places[row[-1]] < places[name] and len(row) > len(longest):
                longest = row
        best.append([*longest, name])
    longest_of_all = max(best, key=len, default=[])
    return set(longest_of_all)
