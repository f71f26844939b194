"""Puts one process together: plugins, database, jobs, live updates and, by role, web server, worker and scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog
from tortoise import Tortoise

import hookspecs
from core import plugin_lifecycle
from core.agents.connection import check_connection
from core.database.connection import AppModels, close_database, open_database, tortoise_config
from core.database.embedded import EmbeddedServer
from core.database.migrations import migrate, migration_state, refuse_newer_schema
from core.errors import NotFound, StartupError
from core.interactions.offers import end_missed, expire_offer
from core.interactions.segments import end_wrap_up
from core.jobs.registry import Job, JobRegistry
from core.jobs.scheduler import Scheduler
from core.jobs.worker import JobRunner, open_broker
from core.live.hub import LiveHub
from core.plugins.context import CORE, Platform
from core.plugins.discovery import PluginState, discover
from core.plugins.dispatch import Dispatcher
from core.plugins.enablement import EnablementCache
from core.plugins.registry import FOLDER_PACKAGE, PluginRegistry
from core.settings import Settings, check_plugin_names, check_plugin_settings
from core.tenancy.audit import audit_models
from core.tenancy.keys import enforce_tenant_keys

log = structlog.get_logger(__name__)

PROJECT_ROOT = Path(__file__).resolve().parent.parent

CORE_MODELS = [
    "core.tenancy.models",
    "core.accounts.models",
    "core.jobs.models",
    "core.plugins.models",
    "core.agents.models",
    "core.interactions.models",
    "core.forms.models",
]
CORE_JOBS: list[Job] = [expire_offer, end_missed, end_wrap_up, check_connection]


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
    config = tortoise_config(dsn, apps, pool_min=settings.database.pool_min, pool_max=settings.database.pool_max)
    await open_database(config)
    try:
        yield config["apps"]
    finally:
        await close_database()


async def bring_up_to_date(registry: PluginRegistry, apps: dict[str, Any]) -> None:
    """Migrates core and the plugins, and sets aside those whose models or migrations are at fault."""
    after = await migrate(apps)
    for name, reason in after.failed.items():
        _set_aside(registry, name, PluginState.NEEDS_MIGRATION, reason)
    await enforce_tenant_keys(model for models in (Tortoise.apps or {}).values() for model in models.values())


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
        _set_aside(registry, name, PluginState.NEEDS_MIGRATION, "Its tables are not up to date.")
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


def _set_aside(registry: PluginRegistry, name: str, state: PluginState, reason: str) -> None:
    record = registry.get(name)
    if record is not None:
        record.fail(state, reason)


class Application:
    """One process of the installation, from start to stop."""

    def __init__(
        self, platform: Platform, runner: JobRunner, scheduler: Scheduler | None, roles: frozenset[Role]
    ) -> None:
        self.platform = platform
        self.roles = roles
        self._runner = runner
        self._scheduler = scheduler

    @property
    def plugins(self) -> PluginRegistry:
        """The plugins of this process."""
        return self.platform.registry

    @classmethod
    def build(cls, settings: Settings, dsn: str, registry: PluginRegistry, roles: frozenset[Role]) -> Application:
        """Puts the parts together; nothing runs yet. The database is open and up to date."""
        registry.mark_ready()
        jobs = JobRegistry([*CORE_JOBS, *(item for record in registry.ready for item in record.contributions.jobs)])
        live_url = settings.live.url.get_secret_value() if settings.live.url else None
        platform = Platform(
            settings, registry, Dispatcher(registry), EnablementCache(registry), jobs, LiveHub(dsn, live_url)
        )
        broker_url = settings.broker.url.get_secret_value() if settings.broker.url else None
        runner = JobRunner(open_broker(broker_url), jobs, _run_in_tenant(platform))
        scheduler = None
        if Role.SCHEDULER in roles:
            scheduler = Scheduler(dsn, runner.send, broker_is_in_memory=broker_url is None)
        return cls(platform, runner, scheduler, roles)

    async def start(self) -> None:
        """Begins the background work of this process and starts the plugins."""
        await self.platform.live.start()
        await plugin_lifecycle.start_plugins(self.platform, media=Role.MEDIA in self.roles)
        if Role.WORKER in self.roles:
            self._runner.start(self.platform.settings.broker.worker_threads)
        if self._scheduler is not None:
            await self._scheduler.start()

    async def stop(self) -> None:
        """Ends the background work; what is unfinished stays in its rows."""
        if self._scheduler is not None:
            await self._scheduler.stop()
        await self._runner.stop()
        await plugin_lifecycle.stop_plugins(self.platform)
        await self.platform.live.stop()


def _run_in_tenant(platform: Platform) -> Callable[[Job, int | None, dict[str, Any]], Any]:
    async def run(job: Job, tenant_id: int | None, arguments: dict[str, Any]) -> None:
        try:
            tenant = await platform.tenant(tenant_id=tenant_id)
        except NotFound:
            log.info("job_skipped", job=job.name, reason="the tenant is suspended or gone")
            return
        async with platform.context(tenant) as ctx:
            if job.plugin != CORE and job.plugin not in ctx.enabled_plugins:
                log.info("job_skipped", job=job.name, tenant=tenant.slug, reason="the plugin is off")
                return
            await job.function(ctx.for_plugin(job.plugin), **arguments)

    return run


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
