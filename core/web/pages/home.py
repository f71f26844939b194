"""Home: an agent's day, and a way into the rest for everybody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get

from core.accounts.permissions import SEE_OWN_JOURNAL, SIGNED_IN
from core.accounts.sessions import SignedIn
from core.errors import NotFound
from core.interactions.history import handled_by
from core.interactions.journal import todays_calls, todays_numbers
from core.interactions.rows import get_interaction
from core.locale import gettext as _
from core.plugins.context import Context
from core.plugins.contributions import CardTab
from core.web.administration import START, administration
from core.web.allowed import allowed
from core.web.pages.card import OUTCOMES, InteractionId
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


@get("/home/journal/{interaction_id:int}", permission=SEE_OWN_JOURNAL)
async def journal_details(ctx: Context, user: SignedIn, interaction_id: InteractionId) -> Response[Any]:
    """What plugins tell of a call of the user's own: the tabs of its card that belong into the journal.

    Raises:
        NotFound: The user has not handled it.
    """
    interaction = await get_interaction(ctx, interaction_id)
    if not await handled_by(ctx, interaction_id, user.id):
        raise NotFound(_("There is no such interaction."))
    tabs: list[CardTab] = await ctx.collect("card_tabs", interaction=interaction)
    shown = [tab for tab in allowed(tabs, user) if tab.in_journal]
    return fragment("fragments/journal_details.html", interaction=interaction, tabs=shown)


@get("/home/widgets", permission=SIGNED_IN)
async def widgets(ctx: Context, user: SignedIn) -> Response[Any]:
    """The cards that plugins add; each loads itself."""
    found = allowed(await ctx.collect("dashboard_widgets"), user)
    return fragment("fragments/widgets.html", widgets=found) if found else Response(None, status_code=204)
