"""What forms can be made of: core's kinds and those of plugins, each with what it begins as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

from babel.core import get_global
from babel.numbers import get_territory_currencies

from core.forms.components import Component, Secret
from core.forms.components.choices import Option
from core.forms.components.kinds import CORE_KINDS, Kinds
from core.forms.components.tables import Column
from core.forms.expressions import Expression
from core.forms.library.properties import new_row
from core.forms.text import Text
from core.locale import active_language, mark
from core.locale import gettext as _


class Group(StrEnum):
    """Where in the palette a kind stands."""

    SHOW = "show"
    WRITE = "write"
    CHOOSE = "choose"
    OTHER = "other"


@dataclass(frozen=True)
class Offered:
    """A kind that can be added.

    Attributes:
        kind: As in the JSON of a form.
        title: What people call it, in the active language.
        icon: Of Tabler's.
    """

    kind: str
    title: str
    icon: str
    group: Group


# In the order of the palette.
_WORDS: Mapping[str, tuple[str, str, Group]] = {
    "section": (mark("Section"), "layout-list", Group.SHOW),
    "static_text": (mark("Information"), "info-circle", Group.SHOW),
    "rich_text": (mark("Formatted text"), "markdown", Group.SHOW),
    "computed": (mark("Computed value"), "math-function", Group.SHOW),
    "text": (mark("Line of text"), "forms", Group.WRITE),
    "long_text": (mark("Long text"), "align-left", Group.WRITE),
    "text_list": (mark("List of texts"), "list", Group.WRITE),
    "number": (mark("A number"), "numbers", Group.WRITE),
    "money": (mark("Amount of money"), "coin", Group.WRITE),
    "date_time": (mark("Date and time"), "calendar-time", Group.WRITE),
    "phone": (mark("Phone number"), "phone", Group.WRITE),
    "contact": (mark("Contact"), "address-book", Group.WRITE),
    "table": (mark("Table"), "table", Group.WRITE),
    "select": (mark("Drop-down list"), "select", Group.CHOOSE),
    "radio": (mark("One of several"), "circle-dot", Group.CHOOSE),
    "multi_select": (mark("Several of many"), "list-check", Group.CHOOSE),
    "yes_no": (mark("Yes or no"), "thumb-up", Group.CHOOSE),
    "yes_no_na": (mark("Yes, no, not applicable"), "help-circle", Group.CHOOSE),
    "switch": (mark("Switch"), "toggle-right", Group.CHOOSE),
    "checkbox": (mark("Box to tick"), "checkbox", Group.CHOOSE),
    "consent": (mark("Consent"), "file-certificate", Group.CHOOSE),
    "rating": (mark("Rating"), "star", Group.CHOOSE),
    "slider": (mark("Slider"), "adjustments-horizontal", Group.CHOOSE),
    "button": (mark("Buttons"), "hand-click", Group.CHOOSE),
    "file": (mark("Files"), "paperclip", Group.OTHER),
}

_CORE: Mapping[str, type[Component]] = {model.kind_name(): model for model in get_args(CORE_KINDS)}


def model_of(kind: str, kinds: Kinds) -> type[Component] | None:
    """The class of a kind; None for one that nobody knows."""
    return kinds.get(kind) or _CORE.get(kind)


def offered_of(kind: str, kinds: Kinds) -> Offered:
    """What a kind is called, also one that nobody knows any more."""
    if kind in _WORDS:
        title, icon, group = _WORDS[kind]
        return Offered(kind, _(title), icon, group)
    model = model_of(kind, kinds)
    named = model.model_config.get("title") if model is not None else None
    return Offered(kind, _(named) if named else kind.replace("_", " ").capitalize(), "puzzle", Group.OTHER)


def palette(kinds: Kinds) -> list[Offered]:
    """All kinds that can be added. No form that is stored asks for a secret."""
    known = [kind for kind in _WORDS if kind in _CORE]
    others = [kind for kind in _CORE if kind not in _WORDS and kind != Secret.kind_name()]
    return [offered_of(kind, kinds) for kind in (*known, *others, *kinds)]


def starter(kind: str, kinds: Kinds) -> dict[str, Any] | None:
    """A component of a kind as it is when it has just been added: usable where that can be. None for no such kind."""
    model = model_of(kind, kinds)
    if model is None:
        return None
    title = offered_of(kind, kinds).title
    part: dict[str, Any] = {"kind": kind, "key": kind}
    for name, field in model.model_fields.items():
        if name in ("kind", "key") or not field.is_required():
            continue
        part[name] = _first(name, field.annotation, title)
    return part


def _first(name: str, annotation: Any, title: str) -> Any:
    if annotation is Text:
        return {active_language(): title}
    if annotation is Expression:
        return "0"
    if name == "options":
        return _options()
    if name == "columns":
        return [{**new_row(Column, []), "label": {active_language(): _("Column %(number)s") % {"number": 1}}}]
    if name == "currencies":
        return [_usual_currency()]
    return [] if name == "components" else None


def _usual_currency() -> str:
    """That of the country where most people speak the active language."""
    territory = get_global("likely_subtags").get(active_language(), "en_US").rpartition("_")[2]
    return get_territory_currencies(territory)[0]


def _options() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in (1, 2):
        label = {active_language(): _("Option %(number)s") % {"number": number}}
        rows.append({**new_row(Option, rows), "label": label})
    return rows
