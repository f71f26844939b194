"""The whole platform over a real database, with its web application, and nothing that runs in the background."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from litestar import Litestar
from litestar.types import ASGIApp

from core import app as core_app
from core import plugin_lifecycle, provisioning
from core.accounts import passwords
from core.app import Application
from core.plugins.context import Platform
from core.plugins.discovery import PluginRecord
from core.plugins.registry import PluginRegistry
from core.settings import Settings, load_settings
from core.site import create_routes, create_web_app
from core.tenancy.context import TenantRef
from switchroom.testing.databases import empty_tables
from switchroom.testing.hooks import HookTap

SETTINGS_FILE = Path(__file__).parent / "settings.yaml"

_migrated: dict[str, set[str]] = {}
"""Which plugins' tables each scratch database of this process has."""

_routes: dict[Any, Litestar] = {}
"""The routes of web applications, by what they were made of."""


# A password of a test needs no hash that takes an attacker years.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


class App:
    """One installation, as a test sees it.

    Attributes:
        application: The process without its background work.
        hooks: Sees every call of a hook, and breaks those of a plugin on demand.
    """

    def __init__(self, application: Application, hooks: HookTap) -> None:
        self.application = application
        self.hooks = hooks
        self._started = False

    @property
    def platform(self) -> Platform:
        """The services."""
        return self.application.platform

    @property
    def plugins(self) -> PluginRegistry:
        """Every plugin that was found, in whatever state."""
        return self.platform.registry

    @cached_property
    def web(self) -> ASGIApp:
        """The web application, put together when it is first asked for."""
        return web_application(self.platform)

    async def start_plugins(self) -> None:
        """Calls `plugin_startup` of every plugin, as a process that serves does; they are stopped with the test."""
        self._started = True
        await plugin_lifecycle.start_plugins(self.platform, media=False)

    async def create_tenant(self, slug: str, name: str = "") -> TenantRef:
        """Another tenant, with the plugins of `plugins.enabled_by_default`."""
        return await provisioning.create_tenant(self.platform, slug=slug, name=name or slug.title())

    async def close(self) -> None:
        """Ends what `start_plugins` began."""
        if self._started:
            await plugin_lifecycle.stop_plugins(self.platform)


def make_settings(url: str, **overrides: str) -> Settings:
    """The settings of an installation for tests.

    Args:
        url: Its database.
        overrides: As in the environment: `SWITCHROOM__PLUGINS__DIRS="[…]"`, the value read as YAML.
    """
    folder = Path(tempfile.gettempdir()) / "switchroom-tests"
    return load_settings(
        SETTINGS_FILE, {"SWITCHROOM__DATABASE__URL": url, "SWITCHROOM__DATA_DIR": str(folder), **overrides}
    )


@asynccontextmanager
async def open_app(url: str, overrides: Mapping[str, str] | None = None) -> AsyncIterator[App]:
    """The installation on a scratch database, whose tables are made when they are missing, and emptied.

    Args:
        url: The database.
        overrides: As for `make_settings`.
    """
    settings = make_settings(url, **(overrides or {}))
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, url, registry) as apps:
        await _make_tables(url, registry, apps)
        await empty_tables()
        core_app.audit(registry)
        hooks = HookTap()
        hooks.install(registry.manager)
        application = Application.build(settings, url, registry, frozenset())
        app = App(application, hooks)
        await app.platform.live.start()
        try:
            yield app
        finally:
            await app.close()
            await app.platform.live.stop()


def web_application(platform: Platform) -> ASGIApp:
    """The web application over the services of one installation.

    Most of its making is the making of its routes, so these are those of an earlier one with the very same plugins.
    """
    plugins = tuple(
        (record.name, record.folder, record.plugin, *_handlers(record)) for record in platform.registry.ready
    )
    made_of = (plugins, platform.settings.server.public_url)
    if made_of not in _routes:
        _routes[made_of] = create_routes(platform)
    return create_web_app(platform, _routes[made_of])


def _handlers(record: PluginRecord) -> Iterator[Any]:
    for routes in record.contributions.routes:
        yield from (*routes.pages, *routes.public, *routes.api)


async def migrate_database(url: str, overrides: Mapping[str, str] | None = None) -> None:
    """Makes the tables of core and of all plugins, where they are missing."""
    settings = make_settings(url, **(overrides or {}))
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, url, registry) as apps:
        await _make_tables(url, registry, apps)


async def _make_tables(url: str, registry: PluginRegistry, apps: dict[str, Any]) -> None:
    there = _migrated.setdefault(url, set())
    if not there.issuperset(apps):
        await core_app.bring_up_to_date(registry, apps)
        there.update(apps)
