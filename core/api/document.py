"""The OpenAPI document: what of the API is there for a set of plugins.

The framework writes it from the handlers; what it cannot know is added: the problems that every request may meet, the
two ways to say who asks, the right that each request needs, and names of the operations that never change.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Reference, SecurityScheme
from litestar.routes import HTTPRoute

from core.accounts.permissions import SIGNED_IN
from core.api.idempotency import HEADER, LONGEST_KEY, REPEATED
from core.api.problems import PROBLEM, RESPONSES, problems_of
from core.api.requests import IDEMPOTENT
from core.plugins.context import CORE
from core.plugins.manifest import API_VERSION
from core.plugins.registry import PluginRegistry
from core.web.mounting import api_handlers

KEPT_DOCUMENTS = 100
"""Documents for this many sets of plugins are kept; there are few sets."""

ABOUT = """\
Everything that the pages of Switchroom do, for programs.

Send an API token as `Authorization: Bearer swr_…`; scripts of pages use the login of the browser. Every error is a
problem document (RFC 9457) with the same members. Lists are read page by page: send `next` of one answer as `cursor` of
the next request. A request that creates something may carry an `Idempotency-Key`: sent twice with one key, it creates
once. Times are RFC 3339, in UTC.
"""

# What the web application hands to handlers by name: no part of a request.
_INJECTED = {
    name: Provide(lambda: None, sync_to_thread=False) for name in ("ctx", "user", "platform", "identity", "operator")
}
_BODYLESS = frozenset({"get", "head", "delete", "options"})


@dataclass(frozen=True)
class Document:
    """An OpenAPI document, as a value and as it is sent."""

    content: Mapping[str, Any]
    body: bytes
    etag: str


class Documents:
    """The documents of one application instance. They follow from its code alone, so every process has the same.

    Args:
        registry: The plugins.
        core: Core's own handlers.
    """

    def __init__(self, registry: PluginRegistry, core: Iterable[Any]) -> None:
        self._registry = registry
        self._core = list(core)
        self._known: dict[frozenset[str], Document] = {}
        self._building = asyncio.Lock()

    async def of(self, plugins: frozenset[str]) -> Document:
        """The document for a tenant with these plugins."""
        known = self._known.get(plugins)
        if known is not None:
            return known
        async with self._building:
            if plugins not in self._known:
                if len(self._known) >= KEPT_DOCUMENTS:
                    self._known.clear()
                # It takes longer than other requests should have to wait.
                self._known[plugins] = await asyncio.to_thread(self._build, plugins)
            return self._known[plugins]

    def _build(self, plugins: frozenset[str]) -> Document:
        handlers = {CORE: self._core}
        for record in self._registry.ready:
            if record.name in plugins and (contributed := api_handlers(record)):
                handlers[record.name] = contributed
        content = describe(handlers)
        body = json.dumps(content, ensure_ascii=False).encode()
        return Document(content, body, f'"{hashlib.sha256(body).hexdigest()[:16]}"')


def describe(handlers: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The OpenAPI document of handlers, by the plugin whose they are."""
    application = Litestar(
        [Router(f"/api/v1/{name}", route_handlers=items, opt={"plugin": name}) for name, items in handlers.items()],
        dependencies=_INJECTED,
        openapi_config=OpenAPIConfig(
            title="Switchroom",
            version=API_VERSION,
            description=ABOUT,
            components=Components(security_schemes=_SCHEMES),
            security=[{"token": []}, {"login": []}],
        ),
        logging_config=None,
    )
    content: dict[str, Any] = _without_floats(application.openapi_schema.to_schema())
    for route in application.routes:
        if isinstance(route, HTTPRoute) and route.path_format in content["paths"]:
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    operation = content["paths"][route.path_format].get(method.lower())
                    if operation is not None:
                        _complete(operation, handler, method.lower())
    content["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    content["components"]["responses"] = RESPONSES
    return content


_SCHEMES: dict[str, SecurityScheme | Reference] = {
    "token": SecurityScheme(
        type="http",
        scheme="bearer",
        bearer_format="swr_…",
        description="An API token: the program acts as its user, in its role.",
    ),
    "login": SecurityScheme(
        type="apiKey",
        security_scheme_in="cookie",
        name="switchroom",
        description="The login of a browser; its name begins with `__Host-` where the server is reached over https.",
    ),
}


def _complete(operation: dict[str, Any], handler: HTTPRouteHandler, method: str) -> None:
    plugin, permission = handler.opt["plugin"], handler.opt.get("permission")
    text = (handler.fn.__doc__ or handler.fn.__name__).strip()
    first, _line, rest = text.partition("\n")
    operation["operationId"] = f"{plugin}_{handler.fn.__name__}"
    operation["summary"] = first.partition(". ")[0].strip().removesuffix(".")
    operation["description"] = _described(first, rest, permission)
    operation["tags"] = [f"{plugin}: {tag}" for tag in operation.get("tags", [])] or [plugin]
    operation["x-permission"] = permission
    if handler.opt.get(IDEMPOTENT):
        operation.setdefault("parameters", []).append(_KEY)
    if method in _BODYLESS:
        operation.pop("requestBody", None)
    kept = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    for answer in kept.values():
        if handler.opt.get(IDEMPOTENT):
            answer["headers"] = {REPEATED: _REPEATED, **answer.get("headers", {})}
    operation["responses"] = kept | problems_of(operation)


def _described(first: str, rest: str, permission: str | None) -> str:
    lines = [first, *(line.strip() for line in rest.rstrip().splitlines())]
    # What a programmer may rely on, and no reader of the document asks for.
    for section in ("Raises:", "Args:", "Returns:"):
        if section in lines:
            lines = lines[: lines.index(section)]
    needed = "" if permission in (None, SIGNED_IN) else f"\n\nNeeds the right `{permission}`."
    return "\n".join(lines).strip() + needed


_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A text of your own for this request. Sent again with it, the first answer is given again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}

_REPEATED = {"description": "`true` on an answer that is given again.", "schema": {"type": "string"}}


def _without_floats(value: Any) -> Any:
    """Limits of whole numbers as whole numbers: the framework makes floats of them."""
    if isinstance(value, dict):
        return {key: _without_floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_floats(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
