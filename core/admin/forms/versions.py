"""The versions of a form, with what has changed from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from litestar import get, post

from core.accounts.permissions import MANAGE_FORMS
from core.admin.answers import AnyRequest, Page, at_address
from core.admin.forms.editor import number
from core.admin.forms.words import choice_word, part_name, title_of_field
from core.forms.components import Kinds
from core.forms.kinds import form_kinds
from core.forms.library.content import Content
from core.forms.library.differences import FORM, Change, Kind, differences
from core.forms.library.properties import written
from core.forms.library.store import get_design, save_design
from core.forms.library.versions import Version, get_version, versions_of
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.rendering import page, with_toast

SHOWN = 50
"""Versions on the page."""


@dataclass(frozen=True)
class Told:
    """A change in words.

    Attributes:
        kind: What has become of the part: `added`, `removed`, `moved`, `changed`.
        part: What people call it.
        field: What of it has changed.
        before: What it was, for people.
        after: What it is.
    """

    kind: str
    part: str
    field: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Compared:
    """A version with what it has changed; the working copy has no version yet.

    Attributes:
        first: Whether there is nothing to compare it with.
    """

    version: Version | None
    changes: tuple[Told, ...]
    first: bool = False


@get("/admin/forms/{name:str}/versions", permission=MANAGE_FORMS)
async def versions_page(ctx: Context, name: str) -> Page:
    """All versions, and what is not yet published."""
    return await _versions_page(ctx, name)


@post("/admin/forms/{name:str}/versions/{version:int}/take", permission=MANAGE_FORMS, status_code=200)
async def take(request: AnyRequest, ctx: Context, name: str, version: int) -> Page:
    """Lets the working copy be again what a version is.

    Raises:
        NotFound: There is no such version.
        ChangedMeanwhile: The working copy is no longer what the page was made of.
    """
    form = await request.form()
    await save_design(ctx, name, (await get_version(ctx, name, version)).content, number(form, "revision"))
    said = _("You work on what version %(number)s was. Publish it to let it be used.") % {"number": version}
    return with_toast(at_address(await _versions_page(ctx, name), f"/admin/forms/{name}/versions"), said)


async def _versions_page(ctx: Context, name: str) -> Page:
    design, kinds = await get_design(ctx, name), form_kinds(ctx)
    versions = await versions_of(ctx, name)
    compared = [
        Compared(newer, _told(older.content, newer.content, kinds)) for newer, older in pairwise(versions[: SHOWN + 1])
    ]
    if versions and len(versions) <= SHOWN:
        compared.append(Compared(versions[-1], (), first=True))
    newest: Content = versions[0].content if versions else {"title": design.content.get("title"), "pages": []}
    return await page(
        "admin/forms/versions.html",
        title=_("Versions"),
        design=design,
        unpublished=Compared(None, _told(newest, design.content, kinds), first=not versions),
        versions=compared,
    )


def _told(old: Content, new: Content, kinds: Kinds) -> tuple[Told, ...]:
    return tuple(_in_words(change, kinds) for change in differences(old, new))


def _in_words(change: Change, kinds: Kinds) -> Told:
    name = _("The form itself") if change.part == FORM else part_name(change.data, change.place, kinds)
    if change.kind is not Kind.CHANGED:
        return Told(change.kind.value, name)
    before, after = (_value(each) for each in (change.before, change.after))
    return Told(change.kind.value, name, title_of_field(change.field), before, after)


def _value(value: Any) -> str:
    """A value as people read it."""
    match value:
        case None | "" | [] | {}:
            return ""
        case bool():
            return choice_word("yes" if value else "no")
        case list():
            return "; ".join(_value(each) for each in value)
        case {"label": dict(label)}:
            stored = value.get("value", value.get("key", ""))
            return f"{_value(label)} ({stored})"
        case {"equals": _} | {"all": _} | {"any": _}:
            return written(value)
        case {"page": _} | {"when": _}:
            when = written(value.get("when"))
            return " ← ".join(part for part in (str(value.get("page") or _("the end")), when) if part)
        case dict() if all(isinstance(text, str) for text in value.values()):
            return " / ".join(value.values())
        case dict():
            return ", ".join(f"{title_of_field(str(key))}: {_value(each)}" for key, each in value.items())
    return str(value)


HANDLERS = [versions_page, take]
