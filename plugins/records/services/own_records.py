"""Simple records of our own: their fields, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugins.records.models import Item, Record, record_of
from plugins.records.services.items import ItemView, item_of_record
from plugins.records.services.steps import note
from switchroom import Context
from switchroom.database import transaction
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.locale import gettext as _

LONGEST_NAME = 60
LONGEST_TEXT = 4000
MOST_CELLS = 100


@dataclass(frozen=True)
class Edit:
    """Fields of a record as somebody has typed them, and the version of the record that he saw."""

    version: int
    cells: Mapping[str, str]


def reference_of_record(record_id: int) -> str:
    """How items name a record of our own."""
    return f"records:record:{record_id}"


def url_of_record(record_id: int) -> str:
    """The page of a record of our own."""
    return f"/p/records/records/{record_id}"


async def get_record(record_id: int) -> Record:
    """One record.

    Raises:
        NotFound: The tenant has no such record.
    """
    found = await Record.get_or_none(id=record_id)
    if found is None:
        raise NotFound(_("There is no such record."))
    return found


async def record_behind(item: ItemView) -> Record | None:
    """The record of an item, where it is one of our own."""
    record_id = record_of(item.reference)
    return await Record.get_or_none(id=record_id) if record_id is not None else None


async def my_records(ctx: Context, user_id: int, limit: int = 50) -> list[Record]:
    """The records that an agent has assigned to himself, the latest first."""
    # Index records_record_of_owner.
    return await Record.filter(owner_id=user_id).order_by("-id").limit(limit)


async def may_edit(ctx: Context, record: Record, user_id: int) -> bool:
    """Whether an agent may change the fields: while he has it in work, and when it is his."""
    item = await item_of_record(ctx, reference_of_record(record.id))
    in_work = item is not None and item.interaction_id is not None and item.owner_id == user_id
    return in_work or record.owner_id == user_id


async def save_record(ctx: Context, record_id: int, user_id: int, edit: Edit) -> None:
    """Saves the fields of a record that the agent has in work, or that is his.

    Raises:
        NotFound: The tenant has no such record.
        Conflict: It is not his to change, or somebody has changed it meanwhile.
        InvalidInput: A text cannot be used; names the field.
    """
    async with transaction():
        found = await get_record(record_id)
        item = await item_of_record(ctx, reference_of_record(record_id))
        if item is not None:
            # The item first, as everywhere.
            await Item.filter(id=item.id).select_for_update().first()
        if not await may_edit(ctx, found, user_id):
            raise Conflict(
                _("This record is not in work with you."), mend=_("Take it into work, then change its fields.")
            )
        await apply_edit(ctx, record_id, edit)


async def apply_edit(ctx: Context, record_id: int, edit: Edit) -> None:
    """Saves fields in the caller's transaction; nothing happens when nothing has changed.

    Raises:
        NotFound: The tenant has no such record.
        Conflict: Somebody has changed it meanwhile.
        InvalidInput: A text cannot be used; names the field.
    """
    record = await Record.filter(id=record_id).select_for_update().first()
    if record is None:
        raise NotFound(_("There is no such record."))
    cells = {**record.cells, **{name: text.strip() for name, text in edit.cells.items() if name in record.cells}}
    if cells == record.cells:
        return
    if record.version != edit.version:
        raise Conflict(
            _("Somebody has changed this record meanwhile, or you have in another tab."),
            mend=_("Load the page again, and enter your changes once more."),
        )
    _check_cells(cells)
    await Record.filter(id=record_id).update(cells=cells, version=record.version + 1)
    item = await item_of_record(ctx, reference_of_record(record_id))
    if item is not None:
        await Item.filter(id=item.id).update(cells=cells)
        changed = sorted(name for name in cells if cells[name] != record.cells.get(name))
        await note(ctx, item.id, "changed", fields=changed)
        await ctx.publish(f"record:{item.id}")


def _check_cells(cells: Mapping[str, str]) -> None:
    problems = {
        f"cell.{name}": _("At most %(count)s characters.") % {"count": LONGEST_TEXT}
        for name, text in cells.items()
        if len(text) > LONGEST_TEXT
    }
    if problems:
        raise InvalidInput(_("The record was not saved."), fields=problems)
