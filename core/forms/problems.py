"""What keeps a form from being used: each problem with its place, in the words of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from core.forms.words import in_words
from core.locale import gettext as _

WHOLE = "form"
"""The place of what concerns no single part."""


class Unusable(ValueError):
    """Parts of a form do not fit together.

    Attributes:
        problems: Place, such as `pages.0.components.3.shown_if` → what is wrong there and how to mend it.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{place}: {problem}" for place, problem in problems.items()))
        self.problems = dict(problems)


def problems_of(error: ValidationError, data: object) -> dict[str, str]:
    """Place in the data → what is wrong there, in the active language."""
    found: dict[str, list[str]] = {}
    short: set[str] = set()
    for each in error.errors(include_url=False, include_input=False):
        place = _place(each["loc"], data, missing=each["type"] == "missing")
        reason = each.get("ctx", {}).get("error")
        if isinstance(reason, Unusable):
            for inner, problem in reason.problems.items():
                found.setdefault(_joined([*place, inner]), []).append(problem)
            continue
        problem = _of_text(place, each["type"], each.get("ctx", {})) or in_words(
            each["type"], each.get("ctx", {}), each["msg"]
        )
        found.setdefault(_joined(place), []).append(problem)
        if each["type"] == "too_short":
            short.add(_joined(place))
    # What is wrong within a list makes it too short as well, which helps nobody.
    for outer in short:
        if any(place.startswith(f"{outer}.") for place in found):
            del found[outer]
    return {place: " ".join(dict.fromkeys(messages)) for place, messages in found.items()}


def _place(location: Sequence[int | str], data: object, *, missing: bool) -> list[int | str]:
    """The way through the data, without the names of kinds that pydantic puts between."""
    place: list[int | str] = []
    for number, part in enumerate(location):
        inner = _inner(data, part)
        if inner is _NOTHING:
            if missing and number == len(location) - 1:
                place.append(part)
            continue
        data = inner
        place.append(part)
    return place


_NOTHING = object()


def _inner(data: object, part: int | str) -> object:
    if isinstance(data, Mapping):
        return data.get(part, _NOTHING)
    if isinstance(data, list | tuple) and isinstance(part, int) and part < len(data):
        return data[part]
    return _NOTHING


def _joined(place: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in place) or WHOLE


def _of_text(place: Sequence[int | str], kind: str, context: Mapping[str, Any]) -> str:
    """What is said of words, of names and of kinds, where the general words would not help."""
    last = place[-1] if place else ""
    match kind:
        case "too_short" if context.get("field_type") == "Dictionary":
            return _("This text is missing. Write it in at least one language.")
        case "string_too_short" | "string_pattern_mismatch" if isinstance(last, str) and _is_language(place):
            return _("This text is blank or cannot be stored. Write it anew, or leave the language out.")
        case "string_pattern_mismatch" if last in ("key", "field", "page", "outcome", "name"):
            return _("A name begins with a small letter and has small letters, digits and _ only.")
        case "union_tag_invalid" if "does" in place:
            return _("There is no action of the kind %(kind)s.") % {"kind": context.get("tag", "")}
        case "union_tag_not_found" if "does" in place:
            return _("Say of which kind this action is.")
        case "union_tag_invalid":
            return _("There is no component of the kind %(kind)s.") % {"kind": context.get("tag", "")}
        case "union_tag_not_found":
            return _("Say of which kind this component is.")
        case "missing":
            return _("This is missing. Give it.")
    return ""


def _is_language(place: Sequence[int | str]) -> bool:
    return len(place) > 1 and place[-2] in ("title", "label", "help", "text", "unit")
