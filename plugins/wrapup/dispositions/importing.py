"""A table becomes a list of dispositions: first what it would change, then the change, all of it or nothing.

The table is the list: what is not in it is switched off, never deleted. A line with a system type is that disposition
of the system, whatever it is called; any other line is the disposition of its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plugins.wrapup.dispositions.changing import changed
from plugins.wrapup.dispositions.lists import DispositionView, ListView, get_list, list_reference, locked_list
from plugins.wrapup.dispositions.table import Row, read_table
from plugins.wrapup.dispositions.values import MOST, DispositionValues, folded
from plugins.wrapup.models import Disposition, DispositionFolder
from switchroom import Context
from switchroom.audit import record
from switchroom.database import execute, transaction
from switchroom.errors import Conflict, InvalidInput
from switchroom.locale import gettext as _


@dataclass(frozen=True)
class Difference:
    """A value that a table changes: the name of a column of `DispositionValues`, `folder` or `active`."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """A disposition that a table changes."""

    line: int
    disposition: DispositionView
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Plan:
    """What a table changes in a list.

    Attributes:
        version: Of the list as it was looked at.
        lines: How many dispositions the table holds.
        new_folders: Names.
        switched_off: What is in use and not in the table.
        reordered: Whether what stays in its folder stands in another order.
    """

    version: int
    lines: int
    added: tuple[Row, ...]
    changed: tuple[Change, ...]
    switched_off: tuple[DispositionView, ...]
    new_folders: tuple[str, ...]
    reordered: bool

    @property
    def empty(self) -> bool:
        """Whether everything stays as it is."""
        return not (self.added or self.changed or self.switched_off or self.new_folders or self.reordered)


async def look_at(list_id: int, content: bytes) -> Plan:
    """What a table would change.

    Raises:
        NotFound: The tenant has no such list.
        UnusableTable: Anything in it cannot be used; names every line and column.
    """
    listing = await get_list(list_id)
    return _plan(listing, read_table(content))


async def take_in(ctx: Context, list_id: int, content: bytes, version: int | None = None) -> Plan:
    """Changes a list into what a table says; gives what was changed.

    Args:
        ctx: Where.
        list_id: The list.
        content: The file.
        version: Of the list when it was looked at; None for whatever it is now.

    Raises:
        NotFound: The tenant has no such list.
        UnusableTable: Anything in it cannot be used; names every line and column.
        Conflict: The list has changed since it was looked at.
    """
    rows = read_table(content)
    async with transaction():
        row = await locked_list(list_id)
        if version is not None and row.version != version:
            raise Conflict(_("The list has changed since you looked at the file."), mend=_("Look at the file again."))
        listing = await get_list(list_id)
        plan = _plan(listing, rows)
        if plan.empty:
            return plan
        await _store(ctx, listing, rows)
        await record(
            ctx,
            "wrapup.dispositions_imported",
            subject=list_reference(list_id),
            before={"dispositions": [each.name for each in listing.dispositions if each.active]},
            after={"dispositions": [each.name for each in rows]},
        )
        await changed(row)
    return plan


def _plan(listing: ListView, rows: Sequence[Row]) -> Plan:
    matched = _matched(listing, rows)
    used = {each.id for each in matched if each}
    if len(listing.dispositions) + matched.count(None) > MOST:
        text = _("The list is full: %(most)s dispositions are the most.") % {"most": MOST}
        raise InvalidInput(text, fields={"file": text}, mend=_("Delete some that are switched off."))
    folders = {folder.id: folder.name for folder in listing.folders}
    changes, wanted = [], _folders(rows)
    for row, each in zip(rows, matched, strict=True):
        folder = wanted[folded(row.folder)]
        differences = _differences(row, folder, each, folders[each.folder_id]) if each else ()
        if each and differences:
            changes.append(Change(row.line, each, differences))
    there = {folded(name) for name in folders.values()}
    return Plan(
        version=listing.version,
        lines=len(rows),
        added=tuple(row for row, each in zip(rows, matched, strict=True) if each is None),
        changed=tuple(changes),
        switched_off=tuple(each for each in listing.dispositions if each.active and each.id not in used),
        new_folders=tuple(name for key, name in wanted.items() if key not in there),
        reordered=_reordered(listing, rows, matched),
    )


def _matched(listing: ListView, rows: Sequence[Row]) -> list[DispositionView | None]:
    """For each row the disposition that it is; None for a new one."""
    of_system = {each.system_type: each for each in listing.dispositions if each.system_type}
    # Of several of one name, that in use comes last.
    by_name = {
        folded(each.name): each
        for each in sorted(listing.dispositions, key=lambda each: each.active)
        if not each.system_type
    }
    return [of_system.get(row.system_type) if row.system_type else by_name.get(folded(row.name)) for row in rows]


def _differences(row: Row, wanted: str, each: DispositionView, folder: str) -> tuple[Difference, ...]:
    after = row.values.columns | {"folder": wanted, "active": True}
    before = {name: getattr(each, name) for name in DispositionValues.__dataclass_fields__}
    before |= {"folder": folder, "active": each.active}
    return tuple(Difference(name, before[name], after[name]) for name in after if before[name] != after[name])


def _folders(rows: Sequence[Row]) -> dict[str, str]:
    """The folders of a table in the order in which they occur: name to compare → name as it is first written."""
    found: dict[str, str] = {}
    for row in rows:
        found.setdefault(folded(row.folder), row.folder)
    return found


def _reordered(listing: ListView, rows: Sequence[Row], matched: Sequence[DispositionView | None]) -> bool:
    """Whether folders, or dispositions inside of one, stand in another order, additions and removals apart."""
    wanted = list(_folders(rows))
    there = [folded(folder.name) for folder in listing.folders]
    if [name for name in there if name in wanted] != [name for name in wanted if name in there]:
        return True
    for folder in listing.folders:
        key = folded(folder.name)
        now = [each.id for each in folder.dispositions]
        then = [each.id for row, each in zip(rows, matched, strict=True) if each and folded(row.folder) == key]
        if [each for each in now if each in then] != [each for each in then if each in now]:
            return True
    return False


async def _store(ctx: Context, listing: ListView, rows: Sequence[Row]) -> None:
    matched, folders = _matched(listing, rows), await _stored_folders(listing, rows)
    # Names and codes may change places: none is in use until each has its new one.
    await execute(
        "UPDATE wrapup_disposition SET active = false, position = position + $3 "
        "WHERE tenant_id = $1 AND listing_id = $2",
        ctx.tenant.id,
        listing.id,
        len(rows),
    )
    new = []
    for position, (row, each) in enumerate(zip(rows, matched, strict=True), 1):
        columns = row.values.columns | {
            "folder_id": folders[folded(row.folder)],
            "position": position,
            "active": True,
        }
        if each:
            await Disposition.filter(id=each.id).update(**columns)
        else:
            new.append(
                Disposition(tenant_id=ctx.tenant.id, listing_id=listing.id, system_type=row.system_type, **columns)
            )
    if new:
        await Disposition.bulk_create(new)


async def _stored_folders(listing: ListView, rows: Sequence[Row]) -> dict[str, int]:
    """The folders of a table, made where they are not there, before all others: name to compare → id."""
    wanted = _folders(rows)
    there = {folded(folder.name): folder.id for folder in listing.folders}
    for position, (key, name) in enumerate(wanted.items(), 1):
        if key in there:
            await DispositionFolder.filter(id=there[key]).update(name=name, position=position)
        else:
            made = await DispositionFolder.create(listing_id=listing.id, name=name, position=position)
            there[key] = made.id
    others = [folder for folder in listing.folders if folded(folder.name) not in wanted]
    for position, folder in enumerate(others, len(wanted) + 1):
        await DispositionFolder.filter(id=folder.id).update(position=position)
    return there
