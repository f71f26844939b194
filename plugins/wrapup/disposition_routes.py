"""The pages on which dispositions are set up. Thin: what happens is in `dispositions`."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import Parameter

from plugins.wrapup.dispositions import changing, lists
from plugins.wrapup.dispositions.lists import DispositionView, FolderView, ListView
from plugins.wrapup.dispositions.values import (
    LONGEST_CODE,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    SERVICE_TYPES,
    TYPES,
    DispositionValues,
    folded,
)
from plugins.wrapup.permissions import MANAGE_DISPOSITIONS
from switchroom import Context
from switchroom.database import transaction
from switchroom.locale import gettext as _
from switchroom.web import fragment, page, with_toast

AnyRequest = Request[Any, Any, Any]
Page = Response[Any]
AnyResponse = TypeVar("AnyResponse", bound=Response[Any])
RowId = Annotated[int, Parameter(ge=1, le=2**63 - 1)]

HOME = "/p/wrapup/dispositions"
LONGEST_SEARCH = 100


@get("/dispositions", permission=MANAGE_DISPOSITIONS)
async def dispositions_page(request: AnyRequest, ctx: Context) -> Page:
    """The list of all queues, or what holds for one."""
    return await _home(ctx, request.query_params.get("queue", "")[:60].replace("\0", ""))


@get("/dispositions/{list_id:int}/tree", permission=MANAGE_DISPOSITIONS)
async def tree(request: AnyRequest, ctx: Context, list_id: RowId) -> Page:
    """The folders of a list with what lies in them, or what is found."""
    words = request.query_params.get("words", "").strip()[:LONGEST_SEARCH]
    listing = await lists.get_list(list_id)
    found = [(folder, [each for each in folder.dispositions if _fits(each, words)]) for folder in listing.folders]
    return fragment(
        "wrapup/disposition_tree.html",
        listing=listing,
        folders=[(folder, inside) for folder, inside in found if inside or not words],
        words=words,
        types=TYPES,
    )


@post("/dispositions/own", permission=MANAGE_DISPOSITIONS, status_code=200)
async def give_own_list(request: AnyRequest, ctx: Context) -> Page:
    """Gives a queue a list of its own."""
    queue = text(await request.form(), "queue")
    await lists.give_own_list(ctx, queue)
    return with_toast(await _home(ctx, queue), _("The queue has dispositions of its own now."))


@post("/dispositions/{list_id:int}/drop", permission=MANAGE_DISPOSITIONS, status_code=200)
async def drop_own_list(ctx: Context, list_id: RowId) -> Page:
    """Lets a queue have the list of all again."""
    queue = (await lists.get_list(list_id)).queue
    await lists.drop_own_list(ctx, list_id)
    return with_toast(await _home(ctx, queue), _("The queue has the dispositions of all queues again."))


@post("/dispositions/{list_id:int}/folders", permission=MANAGE_DISPOSITIONS, status_code=200)
async def add_folder(request: AnyRequest, ctx: Context, list_id: RowId) -> Page:
    """Adds a folder.

    Raises:
        InvalidInput: The name cannot be used: the page marks the field.
    """
    await changing.add_folder(ctx, list_id, text(await request.form(), "name"))
    return with_toast(await list_page(ctx, await lists.get_list(list_id)), _("The folder is added."))


@post("/dispositions/{list_id:int}/folders/order", permission=MANAGE_DISPOSITIONS, status_code=204)
async def order_folders(request: AnyRequest, ctx: Context, list_id: RowId) -> None:
    """Keeps the order of the folders that the page shows."""
    await changing.order_folders(ctx, list_id, _ids(await request.form()))


@get("/dispositions/folders/{folder_id:int}", permission=MANAGE_DISPOSITIONS)
async def folder_page(ctx: Context, folder_id: RowId) -> Page:
    """One folder."""
    return await _folder_page(ctx, folder_id)


@post("/dispositions/folders/{folder_id:int}", permission=MANAGE_DISPOSITIONS, status_code=200)
async def rename_folder(request: AnyRequest, ctx: Context, folder_id: RowId) -> Page:
    """Renames a folder.

    Raises:
        InvalidInput: The name cannot be used: the page marks the field.
    """
    listing = await _list_of_folder(folder_id)
    await changing.rename_folder(ctx, folder_id, text(await request.form(), "name"))
    return with_toast(await list_page(ctx, await lists.get_list(listing.id)), _("The folder is saved."))


@post("/dispositions/folders/{folder_id:int}/delete", permission=MANAGE_DISPOSITIONS, status_code=200)
async def delete_folder(ctx: Context, folder_id: RowId) -> Page:
    """Removes an empty folder.

    Raises:
        Conflict: There are dispositions in it.
    """
    listing = await _list_of_folder(folder_id)
    await changing.delete_folder(ctx, folder_id)
    return with_toast(await list_page(ctx, await lists.get_list(listing.id)), _("The folder is deleted."))


@post("/dispositions/folders/{folder_id:int}/order", permission=MANAGE_DISPOSITIONS, status_code=204)
async def order_dispositions(request: AnyRequest, ctx: Context, folder_id: RowId) -> None:
    """Keeps the order inside a folder that the page shows, with what was dragged into it."""
    await changing.order_dispositions(ctx, folder_id, _ids(await request.form()))


@get("/dispositions/folders/{folder_id:int}/new", permission=MANAGE_DISPOSITIONS)
async def new_disposition(ctx: Context, folder_id: RowId) -> Page:
    """The form for a disposition."""
    return await _entry_page(ctx, await lists.get_folder(folder_id), None)


@post("/dispositions/folders/{folder_id:int}/entries", permission=MANAGE_DISPOSITIONS, status_code=200)
async def add_disposition(request: AnyRequest, ctx: Context, folder_id: RowId) -> Page:
    """Adds a disposition to a folder.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    listing = await _list_of_folder(folder_id)
    await changing.add_disposition(ctx, folder_id, _values(await request.form()))
    return with_toast(await list_page(ctx, await lists.get_list(listing.id)), _("The disposition is added."))


