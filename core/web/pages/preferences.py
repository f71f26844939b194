"""What a user sets for himself: the language and the look of the pages."""

from __future__ import annotations

from typing import Any

from litestar import Response, post

from core.accounts.permissions import SIGNED_IN
from core.accounts.sessions import SignedIn
from core.accounts.users import set_language, set_theme
from core.plugins.context import Context


@post("/preferences/theme/{theme:str}", permission=SIGNED_IN, before_role=True, status_code=204)
async def choose_theme(ctx: Context, user: SignedIn, theme: str) -> None:
    """Remembers the look; the page has changed it already."""
    await set_theme(ctx, user.id, theme)


@post("/preferences/language/{language:str}", permission=SIGNED_IN, before_role=True, status_code=200)
async def choose_language(ctx: Context, user: SignedIn, language: str) -> Response[Any]:
    """Remembers the language, and has the page loaded in it."""
    await set_language(ctx, user.id, language)
    return Response(b"", headers={"HX-Refresh": "true"})
