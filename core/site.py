"""Puts the web application of one process together: pages and API of core and of every plugin."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Response, WebSocket, get, websocket
from litestar.connection import Request as Connection
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.template import TemplateConfig
from litestar.types import ASGIApp, Receive, Scope, Send

from core.accounts.operators import SignedInOperator
from core.accounts.sessions import NotSignedIn
from core.admin import pages as admin
from core.api import routes as api
from core.locale.languages import Languages
from core.plugins.context import Platform
from core.plugins.gate import Gate, current_visit
from core.vendor import pages as vendor
from core.vendor.sessions import read_session as read_operator
from core.web import errors, health, status
from core.web.access import (
    NOT_SIGNED_IN,
    check_access,
    provide_context,
    provide_operator,
    provide_platform,
    provide_user,
    require_permissions,
)
from core.web.assets import DIST, require_bundle, serve
from core.web.identity import Identity, provide_identity
from core.web.live import OpenTabs
from core.web.mounting import plugin_routers
from core.web.pages import agents, around, card, day, files, home, login, preferences, role, search, window
from core.web.security import SameOrigin, SecurityHeaders
from core.web.templating import template_engine

LARGEST_BODY = 1_000_000
"""Bytes that a request may carry, where its handler does not allow more."""


def create_web_app(platform: Platform, routes: Litestar | None = None) -> ASGIApp:
    """The web application over the services of a process. Its lifespan must run.

    A plugin whose routes cannot be used is set aside as broken.

    Args:
        platform: The services.
        routes: What `create_routes` has made for the very same plugins and settings; None makes them.

    Raises:
        StartupError: The front end is not bundled, or a route of core says not who may use it.
    """
    routes = routes or create_routes(platform)

    async def operator_of(token: str) -> SignedInOperator | None:
        return await read_operator(token, platform.settings.sessions)

    if platform.settings.plugins.strict:
        platform.registry.require_all()
    languages = Languages(
        [(record.name, record.folder) for record in platform.registry.ready], platform.settings.locale.default_language
    )
    identity = Identity(platform)
    on_error = _error_app(routes)
    gate = Gate(routes, platform, identity.of, identity.of_api_token, operator_of, languages, on_error)
    return SecurityHeaders(gate, https=platform.settings.server.url.startswith("https:"))


def create_routes(platform: Platform) -> Litestar:
    """The routes of core and of every plugin. What answers a request takes its services from the request.

    Raises:
        StartupError: As `create_web_app`.
    """
    require_bundle()
    handlers = _core_handlers()
    require_permissions([*handlers, *api.HANDLERS])
    taken = {path.strip("/").split("/")[0] for handler in handlers for path in handler.paths} | {"p", "api"}
    return Litestar(
        route_handlers=[
            *handlers,
            *api.routers(platform.registry),
            *plugin_routers(platform.registry, taken, api.MIDDLEWARE),
        ],
        dependencies={
            "ctx": Provide(provide_context),
            "user": Provide(provide_user),
            "operator": Provide(provide_operator),
            "platform": Provide(provide_platform),
            "identity": Provide(provide_identity),
        },
        guards=[check_access],
        middleware=[SameOrigin(platform.settings.server.public_url)],
        exception_handlers={Exception: errors.answer},
        template_config=TemplateConfig(instance=template_engine(platform.registry)),
        lifespan=[OpenTabs.of(platform).kept_alive],
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        logging_config=None,
    )


def _core_handlers() -> list[Any]:
    return [
        static_file,
        health.alive,
        health.ready,
        login.login_page,
        login.log_in,
        login.log_out,
        login.choose_language,
        role.role_page,
        role.choose_role,
        around.around,
        home.home,
        home.numbers,
        home.journal,
        home.journal_details,
        home.widgets,
        *card.HANDLERS,
        *window.HANDLERS,
        *day.HANDLERS,
        *search.HANDLERS,
        *files.HANDLERS,
        preferences.choose_theme,
        preferences.choose_language,
        *status.HANDLERS,
        *agents.HANDLERS,
        *admin.HANDLERS,
        *vendor.HANDLERS,
        live,
    ]


@get("/static/{file:path}", public=True)
async def static_file(file: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    """One of core's bundled files."""
    return await serve(DIST, file, request)


# Public, since a page hears why it is refused only over a connection that has been accepted.
@websocket("/live", public=True)
async def live(socket: WebSocket[Any, Any, Any]) -> None:
    """The live updates of one page."""
    visit = current_visit()
    if visit.user is None or visit.ctx is None:
        await socket.accept()
        await socket.close(code=NOT_SIGNED_IN)
        return
    await OpenTabs.of(visit.platform).serve(socket, visit.ctx, visit.user)


def _error_app(application: Litestar) -> Any:
    """Answers, outside the application but in its manner, with an error."""

    def with_error(error: Exception) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.WEBSOCKET:
                code = NOT_SIGNED_IN if isinstance(error, NotSignedIn) else 4500
                await send({"type": "websocket.close", "code": code, "reason": ""})
                return
            scope["litestar_app"] = application
            request: Connection[Any, Any, Any] = Connection(scope, receive, send)
            response = errors.answer(request, error).to_asgi_response(app=None, request=request)
            await response(scope, receive, send)

        return answer

    return with_error
