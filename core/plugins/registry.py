"""Loads plugins: each is imported, registered, checked and probed in its own try, and a broken one harms no other."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pluggy
import structlog
from litestar import Litestar
from litestar.di import Provide
from pydantic import BaseModel

from core.plugins.contracts import PROJECT, ContractViolation, check_implementations
from core.plugins.contributions import Asset, Models, Permission, PluginSettings, Provider, Routes
from core.plugins.discovery import PluginRecord, PluginState

log = structlog.get_logger(__name__)

FOLDER_PACKAGE = "_switchroom_"
"""Packages whose names begin so stand for folders outside the project."""

LoadFault = (Exception, SystemExit)
"""What a plugin may raise while it loads; a `SystemExit` of one of its libraries must not end the server."""


class PluginRegistry:
    """The plugins of one application instance.

    Attributes:
        records: Every discovered plugin, dependencies before those that need them.
    """

    def __init__(self, hookspecs: ModuleType, records: Iterable[PluginRecord], blocked: Iterable[str] = ()) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.records = sort_by_dependency(list(records))
        for record in self.records:
            if record.name in set(blocked) and record.state is PluginState.DISCOVERED:
                record.fail(PluginState.BLOCKED, "It is blocked in settings.yaml.")

    def get(self, name: str) -> PluginRecord | None:
        """The plugin of that name, in whatever state."""
        return next((record for record in self.records if record.name == name), None)

    @property
    def ready(self) -> list[PluginRecord]:
        """The plugins that tenants may use."""
        return [record for record in self.records if record.ready]

    def load(self) -> None:
        """Imports and registers every plugin that can be."""
        for record in self.records:
            if record.state is not PluginState.DISCOVERED:
                continue
            missing = self._missing(record)
            if missing:
                record.fail(PluginState.BLOCKED, f"It needs the plugin {missing!r}, which is not ready.")
                continue
            try:
                self._load(record)
            except LoadFault as error:
                self._set_aside(record, error)

    def mark_ready(self) -> None:
        """Makes every plugin that has got this far usable, and blocks those whose needs have failed since."""
        for record in self.records:
            if record.state is not PluginState.LOADED:
                continue
            missing = self._missing(record)
            if missing:
                record.fail(PluginState.BLOCKED, f"It needs the plugin {missing!r}, which is not ready.")
            else:
                record.state = PluginState.READY

    def _missing(self, record: PluginRecord) -> str | None:
        assert record.manifest is not None  # noqa: S101 - without one it is broken already
        usable = {other.name for other in self.records if other.state in (PluginState.LOADED, PluginState.READY)}
        return next((name for name in record.manifest.requires if name not in usable), None)

    def _load(self, record: PluginRecord) -> None:
        module = importlib.import_module(f"{_package(record)}.plugin")
        plugin = getattr(module, "plugin", None)
        if plugin is None:
            raise ContractViolation("plugin.py must hold an object named 'plugin'.")
        self.manager.register(plugin, name=record.name)
        record.plugin = plugin
        self.manager.check_pending()
        check_implementations(self.manager, plugin)
        self._collect(record)
        _check_contributions(record)
        _probe_routes(record)
        record.state = PluginState.LOADED

    def _collect(self, record: PluginRecord) -> None:
        contributed = record.contributions
        contributed.routes = self._one(record, "register_routes", Routes)
        contributed.permissions = self._one(record, "register_permissions", Permission)
        contributed.providers = self._one(record, "register_capabilities", Provider)
        contributed.assets = self._one(record, "register_assets", Asset)
        contributed.jobs = self._one(record, "register_jobs", object)
        models = self._one(record, "register_models", Models)
        contributed.models = models[0] if models else None
        settings = self._one(record, "register_settings", PluginSettings)
        contributed.settings = settings[0] if settings else PluginSettings()

    def _one(self, record: PluginRecord, hook: str, kind: type[Any]) -> list[Any]:
        """What this plugin alone answers to a declaring hook, flattened and checked."""
        found: list[Any] = []
        for impl in getattr(self.manager.hook, hook).get_hookimpls():
            if impl.plugin is not record.plugin:
                continue
            answer = impl.function()
            found += list(answer) if isinstance(answer, list | tuple) else [answer]
        for item in found:
            if not isinstance(item, kind):
                raise ContractViolation(f"hook {hook!r} must give {kind.__name__} objects, not {type(item).__name__}.")
        return found

    def _set_aside(self, record: PluginRecord, error: BaseException) -> None:
        if record.plugin is not None and self.manager.is_registered(record.plugin):
            self.manager.unregister(record.plugin)
        record.fail(PluginState.BROKEN, f"{type(error).__name__}: {error}")
        log.error("plugin_broken", plugin=record.name, reason=record.reason)

    def installation_schemas(self) -> dict[str, type[BaseModel] | None]:
        """The schema of each loaded plugin's section of settings.yaml."""
        return {
            record.name: record.contributions.settings.installation
            for record in self.records
            if record.state is PluginState.LOADED
        }


def sort_by_dependency(records: list[PluginRecord]) -> list[PluginRecord]:
    """Those that are needed come before those that need them, else by name; a cycle breaks all its members."""
    by_name = {record.name: record for record in records}
    ordered: list[PluginRecord] = []
    done: set[str] = set()

    def visit(record: PluginRecord, path: tuple[str, ...]) -> None:
        if record.name in path:
            cycle = " → ".join([*path[path.index(record.name) :], record.name])
            for name in path[path.index(record.name) :]:
                by_name[name].fail(PluginState.BROKEN, f"Plugins need each other in a circle: {cycle}.")
            return
        if record.name in done:
            return
        manifest = record.manifest
        for name in (*manifest.requires, *manifest.after) if manifest else ():
            if name in by_name:
                visit(by_name[name], (*path, record.name))
        if record.name not in done:
            done.add(record.name)
            ordered.append(record)

    for record in sorted(records, key=lambda record: record.name):
        visit(record, ())
    return ordered


def _package(record: PluginRecord) -> str:
    """The name to import the plugin by; a folder outside the project is given a package that shadows nothing."""
    parent, _dot, _name = record.module.rpartition(".")
    if parent.startswith(FOLDER_PACKAGE):
        package = ModuleType(parent)
        package.__path__ = [str(record.folder.parent)]
        sys.modules[parent] = package
    return record.module


def _check_contributions(record: PluginRecord) -> None:
    for permission in record.contributions.permissions:
        if not permission.name.startswith(f"{record.name}."):
            raise ContractViolation(f"The permission {permission.name!r} must start with '{record.name}.'.")
    for job in record.contributions.jobs:
        name = getattr(job, "name", "")
        if not name.startswith(f"{record.name}."):
            raise ContractViolation(f"The job {name!r} must start with '{record.name}.'.")
    assert record.manifest is not None  # noqa: S101 - without one it is not loaded
    if any(routes.public for routes in record.contributions.routes) and not record.manifest.public_prefix:
        raise ContractViolation("Public routes need 'public_prefix' in manifest.yaml.")


_INJECTED = {name: Provide(lambda: None, sync_to_thread=False) for name in ("ctx", "user", "platform")}
"""Stands for what the web application hands to handlers by name."""


def _probe_routes(record: PluginRecord) -> None:
    """Builds a throw-away application: one wrong annotation would otherwise take the whole server down."""
    for routes in record.contributions.routes:
        for handlers, public in ((routes.pages, False), (routes.public, True)):
            if not handlers:
                continue
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
