"""Adds, changes, orders, switches and removes dispositions and their folders.

Everything of one list happens one after the other: each function holds the row of the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plugins.wrapup.dispositions.lists import (
    disposition_row,
    folder_row,
    get_list,
    list_reference,
    locked_list,
)
from plugins.wrapup.dispositions.values import (
    MOST,
    MOST_FOLDERS,
    DispositionValues,
    folder_problem,
    problems_of,
    taken,
    tidy,
    values_of,
)
from plugins.wrapup.models import Disposition, DispositionFolder, DispositionList
from switchroom import Context
from switchroom.audit import record
from switchroom.database import transaction
from switchroom.errors import Conflict, InvalidInput
from switchroom.locale import gettext as _


async def add_folder(ctx: Context, list_id: int, name: str) -> int:
    """Adds a folder behind the others, and gives its id.

    Raises:
        NotFound: The tenant has no such list.
        InvalidInput: The name cannot be used.
    """
    async with transaction():
        listing = await locked_list(list_id)
        name = await _folder_name(list_id, name, None)
        there = await DispositionFolder.filter(listing_id=list_id).order_by("-position").values_list("position")
        if len(there) >= MOST_FOLDERS:
            raise _refused_folder(_("The list is full: %(most)s folders are the most.") % {"most": MOST_FOLDERS})
        last = int(there[0][0]) if there else 0
        folder = await DispositionFolder.create(listing_id=list_id, name=name, position=last + 1)
        await _note(ctx, listing, "wrapup.disposition_folder_added", folder, after={"name": name})
    folder_id: int = folder.id
    return folder_id


async def rename_folder(ctx: Context, folder_id: int, name: str) -> None:
    """Gives a folder another name.

    Raises:
        NotFound: The tenant has no such folder.
        InvalidInput: The name cannot be used.
    """
    async with transaction():
        listing = await locked_list((await folder_row(folder_id)).listing_id)
        folder = await folder_row(folder_id)
        before, name = folder.name, await _folder_name(listing.id, name, folder_id)
        if before == name:
            return
        await folder.update_from_dict({"name": name}).save(update_fields=["name"])
        await _note(ctx, listing, "wrapup.disposition_folder_renamed", folder, {"name": before}, {"name": name})


async def delete_folder(ctx: Context, folder_id: int) -> None:
    """Removes an empty folder.

    Raises:
        NotFound: The tenant has no such folder.
        Conflict: There are dispositions in it.
    """
    async with transaction():
        listing = await locked_list((await folder_row(folder_id)).listing_id)
        folder = await folder_row(folder_id)
        if await Disposition.filter(folder_id=folder_id).exists():
            raise Conflict(
                _("There are dispositions in this folder."), mend=_("Move them to another folder, or delete them.")
            )
        await folder.delete()
        await _note(ctx, listing, "wrapup.disposition_folder_deleted", folder, before={"name": folder.name})


async def order_folders(ctx: Context, list_id: int, folder_ids: Sequence[int]) -> None:
    """Puts the folders of a list in this order.

    Raises:
        NotFound: The tenant has no such list.
        InvalidInput: These are not all its folders, each once.
    """
    async with transaction():
        listing = await locked_list(list_id)
        before = [folder async for folder in DispositionFolder.filter(listing_id=list_id).order_by("position", "id")]
        folders = {folder.id: folder for folder in before}
        if sorted(folder_ids) != sorted(folders):
            raise _changed_meanwhile()
        if list(folder_ids) == list(folders):
            return
        for position, folder_id in enumerate(folder_ids, 1):
            await folders[folder_id].update_from_dict({"position": position}).save(update_fields=["position"])
        names = {"before": [each.name for each in before], "after": [folders[each].name for each in folder_ids]}
        await _note_list(
            ctx, listing, "wrapup.disposition_folders_ordered", {"order": names["before"]}, {"order": names["after"]}
        )


async def order_dispositions(ctx: Context, folder_id: int, disposition_ids: Sequence[int]) -> None:
    """Puts dispositions of a list into a folder, in this order: those that lie in another one are moved.

    What lies in the folder and is not named stays behind them, in the order it had.

    Raises:
        NotFound: The tenant has no such folder.
        InvalidInput: One is named twice, or is of no or another list.
    """
    async with transaction():
        listing = await locked_list((await folder_row(folder_id)).listing_id)
        folder = await folder_row(folder_id)
        rows = {row.id: row for row in await Disposition.filter(listing_id=listing.id).order_by("position", "id")}
        before = [row for row in rows.values() if row.folder_id == folder_id]
        named = [rows[each] for each in dict.fromkeys(disposition_ids) if each in rows]
        if len(named) != len(disposition_ids):
            raise _changed_meanwhile()
        named += [row for row in before if row not in named]
        if [row.id for row in before] == [row.id for row in named]:
            return
        old = [row.name for row in before]
        for position, row in enumerate(named, 1):
            row.update_from_dict({"position": position, "folder_id": folder_id})
            await row.save(update_fields=["position", "folder_id"])
        await _note(
            ctx, listing, "wrapup.dispositions_ordered", folder, {"order": old}, {"order": [row.name for row in named]}
        )


async def add_disposition(ctx: Context, folder_id: int, values: DispositionValues) -> int:
    """Adds a disposition behind the others of a folder, and gives its id.

    Raises:
        NotFound: The tenant has no such folder.
        InvalidInput: A value cannot be used; names the field.
    """
    async with transaction():
        listing = await locked_list((await folder_row(folder_id)).listing_id)
        folder = await folder_row(folder_id)
        columns = await _checked(listing.id, values, None)
        row = await Disposition.create(
            listing_id=listing.id, folder_id=folder.id, position=await _behind(folder_id), **columns
        )
        await _note(ctx, listing, "wrapup.disposition_added", row, after=columns | {"folder": folder.name})
    disposition_id: int = row.id
    return disposition_id


async def change_disposition(ctx: Context, disposition_id: int, values: DispositionValues) -> None:
    """Changes a disposition where it lies. One of the system keeps its type.

    Raises:
        NotFound: The tenant has no such disposition.
        InvalidInput: A value cannot be used; names the field.
    """
    async with transaction():
        listing = await locked_list((await disposition_row(disposition_id)).listing_id)
        row = await disposition_row(disposition_id)
        after, before = await _checked(listing.id, values, row), values_of(row)
        if before == after:
            return
        await row.update_from_dict(after).save(update_fields=list(after))
        await _note(ctx, listing, "wrapup.disposition_changed", row, before, after)


async def move_disposition(ctx: Context, disposition_id: int, folder_id: int) -> None:
    """Moves a disposition behind the others of another folder of its list.

    Raises:
        NotFound: The tenant has no such disposition or folder.
        InvalidInput: The folder is of another list.
    """
    async with transaction():
        listing = await locked_list((await disposition_row(disposition_id)).listing_id)
        row, folder = await disposition_row(disposition_id), await folder_row(folder_id)
        if folder.listing_id != listing.id:
            raise InvalidInput(
                _("The disposition was not moved."), fields={"folder": _("Choose a folder of the same list.")}
            )
        if row.folder_id == folder_id:
            return
        before = (await folder_row(row.folder_id)).name
        row.update_from_dict({"folder_id": folder_id, "position": await _behind(folder_id)})
        await row.save(update_fields=["folder_id", "position"])
        await _note(ctx, listing, "wrapup.disposition_moved", row, {"folder": before}, {"folder": folder.name})


async def switch_off(ctx: Context, disposition_id: int) -> None:
    """Takes a disposition out of use; where it was chosen it stays.

    Raises:
        NotFound: The tenant has no such disposition.
    """
    async with transaction():
        listing = await locked_list((await disposition_row(disposition_id)).listing_id)
        row = await disposition_row(disposition_id)
        if not row.active:
            return
        await row.update_from_dict({"active": False}).save(update_fields=["active"])
        await _note(ctx, listing, "wrapup.disposition_switched_off", row, {"active": True}, {"active": False})


async def switch_on(ctx: Context, disposition_id: int) -> None:
    """Takes a disposition into use again.

    Raises:
        NotFound: The tenant has no such disposition.
        Conflict: Another one has got its name or code meanwhile.
    """
    async with transaction():
        listing = await locked_list((await disposition_row(disposition_id)).listing_id)
        row = await disposition_row(disposition_id)
        if row.active:
            return
        others = [each for each in (await get_list(listing.id)).dispositions if each.active]
        if taken(row.name, (each.name for each in others)):
            raise Conflict(_("Another disposition has this name now."), mend=_("Rename one of the two first."))
        if row.code and row.code in {each.code for each in others}:
            raise Conflict(_("Another disposition has this code now."), mend=_("Change one of the two first."))
        await row.update_from_dict({"active": True}).save(update_fields=["active"])
        await _note(ctx, listing, "wrapup.disposition_switched_on", row, {"active": False}, {"active": True})


async def delete_disposition(ctx: Context, disposition_id: int) -> None:
    """Removes a disposition that people have added. What was chosen keeps the name that it had.

    Raises:
        NotFound: The tenant has no such disposition.
        Conflict: The system itself sets it.
    """
    async with transaction():
        listing = await locked_list((await disposition_row(disposition_id)).listing_id)
        row = await disposition_row(disposition_id)
        if row.system_type:
            raise Conflict(
                _("The system itself sets this disposition: it cannot be deleted."),
                mend=_("It can be renamed, moved or switched off."),
                code="system_disposition",
            )
        await row.delete()
        await _note(ctx, listing, "wrapup.disposition_deleted", row, before=values_of(row))


async def changed(listing: DispositionList) -> None:
    """Raises the version of a list that is held."""
    await listing.update_from_dict({"version": listing.version + 1}).save(update_fields=["version"])


async def _behind(folder_id: int) -> int:
    last = await Disposition.filter(folder_id=folder_id).order_by("-position").first()
    return last.position + 1 if last else 1


async def _folder_name(list_id: int, name: str, folder_id: int | None) -> str:
    """The name as it is kept.

    Raises:
        InvalidInput: It cannot be used.
    """
    name = tidy(name)
    problem = folder_problem(name)
    others = DispositionFolder.filter(listing_id=list_id).exclude(id=folder_id or 0)
    if not problem and taken(name, [each.name for each in await others]):
        problem = _("There is a folder of this name already.")
    if problem:
        raise _refused_folder(problem)
    return name


async def _checked(list_id: int, values: DispositionValues, row: Disposition | None) -> dict[str, Any]:
    """The columns of a disposition.

    Raises:
        InvalidInput: A value cannot be used; names the field.
    """
    columns = values.columns | {"name": tidy(values.name), "code": values.code.strip()}
    problems = problems_of(DispositionValues(**columns))
    there = (await get_list(list_id)).dispositions
    # One that is switched off is compared when it is switched on.
    others = [each for each in there if each.active and (row is None or (row.active and row.id != each.id))]
    if "name" not in problems and taken(columns["name"], [each.name for each in others]):
        problems["name"] = _("There is a disposition of this name already.")
    if columns["code"] and columns["code"] in {each.code for each in others}:
        problems["code"] = _("Another disposition has this code.")
    if row is not None and row.system_type and columns["type"] != row.type:
        problems["type"] = _("The system itself sets this disposition: its type stays.")
    if row is None and len(there) >= MOST:
        problems["name"] = _("The list is full: %(most)s dispositions are the most.") % {"most": MOST}
    if problems:
        raise InvalidInput(_("The disposition was not saved."), fields=problems)
    return {name: str(value) if isinstance(value, str) else value for name, value in columns.items()}


def _refused_folder(problem: str) -> InvalidInput:
    return InvalidInput(_("The folder was not saved."), fields={"name": problem})


def _changed_meanwhile() -> InvalidInput:
    return InvalidInput(_("The list has changed meanwhile."), mend=_("Load the page again."))


async def _note(
    ctx: Context,
    listing: DispositionList,
    action: str,
    row: Disposition | DispositionFolder,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    kind = "disposition" if isinstance(row, Disposition) else "disposition_folder"
    await record(ctx, action, subject=f"wrapup:{kind}:{row.id}", subject_name=row.name, before=before, after=after)
    await changed(listing)


async def _note_list(
    ctx: Context, listing: DispositionList, action: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    await record(ctx, action, subject=list_reference(listing.id), before=before, after=after)
    await changed(listing)
