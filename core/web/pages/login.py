"""Logging in and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import Redirect

from core.accounts.login import LoginFailed, adopt_language, check_login
from core.accounts.login_limit import LoginLimited
from core.accounts.permissions import SIGNED_IN
from core.accounts.sessions import SignedIn, close_session, open_session
from core.database.connection import fetch
from core.errors import Forbidden
from core.locale import gettext as _
from core.locale.languages import NAMES
from core.plugins.context import Context, Platform
from core.plugins.gate import LANGUAGE_COOKIE, current_visit, session_cookie
from core.web.identity import Identity, start_work, stop_work
from core.web.rendering import public_page
from core.web.security import safe_path

ORGANISATION_COOKIE = "switchroom_organisation"
YEAR_SECONDS = 365 * 24 * 3600


@dataclass
class LoginForm:
    """What the login page sends."""

    organisation: str = ""
    username: str = ""
    password: str = ""
    next: str = "/"


Form = Annotated[LoginForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
Next = Annotated[str, QueryParameter(name="next")]
Organisation = Annotated[str | None, QueryParameter(name="tenant")]


@get("/login", public=True)
async def login_page(
    request: Request[Any, Any, Any], organisation: Organisation = None, destination: Next = "/"
) -> Response[Any]:
    """The login page; somebody who is logged in goes on at once."""
    if current_visit().user is not None:
        return Redirect(safe_path(destination), status_code=303)
    remembered = organisation or request.cookies.get(ORGANISATION_COOKIE, "")
    return await _show(LoginForm(organisation=remembered, next=safe_path(destination)))


@post("/login", public=True)
async def log_in(request: Request[Any, Any, Any], data: Form, platform: Platform, identity: Identity) -> Response[Any]:
    """Checks the password and starts the login, in the only role or where one is chosen."""
    only = await _only_organisation()
    slug = (only or data.organisation).strip().casefold()
    address = request.client.host if request.client else "unknown"
    try:
        tenant_id, user_id = await check_login(platform.settings.login, slug, data.username, data.password, address)
        async with platform.context(await platform.tenant(tenant_id=tenant_id)) as ctx:
            token = await open_session(ctx, user_id)
            if (language := request.cookies.get(LANGUAGE_COOKIE)) in NAMES:
                await adopt_language(ctx, user_id, str(language))
    except (LoginFailed, LoginLimited, Forbidden) as error:
        return await _show(data, error)
    known = await identity.of(token)
    if known is not None:
        user, user_ctx = known
        async with platform.context(user_ctx.tenant, user_ctx.actor) as ctx:
            await start_work(ctx, user)
    # Where several roles wait to be chosen, the destination asks for the choice first.
    response = Redirect(safe_path(data.next), status_code=303)
    _remember(response, platform, token, "" if only else slug)
    return response


@post("/logout", permission=SIGNED_IN, before_role=True)
async def log_out(ctx: Context, user: SignedIn, platform: Platform) -> Response[Any]:
    """Ends the login, in all its tabs."""
    await stop_work(ctx, user)
    await close_session(ctx, user.session_id)
    response = Redirect("/login", status_code=303)
    secure = platform.settings.server.cookies_are_secure
    response.set_cookie(Cookie(session_cookie(secure=secure), value="", max_age=0, httponly=True, secure=secure))
    return response


@post("/login/language/{language:str}", public=True)
async def choose_language(language: str, request: Request[Any, Any, Any]) -> Response[Any]:
    """Remembers the language of pages before login."""
    response = Redirect(safe_path(request.query_params.get("next", "/login")), status_code=303)
    if language in NAMES:
        response.set_cookie(Cookie(LANGUAGE_COOKIE, value=language, max_age=YEAR_SECONDS, samesite="lax"))
    return response


async def _show(form: LoginForm, error: LoginFailed | LoginLimited | Forbidden | None = None) -> Response[Any]:
    response = public_page(
        "login.html",
        title=_("Log in"),
        form=form,
        only_organisation=await _only_organisation(),
        error=error,
        status_code=error.status if error else 200,
    )
    if isinstance(error, LoginLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _only_organisation() -> str | None:
    """The one organisation of an installation that has one: nobody needs to type it."""
    rows = await fetch("SELECT slug FROM core_tenant WHERE NOT suspended ORDER BY id LIMIT 2")
    return rows[0]["slug"] if len(rows) == 1 else None


def _remember(response: Response[Any], platform: Platform, token: str, organisation: str) -> None:
    secure = platform.settings.server.cookies_are_secure
    lifetime = platform.settings.sessions.lifetime_hours * 3600
    response.set_cookie(
        Cookie(
            session_cookie(secure=secure),
            value=token,
            max_age=lifetime,
            httponly=True,
            secure=secure,
            samesite="lax",
        )
    )
    if organisation:
        response.set_cookie(
            Cookie(
                ORGANISATION_COOKIE,
                value=organisation,
                max_age=YEAR_SECONDS,
                httponly=True,
                secure=secure,
                samesite="lax",
            )
        )
