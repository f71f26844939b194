"""Lookups: the lists from which people choose."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get, patch, post, put
from litestar.params import JSONBody
from pydantic import Field

from core.accounts.permissions import MANAGE_LOOKUPS, SIGNED_IN
from core.api.shapes import Answer, Flag, Given
from core.database.transaction import transaction
from core.errors import NotFound
from core.locale import gettext as _
from core.lookups import entries
from core.lookups.declared import all_lookups
from core.plugins.context import Context

Code = Annotated[str, Field(max_length=60)]
Names = Annotated[dict[str, Annotated[str, Field(max_length=200)]], Field(max_length=20)]


class Lookup(Answer):
    """A list of named values."""

    name: str
    """`<plugin>.<what>`."""
    plugin: str
    """Who declares it: `core` or a plugin."""
    title: str
    summary: str


class Lookups(Answer):
    """All lists: core's first, then those of each plugin that is on."""

    items: list[Lookup]


class Entry(Answer):
    """One value of a list."""

    code: str
    """Stored wherever the value is chosen; it never changes."""
    name: str
    """In the language of the answer."""
    names: dict[str, str]
    """Language → name, as far as an administrator has given any."""
    values: dict[str, Any]
    """What the list asks for besides."""
    active: bool
    """Whether it can be chosen."""


class Entries(Answer):
    """The entries of a list, in the administrator's order."""

    items: list[Entry]


class NewEntry(Given):
    """A value to add."""

    code: Code
    """A letter, then small letters, digits and underscores."""
    names: Names
    """Language → name; at least one."""
    values: Annotated[dict[str, Any], Field(max_length=100)] = Field(default_factory=dict)
    """What the list asks for besides."""


class ChangedEntry(Given):
    """What is to be changed of an entry; what is left out stays as it is."""

    names: Names = Field(default_factory=dict)
    values: Annotated[dict[str, Any], Field(max_length=100)] = Field(default_factory=dict)
    active: Flag = Field(default_factory=bool)
    """Whether it can be chosen. Where it has been chosen it stays."""


class Order(Given):
    """Codes in the order that the list is to have."""

    codes: Annotated[list[Code], Field(max_length=entries.MOST_ENTRIES)]
    """Those that are left out come last, in the order they had."""


@get("/lookups", permission=MANAGE_LOOKUPS, tags=["lookups"])
async def list_lookups(ctx: Context) -> Lookups:
    """Lists the lists that there are."""
    return Lookups(
        items=[
            Lookup(
                name=each.lookup.name,
                plugin=each.plugin,
                title=_(each.lookup.title),
                summary=_(each.lookup.summary) if each.lookup.summary else "",
            )
            for each in all_lookups(ctx)
        ]
    )


@get("/lookups/{name:str}/choices", permission=SIGNED_IN, tags=["lookups"])
async def list_choices(ctx: Context, name: str) -> Entries:
    """Lists the entries of a list that can be chosen."""
    return Entries(items=[Entry.model_validate(entry) for entry in await entries.entries(ctx, name)])


@get("/lookups/{name:str}/entries", permission=MANAGE_LOOKUPS, tags=["lookups"])
async def list_entries(ctx: Context, name: str) -> Entries:
    """Lists all entries of a list, also those that are switched off."""
    return Entries(items=[Entry.model_validate(entry) for entry in await entries.all_entries(ctx, name)])


@post("/lookups/{name:str}/entries", permission=MANAGE_LOOKUPS, idempotent=True, tags=["lookups"])
async def add_entry(ctx: Context, name: str, data: JSONBody[NewEntry]) -> Entry:
    """Adds an entry at the end of a list."""
    async with transaction():
        await entries.add_entry(ctx, name, data.code, data.names, data.values)
        return Entry.model_validate(await _entry(ctx, name, data.code))


@patch("/lookups/{name:str}/entries/{code:str}", permission=MANAGE_LOOKUPS, tags=["lookups"])
async def change_entry(ctx: Context, name: str, code: str, data: JSONBody[ChangedEntry]) -> Entry:
    """Changes an entry; its code stays."""
    given = data.model_fields_set
    async with transaction():
        before = await _entry(ctx, name, code)
        if given & {"names", "values"}:
            names = data.names if "names" in given else before.names
            values = data.values if "values" in given else before.values
            await entries.change_entry(ctx, name, code, names, values)
        if "active" in given:
            await entries.switch_entry(ctx, name, code, active=data.active)
        return Entry.model_validate(await _entry(ctx, name, code))


@put("/lookups/{name:str}/order", permission=MANAGE_LOOKUPS, status_code=204, tags=["lookups"])
async def order_entries(ctx: Context, name: str, data: JSONBody[Order]) -> None:
    """Puts the entries of a list into an order."""
    await entries.order_entries(ctx, name, data.codes)


HANDLERS = [list_lookups, list_choices, list_entries, add_entry, change_entry, order_entries]


async def _entry(ctx: Context, name: str, code: str) -> entries.Entry:
    for entry in await entries.all_entries(ctx, name):
        if entry.code == code:
            return entry
    raise NotFound(_("There is no such entry."))
