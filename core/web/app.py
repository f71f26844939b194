"""The web application of one process: core's pages, every plugin's, and what stands around them."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Response, WebSocket, get, websocket
from litestar.connection import Request as Connection
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.template import TemplateConfig
from litestar.types import ASGIApp, Receive, Scope, Send

from core.accounts.sessions import NotSignedIn
from core.locale.languages import Languages
from core.plugins.context import Platform
from core.plugins.gate import Gate, current_visit
from core.web import errors, health, status
from core.web.access import NOT_SIGNED_IN, check_access, provide_context, provide_user, require_permissions
from core.web.assets import DIST, require_bundle, serve
from core.web.identity import Identity
from core.web.live import OpenTabs
from core.web.mounting import plugin_routers
from core.web.pages import home, login, preferences, role
from core.web.security import SameOrigin, SecurityHeaders
from core.web.templating import template_engine

LARGEST_BODY = 1_000_000
"""Bytes that a request may carry, where its handler does not allow more."""


def create_web_app(platform: Platform) -> ASGIApp:
    """The web application over the services of a process. Its lifespan must run.

    A plugin whose routes cannot be used is set aside as broken.

    Raises:
        StartupError: The front end is not bundled, or a route of core says not who may use it.
    """
    require_bundle()
    identity = Identity(platform)
    tabs = OpenTabs(platform)
    handlers = [*_core_handlers(), _live(tabs)]
    require_permissions(handlers)
    taken = {path.strip("/").split("/")[0] for handler in handlers for path in handler.paths} | {"p", "api"}
    application = Litestar(
        route_handlers=[*handlers, *plugin_routers(platform.registry, taken)],
        dependencies={
            "ctx": Provide(provide_context),
            "user": Provide(provide_user),
            "platform": Provide(lambda: platform, sync_to_thread=False),
            "identity": Provide(lambda: identity, sync_to_thread=False),
        },
        guards=[check_access],
        middleware=[SameOrigin(platform.settings.server.public_url)],
        exception_handlers={Exception: errors.answer},
        template_config=TemplateConfig(instance=template_engine(platform.registry)),
        lifespan=[tabs.kept_alive],
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        logging_config=None,
    )
    languages = Languages(
        [(record.name, record.folder) for record in platform.registry.ready], platform.settings.locale.default_language
    )
    gate = Gate(application, platform, identity.of, languages, _error_app(application))
    return SecurityHeaders(gate, https=platform.settings.server.url.startswith("https:"))


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
        home.home,
        home.numbers,
        home.journal,
        preferences.choose_theme,
        preferences.choose_language,
        status.status_control,
        status.choose,
        status.do_not_disturb,
    ]


@get("/static/{file:path}", public=True)
async def static_file(file: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    """One of core's bundled files."""
    return await serve(DIST, file, request)


def _live(tabs: OpenTabs) -> Any:
    # Public, since a page hears why it is refused only over a connection that has been accepted.
    @websocket("/live", public=True)
    async def live(socket: WebSocket[Any, Any, Any]) -> None:
        """The live updates of one page."""
        visit = current_visit()
        if visit.user is None or visit.ctx is None:
            await socket.accept()
            await socket.close(code=NOT_SIGNED_IN)
            return
        await tabs.serve(socket, visit.ctx, visit.user)

    return live


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
