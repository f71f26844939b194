"""The fixtures of a pytest plugin that is there wherever Switchroom is installed.

Nothing happens until a test asks: no import of the platform, no database, no fixture that runs by itself. A fixture of
the same name in your own `conftest.py` or module takes the place of one of these. Tests and fixtures are asynchronous:
mark tests with `pytest.mark.anyio`, and give `conftest.py` a session-wide fixture `anyio_backend` that returns
`"asyncio"`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from core.plugins.context import Platform
    from core.tenancy.context import TenantRef
    from switchroom.testing.app import App
    from switchroom.testing.hooks import HookTap
    from switchroom.testing.jobs import Clock, Jobs
    from switchroom.testing.people import Agent, Client


@pytest.fixture(scope="session")
def switchroom_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL: see `switchroom.testing.databases`."""
    from switchroom.testing.databases import database_server

    with database_server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def switchroom_database(switchroom_server: str) -> Iterator[str]:
    """The address of a database of this test process, which goes with it. Its tables are made by the first `app`."""
    from switchroom.testing.databases import scratch_database

    with scratch_database(switchroom_server) as url:
        yield url


@pytest.fixture
def switchroom_settings() -> Mapping[str, str]:
    """Settings of the installation that differ from those of a new one, as variables; for you to override.

    A plugin that lies in a folder and is not installed is found by `{"SWITCHROOM__PLUGINS__DIRS": "[/the/folder]"}`.
    """
    return {}


@pytest.fixture
async def app(switchroom_database: str, switchroom_settings: Mapping[str, str]) -> AsyncIterator[App]:
    """The platform and its web application, on empty tables. Nothing runs in the background: see `jobs`."""
    from switchroom.testing.app import open_app

    async with open_app(switchroom_database, switchroom_settings) as opened:
        yield opened


@pytest.fixture
def platform(app: App) -> Platform:
    """The services of the application."""
    return app.platform


@pytest.fixture
async def tenant(app: App) -> TenantRef:
    """A tenant with the plugins of `plugins.enabled_by_default`."""
    return await app.create_tenant("acme", "Acme")


@pytest.fixture
async def other_tenant(app: App) -> TenantRef:
    """Another tenant, which must see nothing of the first."""
    return await app.create_tenant("globex", "Globex")


@pytest.fixture
async def client(app: App) -> AsyncIterator[Client]:
    """A browser: an `httpx.AsyncClient` that can `log_in(agent)`."""
    from switchroom.testing.people import Client

    async with Client(app.web) as opened:
        yield opened


@pytest.fixture
async def agent(app: App, tenant: TenantRef) -> Agent:
    """Anna of the tenant, who is at work and available."""
    from switchroom.testing.people import add_agent

    return await add_agent(app.platform, tenant)


@pytest.fixture
def enable(app: App, tenant: TenantRef) -> Callable[..., Awaitable[TenantRef]]:
    """Switches a plugin on, and what it requires with it.

    `await enable("loyalty", {"points_per_call": 2})` does so for `tenant`, `await enable("loyalty",
    tenant=other_tenant)` for another. Gives the tenant as it is afterwards.
    """
    from switchroom.testing.enabling import switch_on

    async def switch(
        plugin: str, settings: Mapping[str, Any] | None = None, *, tenant: TenantRef = tenant
    ) -> TenantRef:
        return await switch_on(app.platform, tenant, plugin, settings)

    return switch


@pytest.fixture
def jobs(platform: Platform) -> Jobs:
    """The outbox, run by hand: `await jobs.run_due()`."""
    from switchroom.testing.jobs import Jobs

    return Jobs(platform)


@pytest.fixture
def clock(app: App) -> Clock:
    """Lets time pass without waiting: `await clock.advance(minutes=5)`."""
    from switchroom.testing.jobs import Clock

    return Clock()


@pytest.fixture
def hooks(app: App) -> HookTap:
    """The calls of hooks from here on, with arguments and results: `hooks.of("agent_panels", "loyalty")`."""
    app.hooks.clear()
    return app.hooks


@pytest.fixture
def break_plugin(app: App) -> Callable[..., None]:
    """Breaks a plugin for the rest of the test: `break_plugin("loyalty", Fault.HANGS, hook="agent_panels")`.

    Without a hook all of the plugin's are broken.
    """
    from core.plugins.discovery import PluginState
    from switchroom.testing.hooks import Fault

    def broken(plugin: str, how: Fault = Fault.RAISES, *, hook: str = "*") -> None:
        record = app.plugins.get(plugin)
        if record is None:
            raise LookupError(f"There is no plugin {plugin!r}.")
        if how is Fault.NOT_READY:
            record.fail(PluginState.BROKEN, "The test has broken it.")
        else:
            app.hooks.faults[plugin, hook] = how

    return broken
