"""Home: an agent's day, and a way into the rest for everybody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get

from core.accounts.permissions import SEE_OWN_JOURNAL, SIGNED_IN
from core.accounts.sessions import SignedIn
from core.interactions.journal import todays_calls, todays_numbers
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.administration import START, administration
from core.web.allowed import allowed
from core.web.pages.card import OUTCOMES
from core.web.rendering import fragment, page
from core.web.workspace import navigation


@get("/", permission=SIGNED_IN)
async def home(ctx: Context, user: SignedIn) -> Response[Any]:
    """The page that a login leads to."""
    if not user.may(SEE_OWN_JOURNAL):
        pages = await administration(ctx, user)
        # The administration stands there with each of its pages.
        places = [item for item in await navigation(ctx, user) if item.url not in ("/", START)]
        return await page("start.html", title=_("Home"), places=places, pages=pages)
    return await page("home.html", title=_("Home"), now=datetime.now(UTC))


@get("/home/numbers", permission=SEE_OWN_JOURNAL)
async def numbers(ctx: Context, user: SignedIn) -> Response[Any]:
    """The numbers of the day."""
    return fragment("fragments/numbers.html", numbers=await todays_numbers(ctx, user.id))


@get("/home/journal", permission=SEE_OWN_JOURNAL)
async def journal(ctx: Context, user: SignedIn) -> Response[Any]:
    """The calls of the day."""
    return fragment("fragments/journal.html", calls=await todays_calls(ctx, user.id), outcomes=OUTCOMES)


@get("/home/widgets", permission=SIGNED_IN)
async def widgets(ctx: Context, user: SignedIn) -> Response[Any]:
    """The cards that plugins add; each loads itself."""
    found = allowed(await ctx.collect("dashboard_widgets"), user)
    return fragment("fragments/widgets.html", widgets=found) if found else Response(None, status_code=204)
