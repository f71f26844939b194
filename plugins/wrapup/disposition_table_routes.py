"""The pages on which a list of dispositions is exported to a table and taken from one."""

from __future__ import annotations

import base64
import binascii

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from plugins.wrapup.disposition_routes import AnyRequest, Page, RowId, address, list_page, number, text
from plugins.wrapup.dispositions import lists
from plugins.wrapup.dispositions.importing import Plan, look_at, take_in
from plugins.wrapup.dispositions.lists import ListView
from plugins.wrapup.dispositions.table import LARGEST, Dialect, UnusableTable, write_table
from plugins.wrapup.dispositions.values import SERVICE_TYPES, TYPES
from plugins.wrapup.permissions import MANAGE_DISPOSITIONS
from switchroom import Context
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _
from switchroom.locale import mark
from switchroom.web import page, with_toast

# A file as text for the page that asks whether to take it, and what surrounds it in the request.
MOST_SENT = LARGEST * 4 // 3 + 100_000

COLUMNS = {
    "name": mark("Name of the disposition"),
    "folder": mark("Folder"),
    "description": mark("Description"),
    "code": mark("Code"),
    "agent_selects": mark("Agents may select it"),
    "type": mark("Type"),
    "inbound": mark("For incoming contacts"),
    "outbound": mark("For outgoing contacts"),
    "preview": mark("For calls with a preview of the record"),
    "service_type": mark("Kind of service"),
    "active": mark("In use"),
}


@get("/dispositions/{list_id:int}/table", permission=MANAGE_DISPOSITIONS)
async def export(request: AnyRequest, ctx: Context, list_id: RowId) -> Response[bytes]:
    """The dispositions in use as a table."""
    dialect = Dialect.SPREADSHEET if request.query_params.get("for") == "spreadsheet" else Dialect.PLAIN
    content = write_table(await lists.get_list(list_id), dialect)
    headers = {"Content-Disposition": 'attachment; filename="dispositions.csv"'}
    return Response(content, media_type="text/csv", headers=headers)


@get("/dispositions/{list_id:int}/import", permission=MANAGE_DISPOSITIONS)
async def import_page(ctx: Context, list_id: RowId) -> Page:
    """The form for a table."""
    return await _import_page(ctx, await lists.get_list(list_id))


@post(
    "/dispositions/{list_id:int}/look",
    permission=MANAGE_DISPOSITIONS,
    status_code=200,
    request_max_body_size=MOST_SENT,
)
async def look(request: AnyRequest, ctx: Context, list_id: RowId) -> Page:
    """What a table would change, or what is wrong in it; nothing is stored.

    Raises:
        InvalidInput: There is no file.
    """
    listing = await lists.get_list(list_id)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidInput(_("The file cannot be imported."), fields={"file": _("Choose a file.")})
    content = await file.read()
    try:
        plan = await look_at(list_id, content)
    except UnusableTable as error:
        return await _import_page(ctx, listing, refused=error, name=file.filename)
    return await _import_page(ctx, listing, plan=plan, name=file.filename, content=content)


@post(
    "/dispositions/{list_id:int}/import",
    permission=MANAGE_DISPOSITIONS,
    status_code=200,
    request_max_body_size=MOST_SENT,
)
async def take(request: AnyRequest, ctx: Context, list_id: RowId) -> Page:
    """Changes a list into what the table says that was looked at.

    Raises:
        Conflict: The list has changed since.
        InvalidInput: It is no table that was looked at.
    """
    form = await request.form()
    try:
        content = base64.b64decode(text(form, "content"), validate=True)
    except binascii.Error as error:
        raise InvalidInput(_("The file cannot be imported."), mend=_("Look at the file again.")) from error
    await take_in(ctx, list_id, content, number(text(form, "version")))
    return with_toast(await list_page(ctx, await lists.get_list(list_id)), _("The table is imported."))


PAGES = [export, import_page, look, take]


async def _import_page(
    ctx: Context,
    listing: ListView,
    *,
    plan: Plan | None = None,
    refused: UnusableTable | None = None,
    name: str = "",
    content: bytes = b"",
) -> Page:
    services = await lists.services(ctx)
    return await page(
        "wrapup/disposition_import.html",
        title=_("Import of dispositions"),
        listing=listing,
        service=next((each for each in services if each.queue == listing.queue), services[0]),
        back=address(listing.queue),
        plan=plan,
        refused=refused,
        name=name[:200],
        content=base64.b64encode(content).decode(),
        columns=COLUMNS,
        types=TYPES,
        service_types=SERVICE_TYPES,
        megabytes=LARGEST // 10**6,
    )
