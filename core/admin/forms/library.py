"""The list of forms: finding, making, copying, archiving, and taking them from and into files."""

from __future__ import annotations

import json
from dataclasses import dataclass

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from core.accounts.permissions import EXPORT_ANSWERS, MANAGE_FORMS
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page, at_address, text
from core.errors import InvalidInput
from core.forms.library.content import Content
from core.forms.library.files import LONGEST_FILE, import_form, write_file
from core.forms.library.store import (
    Design,
    all_designs,
    archive_design,
    copy_design,
    delete_design,
    get_design,
    make_design,
    restore_design,
)
from core.forms.library.usage import Use, uses_of
from core.locale import active_language
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.rendering import page, with_toast

STATES = ("current", "draft", "published", "archived")


@dataclass(frozen=True)
class Listed:
    """A form in the list, with where it is in use."""

    design: Design
    use: Use


@get("/admin/forms", permission=MANAGE_FORMS)
async def forms_page(request: AnyRequest, ctx: Context, user: SignedIn, words: str = "") -> Page:
    """The forms, or those that fit."""
    return await _forms_page(ctx, user, words, request.query_params.get("state", STATES[0]))


@get("/admin/forms/new", permission=MANAGE_FORMS)
async def new_form(ctx: Context, copy: str = "") -> Page:
    """The form for a form, or for a copy of one."""
    source = await get_design(ctx, copy) if copy else None
    return await page("admin/forms/new.html", title=_("Make a form"), source=source)


@post("/admin/forms/new", permission=MANAGE_FORMS, status_code=200)
async def make(request: AnyRequest, ctx: Context) -> Page:
    """Makes a form, or a copy of one, and leads to its editor.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    name, title, source = (text(form, field).strip() for field in ("name", "title", "copy"))
    if source:
        design = await copy_design(ctx, source, name)
    elif title:
        design = await make_design(ctx, name, _first(title))
    else:
        raise InvalidInput(_("The form was not made."), fields={"title": _("Say what the form is called.")})
    return _to(f"/admin/forms/{design.name}")


@get("/admin/forms/import", permission=MANAGE_FORMS)
async def import_page() -> Page:
    """Where a file is chosen."""
    return await page("admin/forms/import.html", title=_("Import a form"))


@post("/admin/forms/import", permission=MANAGE_FORMS, status_code=200, request_max_body_size=LONGEST_FILE + 10_000)
async def import_file(request: AnyRequest, ctx: Context) -> Page:
    """Makes a form of a file, and leads to its editor.

    Raises:
        InvalidInput: The file holds no form, or its name is taken: the page marks the field.
    """
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidInput(_("The file cannot be used."), fields={"file": _("Choose a file.")})
    design = await import_form(ctx, await file.read(), text(form, "name").strip())
    return _to(f"/admin/forms/{design.name}")


@get("/admin/forms/{name:str}/export", permission=MANAGE_FORMS)
async def export(ctx: Context, name: str) -> Response[bytes]:
    """The working copy as a file."""
    design = await get_design(ctx, name)
    headers = {"content-disposition": f'attachment; filename="{name}.form.json"'}
    return Response(write_file(name, design.content), media_type="application/json", headers=headers)


@post("/admin/forms/{name:str}/archive", permission=MANAGE_FORMS, status_code=200)
async def archive(ctx: Context, user: SignedIn, name: str) -> Page:
    """Offers the form nowhere any more."""
    await archive_design(ctx, name)
    said = _("The form is in the archive: it is offered no more. Where it is in use, it stays.")
    return with_toast(await _forms_page(ctx, user, "", "current"), said)


@post("/admin/forms/{name:str}/restore", permission=MANAGE_FORMS, status_code=200)
async def restore(ctx: Context, user: SignedIn, name: str) -> Page:
    """Offers an archived form again."""
    await restore_design(ctx, name)
    return with_toast(await _forms_page(ctx, user, "", "current"), _("The form can be chosen again."))


@post("/admin/forms/{name:str}/delete", permission=MANAGE_FORMS, status_code=200)
async def delete(ctx: Context, user: SignedIn, name: str) -> Page:
    """Removes a form that was never published.

    Raises:
        Conflict: It was published.
    """
    await delete_design(ctx, name)
    return with_toast(await _forms_page(ctx, user, "", "current"), _("The form is deleted."))


def _first(title: str) -> Content:
    return {"title": {active_language(): title}, "pages": [{"key": "page_1", "components": []}]}


def _to(path: str) -> Page:
    """Leads on to another page: what is sent has become something that has an address."""
    where = {"path": path, "target": "#main", "select": "#main", "swap": "outerHTML"}
    return Response(b"", headers={"HX-Location": json.dumps(where)})


async def _forms_page(ctx: Context, user: SignedIn, words: str, state: str) -> Page:
    state = state if state in STATES else STATES[0]
    designs = await all_designs(ctx)
    found = [design for design in designs if _fits(design, words.strip().casefold(), state)]
    uses = await uses_of(ctx, designs)
    return at_address(
        await page(
            "admin/forms/forms.html",
            title=_("Forms"),
            forms=[Listed(design, uses[design.key]) for design in found],
            words=words,
            state=state,
            any_form=bool(designs),
            reads_answers=user.may(EXPORT_ANSWERS),
        ),
        "/admin/forms",
    )


def _fits(design: Design, words: str, state: str) -> bool:
    in_state = {
        "current": not design.archived,
        "draft": not design.archived and design.unpublished,
        "published": not design.archived and bool(design.published),
        "archived": design.archived,
    }[state]
    titles = design.content.get("title", {})
    said = " ".join([design.name, *(str(title) for title in titles.values())]).casefold()
    return in_state and all(word in said for word in words.split())


HANDLERS = [forms_page, new_form, make, import_page, import_file, export, archive, restore, delete]
