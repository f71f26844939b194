"""Dispositions, for programs: what administrators do on the pages, below `/api/v1/wrapup`."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get, post, put
from litestar.params import JSONBody
from pydantic import Field

from plugins.wrapup.dispositions import changing, lists
from plugins.wrapup.dispositions.importing import Plan, look_at, take_in
from plugins.wrapup.dispositions.table import LARGEST, write_table
from plugins.wrapup.dispositions.values import LONGEST_CODE, LONGEST_DESCRIPTION, LONGEST_NAME, MOST, DispositionValues
from plugins.wrapup.models import DispositionType, ServiceType
from plugins.wrapup.permissions import MANAGE_DISPOSITIONS
from switchroom import Context
from switchroom.api import Answer, Flag, Given, Id, Reference

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Ids = Annotated[list[Reference], Field(max_length=MOST)]


class Disposition(Answer):
    """A coded outcome."""

    id: int
    folder_id: int
    name: str
    description: str
    code: str
    """Digits, for phones and scripts; empty for none."""
    agent_selects: bool
    """Whether agents are offered it."""
    type: DispositionType
    inbound: bool
    """Whether it is for contacts that customers begin."""
    outbound: bool
    """Whether it is for contacts that are begun here."""
    preview: bool
    """Whether it is for calls before which an agent looks at the record."""
    system_type: str
    """What the system itself sets it for, such as `BUSY`; empty for one that people have added."""
    service_type: ServiceType
    active: bool
    """Whether it is in use."""


class Folder(Answer):
    """A folder with its dispositions, in their order."""

    id: int
    name: str
    dispositions: list[Disposition]


class DispositionListAnswer(Answer):
    """A list with its folders, in their order."""

    id: int
    queue: str
    """Whose it is, such as `routing:queue:3`; empty for that of all queues that have none of their own."""
    version: int
    """Raised with each change."""
    folders: list[Folder]


class NamedFolder(Given):
    """What a folder is called."""

    name: Name


class ListForQueue(Given):
    """The queue that gets a list."""

    queue: Annotated[str, Field(min_length=1, max_length=60)]
    """Its reference, such as `routing:queue:3`."""


class Ordered(Given):
    """Ids in the order that is wanted."""

    ids: Ids


class ChangedDisposition(Given):
    """What a disposition is to be."""

    name: Name
    """In its list, no two in use have the same, however capital letters are used."""
    type: DispositionType
    """One of the system keeps its type."""
    description: Annotated[str, Field(max_length=LONGEST_DESCRIPTION)] = ""
    code: Annotated[str, Field(max_length=LONGEST_CODE)] = ""
    agent_selects: Flag = True
    inbound: Flag = True
    outbound: Flag = True
    preview: Flag = False
    service_type: ServiceType = ServiceType.BLENDED


class MovedDisposition(Given):
    """Where a disposition goes."""

    folder_id: Reference


class Table(Answer):
    """The dispositions in use, as a table in CSV: columns A to K, no header."""

    content: str


class GivenTable(Given):
    """A table in CSV: columns A to K, no header."""

    content: Annotated[str, Field(max_length=LARGEST // 2)]


class TakenTable(GivenTable):
    """A table that was looked at."""

    version: Reference | None = None
    """Of the list when it was looked at: one that has changed since is a conflict."""


class Outlook(Answer):
    """What a table changes."""

    version: int
    """Of the list that was looked at."""
    lines: int
    """How many dispositions the table holds."""
    added: list[str]
    changed: list[str]
    switched_off: list[str]
    """What is in use and not in the table."""
    new_folders: list[str]
    reordered: bool


@get("/dispositions", permission=MANAGE_DISPOSITIONS, tags=["dispositions"])
async def list_dispositions(ctx: Context, queue: Annotated[str, Field(max_length=60)] = "") -> DispositionListAnswer:
    """Gives the list that holds for a queue: its own, else that of all queues."""
    return _list(await lists.list_of(ctx, queue.replace("\0", "")))


@post("/dispositions/lists", permission=MANAGE_DISPOSITIONS, tags=["dispositions"], idempotent=True)
async def add_list(ctx: Context, data: JSONBody[ListForQueue]) -> DispositionListAnswer:
    """Gives a queue a list of its own, a copy of that of all queues."""
    return _list(await lists.get_list(await lists.give_own_list(ctx, data.queue)))


@post(
    "/dispositions/lists/{list_id:int}/delete", permission=MANAGE_DISPOSITIONS, status_code=204, tags=["dispositions"]
)
async def remove_list(ctx: Context, list_id: Id) -> None:
    """Removes the list of a queue, which has that of all queues from then on."""
    await lists.drop_own_list(ctx, list_id)


@post(
    "/dispositions/lists/{list_id:int}/folders", permission=MANAGE_DISPOSITIONS, tags=["dispositions"], idempotent=True
)
async def create_folder(ctx: Context, list_id: Id, data: JSONBody[NamedFolder]) -> Folder:
    """Adds a folder behind the others."""
    return Folder.model_validate(await lists.get_folder(await changing.add_folder(ctx, list_id, data.name)))


@post(
    "/dispositions/lists/{list_id:int}/folders/order",
    permission=MANAGE_DISPOSITIONS,
    status_code=204,
    tags=["dispositions"],
)
async def put_folders_in_order(ctx: Context, list_id: Id, data: JSONBody[Ordered]) -> None:
    """Puts the folders of a list in order; each must be named once."""
    await changing.order_folders(ctx, list_id, data.ids)


@put("/dispositions/folders/{folder_id:int}", permission=MANAGE_DISPOSITIONS, tags=["dispositions"])
async def change_folder(ctx: Context, folder_id: Id, data: JSONBody[NamedFolder]) -> Folder:
    """Renames a folder."""
    await changing.rename_folder(ctx, folder_id, data.name)
    return Folder.model_validate(await lists.get_folder(folder_id))


@post(
    "/dispositions/folders/{folder_id:int}/delete",
    permission=MANAGE_DISPOSITIONS,
    status_code=204,
    tags=["dispositions"],
)
async def remove_folder(ctx: Context, folder_id: Id) -> None:
    """Removes an empty folder; else that is a conflict."""
    await changing.delete_folder(ctx, folder_id)


@post(
    "/dispositions/folders/{folder_id:int}/order",
    permission=MANAGE_DISPOSITIONS,
    status_code=204,
    tags=["dispositions"],
)
async def put_in_order(ctx: Context, folder_id: Id, data: JSONBody[Ordered]) -> None:
    """Puts dispositions of a list into a folder, in this order; what lies there and is not named stays behind them."""
    await changing.order_dispositions(ctx, folder_id, data.ids)


@post(
    "/dispositions/folders/{folder_id:int}/entries",
    permission=MANAGE_DISPOSITIONS,
    tags=["dispositions"],
    idempotent=True,
)
async def create_disposition(ctx: Context, folder_id: Id, data: JSONBody[ChangedDisposition]) -> Disposition:
    """Adds a disposition behind the others of a folder."""
    return await _one(await changing.add_disposition(ctx, folder_id, _values(data)))


@get("/dispositions/entries/{disposition_id:int}", permission=MANAGE_DISPOSITIONS, tags=["dispositions"])
async def get_one_disposition(ctx: Context, disposition_id: Id) -> Disposition:
    """Gives one disposition."""
    return await _one(disposition_id)


@put("/dispositions/entries/{disposition_id:int}", permission=MANAGE_DISPOSITIONS, tags=["dispositions"])
async def change_one_disposition(ctx: Context, disposition_id: Id, data: JSONBody[ChangedDisposition]) -> Disposition:
    """Changes a disposition where it lies."""
    await changing.change_disposition(ctx, disposition_id, _values(data))
    return await _one(disposition_id)


@post(
    "/dispositions/entries/{disposition_id:int}/move",
    permission=MANAGE_DISPOSITIONS,
    status_code=200,
    tags=["dispositions"],
)
async def move_one_disposition(ctx: Context, disposition_id: Id, data: JSONBody[MovedDisposition]) -> Disposition:
    """Moves a disposition behind the others of another folder of its list."""
    await changing.move_disposition(ctx, disposition_id, data.folder_id)
    return await _one(disposition_id)


@post(
    "/dispositions/entries/{disposition_id:int}/off",
    permission=MANAGE_DISPOSITIONS,
    status_code=200,
    tags=["dispositions"],
)
async def take_out_of_use(ctx: Context, disposition_id: Id) -> Disposition:
    """Takes a disposition out of use; where it was chosen it stays."""
    await changing.switch_off(ctx, disposition_id)
    return await _one(disposition_id)


@post(
    "/dispositions/entries/{disposition_id:int}/on",
    permission=MANAGE_DISPOSITIONS,
    status_code=200,
    tags=["dispositions"],
)
async def take_into_use(ctx: Context, disposition_id: Id) -> Disposition:
    """Takes a disposition into use again; a conflict when another one has got its name or code."""
    await changing.switch_on(ctx, disposition_id)
    return await _one(disposition_id)


@post(
    "/dispositions/entries/{disposition_id:int}/delete",
    permission=MANAGE_DISPOSITIONS,
    status_code=204,
    tags=["dispositions"],
)
async def remove_disposition(ctx: Context, disposition_id: Id) -> None:
    """Removes a disposition that people have added; one of the system is a conflict."""
    await changing.delete_disposition(ctx, disposition_id)


@get("/dispositions/lists/{list_id:int}/table", permission=MANAGE_DISPOSITIONS, tags=["dispositions"])
async def export_table(ctx: Context, list_id: Id) -> Table:
    """Gives the dispositions in use as a table."""
    return Table(content=write_table(await lists.get_list(list_id)).decode())


@post("/dispositions/lists/{list_id:int}/look", permission=MANAGE_DISPOSITIONS, status_code=200, tags=["dispositions"])
async def look_at_table(ctx: Context, list_id: Id, data: JSONBody[GivenTable]) -> Outlook:
    """Tells what a table would change; nothing is stored. 422 names everything that is wrong, as `line.7.E`."""
    return _outlook(await look_at(list_id, data.content.encode()))


@post(
    "/dispositions/lists/{list_id:int}/import", permission=MANAGE_DISPOSITIONS, status_code=200, tags=["dispositions"]
)
async def import_table(ctx: Context, list_id: Id, data: JSONBody[TakenTable]) -> Outlook:
    """Changes a list into what a table says, all of it or nothing; what is not in the table is switched off."""
    return _outlook(await take_in(ctx, list_id, data.content.encode(), data.version))


API = [
    list_dispositions,
    add_list,
    remove_list,
    create_folder,
    put_folders_in_order,
    change_folder,
    remove_folder,
    put_in_order,
    create_disposition,
    get_one_disposition,
    change_one_disposition,
    move_one_disposition,
    take_out_of_use,
    take_into_use,
    remove_disposition,
    export_table,
    look_at_table,
    import_table,
]


def _list(listing: lists.ListView) -> DispositionListAnswer:
    return DispositionListAnswer.model_validate(listing)


async def _one(disposition_id: int) -> Disposition:
    return Disposition.model_validate(await lists.get_disposition(disposition_id))


def _values(data: ChangedDisposition) -> DispositionValues:
    given: dict[str, Any] = data.model_dump(mode="json")
    return DispositionValues(**given)


def _outlook(plan: Plan) -> Outlook:
    return Outlook(
        version=plan.version,
        lines=plan.lines,
        added=[row.name for row in plan.added],
        changed=[change.disposition.name for change in plan.changed],
        switched_off=[each.name for each in plan.switched_off],
        new_folders=list(plan.new_folders),
        reordered=plan.reordered,
    )
