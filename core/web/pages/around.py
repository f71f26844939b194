"""What stands around the pages, for one that is open while plugins are switched on or off."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from core.accounts.permissions import SIGNED_IN
from core.accounts.sessions import SignedIn
from core.plugins.context import Context
from core.web.rendering import fragment
from core.web.workspace import workspace


@get("/workspace", permission=SIGNED_IN)
async def around(ctx: Context, user: SignedIn, version: str = "") -> Response[Any]:
    """Navigation and panels; nothing when the page has this version of them already."""
    now = await workspace(ctx, user)
    if version == now.version:
        return Response(b"", status_code=204)
    return fragment("fragments/workspace.html", workspace=now)
