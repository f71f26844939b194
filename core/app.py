"""Puts one process together: plugins, database, jobs, live updates and, by role, web server, worker and scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog
from tortoise import Tortoise

import hookspecs
from core import plugin_lifecycle
from core.agents.connection import check_connection
from core.agents.reasons import pause_limit, pause_reasons_changed
from core.database.connection import AppModels, close_database, open_database, tortoise_config
from core.database.embedded import EmbeddedServer
from core.database.migrations import migrate, migration_state, refuse_newer_schema
from core.errors import NotFound, StartupError
from core.forms.files.removing import JOBS as FILE_JOBS
from core.forms.files.removing import SCHEDULES as FILE_SCHEDULES
from core.forms.kinds import attach_kinds
from core.housekeeping import JOBS as HOUSEKEEPING
from core.housekeeping import SCHEDULES as HOUSEKEEPING_SCHEDULES
from core.interactions.offers import end_missed, expire_offer
from core.interactions.segments import end_wrap_up
from core.jobs.presence import Presence
from core.jobs.registry import Job, JobRegistry, Schedule
from core.jobs.scheduler import Scheduler
from core.jobs.schedules import Schedules
from core.jobs.worker import PLUGIN_OFF, TENANT_SUSPENDED, JobRunner, RunInTenant, open_broker
from core.live.hub import LiveHub
from core.plugins.context import CORE, Platform
from core.plugins.discovery import PluginState, discover
from core.plugins.dispatch import Dispatcher
from core.plugins.enablement import EnablementCache
from core.plugins.issue_log import IssueLog
from core.plugins.issues import Kind, note
from core.plugins.registry import FOLDER_PACKAGE, PluginRegistry
from core.plugins.settings import SettingsReader, check_tenant_defaults
from core.settings import Settings, check_plugin_names, check_plugin_settings
from core.tenancy.audit import audit_models
from core.tenancy.keys import enforce_tenant_keys
from core.tenancy.models import Tenant
from core.tenant_plugins.settings import bring_settings_up_to_date
from core.tenant_plugins.switching_off import finish_switching_off
from core.tenants.deletion import run_deletion
from core.tenants.export import drop_old_files, run_export
from core.tenants.suspension import end_all_work
from core.vendor.processes import Report
from core.vendor.usage import SCHEDULES as USAGE_SCHEDULES
from core.vendor.usage import JobCounts, measure_usage

log = structlog.get_logger(__name__)

PROJECT_ROOT = Path(__file__).resolve().parent.parent

CORE_MODELS = [
    "core.tenancy.models",
    "core.accounts.models",
    "core.audit.models",
    "core.jobs.models",
    "core.plugins.models",
    "core.lookups.models",
    "core.agents.models",
    "core.interactions.models",
    "core.forms.models",
    "core.forms.library.models",
    "core.forms.files.models",
    "core.api.models",
    "core.tenants.models",
    "core.vendor.models",
]
CORE_JOBS: list[Job] = [
    expire_offer,
    end_missed,
    end_wrap_up,
    check_connection,
    pause_limit,
    pause_reasons_changed,
    finish_switching_off,
    *HOUSEKEEPING,
    *FILE_JOBS,
]
CORE_JOBS += [end_all_work, run_deletion, run_export, measure_usage]
CORE_SCHEDULES: list[Schedule] = [*HOUSEKEEPING_SCHEDULES, *FILE_SCHEDULES, *USAGE_SCHEDULES]


class Role(StrEnum):
    """What a process does."""

    WEB = "web"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    MEDIA = "media"
    """Owns what must not stall the web server, such as a media server; one per machine."""


EVERYTHING = frozenset(Role)


def load_plugins(settings: Settings, specifications: ModuleType = hookspecs) -> PluginRegistry:
    """Discovers and loads every plugin; touches no database.

    Raises:
        StartupError: settings.yaml names a plugin that does not exist, or gives one a setting that it does not have.
    """
    folders = [(PROJECT_ROOT / "plugins", "plugins")]
    folders += [(folder, f"{FOLDER_PACKAGE}{number}") for number, folder in enumerate(settings.plugins.dirs)]
    registry = PluginRegistry(specifications, discover(folders), settings.plugins.blocked)
    check_plugin_names(settings, [record.name for record in registry.records])
    registry.load()
    check_plugin_settings(settings, registry.installation_schemas())
    check_tenant_defaults(settings, registry)
    return registry


@contextlib.contextmanager
def database_server(settings: Settings) -> Iterator[str]:
    """The address of the database; the embedded server runs for as long as the block does.

    Raises:
        StartupError: The embedded server cannot start.
    """
    if settings.database.url is not None:
        yield settings.database.url.get_secret_value()
        return
    server = EmbeddedServer(settings.data_dir / "postgres")
    try:
        yield server.start()
    finally:
        server.stop()


@contextlib.asynccontextmanager
async def database(settings: Settings, dsn: str, registry: PluginRegistry) -> AsyncIterator[dict[str, Any]]:
    """Opens the pool with the tables of core and of all plugins that have loaded; gives the ORM's app configuration."""
    apps: AppModels = {CORE: (CORE_MODELS, "core.migrations")}
    for record in registry.records:
        models = record.contributions.models
        if record.state is PluginState.LOADED and models is not None:
            apps[record.name] = (list(models.modules), models.migrations)

    def config() -> dict[str, Any]:
        return tortoise_config(dsn, apps, pool_min=settings.database.pool_min, pool_max=settings.database.pool_max)

    try:
        await open_database(config())
    except StartupError:
        raise
    except Exception:
        log.exception("models_unusable")
        await _set_aside_unusable_models(dsn, registry, apps)
        await open_database(config())
    try:
        yield config()["apps"]
    finally:
        await close_database()


