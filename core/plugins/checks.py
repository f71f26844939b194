"""Looks at what a plugin contributes, by itself and beside the others, where a fault would stop the whole server."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from pydantic import BaseModel

from core.plugins.contracts import ContractViolation
from core.plugins.contributions import Contributions
from core.plugins.discovery import PluginRecord


def check_contributions(record: PluginRecord) -> None:
    """Refuses names that are not the plugin's, or are taken twice, and what cannot be imported or mounted.

    Raises:
        ContractViolation: Says what is wrong with what.
        Exception: Whatever the plugin's own modules raise.
    """
    contributed = record.contributions
    _check_names(record, "permission", (permission.name for permission in contributed.permissions))
    _check_names(record, "job", (getattr(job, "name", "") for job in contributed.jobs))
    _check_names(record, "lookup", (lookup.name for lookup in contributed.lookups))
    _check_once("channel", (channel.name for channel in contributed.channels))
    _check_once("command", (command.name or "" for command in contributed.commands))
    for job in contributed.jobs:
        if not inspect.iscoroutinefunction(job.function):
            raise ContractViolation(f"The job {job.name!r} must be async def.")
    schemas: tuple[Any, ...] = (contributed.settings.tenant, contributed.settings.installation)
    for schema in schemas:
        if schema is not None and not (isinstance(schema, type) and issubclass(schema, BaseModel)):
            raise ContractViolation(f"The settings {schema!r} must be a subclass of pydantic.BaseModel.")
    for asset in contributed.assets:
        path = PurePosixPath(asset.file)
        if path.is_absolute() or ".." in path.parts:
            raise ContractViolation(f"The asset {asset.file!r} must be a file of the plugin's static/.")
    _import_models(contributed)
    _probe_routes(record)


def check_beside(record: PluginRecord, others: Iterable[PluginRecord]) -> None:
    """Refuses what another plugin, which has loaded, has taken already.

    Raises:
        ContractViolation: Names both.
    """
    assert record.manifest is not None  # noqa: S101 - without one it is not loaded
    for other in others:
        prefix = record.manifest.public_prefix
        if prefix is not None and other.manifest is not None and other.manifest.public_prefix == prefix:
            raise ContractViolation(f"The public prefix {prefix!r} belongs to the plugin {other.name!r}.")
        taken = {channel.name for channel in other.contributions.channels}
        for channel in record.contributions.channels:
            if channel.name in taken:
                raise ContractViolation(f"The channel {channel.name!r} belongs to the plugin {other.name!r}.")


def template_warnings(record: PluginRecord) -> list[str]:
    """What is odd about where the plugin keeps its templates, and would show on the first page alone."""
    if (record.folder / "templates" / record.name).is_dir():
        return [
            f"templates/{record.name}/ is a folder in a folder: its files are '{record.name}/{record.name}/<file>'. "
            "Templates lie directly in templates/."
        ]
    return []


def _check_names(record: PluginRecord, what: str, names: Iterable[str]) -> None:
    names = list(names)
    for name in names:
        if not name.startswith(f"{record.name}."):
            raise ContractViolation(f"The {what} {name!r} must start with '{record.name}.'.")
    _check_once(what, names)


def _check_once(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ContractViolation(f"There are {count} {what}s named {name!r}.")


def _import_models(contributed: Contributions) -> None:
    """What the ORM would import for all plugins at once, where one that fails stops them all."""
    if contributed.models is not None:
        for module in contributed.models.modules:
            importlib.import_module(module)
        if contributed.models.migrations:
            importlib.import_module(contributed.models.migrations)


_INJECTED = {name: Provide(lambda: None, sync_to_thread=False) for name in ("ctx", "user", "platform")}
"""Stands for what the web application hands to handlers by name."""


def _probe_routes(record: PluginRecord) -> None:
    """Builds a throw-away application: one wrong annotation would otherwise take the whole server down."""
    assert record.manifest is not None  # noqa: S101 - without one it is not loaded
    if any(routes.public for routes in record.contributions.routes) and not record.manifest.public_prefix:
        raise ContractViolation("Public routes need 'public_prefix' in manifest.yaml.")
    for routes in record.contributions.routes:
        for handlers, public in ((routes.pages, False), (routes.public, True), (routes.api, False)):
            if handlers:
                _probe(tuple(handlers), public)


# What was right is right the second time: a process that loads its plugins again, as tests do, builds each once.
@lru_cache(maxsize=256)
def _probe(handlers: tuple[Any, ...], public: bool) -> None:
    probe = Litestar(list(handlers), dependencies=_INJECTED, openapi_config=None, logging_config=None)
    for route in probe.routes:
        for handler in route.route_handlers if hasattr(route, "route_handlers") else [route.route_handler]:
            _check_access(handler, public)


def _check_access(handler: Any, public: bool) -> None:
    name = str(handler)
    if handler.handler_name == "options_handler" or getattr(handler, "http_methods", None) == {"OPTIONS"}:
        return
    if public and not handler.opt.get("public"):
        raise ContractViolation(f"The public route {name} is not marked public=True.")
    if not public and not handler.opt.get("permission"):
        raise ContractViolation(f"The route {name} names no permission.")
