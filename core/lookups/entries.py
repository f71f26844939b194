"""The entries of lookups: to choose from, to name what was chosen, and to keep.

A tenant starts with the entries that the lookup declares. They are stored when the list is first asked for, without
names: until an administrator names them, they are called what the declaration says, in the language of who reads. An
entry is never deleted, since rows anywhere may hold its code; one that is switched off is offered no more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from core.audit.log import record
from core.database.connection import execute, fetch
from core.database.transaction import transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.forms.options import check_offered
from core.jobs.registry import Event
from core.locale import active_language
from core.locale import gettext as _
from core.locale.languages import NAMES
from core.lookups.declared import get_lookup
from core.plugins.context import Context
from core.plugins.contributions import Lookup

LONGEST_NAME = 200
MOST_ENTRIES = 500

_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class Entry:
    """One value of a lookup.

    Attributes:
        code: Stored wherever the value is chosen; it never changes.
        name: In the language of who reads.
        names: Language → name, as far as an administrator has given any.
        values: What the lookup's own schema asks for, as JSON values.
        active: Whether it can be chosen.
    """

    code: str
    name: str
    active: bool = True
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


async def all_entries(ctx: Context, name: str) -> list[Entry]:
    """Every entry of a lookup, in the administrator's order, also those that are switched off.

    Raises:
        NotFound: There is no such lookup.
    """
    lookup = get_lookup(ctx, name)
    rows = await _rows(ctx, name)
    if not rows and lookup.initial:
        await _begin(ctx, lookup)
        rows = await _rows(ctx, name)
    return [_entry(ctx, lookup, row) for row in rows]


async def entries(ctx: Context, name: str) -> list[Entry]:
    """The entries that can be chosen, in the administrator's order.

    Raises:
        NotFound: There is no such lookup.
    """
    return [entry for entry in await all_entries(ctx, name) if entry.active]


async def name_of(ctx: Context, name: str, code: str) -> str:
    """What people call a code, in the language of who reads; the code itself when nobody has such an entry.

    Raises:
        NotFound: There is no such lookup.
    """
    return next((entry.name for entry in await all_entries(ctx, name) if entry.code == code), code)


async def add_entry(
    ctx: Context, name: str, code: str, names: Mapping[str, str], values: Mapping[str, Any] | None = None
) -> None:
    """Adds an entry at the end of the list.

    Args:
        ctx: The tenant.
        name: The lookup.
        code: A letter, then small letters, digits and underscores, at most 60; it can never be changed.
        names: Language → name; at least one.
        values: What the lookup's own schema asks for.

    Raises:
        InvalidInput: A value cannot be used, or the entry would belong to one that there is not; names the field.
        NotFound: There is no such lookup.
    """
    lookup = get_lookup(ctx, name)
    there = await all_entries(ctx, name)
    wrong: dict[str, str] = {}
    if not _CODE.fullmatch(code):
        wrong["code"] = _("Use a letter, then small letters, digits or underscores, 60 at most.")
    elif code in {entry.code for entry in there}:
        wrong["code"] = _("There is an entry of this code already.")
    if len(there) >= MOST_ENTRIES:
        wrong["code"] = _("The list is full: %(most)s entries are the most.") % {"most": MOST_ENTRIES}
    clean, kept = _checked(lookup, names, values or {}, wrong, needs_name=True)
    if lookup.fields is not None:
        await check_offered(ctx, lookup.fields, kept)
    _check_above(lookup, code, kept, there)
    async with transaction():
        stored = await fetch(
            "INSERT INTO core_lookup_entry (tenant_id, lookup, code, names, values, position, active) "
            "SELECT $1::bigint, $2::text, $3::text, $4::text::jsonb, $5::text::jsonb, "
            "coalesce(max(position), 0) + 1, true "
            "FROM core_lookup_entry WHERE tenant_id = $1 AND lookup = $2 ON CONFLICT DO NOTHING RETURNING id",
            ctx.tenant.id,
            name,
            code,
            json.dumps(clean),
            json.dumps(kept),
        )
        if not stored:
            raise Conflict(_("There is an entry of this code already."))
        await _note(ctx, lookup, "core.lookup_entry_added", code, after=_told(clean, kept))


async def change_entry(
    ctx: Context, name: str, code: str, names: Mapping[str, str], values: Mapping[str, Any] | None = None
) -> None:
    """Renames an entry, or changes what its lookup asks for; the code stays.

    Raises:
        InvalidInput: A value cannot be used; names the field.
        NotFound: There is no such lookup or entry.
    """
    lookup = get_lookup(ctx, name)
    initial = code in dict(lookup.initial)
    clean, kept = _checked(lookup, names, values or {}, {}, needs_name=not initial)
    if lookup.fields is not None:
        await check_offered(ctx, lookup.fields, kept)
    _check_above(lookup, code, kept, await all_entries(ctx, name))
    async with transaction():
        before = await _locked(ctx, name, code)
        await execute(
            "UPDATE core_lookup_entry SET names = $4::text::jsonb, values = $5::text::jsonb "
            "WHERE tenant_id = $1 AND lookup = $2 AND code = $3",
            ctx.tenant.id,
            name,
            code,
            json.dumps(clean),
            json.dumps(kept),
        )
        old, new = _told(before["names"], before["values"]), _told(clean, kept)
        if old != new:
            await _note(ctx, lookup, "core.lookup_entry_changed", code, old, new)


async def switch_entry(ctx: Context, name: str, code: str, *, active: bool) -> None:
    """Lets an entry be chosen, or no more; where it has been chosen it stays and keeps its name.

    Raises:
        NotFound: There is no such lookup or entry.
    """
    lookup = get_lookup(ctx, name)
    async with transaction():
        before = await _locked(ctx, name, code)
        if before["active"] == active:
            return
        await execute(
            "UPDATE core_lookup_entry SET active = $4 WHERE tenant_id = $1 AND lookup = $2 AND code = $3",
            ctx.tenant.id,
            name,
            code,
            active,
        )
        action = "core.lookup_entry_switched_on" if active else "core.lookup_entry_switched_off"
        await _note(ctx, lookup, action, code, {"active": not active}, {"active": active})


async def order_entries(ctx: Context, name: str, codes: Sequence[str]) -> None:
    """Puts the entries into this order; those that are not named come last, in the order they had.

    Raises:
        NotFound: There is no such lookup.
    """
    lookup = get_lookup(ctx, name)
    async with transaction():
        rows = await fetch(
            "SELECT code FROM core_lookup_entry WHERE tenant_id = $1 AND lookup = $2 ORDER BY position, code "
            "FOR UPDATE",
            ctx.tenant.id,
            name,
        )
        before = [row["code"] for row in rows]
        named = [code for code in dict.fromkeys(codes) if code in before]
        after = [*named, *(code for code in before if code not in named)]
        if before == after:
            return
        await execute(
            "UPDATE core_lookup_entry AS entry SET position = wanted.place "
            "FROM unnest($3::text[]) WITH ORDINALITY AS wanted (code, place) "
            "WHERE entry.tenant_id = $1 AND entry.lookup = $2 AND entry.code = wanted.code",
            ctx.tenant.id,
            name,
            after,
        )
        await _note(ctx, lookup, "core.lookup_ordered", "", {"order": before}, {"order": after})


async def _rows(ctx: Context, name: str) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT code, names, values, active FROM core_lookup_entry WHERE tenant_id = $1 AND lookup = $2 "
        "ORDER BY position, code",
        ctx.tenant.id,
        name,
    )


async def _begin(ctx: Context, lookup: Lookup) -> None:
    """Stores what the lookup starts with; whoever comes second changes nothing."""
    values = {
        code: _validated(lookup.fields, lookup.initial_values.get(code, {})) if lookup.fields else {}
        for code, _text in lookup.initial
    }
    await execute(
        "INSERT INTO core_lookup_entry (tenant_id, lookup, code, names, values, position, active) "
        "SELECT $1::bigint, $2::text, initial.code, '{}', initial.stored::jsonb, initial.place, true "
        "FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS initial (code, stored, place) ON CONFLICT DO NOTHING",
        ctx.tenant.id,
        lookup.name,
        list(values),
        [json.dumps(each) for each in values.values()],
    )


async def _locked(ctx: Context, name: str, code: str) -> dict[str, Any]:
    rows = await fetch(
        "SELECT names, values, active FROM core_lookup_entry WHERE tenant_id = $1 AND lookup = $2 AND code = $3 "
        "FOR UPDATE",
        ctx.tenant.id,
        name,
        code,
    )
    if not rows:
        raise NotFound(_("There is no such entry."))
    return {**rows[0], "names": json.loads(rows[0]["names"]), "values": json.loads(rows[0]["values"])}


def _entry(ctx: Context, lookup: Lookup, row: Mapping[str, Any]) -> Entry:
    names, code = json.loads(row["names"]), row["code"]
    declared = dict(lookup.initial).get(code, "")
    name = names.get(active_language()) or (_(declared) if declared else "") or names.get(ctx.tenant.language)
    return Entry(
        code=code,
        name=name or next(iter(names.values()), code),
        active=row["active"],
        names=names,
        values=json.loads(row["values"]),
    )


def _checked(
    lookup: Lookup, names: Mapping[str, str], values: Mapping[str, Any], wrong: dict[str, str], *, needs_name: bool
) -> tuple[dict[str, str], dict[str, Any]]:
    clean = {language: name.strip() for language, name in names.items() if language in NAMES and name.strip()}
    if needs_name and not clean:
        wrong[f"name_{active_language()}"] = _("Give the entry a name in at least one language.")
    for language, name in clean.items():
        if len(name) > LONGEST_NAME:
            wrong[f"name_{language}"] = _("Use at most 200 characters.")
    kept: dict[str, Any] = {}
    if lookup.fields is not None:
        try:
            kept = _validated(lookup.fields, values)
        except ValidationError as error:
            wrong |= {".".join(str(part) for part in each["loc"]): each["msg"] for each in error.errors()}
    if wrong:
        raise InvalidInput(_("The entry was not saved."), fields=wrong)
    return clean, kept


def _validated(schema: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    return schema.model_validate(dict(values)).model_dump(mode="json")


def _check_above(lookup: Lookup, code: str, kept: Mapping[str, Any], there: Sequence[Entry]) -> None:
    """Refuses an entry of a tree that belongs to one that there is not, or to itself by whichever way."""
    above = str(kept.get(lookup.above, "")) if lookup.above else ""
    if not above:
        return
    parents = {entry.code: str(entry.values.get(lookup.above, "")) for entry in there} | {code: above}
    problem = ""
    if above != code and above not in parents:
        problem = _("There is no entry of the code %(code)s. Add it first, or leave this empty.") % {
            "code": repr(above)
        }
    seen: set[str] = set()
    while above and above not in seen and not problem:
        seen.add(above)
        if above == code:
            problem = _("The entry would belong to itself. Choose another code, or leave this empty.")
        above = parents.get(above, "")
    if problem:
        raise InvalidInput(_("The entry was not saved."), fields={lookup.above: problem})


def _told(names: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Names and values side by side, as the audit log shows them."""
    return {**{f"name_{language}": name for language, name in names.items()}, **values}


async def _note(
    ctx: Context,
    lookup: Lookup,
    action: str,
    code: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    title = _(lookup.title)
    await record(
        ctx,
        action,
        subject=f"core:lookup:{lookup.name}",
        subject_name=f"{title}: {code}" if code else title,
        before=before,
        after=after,
    )
    await ctx.publish(f"lookup:{lookup.name}")
    await ctx.emit(Event.LOOKUP_CHANGED, lookup=lookup.name)
