"""The editor of one form: each change is saved at once, to the revision that it was made to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from core.accounts.permissions import MANAGE_FORMS
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page, text
from core.admin.forms.drawing import model_at, show
from core.admin.forms.words import choice_word, hint_of, title_of_field
from core.errors import InvalidInput, NotFound
from core.forms.components import Kinds
from core.forms.kinds import form_kinds
from core.forms.library import editing
from core.forms.library.content import Content
from core.forms.library.editing import Edited
from core.forms.library.palette import starter
from core.forms.library.properties import change_rows, set_property
from core.forms.library.store import ChangedMeanwhile, Design, get_design, publish_design, save_design
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.rendering import fragment, page, with_toast

_WORDS: dict[str, Any] = {"property_title": title_of_field, "property_hint": hint_of, "choice_word": choice_word}
"""What the templates of properties call."""


@get("/admin/forms/{name:str}", permission=MANAGE_FORMS)
async def editor_page(ctx: Context, user: SignedIn, name: str, chosen: str = editing.FORM) -> Page:
    """The editor."""
    shown = await show(ctx, user, await get_design(ctx, name), chosen)
    return await page("admin/forms/editor.html", title=shown.design.title, shown=shown, **_WORDS)


@get("/admin/forms/{name:str}/parts", permission=MANAGE_FORMS)
async def parts(ctx: Context, user: SignedIn, name: str, chosen: str = editing.FORM, seen: int = 0) -> Page:
    """What changes of the editor, as it is now; nothing when it is as it was `seen`."""
    design = await get_design(ctx, name)
    if design.revision == seen:
        return Response(b"", status_code=204)
    return await _parts(ctx, user, design, chosen)


@post("/admin/forms/{name:str}/edit", permission=MANAGE_FORMS, status_code=200)
async def edit(request: AnyRequest, ctx: Context, user: SignedIn, name: str) -> Page:
    """Makes one change, and shows the form with it.

    Raises:
        ChangedMeanwhile: The form is no longer what the page shows.
        InvalidInput: There is no such change.
    """
    form = await request.form()
    revision = number(form, "revision")
    design = await get_design(ctx, name)
    if design.revision != revision:
        raise ChangedMeanwhile
    change = _CHANGES.get(text(form, "do"))
    if change is None:
        raise InvalidInput(_("There is no such change of a form."))
    edited = change(design.content, form, form_kinds(ctx))
    return await _parts(ctx, user, await save_design(ctx, name, edited.content, revision), edited.place)


@post("/admin/forms/{name:str}/publish", permission=MANAGE_FORMS, status_code=200)
async def publish(request: AnyRequest, ctx: Context, user: SignedIn, name: str) -> Page:
    """Makes a version of the form as the page shows it.

    Raises:
        ChangedMeanwhile: The form is no longer what the page shows.
        Unpublishable: It cannot be used; names every place.
        Conflict: Nothing has changed since the newest version.
    """
    form = await request.form()
    design = await publish_design(ctx, name, number(form, "revision"))
    said = _("Version %(number)s is published. It can be chosen where forms are used.") % {"number": design.published}
    return with_toast(await _parts(ctx, user, design, text(form, "chosen")), said)


def number(form: FormMultiDict, name: str) -> int:
    """A whole number of a form.

    Raises:
        InvalidInput: It is none.
    """
    given = text(form, name)
    if not (given.isascii() and given.isdecimal() and len(given) <= 9):
        raise InvalidInput(_("A change of a form names what it was made to."), fields={name: _("Give a whole number.")})
    return int(given)


async def _parts(ctx: Context, user: SignedIn, design: Design, chosen: str) -> Page:
    return fragment("admin/forms/parts.html", shown=await show(ctx, user, design, chosen), **_WORDS)


def _add(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    part = starter(text(form, "kind"), kinds)
    if part is None:
        raise InvalidInput(_("There is no component of the kind %(kind)s.") % {"kind": text(form, "kind")[:40]})
    if text(form, "into"):
        return editing.add(content, part, text(form, "into"), number(form, "index"))
    return editing.add_after(content, part, text(form, "chosen"))


def _add_page(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    pages = content.get("pages", [])
    return editing.add(content, {"key": f"page_{len(pages) + 1}", "components": []}, "pages", len(pages))


def _move(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    return editing.move(content, text(form, "place"), text(form, "into"), number(form, "index"))


def _step(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    return editing.step(content, text(form, "place"), -1 if text(form, "by") == "-1" else 1)


def _remove(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    return editing.remove(content, text(form, "place"))


def _copy(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    return editing.duplicate(content, text(form, "place"))


def _set(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    place, path, given = text(form, "place"), text(form, "path"), text(form, "value")
    if path == "key":
        return editing.rename(content, place, given.strip())
    return _with(content, place, set_property(_model(content, place, kinds), _own(content, place), path, given))


def _rows(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    place, index = text(form, "place"), number(form, "index") if text(form, "index") else 0
    model = _model(content, place, kinds)
    changed = change_rows(model, _own(content, place), text(form, "path"), text(form, "change"), index)
    return _with(content, place, changed)


def _replace(content: Content, form: FormMultiDict, kinds: Kinds) -> Edited:
    """The whole form as it was before, or after: what undo and redo give back."""
    try:
        given = json.loads(text(form, "content"))
    except (ValueError, RecursionError):
        raise InvalidInput(_("This is no form.")) from None
    return Edited(given, text(form, "chosen"))


def _model(content: Content, place: str, kinds: Kinds) -> type:
    model = model_at(content, place, kinds)
    if model is None:
        raise NotFound(_("There is no such property."))
    return model


def _own(content: Content, place: str) -> dict[str, object]:
    return dict(editing.part_at(content, place))


def _with(content: Content, place: str, part: dict[str, object]) -> Edited:
    return editing.put(content, place, part)


_CHANGES: Mapping[str, Callable[[Content, FormMultiDict, Kinds], Edited]] = {
    "add": _add,
    "add_page": _add_page,
    "move": _move,
    "step": _step,
    "remove": _remove,
    "copy": _copy,
    "set": _set,
    "rows": _rows,
    "replace": _replace,
}

HANDLERS = [editor_page, parts, edit, publish]