@get("/dispositions/entries/{disposition_id:int}", permission=MANAGE_DISPOSITIONS)
async def disposition_page(ctx: Context, disposition_id: RowId) -> Page:
    """One disposition."""
    found = await lists.get_disposition(disposition_id)
    return await _entry_page(ctx, await lists.get_folder(found.folder_id), found)


@post("/dispositions/entries/{disposition_id:int}", permission=MANAGE_DISPOSITIONS, status_code=200)
async def save_disposition(request: AnyRequest, ctx: Context, disposition_id: RowId) -> Page:
    """Saves a disposition, and moves it where another folder was chosen.

    Raises:
        InvalidInput: A value cannot be used: the page marks the field.
    """
    form = await request.form()
    async with transaction():
        await changing.change_disposition(ctx, disposition_id, _values(form))
        folder_id = number(text(form, "folder"))
        if folder_id:
            await changing.move_disposition(ctx, disposition_id, folder_id)
    return await _after(ctx, disposition_id, _("The disposition is saved."))


@post("/dispositions/entries/{disposition_id:int}/off", permission=MANAGE_DISPOSITIONS, status_code=200)
async def switch_off(ctx: Context, disposition_id: RowId) -> Page:
    """Takes a disposition out of use."""
    await changing.switch_off(ctx, disposition_id)
    return await _after(ctx, disposition_id, _("The disposition is offered no more. Where it was chosen, it stays."))


@post("/dispositions/entries/{disposition_id:int}/on", permission=MANAGE_DISPOSITIONS, status_code=200)
async def switch_on(ctx: Context, disposition_id: RowId) -> Page:
    """Takes a disposition into use again.

    Raises:
        Conflict: Another one has got its name or code meanwhile.
    """
    await changing.switch_on(ctx, disposition_id)
    return await _after(ctx, disposition_id, _("The disposition is in use again."))


