"""The web application over a real database, and people who use it; for tests of core's pages."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar.types import ASGIApp

from core import app as core_app
from core import plugin_lifecycle
from core.accounts.users import create_user
from core.app import Application
from core.database.connection import execute_script, fetch
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from core.web.app import create_web_app
from tests.conftest import make_settings

SAMPLE_PLUGINS = Path(__file__).parent / "sample_plugins"
PASSWORD = "correct horse battery"


@contextlib.asynccontextmanager
async def client(web: ASGIApp, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a login, as far as headers make one."""
    transport = httpx.ASGITransport(app=web, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://calls.test", headers={"accept": "text/html", **headers}
    ) as opened:
        yield opened


async def add_user(platform: Platform, tenant: TenantRef, username: str, *roles: str) -> int:
    """A person who may log in, with `PASSWORD`."""
    async with platform.context(tenant) as ctx:
        return (await create_user(ctx, username, username.title(), PASSWORD, roles)).id


async def log_in(browser: httpx.AsyncClient, username: str, tenant: TenantRef, **fields: str) -> httpx.Response:
    """Sends the login form."""
    form = {"organisation": tenant.slug, "username": username, "password": PASSWORD, **fields}
    return await browser.post("/login", data=form)


@pytest.fixture(name="application")
async def application_with_samples(database_url: str) -> AsyncIterator[Application]:
    """The platform with the sample plugins beside the bundled ones, on empty tables."""
    settings = make_settings(database_url, SWITCHROOM__PLUGINS__DIRS=json.dumps([str(SAMPLE_PLUGINS)]))
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, database_url, registry):
        await empty_tables()
        built = Application.build(settings, database_url, registry, frozenset())
        await built.platform.live.start()
        try:
            yield built
        finally:
            await built.platform.live.stop()


@pytest.fixture(name="web")
def web_application(platform: Platform) -> ASGIApp:
    """The web application."""
    return create_web_app(platform)


async def empty_tables() -> None:
    """Deletes all rows."""
    tables = await fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
    )
    names = ", ".join(f'"{row["tablename"]}"' for row in tables)
    await execute_script(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


async def switch_on(platform: Platform, tenant: TenantRef, *plugins: str) -> None:
    """Enables plugins for a tenant."""
    async with platform.context(tenant) as ctx:
        await plugin_lifecycle.enable_for_tenant(platform, ctx, list(plugins))
