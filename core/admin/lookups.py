"""Lookups: the lists that people choose from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from litestar import get, post
from litestar.datastructures import FormMultiDict
from markupsafe import Markup
from pydantic import BaseModel

from core.accounts.permissions import MANAGE_LOOKUPS
from core.accounts.sessions import SignedIn
from core.admin.answers import AnyRequest, Page, at_address, text, texts
from core.admin.plugin_names import plugin_title
from core.errors import InvalidInput, NotFound
from core.forms.from_schema import form_of_schema, typed_of_values, values_of_answers
from core.forms.options import offered
from core.forms.reader import Reader
from core.forms.reading import PREFIX, accept_answers, initial_texts, pick_answers
from core.forms.rendering import render_form
from core.forms.schema import Form
from core.forms.text import Text
from core.locale import gettext as _
from core.locale.languages import NAMES
from core.lookups.declared import all_lookups, get_lookup
from core.lookups.entries import Entry, add_entry, all_entries, change_entry, order_entries, switch_entry
from core.plugins.context import Context, Platform
from core.plugins.contributions import Lookup
from core.web.rendering import page, with_toast


@get("/admin/lookups", permission=MANAGE_LOOKUPS)
async def lookups_page(ctx: Context, platform: Platform) -> Page:
    """All lists."""
    lists = [
        (declared.lookup, plugin_title(platform, declared.plugin), await all_entries(ctx, declared.lookup.name))
        for declared in all_lookups(ctx)
    ]
    return await page("admin/lookups.html", title=_("Lists of choices"), lists=lists)


@get("/admin/lookups/{name:str}", permission=MANAGE_LOOKUPS)
async def lookup_page(ctx: Context, name: str) -> Page:
    """One list, in its order."""
    return await _lookup_page(ctx, name)


@post("/admin/lookups/{name:str}", permission=MANAGE_LOOKUPS, status_code=200)
async def add(request: AnyRequest, ctx: Context, user: SignedIn, name: str) -> Page:
    """Adds an entry at the end.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    with _in_terms_of_the_page(ctx, name):
        await add_entry(ctx, name, text(form, "code").strip(), _names(form), await _values(ctx, user, name, form))
    shown = at_address(await _lookup_page(ctx, name), f"/admin/lookups/{name}")
    return with_toast(shown, _("The entry is added. It can be chosen from now on."))


@get("/admin/lookups/{name:str}/new", permission=MANAGE_LOOKUPS)
async def new_entry(ctx: Context, user: SignedIn, name: str) -> Page:
    """The form for an entry."""
    return await _entry_page(ctx, user, name, None)


@post("/admin/lookups/{name:str}/order", permission=MANAGE_LOOKUPS, status_code=204)
async def order(request: AnyRequest, ctx: Context, name: str) -> None:
    """Keeps the order that the page shows."""
    await order_entries(ctx, name, texts(await request.form(), "code"))


@get("/admin/lookups/{name:str}/entries/{code:str}", permission=MANAGE_LOOKUPS)
async def entry_page(ctx: Context, user: SignedIn, name: str, code: str) -> Page:
    """One entry."""
    return await _entry_page(ctx, user, name, code)


@post("/admin/lookups/{name:str}/entries/{code:str}", permission=MANAGE_LOOKUPS, status_code=200)
async def save(request: AnyRequest, ctx: Context, user: SignedIn, name: str, code: str) -> Page:
    """Saves names and values.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    with _in_terms_of_the_page(ctx, name):
        await change_entry(ctx, name, code, _names(form), await _values(ctx, user, name, form))
    shown = at_address(await _lookup_page(ctx, name), f"/admin/lookups/{name}")
    return with_toast(shown, _("The entry is saved."))


@post("/admin/lookups/{name:str}/entries/{code:str}/off", permission=MANAGE_LOOKUPS, status_code=200)
async def switch_off(ctx: Context, name: str, code: str) -> Page:
    """Lets the entry be chosen no more."""
    await switch_entry(ctx, name, code, active=False)
    return with_toast(await _lookup_page(ctx, name), _("The entry is offered no more. Where it was chosen, it stays."))


@post("/admin/lookups/{name:str}/entries/{code:str}/on", permission=MANAGE_LOOKUPS, status_code=200)
async def switch_on(ctx: Context, name: str, code: str) -> Page:
    """Lets the entry be chosen again."""
    await switch_entry(ctx, name, code, active=True)
    return with_toast(await _lookup_page(ctx, name), _("The entry can be chosen again."))


def _names(form: FormMultiDict) -> dict[str, str]:
    return {language: text(form, f"name_{language}") for language in NAMES}


async def _values(ctx: Context, user: SignedIn, name: str, form: FormMultiDict) -> dict[str, Any]:
    """What the lookup's own schema asks for."""
    lookup = get_lookup(ctx, name)
    if lookup.fields is None:
        return {}
    asked = await _form_of(ctx, lookup, lookup.fields)
    posted = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
    answers = accept_answers(asked, pick_answers(asked, posted), Reader(user.zone))
    return values_of_answers(asked, lookup.fields, answers)


@contextmanager
def _in_terms_of_the_page(ctx: Context, name: str) -> Iterator[None]:
    """What is wrong with a value of the lookup's schema is said of its field on the page."""
    schema = get_lookup(ctx, name).fields
    try:
        yield
    except InvalidInput as error:
        own = set(schema.model_fields) if schema else set()
        fields = {PREFIX + key if key in own else key: said for key, said in error.fields.items()}
        raise InvalidInput(error.message, fields=fields, mend=error.mend) from error


async def _form_of(ctx: Context, lookup: Lookup, schema: type[BaseModel]) -> Form:
    return form_of_schema(schema, "core:lookup", Text.translated(lookup.title), await offered(ctx, schema))


async def _rendered(ctx: Context, lookup: Lookup, user: SignedIn, entry: Entry | None) -> Markup:
    if lookup.fields is None:
        return Markup("")
    asked, reader = await _form_of(ctx, lookup, lookup.fields), Reader(user.zone)
    typed = typed_of_values(asked, entry.values, reader) if entry else initial_texts(asked, reader)
    return render_form(asked, typed, reader, scope="entry")


async def _lookup_page(ctx: Context, name: str) -> Page:
    lookup = get_lookup(ctx, name)
    return await page(
        "admin/lookup.html",
        title=_(lookup.title),
        lookup=lookup,
        entries=await all_entries(ctx, name),
    )


async def _entry_page(ctx: Context, user: SignedIn, name: str, code: str | None) -> Page:
    lookup = get_lookup(ctx, name)
    entry: Entry | None = None
    if code is not None:
        entry = next((each for each in await all_entries(ctx, name) if each.code == code), None)
        if entry is None:
            raise NotFound(_("There is no such entry."))
    return await page(
        "admin/lookup_entry.html",
        title=entry.name if entry else _("Add an entry"),
        lookup=lookup,
        entry=entry,
        declared=_(dict(lookup.initial).get(code or "", "")),
        fields=await _rendered(ctx, lookup, user, entry),
    )


HANDLERS = [lookups_page, lookup_page, add, new_entry, order, entry_page, save, switch_off, switch_on]
