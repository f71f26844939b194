"""What a form under work looks like: in a shape that can be shown and mended, whatever else is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.forms.components import Kinds
from core.forms.schema import Form, read_answered_form, read_form
from core.forms.text import Text
from core.locale import gettext as _

Content = dict[str, Any]
"""`title`, `repeatable` and `pages`: a form as JSON without key and version, which its place in the library gives."""

OWN = "custom"
"""What the keys of a tenant's own forms begin with."""

LONGEST_CONTENT = 1_000_000
"""Characters of a working copy as JSON."""

DEEPEST = 40
"""How far its values may stand within each other."""

MOST_PARTS = 2000
"""Pages and components of a working copy."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_TAKEN = frozenset({"new", "import"})
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Part:
    """A page or a component of a form under work.

    Attributes:
        place: Such as `pages.0.components.3`.
        data: Its JSON values.
    """

    place: str
    data: dict[str, Any]


def key_of(name: str) -> str:
    """The key of the tenant's own form of this name."""
    return f"{OWN}:{name}"


def name_in(key: str) -> str | None:
    """The name in the key of a tenant's own form; None for any other form."""
    plugin, _colon, name = key.partition(":")
    return name if plugin == OWN and name else None


def check_name(name: str) -> None:
    """Refuses what cannot be the name of a form.

    Raises:
        InvalidInput: Says why.
    """
    problem = ""
    if name in _TAKEN:
        problem = _("Pages of the administration have this name. Choose another one.")
    elif not _NAME.fullmatch(name):
        problem = _("A name begins with a small letter and has small letters, digits, - and _ only, 40 at most.")
    if problem:
        raise InvalidInput(_("This name cannot be used."), fields={"name": problem})


def check_shape(content: object) -> Content:
    """The content itself, if it can be shown and mended.

    Raises:
        InvalidInput: It cannot; `fields` names each place.
    """
    wrong: dict[str, str] = {}
    if not isinstance(content, dict):
        raise InvalidInput(_("This is no form."), fields={"form": _("A form is an object of JSON.")})
    if len(_text(content)) > LONGEST_CONTENT:
        raise InvalidInput(
            _("This form is too large."),
            mend=_("At most %(most)s characters fit. Make two forms of it.") % {"most": LONGEST_CONTENT},
        )
    unknown = sorted(str(name)[:40] for name in content.keys() - {"title", "repeatable", "pages"})
    wrong.update({name: _("Unknown field.") for name in unknown})
    if not isinstance(content.get("title"), dict):
        wrong["title"] = _("This text is missing. Write it in at least one language.")
    _check_list(content, "pages", "", wrong)
    if not wrong and sum(1 for _part in parts(content)) > MOST_PARTS:
        wrong["pages"] = _("At most %(most)s entries.") % {"most": MOST_PARTS}
    if wrong:
        raise InvalidInput(_("This is no form."), fields=wrong)
    return content


def _text(content: object) -> str:
    problem = _unstorable(content)
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False) if not problem else ""
    except ValueError:
        problem = _("A number in it is none that JSON knows.")
    if problem:
        raise InvalidInput(_("This is no form."), fields={"form": problem})
    return text


def _unstorable(content: object) -> str:
    """Why the values cannot be stored; empty when they can."""
    level = [content]
    for _depth in range(DEEPEST):
        texts = [
            text
            for each in level
            for text in ([each] if isinstance(each, str) else each if isinstance(each, dict) else ())
        ]
        if any(_UNSTORABLE.search(text) for text in texts if isinstance(text, str)):
            return _("It has characters that cannot be stored.")
        inner = [(each.values() if isinstance(each, dict) else each) for each in level if isinstance(each, dict | list)]
        level = [value for values in inner for value in values]
        if not level:
            return ""
    return _("Its parts stand too far within each other.")


def _check_list(data: dict[str, Any], name: str, above: str, wrong: dict[str, str]) -> None:
    place = f"{above}{name}"
    given = data.get(name, [])
    if not isinstance(given, list):
        wrong[place] = _("This must be a list.")
        return
    for number, part in enumerate(given):
        inner = f"{place}.{number}"
        if not isinstance(part, dict):
            wrong[inner] = _("This must be an object of JSON.")
            continue
        wrong.update({f"{inner}.{field}": _("This must be a text.") for field in _not_text(part, name)})
        _check_list(part, "components", f"{inner}.", wrong)


def _not_text(part: dict[str, Any], name: str) -> Iterator[str]:
    for field in ("key",) if name == "pages" else ("key", "kind"):
        if not isinstance(part.get(field), str):
            yield field


def parts(content: Content) -> Iterator[Part]:
    """Every page and every component, in the order in which they are shown."""
    for number, page in enumerate(content.get("pages", [])):
        yield from _parts(f"pages.{number}", page)


def _parts(place: str, data: dict[str, Any]) -> Iterator[Part]:
    yield Part(place, data)
    for number, component in enumerate(data.get("components", [])):
        yield from _parts(f"{place}.components.{number}", component)


def title_of(content: Content, name: str) -> str:
    """What content is called in the active language; the name where it is called nothing that can be used."""
    try:
        return str(Text.model_validate(content.get("title")))
    except ValueError:
        return name


def form_of(name: str, number: int, content: Content, kinds: Kinds) -> Form:
    """The form that content makes as a version.

    Raises:
        InvalidInput: It cannot be used; `fields` names each place and what is wrong there.
    """
    return read_form({"key": key_of(name), "version": number, **content}, kinds)


def kept_form_of(name: str, number: int, content: Content, kinds: Kinds) -> Form:
    """The form of a version that was published: a question of a kind that nobody knows any more is asked as text."""
    return read_answered_form({"key": key_of(name), "version": number, **content}, kinds)


def content_of(form: Form) -> Content:
    """What of a form is content."""
    return {name: part for name, part in form.as_json().items() if name in ("title", "repeatable", "pages")}


def same(one: Content, other: Content) -> bool:
    """Whether two contents ask the same: 1 and 1.0 are, as JSON has but numbers."""
    return canonical(one) == canonical(other)


def canonical(content: object) -> str:
    """The one way in which these values are written."""
    return json.dumps(_plain(content), sort_keys=True, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """Numbers as the database gives them back: whole ones without a fraction."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
