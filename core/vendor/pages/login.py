"""An operator logs in and out, and sets the look of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import Redirect

from core.accounts.login import LoginFailed
from core.accounts.login_limit import LoginLimited
from core.accounts.operators import SignedInOperator
from core.locale import gettext as _
from core.plugins.context import Platform
from core.plugins.gate import current_visit, operator_cookie
from core.vendor import operators, sessions
from core.web.rendering import public_page
from core.web.security import safe_path

START = "/vendor"


@dataclass
class OperatorLogin:
    """What the login page sends."""

    username: str = ""
    password: str = ""
    next: str = START


@get("/vendor/login", public=True)
async def login_page(destination: Annotated[str, QueryParameter(name="next")] = START) -> Response[Any]:
    """The login page; somebody who is logged in goes on at once."""
    if current_visit().operator is not None:
        return Redirect(_inside(destination), status_code=303)
    return _show(OperatorLogin(next=_inside(destination)))


@post("/vendor/login", public=True)
async def log_in(
    request: Request[Any, Any, Any],
    data: Annotated[OperatorLogin, Body(media_type=RequestEncodingType.URL_ENCODED)],
    platform: Platform,
) -> Response[Any]:
    """Checks the password and starts the login."""
    address = request.client.host if request.client else "unknown"
    try:
        token = await sessions.log_in(platform.settings, data.username, data.password, address)
    except (LoginFailed, LoginLimited) as error:
        return _show(data, error)
    response = Redirect(_inside(data.next), status_code=303)
    response.set_cookie(_cookie(platform, token, platform.settings.sessions.lifetime_hours * 3600))
    return response


@post("/vendor/logout", operator=True)
async def log_out(operator: SignedInOperator, platform: Platform) -> Response[Any]:
    """Ends the login, in all its tabs."""
    await sessions.log_out(operator)
    response = Redirect("/vendor/login", status_code=303)
    response.set_cookie(_cookie(platform, "", 0))
    return response


@post("/vendor/preferences/theme/{theme:str}", operator=True, status_code=204)
async def choose_theme(operator: SignedInOperator, theme: str) -> None:
    """Remembers the look; the page has changed it already."""
    await operators.choose_theme(operator, theme)


@post("/vendor/preferences/language/{language:str}", operator=True, status_code=200)
async def choose_language(operator: SignedInOperator, language: str) -> Response[Any]:
    """Remembers the language, and has the page loaded in it."""
    await operators.choose_language(operator, language)
    return Response(b"", headers={"HX-Refresh": "true"})


def _inside(destination: str) -> str:
    """A page of the console, and no other."""
    path = safe_path(destination)
    return path if path == START or path.startswith((f"{START}/", f"{START}?")) else START


def _cookie(platform: Platform, token: str, lifetime: int) -> Cookie:
    secure = platform.settings.server.cookies_are_secure
    return Cookie(
        operator_cookie(secure=secure), value=token, max_age=lifetime, httponly=True, secure=secure, samesite="lax"
    )


def _show(form: OperatorLogin, error: LoginFailed | LoginLimited | None = None) -> Response[Any]:
    status = error.status if error else 200
    response = public_page("vendor/login.html", title=_("Vendor's console"), form=form, error=error, status_code=status)
    if isinstance(error, LoginLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


HANDLERS = [login_page, log_in, log_out, choose_theme, choose_language]
