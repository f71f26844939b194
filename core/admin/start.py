"""The start page of the administration."""

from __future__ import annotations

from litestar import get

from core.accounts.permissions import MANAGE_USERS, SIGNED_IN
from core.accounts.sessions import SignedIn
from core.admin.answers import Page
from core.errors import Forbidden
from core.locale import gettext as _
from core.plugins.context import Context
from core.web.administration import administration
from core.web.rendering import page


@get("/admin", permission=SIGNED_IN)
async def start(ctx: Context, user: SignedIn) -> Page:
    """What this user can set.

    Raises:
        Forbidden: Nothing.
    """
    pages = await administration(ctx, user)
    if not pages:
        raise Forbidden(
            _("Your role does not allow this."), mend=_("Change to another role, or ask your administrator.")
        )
    return await page("admin/start.html", title=_("Administration"), pages=pages, may_add_users=user.may(MANAGE_USERS))
