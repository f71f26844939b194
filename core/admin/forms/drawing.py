"""What the builder shows: the form in parts as they will look, what can be set of the chosen one, what is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from core.accounts.sessions import SignedIn
from core.admin.forms.words import FIRST, WHEN, part_name, place_of_part, title_of_field, words_of
from core.errors import InvalidInput
from core.forms.components import Kinds
from core.forms.kinds import form_kinds
from core.forms.library.checking import Untranslated, untranslated
from core.forms.library.content import Content, form_of
from core.forms.library.editing import FORM, is_there, part_at
from core.forms.library.palette import Offered, model_of, offered_of, palette
from core.forms.library.properties import Property, properties_of
from core.forms.library.store import Design, problems_of
from core.forms.reader import Reader
from core.forms.reading import initial_texts
from core.forms.rendering import render_form
from core.forms.schema import Form, Page
from core.locale import gettext as _
from core.locale.languages import NAMES
from core.plugins.context import Context


@dataclass(frozen=True)
class Drawn:
    """A page, a section or a question on the canvas.

    Attributes:
        place: Such as `pages.0.components.3`.
        name: What people call it.
        kind: Its kind; of a page None.
        title: What a page or a section says.
        markup: How it will look; empty where it cannot be shown.
        conditional: Whether it is shown only under a condition.
        problems: What is wrong with it.
        parts: What is in a page or in a section.
    """

    place: str
    key: str
    name: str
    kind: Offered | None
    title: str
    markup: Markup
    conditional: bool
    problems: tuple[str, ...]
    parts: tuple[Drawn, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Something that keeps the form from being published.

    Attributes:
        part: The place to jump to.
        where: What is there, for people.
    """

    part: str
    where: str
    text: str


@dataclass(frozen=True)
class Missing:
    """A text that lacks languages."""

    part: str
    where: str
    words: str
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """All that the builder shows of a form."""

    design: Design
    chosen: str
    chosen_name: str
    chosen_kind: Offered | None
    pages: tuple[Drawn, ...]
    palette: tuple[Offered, ...]
    groups: tuple[tuple[str, tuple[Property, ...]], ...]
    errors: dict[str, str]
    problems: tuple[Problem, ...]
    missing: tuple[Missing, ...]
    content: str
    questions: tuple[str, ...]


async def show(ctx: Context, user: SignedIn, design: Design, chosen: str) -> Shown:
    """All that the builder shows.

    Args:
        ctx: The tenant.
        user: For whom.
        design: The form.
        chosen: The place of the part whose properties are shown.
    """
    kinds, content = form_kinds(ctx), design.content
    chosen = chosen if is_there(content, chosen) else FORM
    problems = await problems_of(ctx, design.name, content)
    by_part: dict[str, list[str]] = {}
    for place, text in problems.items():
        by_part.setdefault(place_of_part(content, place), []).append(f"{_field_of(content, place)}: {text}")
    drawing = _Drawing(design.name, kinds, Reader(user.zone), by_part)
    data = part_at(content, chosen)
    kind = None if chosen == FORM or "components" not in chosen else offered_of(str(data.get("kind", "")), kinds)
    return Shown(
        design,
        chosen,
        _("Form") if chosen == FORM else part_name(data, chosen, kinds),
        kind,
        tuple(drawing.page(f"pages.{number}", page) for number, page in enumerate(content.get("pages", []))),
        tuple(palette(kinds)),
        tuple(_groups(properties(content, chosen, kinds))),
        {place.removeprefix(f"{chosen}."): text for place, text in problems.items()},
        tuple(_problem(content, kinds, place, text) for place, text in problems.items()),
        tuple(_missing(content, kinds, each) for each in untranslated(content, NAMES)),
        json.dumps(content, ensure_ascii=False),
        tuple(_questions(content)),
    )


def properties(content: Content, chosen: str, kinds: Kinds) -> tuple[Property, ...]:
    """What can be set of the part that is chosen; nothing of a kind that nobody knows."""
    model = model_at(content, chosen, kinds)
    own = ("key", "version") if chosen == FORM else ()
    found = properties_of(model, part_at(content, chosen)) if model is not None else ()
    return tuple(each for each in found if each.name not in own)