async def _set_aside_unusable_models(dsn: str, registry: PluginRegistry, apps: AppModels) -> None:
    """Takes out the plugins whose tables the ORM can make no sense of: one such would stop all of them."""

    async def fault(of: AppModels) -> str:
        try:
            await Tortoise.init(config=tortoise_config(dsn, of))
        except Exception as error:  # noqa: BLE001 - becomes the plugin's reason
            return f"{type(error).__name__}: {error}"
        return ""

    usable: AppModels = {CORE: apps[CORE]}
    for name, models in list(apps.items()):
        reason = await fault({**usable, name: models})
        if reason and name == CORE:
            raise StartupError(f"The tables of core cannot be used. {reason}")
        if reason:
            _set_aside(registry, name, PluginState.BROKEN, f"Its tables cannot be used. {reason}")
        else:
            usable[name] = models
    for name in apps.keys() - usable.keys():
        del apps[name]


async def bring_up_to_date(registry: PluginRegistry, apps: dict[str, Any], only: str | None = None) -> None:
    """Migrates core and the plugins, or one app alone, and sets aside those whose models or migrations are at fault."""
    audit(registry)
    after = await migrate({name: app for name, app in apps.items() if _goes_on(registry, name)}, only)
    for name, reason in after.failed.items():
        _set_aside(registry, name, PluginState.NEEDS_MIGRATION, reason)
    for name, models in (Tortoise.apps or {}).items():
        if not _goes_on(registry, name) or only not in (None, name):
            continue
        try:
            await enforce_tenant_keys(models.values())
        except Exception as error:
            if name == CORE:
                raise
            log.exception("migration_failed", app=name)
            _set_aside(registry, name, PluginState.NEEDS_MIGRATION, f"{type(error).__name__}: {error}")


async def require_schema(apps: dict[str, Any], registry: PluginRegistry) -> None:
    """Refuses to run on a schema that is not this code's.

    Raises:
        StartupError: Core has migrations that are not applied, or the schema is newer than the code.
    """
    state = await migration_state(apps)
    refuse_newer_schema(state)
    pending = {app for app, _name in state.pending}
    if CORE in pending:
        raise StartupError("The database schema is older than this code.", mend="Run: switchroom migrate")
    for name in pending:
        _set_aside(
            registry, name, PluginState.NEEDS_MIGRATION, "Its tables are not up to date. Run: switchroom migrate"
        )
    for name, reason in state.failed.items():
        _set_aside(registry, name, PluginState.NEEDS_MIGRATION, reason)


def audit(registry: PluginRegistry) -> None:
    """Refuses models that do not say whose their rows are."""
    for label, models in (Tortoise.apps or {}).items():
        problems = audit_models(label, list(models.values()))
        if problems and label == CORE:
            raise StartupError(problems[0])
        if problems:
            _set_aside(registry, label, PluginState.BROKEN, problems[0])


def _goes_on(registry: PluginRegistry, name: str) -> bool:
    """Whether it is core, or a plugin that nothing has set aside."""
    record = registry.get(name)
    return name == CORE or record is None or record.state in (PluginState.LOADED, PluginState.READY)


def _set_aside(registry: PluginRegistry, name: str, state: PluginState, reason: str) -> None:
    record = registry.get(name)
    if record is not None:
        record.fail(state, reason)


