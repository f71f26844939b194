"""The search of the top bar. Core and plugins answer apart, so that a slow plugin holds up nothing but itself."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from core.accounts.permissions import SIGNED_IN
from core.accounts.sessions import SignedIn
from core.plugins.context import Context
from core.web.finding import LONGEST, SHORTEST, FoundByPlugins, search_core, search_plugins
from core.web.rendering import fragment

Words = Annotated[str, QueryParameter(name="q", max_length=LONGEST)]


@get("/search/core", permission=SIGNED_IN)
async def found_in_core(ctx: Context, user: SignedIn, words: Words = "") -> Response[Any]:
    """Pages, interactions and people."""
    wanted = words.strip()
    groups = await search_core(ctx, user, wanted) if len(wanted) >= SHORTEST else []
    return fragment("search/hits.html", groups=groups, failed=[], place="core")


@get("/search/plugins", permission=SIGNED_IN)
async def found_by_plugins(ctx: Context, words: Words = "") -> Response[Any]:
    """What plugins find."""
    wanted = words.strip()
    answer = await search_plugins(ctx, wanted) if len(wanted) >= SHORTEST else FoundByPlugins([], [])
    return fragment("search/hits.html", groups=answer.found, failed=answer.failed, place="plugins")


HANDLERS = [found_in_core, found_by_plugins]