@post("/dispositions/entries/{disposition_id:int}/delete", permission=MANAGE_DISPOSITIONS, status_code=200)
async def delete_disposition(ctx: Context, disposition_id: RowId) -> Page:
    """Removes a disposition that people have added.

    Raises:
        Conflict: The system itself sets it.
    """
    listing = await lists.get_list((await lists.get_disposition(disposition_id)).listing_id)
    await changing.delete_disposition(ctx, disposition_id)
    return with_toast(await list_page(ctx, await lists.get_list(listing.id)), _("The disposition is deleted."))


PAGES = [
    dispositions_page,
    tree,
    give_own_list,
    drop_own_list,
    add_folder,
    order_folders,
    folder_page,
    rename_folder,
    delete_folder,
    order_dispositions,
    new_disposition,
    add_disposition,
    disposition_page,
    save_disposition,
    switch_off,
    switch_on,
    delete_disposition,
]


def text(form: FormMultiDict, name: str) -> str:
    """A field of a form; empty when it was not sent."""
    value = form.get(name, "")
    return value.replace("\0", "") if isinstance(value, str) else ""


def number(value: str) -> int:
    """A whole number; 0, which is nobody's id or version, for anything else."""
    value = value.strip()
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 19 else 0


def _ids(form: FormMultiDict) -> list[int]:
    return [number(value) for value in form.getall("code", []) if isinstance(value, str)]


def _values(form: FormMultiDict) -> DispositionValues:
    return DispositionValues(
        name=text(form, "name"),
        type=text(form, "type"),
        description=text(form, "description").replace("\r\n", "\n").strip(),
        code=text(form, "code"),
        agent_selects=text(form, "agent_selects") == "yes",
        inbound=text(form, "inbound") == "yes",
        outbound=text(form, "outbound") == "yes",
        preview=text(form, "preview") == "yes",
        service_type=text(form, "service_type"),
    )


def _fits(each: DispositionView, words: str) -> bool:
    whole = folded(f"{each.name} {each.description} {each.code} {each.system_type}")
    return all(folded(word) in whole for word in words.split())


async def _list_of_folder(folder_id: int) -> ListView:
    return await lists.get_list((await lists.folder_row(folder_id)).listing_id)


async def _after(ctx: Context, disposition_id: int, said: str) -> Page:
    found = await lists.get_disposition(disposition_id)
    return with_toast(await list_page(ctx, await lists.get_list(found.listing_id)), said)


async def _home(ctx: Context, queue: str) -> Page:
    services = await lists.services(ctx)
    service = next((each for each in services if each.queue == queue), services[0])
    listing = await lists.list_of(ctx, service.queue)
    shown = await page(
        "wrapup/dispositions.html",
        title=_("Dispositions"),
        services=services,
        service=service,
        listing=listing if service.own else None,
        count=sum(each.active for each in listing.dispositions),
    )
    return _at_address(shown, service.queue)


async def list_page(ctx: Context, listing: ListView) -> Page:
    """The page that a list is on."""
    return await _home(ctx, listing.queue)


async def _folder_page(ctx: Context, folder_id: int) -> Page:
    folder = await lists.get_folder(folder_id)
    listing = await _list_of_folder(folder_id)
    return await page("wrapup/disposition_folder.html", title=folder.name, folder=folder, back=address(listing.queue))


async def _entry_page(ctx: Context, folder: FolderView, entry: DispositionView | None) -> Page:
    listing = await _list_of_folder(folder.id)
    return await page(
        "wrapup/disposition.html",
        title=entry.name if entry else _("Add a disposition"),
        entry=entry,
        folder=folder,
        folders=listing.folders,
        back=address(listing.queue),
        types=TYPES,
        service_types=SERVICE_TYPES,
        limits={"name": LONGEST_NAME, "description": LONGEST_DESCRIPTION, "code": LONGEST_CODE},
    )


def address(queue: str) -> str:
    """The address of the page of a queue's list; of the list for all queues where it is empty."""
    return f"{HOME}?queue={quote(queue)}" if queue else HOME


def _at_address(response: AnyResponse, queue: str) -> AnyResponse:
    """Lets the browser's address be that of the list, whatever action has led to it."""
    response.headers["HX-Push-Url"] = address(queue)
    return response
