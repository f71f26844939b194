"""Who may open what: every handler names a permission, is for operators, or is public; whoever asks is checked."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketException
from litestar.handlers import BaseRouteHandler

from core.accounts.operators import SignedInOperator
from core.accounts.permissions import SIGNED_IN
from core.accounts.sessions import NotSignedIn, RoleNotChosen, SignedIn
from core.errors import Forbidden, StartupError, SwitchroomError
from core.locale import gettext as _
from core.plugins.context import Context, Platform
from core.plugins.gate import current_visit

NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403
"""Codes with which a WebSocket is closed."""

_SAYS_WHO = ("permission", "public", "operator")

Connection = ASGIConnection[Any, Any, Any, Any]


def check_access(connection: Connection, handler: BaseRouteHandler) -> None:
    """Lets a request pass, or not: the guard of every handler.

    Raises:
        NotSignedIn: Nobody is logged in.
        RoleNotChosen: The user has several roles and has not chosen one.
        Forbidden: The role in use does not carry the permission.
        WebSocketException: One of these, for a WebSocket.
    """
    try:
        _check(handler)
    except SwitchroomError as error:
        if connection.scope["type"] == ScopeType.WEBSOCKET:
            code = NOT_SIGNED_IN if isinstance(error, NotSignedIn) else NOT_ALLOWED
            raise WebSocketException(detail=error.message, code=code) from error
        raise


def _check(handler: BaseRouteHandler) -> None:
    if handler.opt.get("public"):
        return
    if handler.opt.get("operator"):
        if current_visit().operator is None:
            raise NotSignedIn()
        return
    user = current_visit().user
    if user is None:
        raise NotSignedIn()
    permission = handler.opt.get("permission")
    if permission == SIGNED_IN and handler.opt.get("before_role"):
        return
    if user.role is None:
        raise RoleNotChosen()
    if permission != SIGNED_IN and (permission is None or not user.may(permission)):
        raise Forbidden(
            _("Your role does not allow this."), mend=_("Change to another role, or ask your administrator.")
        )


def visitor_may(permission: str) -> bool:
    """Whether whoever the page is for has a permission; False where there is no page, or nobody is logged in."""
    try:
        user = current_visit().user
    except LookupError:
        return False
    return user is not None and user.may(permission)


def require_permissions(handlers: list[Any]) -> None:
    """Refuses handlers that say neither who may use them, nor that they are for operators, nor that they are public.

    Raises:
        StartupError: Names the handler.
    """
    for handler in handlers:
        if isinstance(handler, BaseRouteHandler) and not any(handler.opt.get(name) for name in _SAYS_WHO):
            raise StartupError(f"The route {handler} names no permission and is not public.")


async def provide_context() -> Context:
    """The argument `ctx` of handlers: the tenant, the plugin whose page it is, and who acts."""
    ctx = current_visit().ctx
    if ctx is None:
        raise NotSignedIn()
    return ctx


async def provide_user() -> SignedIn:
    """The argument `user` of handlers."""
    user = current_visit().user
    if user is None:
        raise NotSignedIn()
    return user


async def provide_operator() -> SignedInOperator:
    """The argument `operator` of the handlers of the vendor's console."""
    operator = current_visit().operator
    if operator is None:
        raise NotSignedIn()
    return operator


async def provide_platform() -> Platform:
    """The argument `platform` of core's own handlers."""
    return current_visit().platform
