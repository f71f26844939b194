"""The import of a table, step by step."""

from __future__ import annotations

from litestar import get, post
from litestar.datastructures import UploadFile

from plugins.records.permissions import IMPORT
from plugins.records.routes.posted import AnyRequest, Page, RowId, at_address, text, whole
from plugins.records.services.importing import imports
from plugins.records.services.importing.mapping import LABELS
from plugins.records.services.importing.reading import LARGEST_FILE, MOST_LINES
from plugins.records.services.queues import all_queues, get_queue
from switchroom import Context
from switchroom.errors import InvalidInput, NotFound
from switchroom.locale import gettext as _
from switchroom.locale import ngettext
from switchroom.web import SignedIn, fragment, page, with_toast

PREFIX = "column."


@get("/imports", permission=IMPORT)
async def imports_page(ctx: Context) -> Page:
    """The form for a file, and the latest imports."""
    return await _imports_page(ctx)


# A little more than the file: what surrounds it in the request counts too.
@post("/imports", permission=IMPORT, status_code=200, request_max_body_size=LARGEST_FILE + 100_000)
async def upload(request: AnyRequest, ctx: Context, user: SignedIn) -> Page:
    """Keeps a file.

    Raises:
        InvalidInput: It is no table, or no queue was chosen: the page marks the field.
    """
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidInput(_("The file cannot be imported."), fields={"file": _("Choose a file.")})
    try:
        import_id = await imports.begin_import(ctx, whole(form, "queue"), user.id, file.filename, await file.read())
    except NotFound as error:
        raise InvalidInput(_("The file cannot be imported."), fields={"queue": _("Choose a queue.")}) from error
    return at_address(await _import_page(ctx, import_id), f"/p/records/imports/{import_id}")


@get("/imports/{import_id:int}", permission=IMPORT)
async def import_page(ctx: Context, import_id: RowId) -> Page:
    """One import."""
    return await _import_page(ctx, import_id)


@get("/imports/{import_id:int}/state", permission=IMPORT)
async def import_state(ctx: Context, import_id: RowId) -> Page:
    """How far an import has come: progress, then what will be imported and what cannot be."""
    found = await imports.get_import(import_id)
    return fragment(
        "records/import_state.html",
        found=found,
        good=found.lines - found.bad - found.twice,
        preview=await imports.preview(import_id),
        repeated=await imports.repeated(import_id),
        queue=await get_queue(ctx, found.queue_id),
    )


@post("/imports/{import_id:int}/columns", permission=IMPORT, status_code=200)
async def name_columns(request: AnyRequest, ctx: Context, import_id: RowId) -> Page:
    """Says what the columns are; the file is looked through then.

    Raises:
        InvalidInput: The columns cannot be read so: the page marks the field.
    """
    form = await request.form()
    mapping = {
        name.removeprefix(PREFIX): value
        for name, value in form.multi_items()
        if name.startswith(PREFIX) and isinstance(value, str)
    }
    await imports.name_columns(ctx, import_id, mapping)
    return await _import_page(ctx, import_id)


# The largest files take longer than a plugin's pages usually may.
@post("/imports/{import_id:int}/store", permission=IMPORT, status_code=200, time_limit=300)
async def store(request: AnyRequest, ctx: Context, import_id: RowId) -> Page:
    """Makes records of all lines, or of none.

    Raises:
        Conflict: Lines cannot be imported and were not left out, or it is done already.
    """
    form = await request.form()
    count = await imports.store(ctx, import_id, without_bad=text(form, "without_bad") == "yes")
    said = ngettext("%(count)s record is imported.", "%(count)s records are imported.", count) % {"count": count}
    return with_toast(await _import_page(ctx, import_id), said)


@post("/imports/{import_id:int}/discard", permission=IMPORT, status_code=200)
async def discard(ctx: Context, import_id: RowId) -> Page:
    """Removes a file that was not imported."""
    await imports.discard(ctx, import_id)
    return with_toast(at_address(await _imports_page(ctx), "/p/records/imports"), _("The file is removed."))


async def _imports_page(ctx: Context) -> Page:
    queues = await all_queues(ctx)
    return await page(
        "records/imports.html",
        title=_("Import of records"),
        queues=queues,
        names={queue.id: queue.name for queue in queues},
        imports=await imports.imports(),
        megabytes=LARGEST_FILE // 1_000_000,
        most=MOST_LINES,
    )


async def _import_page(ctx: Context, import_id: int) -> Page:
    found = await imports.get_import(import_id)
    return await page(
        "records/import.html",
        title=found.name,
        found=found,
        queue=await get_queue(ctx, found.queue_id),
        labels=LABELS,
    )


HANDLERS = [imports_page, upload, import_page, import_state, name_columns, store, discard]
