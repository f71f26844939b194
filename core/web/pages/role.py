"""The choice of the role to work in, after login and at any time later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import Redirect

from core.accounts.permissions import SIGNED_IN
from core.accounts.sessions import SignedIn, roles_of
from core.errors import InvalidInput
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.plugins.gate import session_cookie
from core.web.identity import Identity, take_role
from core.web.rendering import public_page
from core.web.security import safe_path


@dataclass
class RoleForm:
    """What the page sends."""

    role: str = ""
    next: str = "/"


@get("/role", permission=SIGNED_IN, before_role=True)
async def role_page(
    ctx: Context, user: SignedIn, destination: Annotated[str, QueryParameter(name="next")] = "/"
) -> Response[Any]:
    """The user's roles, to choose one of."""
    roles = await roles_of(ctx, user.id)
    return public_page("role.html", title=_("Choose a role"), roles=roles, next=safe_path(destination))


@post("/role", permission=SIGNED_IN, before_role=True)
async def choose_role(
    request: Request[Any, Any, Any],
    data: Annotated[RoleForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ctx: Context,
    user: SignedIn,
    platform: Platform,
    identity: Identity,
) -> Response[Any]:
    """Goes on in the role."""
    if not data.role:
        raise InvalidInput(_("Choose a role."), fields={"role": _("Choose a role.")})
    token = request.cookies.get(session_cookie(secure=platform.settings.server.cookies_are_secure), "")
    await take_role(identity, ctx, user, data.role, token)
    return Redirect(safe_path(data.next), status_code=303)