def model_at(content: Content, place: str, kinds: Kinds) -> type[Any] | None:
    """The class of what stands at a place."""
    if place == FORM:
        return Form
    if "components" not in place:
        return Page
    return model_of(str(part_at(content, place).get("kind", "")), kinds)


def _groups(found: tuple[Property, ...]) -> list[tuple[str, tuple[Property, ...]]]:
    by_name = {each.name: each for each in found}
    first = tuple(by_name[name] for name in FIRST if name in by_name)
    when = tuple(by_name[name] for name in WHEN if name in by_name)
    rest = tuple(each for each in found if each not in first and each not in when and each.name != "key")
    key = tuple(each for each in found if each.name == "key")
    titled = (("", first), (_("Answer"), rest), (_("When"), when), (_("Name"), key))
    return [(title, group) for title, group in titled if group]


def _field_of(content: Content, place: str) -> str:
    """What of a part a place is, for people."""
    inside = place.removeprefix(place_of_part(content, place)).strip(".").split(".")
    words = [title_of_field(each) if not each.isdecimal() else str(int(each) + 1) for each in inside if each]
    return " ".join(words) or _("The form itself")


def _problem(content: Content, kinds: Kinds, place: str, text: str) -> Problem:
    part = place_of_part(content, place)
    where = part_name(part_at(content, part), part, kinds) if part != FORM else _("The form itself")
    return Problem(part, f"{where} – {_field_of(content, place)}", text)


def _missing(content: Content, kinds: Kinds, each: Untranslated) -> Missing:
    part = place_of_part(content, each.place)
    return Missing(part, _field_of(content, each.place), each.words[:80], each.missing)


def _questions(content: Content) -> list[str]:
    """What conditions can look at."""
    pages = content.get("pages", [])
    level = [each for page in pages for each in page.get("components", [])]
    inner = [each for part in level for each in part.get("components", [])]
    return [str(each["key"]) for each in (*level, *inner) if "label" in each]


class _Drawing:
    """Draws parts of a form one by one, so that what is wrong with one does not hide the others."""

    def __init__(self, name: str, kinds: Kinds, reader: Reader, problems: dict[str, list[str]]) -> None:
        self._name = name
        self._kinds = kinds
        self._reader = reader
        self._problems = problems

    def page(self, place: str, data: dict[str, Any]) -> Drawn:
        return self._drawn(place, data, Markup(""))

    def _component(self, place: str, data: dict[str, Any]) -> Drawn:
        return self._drawn(place, data, Markup("") if data.get("kind") == "section" else self._markup(place, data))

    def _drawn(self, place: str, data: dict[str, Any], markup: Markup) -> Drawn:
        kind = offered_of(str(data.get("kind", "")), self._kinds) if "components" in place else None
        return Drawn(
            place,
            str(data.get("key", "")),
            part_name(data, place, self._kinds),
            kind,
            words_of(data),
            markup,
            bool(data.get("shown_if")),
            tuple(self._problems.get(place, ())),
            tuple(
                self._component(f"{place}.components.{number}", part)
                for number, part in enumerate(data.get("components", []))
            ),
        )

    def _markup(self, place: str, data: dict[str, Any]) -> Markup:
        """The component as it will look while it is shown; empty when it cannot be shown."""
        alone = {name: value for name, value in data.items() if name not in ("shown_if", "required_if")}
        if "formula" in alone:
            alone["formula"] = "none"
        if isinstance(alone.get("options"), list):
            alone["options"] = [_without_deeds(option) for option in alone["options"]]
        content = {"title": {"en": "-"}, "pages": [{"key": "page", "components": [{**alone, "key": "part"}]}]}
        try:
            form = form_of(self._name, 1, content, self._kinds)
        except InvalidInput:
            return Markup("")
        return render_form(form, initial_texts(form, self._reader), self._reader, scope=place.replace(".", "-"))


def _without_deeds(option: Any) -> Any:
    """An option as it looks: what its button does needs the rest of the form."""
    return {name: value for name, value in option.items() if name != "does"} if isinstance(option, dict) else option
