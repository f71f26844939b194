"""What browsers are told not to do with our pages, and what we do not let other sites do through a browser."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import Forbidden
from core.locale import gettext as _

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]{1,255}")

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Adds headers to every answer.

    Args:
        app: What answers.
        https: Whether people reach the server over https alone.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = _ALWAYS | ({"strict-transport-security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        policy = content_security_policy(Headers.from_scope(scope).get("host", ""))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", policy)
                # Pages hold people's data; static files say for themselves how long they keep.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def content_security_policy(host: str) -> str:
    """What a page may load and do: our own files, and no script or style written into the page."""
    # Not every browser takes 'self' to include WebSockets.
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data:",
            "media-src 'self' blob:",
            f"connect-src 'self'{sockets}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class SameOrigin(ASGIMiddleware):
    """Refuses what another site makes a browser send: forms, scripts and WebSockets.

    Browsers say where a request comes from and let no page change it. A request that says nothing comes from a program,
    which holds no cookie that it was not given.
    """

    def __init__(self, public_url: str | None) -> None:
        self._public_url = public_url

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Passes one request on, or refuses it."""
        changes = scope["type"] == ScopeType.WEBSOCKET or scope.get("method") not in _SAFE_METHODS
        if changes and not self._allowed(Headers.from_scope(scope)):
            raise Forbidden(
                _("This was sent from another site and has been refused."),
                mend=_("Open the page again and repeat it there."),
                code="cross_site",
            )
        await next_app(scope, receive, send)

    def _allowed(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        return origin is None or origin == self._public_url or _netloc(origin) == headers.get("host")


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def safe_path(value: Any) -> str:
    """A path of this site to go to, or the start page for anything else."""
    text = value if isinstance(value, str) else ""
    # Browsers read a backslash as a slash, drop tabs and line breaks, and take two slashes for another site.
    if not text.startswith("/") or text.startswith(("//", "/\\")) or any(ord(letter) < 33 for letter in text):
        return "/"
    return text
