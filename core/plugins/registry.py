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
from pydantic import BaseModel

from core.errors import StartupError
from core.jobs.registry import Job, Schedule
from core.plugins.checks import check_beside, check_contributions, template_warnings
from core.plugins.contracts import PROJECT, ContractViolation
from core.plugins.contributions import Contributions, PluginSettings
from core.plugins.dependencies import first_of_each_name, sort_by_dependency, unmet_need
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.faults import reason_of
from core.plugins.implementations import check_implementations
from core.plugins.results import kinds_of

log = structlog.get_logger(__name__)

FOLDER_PACKAGE = "_switchroom_"
"""Packages whose names begin so stand for folders outside the project."""

LoadFault = (Exception, SystemExit)
"""What a plugin may raise while it loads; a `SystemExit` of one of its libraries must not end the server."""


class PluginRegistry:
    """The plugins of one application instance.

    Attributes:
        records: Every discovered plugin, dependencies before those that need them.
        generation: Grows whenever a plugin has become usable or is no longer; what is derived from that is found by it.
    """

    def __init__(self, hookspecs: ModuleType, records: Iterable[PluginRecord], blocked: Iterable[str] = ()) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.records = sort_by_dependency(list(records))
        self._by_name = first_of_each_name(self.records)
        self.generation = 0
        for record in self.records:
            record.on_change = self._changed
        self._blocked = frozenset(blocked)
        for record in self.records:
            if record.name in self._blocked and record.state is PluginState.DISCOVERED:
                record.fail(PluginState.BLOCKED, "It is blocked in settings.yaml.")

    def get(self, name: str) -> PluginRecord | None:
        """The plugin of that name, in whatever state."""
        return self._by_name.get(name)

    @property
    def ready(self) -> list[PluginRecord]:
        """The plugins that tenants may use."""
        return [record for record in self.records if record.ready]

    def load(self) -> None:
        """Imports and registers every plugin that can be."""
        for record in self.records:
            if record.state is not PluginState.DISCOVERED:
                continue
            unmet = unmet_need(record, self._by_name)
            if unmet:
                record.fail(PluginState.BLOCKED, unmet)
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
            unmet = unmet_need(record, self._by_name)
            if unmet:
                record.fail(PluginState.BLOCKED, unmet)
            else:
                record.enter(PluginState.READY)

    def require_all(self) -> None:
        """Refuses to go on when a plugin is not ready, unless settings.yaml blocks it.

        Raises:
            StartupError: Names each of them with its reason.
        """
        faulty = [record for record in self.records if not record.ready and record.name not in self._blocked]
        if faulty:
            reasons = " ".join(f"{record.name} is {record.state.value}: {record.reason}" for record in faulty)
            raise StartupError(
                f"Not every plugin is ready. {reasons}",
                mend="Mend or remove them, name them in plugins.blocked, or set plugins.strict to false.",
            )

    def unmet_need(self, record: PluginRecord) -> str | None:
        """Why a plugin cannot be used for what another one lacks; None when it lacks nothing."""
        return unmet_need(record, self._by_name)

    def _changed(self) -> None:
        self.generation += 1

    def _load(self, record: PluginRecord) -> None:
        module = importlib.import_module(f"{_package(record)}.plugin")
        plugin = getattr(module, "plugin", None)
        if plugin is None:
            raise ContractViolation("plugin.py must hold an object named 'plugin'.")
        warnings = check_implementations(self.manager, plugin)
        record.plugin = plugin
        self.manager.register(plugin, name=record.name)
        self._collect(record)
        check_contributions(record)
        check_beside(record, [other for other in self.records if other.state is PluginState.LOADED])
        record.warnings += [*warnings, *template_warnings(record)]
        record.enter(PluginState.LOADED)
        for warning in record.warnings:
            log.warning("plugin_warning", plugin=record.name, warning=warning)

    def _collect(self, record: PluginRecord) -> None:
        contributed = record.contributions
        contributed.routes = self._declared(record, "register_routes")
        contributed.permissions = self._declared(record, "register_permissions")
        contributed.providers = self._declared(record, "register_capabilities")
        contributed.assets = self._declared(record, "register_assets")
        work = self._declared(record, "register_jobs")
        contributed.schedules = [item for item in work if isinstance(item, Schedule)]
        scheduled = list({id(item.job): item.job for item in contributed.schedules}.values())
        contributed.jobs = [item for item in work if isinstance(item, Job) and item not in scheduled] + scheduled
        contributed.channels = self._declared(record, "register_channels")
        contributed.form_components = self._declared(record, "register_form_components")
        contributed.form_actions = self._declared(record, "register_form_actions")
        contributed.lookups = self._declared(record, "register_lookups")
        contributed.commands = self._declared(record, "register_commands")
        models = self._declared(record, "register_models", most=1)
        contributed.models = models[0] if models else None
        settings = self._declared(record, "register_settings", most=1)
        contributed.settings = settings[0] if settings else PluginSettings()

    def _declared(self, record: PluginRecord, hook: str, most: int | None = None) -> list[Any]:
        """What this plugin alone answers to a declaring hook, flattened and checked."""
        caller = getattr(self.manager.hook, hook)
        found: list[Any] = []
        for impl in caller.get_hookimpls():
            if impl.plugin is record.plugin:
                answer = impl.function()
                found += list(answer) if isinstance(answer, list | tuple) else [answer]
        found = [item for item in found if item is not None]
        kinds = kinds_of(caller.spec.function)
        for item in found:
            if not isinstance(item, kinds):
                names = " or ".join(kind.__name__ for kind in kinds)
                raise ContractViolation(f"hook {hook!r} must give {names} objects, not {type(item).__name__}.")
        if most is not None and len(found) > most:
            raise ContractViolation(f"hook {hook!r} must give {most} object, not {len(found)}.")
        return found

    def _set_aside(self, record: PluginRecord, error: BaseException) -> None:
        if record.plugin is not None and self.manager.is_registered(record.plugin):
            self.manager.unregister(record.plugin)
        record.contributions = Contributions()
        record.fail(PluginState.BROKEN, reason_of(error, record.folder))
        log.error("plugin_broken", plugin=record.name, reason=record.reason)

    def installation_schemas(self) -> dict[str, type[BaseModel] | None]:
        """The schema of each loaded plugin's section of settings.yaml."""
        return {
            record.name: record.contributions.settings.installation
            for record in self.records
            if record.state is PluginState.LOADED
        }


def _package(record: PluginRecord) -> str:
    """The name to import the plugin by; a folder outside the project is given a package that shadows nothing."""
    parent, _dot, _name = record.module.rpartition(".")
    if parent.startswith(FOLDER_PACKAGE):
        package = ModuleType(parent)
        package.__path__ = [str(record.folder.parent)]
        sys.modules[parent] = package
    return record.module
