"""Sends a file that somebody has given, so that no browser takes it for a part of this site."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.response import Stream

from core.forms.files.kept import StoredFile
from core.plugins.context import Context


async def download(ctx: Context, file: StoredFile) -> Response[Any]:
    """The answer with a file; whether whoever asks may have it, the caller has decided.

    Raises:
        NotFound: Its bytes are not in the store of this machine.
    """
    plain = file.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    return Stream(
        await file.chunks(ctx),
        media_type=file.media_type,
        headers={
            "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
            "content-length": str(file.size),
            "content-security-policy": "default-src 'none'; sandbox",
            "x-content-type-options": "nosniff",
        },
    )
