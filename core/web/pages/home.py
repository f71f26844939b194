"""Home: an agent's day, and a way into the rest for everybody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get

from core.accounts.permissions import SEE_OWN_JOURNAL, SIGNED_IN
from core.accounts.sessions import SignedIn
from core.interactions.journal import todays_calls, todays_numbers
from core.locale import gettext as _
from core.locale import mark
from core.plugins.context import Context
from core.web.rendering import fragment, page
from core.web.workspace import workspace

OUTCOMES = {"success": mark("Success"), "no_success": mark("No success")}
"""What the outcomes that every tenant has are called; others are shown as they are."""


@get("/", permission=SIGNED_IN)
async def home(ctx: Context, user: SignedIn) -> Response[Any]:
    """The page that a login leads to."""
    if not user.may(SEE_OWN_JOURNAL):
        around = await workspace(ctx, user)
        places = [item for _title, items in around.navigation for item in items if item.url != "/"]
        return await page("start.html", title=_("Home"), places=places)
    return await page("home.html", title=_("Home"), now=datetime.now(UTC))


@get("/home/numbers", permission=SEE_OWN_JOURNAL)
async def numbers(ctx: Context, user: SignedIn) -> Response[Any]:
    """The numbers of the day."""
    return fragment("fragments/numbers.html", numbers=await todays_numbers(ctx, user.id))


@get("/home/journal", permission=SEE_OWN_JOURNAL)
async def journal(ctx: Context, user: SignedIn) -> Response[Any]:
    """The calls of the day."""
    return fragment("fragments/journal.html", calls=await todays_calls(ctx, user.id), outcomes=OUTCOMES)
