"""The outermost layer of the web server: who asks, for which tenant, and which plugin's pages exist there.

Below `/api/` a program may show an API token instead of a login.

A path of a plugin that is unknown, not ready or off for the tenant is exchanged for one that never exists, before
routing sees it. So it is answered like any unknown path, on every method and on WebSocket: a guard inside the framework
would come after routing, and answer 405 or 204 where there should be nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, Receive, Scope, Send

from core.accounts.operators import SignedInOperator
from core.accounts.sessions import NotSignedIn, SignedIn
from core.errors import NotFound
from core.locale.languages import Languages
from core.plugins.context import CORE, CUSTOMER, Context, Platform
from core.tenancy.context import TenantRef, tenant_scope

NOWHERE = "-"
"""The path that never exists, of a page or below `/api`."""

LANGUAGE_COOKIE = "switchroom_language"

VENDOR = "vendor"
"""The first part of the paths of the vendor's console, where operators are known and users of tenants are not."""

NEEDS_NOBODY = frozenset({"static", "healthz", "readyz"})
"""First parts of paths for which it does not matter who asks: the database is not."""

CORE_API = frozenset({CORE, "docs", "openapi.json"})
"""What lies directly below `/api/v1` and is no plugin's."""

Connection = ASGIConnection[Any, Any, Any, Any]
Identify = Callable[[str], Awaitable[tuple[SignedIn, Context] | None]]
"""Tells who is behind the token of a login, with a context of core."""
IdentifyProgram = Callable[[str, str], Awaitable[tuple[SignedIn, Context]]]
"""Tells as whom the program acts that shows an API token, from a client address; raises for a wrong one."""
IdentifyOperator = Callable[[str], Awaitable[SignedInOperator | None]]
"""Tells which operator is behind the token of a login."""
ErrorApp = Callable[[Exception], ASGIApp]
"""Makes an application that answers with this error."""


@dataclass(frozen=True)
class Visit:
    """One request or WebSocket, as far as it is known before routing.

    Attributes:
        platform: The services of the application.
        connection: Its address, headers and cookies.
        user: Who is logged in; None for a customer, on public pages of a tenant, and in the vendor's console.
        ctx: The tenant's context, bound to the plugin whose path it is and to who acts; None while no tenant is known.
        plugin: The plugin whose path it is, enabled for the tenant.
        public: Whether it is a plugin's public page.
        operator: Who of the vendor is logged in; known in the vendor's console alone.
        language: The language of the answer.
    """

    platform: Platform
    connection: Connection
    language: str
    user: SignedIn | None = None
    ctx: Context | None = None
    plugin: str | None = None
    public: bool = False
    operator: SignedInOperator | None = None


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


def current_visit() -> Visit:
    """The request that this task answers.

    Raises:
        LookupError: It answers none.
    """
    visit = _visit.get()
    if visit is None:
        raise LookupError("There is no request here.")
    return visit


