"""Files of forms: they come in while a form is filled in, and go out to whoever may see the answers."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from litestar import Request, Response, delete, get, post
from litestar.params import Parameter

from core.accounts.permissions import SIGNED_IN
from core.accounts.sessions import SignedIn
from core.forms.files.kept import visible_file
from core.forms.files.receiving import receive_file
from core.forms.files.removing import remove_loose_file
from core.forms.files.tickets import read_ticket
from core.plugins.context import Context
from core.web.downloads import download

FileId = Annotated[int, Parameter(ge=1, le=2**63 - 1)]


# The bytes are counted while they come in, by the limits of the question: the framework's own limit is for all that is
# read at once.
@post("/files", permission=SIGNED_IN, status_code=201, request_max_body_size=None)
async def upload(request: Request[Any, Any, Any], ctx: Context, user: SignedIn) -> dict[str, Any]:
    """Takes one file in: its bytes are the body, `file-name` is percent-encoded, `upload-ticket` the right to give."""
    length = request.headers.get("content-length", "")
    known = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
    granted = read_ticket(ctx, request.headers.get("upload-ticket", ""), user.id)
    name = unquote(request.headers.get("file-name", ""))
    file = await receive_file(ctx, granted, name, request.stream(), known)
    return {"id": file.id, "name": file.name, "size": file.size_in_words, "url": file.url}


@get("/files/{file_id:int}", permission=SIGNED_IN)
async def fetch_file(ctx: Context, user: SignedIn, file_id: FileId) -> Response[Any]:
    """A file, to be saved: never shown as a page of this site."""
    return await download(ctx, await visible_file(ctx, file_id, user))


@delete("/files/{file_id:int}", permission=SIGNED_IN, status_code=204)
async def take_back(ctx: Context, user: SignedIn, file_id: FileId) -> None:
    """Removes a file that has not been sent with a form."""
    await remove_loose_file(ctx, file_id, user.id)


HANDLERS = [upload, fetch_file, take_back]
