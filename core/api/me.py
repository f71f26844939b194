"""Whoever asks: as whom, in which role, and what was chosen for one's own pages."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get, patch, put
from litestar.params import JSONBody
from pydantic import Field

from core.accounts.permissions import SIGNED_IN
from core.accounts.sessions import SignedIn, roles_of
from core.accounts.users import set_language, set_theme
from core.api.shapes import Answer, Given
from core.database.transaction import transaction
from core.errors import Conflict
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.plugins.gate import session_cookie
from core.web.identity import Identity, take_role


class RoleName(Answer):
    """A role."""

    key: str
    """What names the role in requests."""
    name: str
    """What people call it, in the language of the answer."""


class Organisation(Answer):
    """The organisation that all of this belongs to."""

    slug: str
    """What is typed at login."""
    name: str
    language: str
    """The language of whoever has chosen none."""
    timezone: str
    """The IANA time zone of whoever has chosen none; the organisation's day begins at its midnight."""


class Me(Answer):
    """Whoever asks."""

    id: int
    username: str
    name: str
    role: RoleName | None
    """The role in use; null until one of several has been chosen."""
    roles: list[RoleName]
    """All roles that can be used."""
    permissions: list[str]
    """What the role in use allows."""
    language: str
    timezone: str
    theme: str
    """The look of the pages: `auto`, `light` or `dark`."""
    uses_token: bool
    """Whether this request came with an API token."""
    organisation: Organisation


class ChosenRole(Given):
    """The role to go on in."""

    role: Annotated[str, Field(min_length=1, max_length=40)]
    """The key of one of one's own roles."""


class Preferences(Given):
    """What one sets for oneself; what is left out stays as it is."""

    language: Annotated[str, Field(max_length=12)] | None = None
    """The language of the pages and of answers, such as `en` or `ru`."""
    theme: Annotated[str, Field(max_length=8)] | None = None
    """The look of the pages: `auto`, `light` or `dark`."""


@get("/me", permission=SIGNED_IN, before_role=True, tags=["me"])
async def get_me(ctx: Context, user: SignedIn) -> Me:
    """Tells as whom the request is made, and what it may do.

    A program with a token acts as the token's user, in the token's role.
    """
    roles = await roles_of(ctx, user.id)
    return Me(
        id=user.id,
        username=user.username,
        name=user.name,
        role=RoleName(key=user.role.key, name=_(user.role.name)) if user.role else None,
        roles=[RoleName(key=role.key, name=_(role.name)) for role in roles],
        permissions=sorted(user.permissions),
        language=user.language,
        timezone=str(user.zone),
        theme=user.theme,
        uses_token=user.token_id is not None,
        organisation=Organisation.model_validate(ctx.tenant),
    )


@patch("/me", permission=SIGNED_IN, before_role=True, status_code=204, tags=["me"])
async def change_my_preferences(ctx: Context, user: SignedIn, data: JSONBody[Preferences]) -> None:
    """Sets the language and the look of one's own pages."""
    async with transaction():
        if data.language is not None:
            await set_language(ctx, user.id, data.language)
        if data.theme is not None:
            await set_theme(ctx, user.id, data.theme)


@put("/me/role", permission=SIGNED_IN, before_role=True, status_code=204, tags=["me"])
async def change_my_role(
    request: Request[Any, Any, Any],
    ctx: Context,
    user: SignedIn,
    data: JSONBody[ChosenRole],
    platform: Platform,
    identity: Identity,
) -> None:
    """Lets a login go on in another role.

    The other pages of the login notice at once. A token has the one role that it was made for.
    """
    if user.token_id is not None:
        raise Conflict(_("A token has one role."), mend=_("Use a token that was made for the other role."))
    cookie = request.cookies.get(session_cookie(secure=platform.settings.server.cookies_are_secure), "")
    await take_role(identity, ctx, user, data.role, cookie)


HANDLERS = [get_me, change_my_preferences, change_my_role]