class Gate:
    """Wraps the web application.

    Args:
        app: The application.
        platform: The services.
        identify: Tells who is behind the token of a login.
        identify_program: Tells as whom the program acts that shows an API token.
        identify_operator: Tells which operator is behind the token of a login to the console.
        languages: All languages that there are.
        on_error: What answers when the database cannot be asked.
    """

    def __init__(
        self,
        app: ASGIApp,
        platform: Platform,
        identify: Identify,
        identify_program: IdentifyProgram,
        identify_operator: IdentifyOperator,
        languages: Languages,
        on_error: ErrorApp,
    ) -> None:
        self._app = app
        self._platform = platform
        self._identify = identify
        self._identify_program = identify_program
        self._identify_operator = identify_operator
        self._languages = languages
        self._on_error = on_error
        self._cookie = session_cookie(secure=platform.settings.server.cookies_are_secure)
        self._operator_cookie = operator_cookie(secure=platform.settings.server.cookies_are_secure)
        self._public = {
            record.manifest.public_prefix: record.name
            for record in platform.registry.ready
            if record.manifest and record.manifest.public_prefix
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, WebSocket or lifespan."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        app, path = self._app, _parts(scope["path"])
        connection: Connection = ASGIConnection(scope)
        try:
            visit, path = await self._resolve(connection, path)
        except Exception as error:  # noqa: BLE001 - this is the outermost layer; the error page says what it is
            app, visit = self._on_error(error), Visit(self._platform, connection, self._language(connection, None))
        scope["path"] = "/" + "/".join(path)
        token = _visit.set(visit)
        try:
            with ExitStack() as during:
                during.enter_context(self._languages.speaking(visit.language))
                if visit.ctx is not None:
                    during.enter_context(tenant_scope(visit.ctx.tenant))
                await app(scope, receive, send)
        finally:
            _visit.reset(token)

    async def _resolve(self, connection: Connection, path: list[str]) -> tuple[Visit, list[str]]:
        first = path[0] if path else ""
        if first in NEEDS_NOBODY:
            return Visit(self._platform, connection, self._language(connection, None)), path
        if first == VENDOR:
            return await self._vendor(connection), path
        if first in self._public:
            return await self._customer(connection, self._public[first], path)
        plugin = _plugin_of(path)
        known = await self._known(connection, program=first == "api")
        if known is None:
            if plugin is not None or first == "api":
                # Whatever the path: who is not logged in does not learn which plugins there are.
                raise NotSignedIn()
            return Visit(self._platform, connection, self._language(connection, None)), path
        user, ctx = known
        visit = Visit(self._platform, connection, user.language, user, ctx)
        if plugin is None:
            return visit, path
        if not self._is_on(plugin, ctx):
            return visit, [NOWHERE] if first == "p" else ["api", NOWHERE]
        return replace(visit, ctx=ctx.for_plugin(plugin), plugin=plugin), path

    async def _known(self, connection: Connection, *, program: bool) -> tuple[SignedIn, Context] | None:
        scheme, _space, token = connection.headers.get("authorization", "").partition(" ") if program else ("", "", "")
        if scheme.casefold() == "bearer":
            address = connection.client.host if connection.client else "unknown"
            return await self._identify_program(token.strip(), address)
        cookie = connection.cookies.get(self._cookie)
        return await self._identify(cookie) if cookie else None

    async def _vendor(self, connection: Connection) -> Visit:
        token = connection.cookies.get(self._operator_cookie)
        operator = await self._identify_operator(token) if token else None
        language = (operator.language if operator else None) or self._language(connection, None)
        return Visit(self._platform, connection, language, operator=operator)

    async def _customer(self, connection: Connection, plugin: str, path: list[str]) -> tuple[Visit, list[str]]:
        ctx = await self._public_context(path[1]) if len(path) > 1 else None
        if ctx is None or not self._is_on(plugin, ctx):
            return Visit(self._platform, connection, self._language(connection, None)), [NOWHERE]
        language = self._language(connection, ctx.tenant)
        return Visit(self._platform, connection, language, None, ctx.for_plugin(plugin), plugin, public=True), path

    def _is_on(self, plugin: str, ctx: Context) -> bool:
        record = self._platform.registry.get(plugin)
        return record is not None and record.ready and plugin in ctx.enabled_plugins

    async def _public_context(self, slug: str) -> Context | None:
        try:
            tenant = await self._platform.tenant(slug=slug)
        except NotFound:
            return None
        return Context(self._platform, tenant, CUSTOMER, await self._platform.enablement.of(tenant))

    def _language(self, connection: Connection, tenant: TenantRef | None) -> str:
        """What a visitor chose, else what the browser prefers, else the tenant's, else the installation's."""
        chosen = self._languages.accepted(connection.cookies.get(LANGUAGE_COOKIE))
        fallback = tenant.language if tenant else self._platform.settings.locale.default_language
        return chosen or self._languages.accepted(connection.headers.get("accept-language")) or fallback


def session_cookie(*, secure: bool) -> str:
    """The name of the cookie that holds a login's token; browsers bind the prefixed one to this very host."""
    return "__Host-switchroom" if secure else "switchroom"


def operator_cookie(*, secure: bool) -> str:
    """The name of the cookie that holds the token of an operator's login."""
    return f"{session_cookie(secure=secure)}-operator"


def _parts(path: str) -> list[str]:
    """The parts of a path as the router takes it: empty ones count for nothing."""
    return [part for part in path.split("/") if part]


def _plugin_of(path: list[str]) -> str | None:
    """The plugin whose pages or API lie under the path; an empty string for none where one belongs."""
    if path[:1] == ["p"]:
        return path[1] if len(path) > 1 else ""
    if path[:2] == ["api", "v1"] and path[2:3] and path[2] not in CORE_API:
        return path[2]
    return None