class Application:
    """One process of the installation, from start to stop."""

    def __init__(
        self,
        platform: Platform,
        presence: Presence,
        runner: JobRunner,
        scheduler: Scheduler | None,
        roles: frozenset[Role],
        report: Report,
    ) -> None:
        self.platform = platform
        self.roles = roles
        self._presence = presence
        self._runner = runner
        self._scheduler = scheduler
        self._report = report

    @property
    def plugins(self) -> PluginRegistry:
        """The plugins of this process."""
        return self.platform.registry

    @classmethod
    def build(cls, settings: Settings, dsn: str, registry: PluginRegistry, roles: frozenset[Role]) -> Application:
        """Puts the parts together; nothing runs yet. The database is open and up to date."""
        attach_kinds(registry)
        registry.mark_ready()
        jobs = JobRegistry([*CORE_JOBS, *(item for record in registry.ready for item in record.contributions.jobs)])
        live_url = settings.live.url.get_secret_value() if settings.live.url else None
        enablement = EnablementCache(registry, SettingsReader(settings))
        live = LiveHub(dsn, live_url)
        platform = Platform(settings, registry, Dispatcher(registry), enablement, jobs, live, IssueLog(live))
        broker_url = settings.broker.url.get_secret_value() if settings.broker.url else None
        counts = JobCounts()
        run = counts.counting(_run_in_tenant(platform))
        presence = Presence(dsn)
        runner = JobRunner(open_broker(broker_url), jobs, run, presence, _note_failure(platform))
        scheduler = None
        if Role.SCHEDULER in roles:
            schedules = Schedules(
                [*CORE_SCHEDULES, *(each for record in registry.ready for each in record.contributions.schedules)]
            )
            scheduler = Scheduler(dsn, runner.send, schedules=schedules)
        report = Report(registry, roles, [counts.write, partial(asyncio.to_thread, drop_old_files, settings)])
        return cls(platform, presence, runner, scheduler, roles, report)

    async def start(self) -> None:
        """Begins the background work of this process and starts the plugins."""
        await self.platform.live.start()
        self.platform.issues.start()
        await plugin_lifecycle.start_plugins(self.platform, media=Role.MEDIA in self.roles)
        if self.roles & {Role.WORKER, Role.SCHEDULER}:
            await self._presence.start()
        if Role.WORKER in self.roles:
            self._runner.start(self.platform.settings.broker.worker_threads)
        if self._scheduler is not None:
            await bring_settings_up_to_date(self.platform)
            await self._scheduler.start()
        await self._report.start()

    async def stop(self) -> None:
        """Ends the background work; what is unfinished stays in its rows."""
        if self._scheduler is not None:
            await self._scheduler.stop()
        await self._runner.stop()
        await self._presence.stop()
        await self._report.stop()
        await plugin_lifecycle.stop_plugins(self.platform)
        await self.platform.issues.stop()
        await self.platform.live.stop()


def _run_in_tenant(platform: Platform) -> RunInTenant:
    async def run(job: Job, tenant_id: int | None, arguments: dict[str, Any]) -> str | None:
        if tenant_id is None:
            await job.function(platform, **arguments)
            return None
        try:
            tenant = await platform.tenant(tenant_id=tenant_id)
        except NotFound:
            return TENANT_SUSPENDED if await Tenant.exists(id=tenant_id) else None
        async with platform.context(tenant) as ctx:
            if job.plugin != CORE and job.plugin not in ctx.enabled_plugins:
                return ctx.suspended_plugins.get(job.plugin, PLUGIN_OFF)
            await job.function(ctx.for_plugin(job.plugin), **arguments)
        return None

    return run


def _note_failure(platform: Platform) -> Callable[[Job, int | None, BaseException], None]:
    def failed(job: Job, tenant_id: int | None, error: BaseException) -> None:
        if tenant_id is not None and job.plugin != CORE:
            note(platform, tenant_id, job.plugin, Kind.JOB, job.name, error)

    return failed


@contextlib.asynccontextmanager
async def running(settings: Settings, roles: frozenset[Role], *, may_migrate: bool) -> AsyncIterator[Application]:
    """A process that runs for as long as the block does, without its web server.

    Args:
        settings: The installation.
        roles: What the process does.
        may_migrate: Whether to bring the schema up to date; else an old one is refused.

    Raises:
        StartupError: Something keeps it from starting; says what, and how to mend it.
    """
    registry = load_plugins(settings)
    with database_server(settings) as dsn:
        async with database(settings, dsn, registry) as apps:
            if may_migrate:
                await bring_up_to_date(registry, apps)
            else:
                await require_schema(apps, registry)
            audit(registry)
            application = Application.build(settings, dsn, registry, roles)
            await application.start()
            try:
                if settings.plugins.strict:
                    registry.require_all()
                yield application
            finally:
                await application.stop()


def stop_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped
