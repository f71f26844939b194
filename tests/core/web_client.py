"""The web application over a real database, and people who use it; for tests of core's pages."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from litestar.types import ASGIApp

from core import plugin_lifecycle
from core.accounts.users import create_user
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from switchroom.testing.app import App
from switchroom.testing.databases import empty_tables
from switchroom.testing.people import PASSWORD, Client

SAMPLE_PLUGINS = Path(__file__).parent / "sample_plugins"

__all__ = ["PASSWORD", "SAMPLE_PLUGINS", "Client", "add_user", "application_with_samples", "client", "empty_tables"]
__all__ += ["log_in", "switch_on", "web_application"]


def client(web: ASGIApp, **headers: str) -> Client:
    """A browser without a login, as far as headers make one."""
    return Client(web, **headers)


async def add_user(platform: Platform, tenant: TenantRef, username: str, *roles: str) -> int:
    """A person who may log in, with `PASSWORD`."""
    async with platform.context(tenant) as ctx:
        return (await create_user(ctx, username, username.title(), PASSWORD, roles)).id


async def log_in(browser: Client, username: str, tenant: TenantRef, **fields: str) -> httpx.Response:
    """Sends the login form."""
    return await browser.send_login(username, tenant, **fields)


@pytest.fixture(name="switchroom_settings")
def application_with_samples() -> dict[str, str]:
    """The platform has the sample plugins beside the bundled ones."""
    return {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(SAMPLE_PLUGINS)])}


@pytest.fixture(name="web")
def web_application(app: App) -> ASGIApp:
    """The web application."""
    return app.web


async def switch_on(platform: Platform, tenant: TenantRef, *plugins: str) -> None:
    """Enables plugins for a tenant."""
    async with platform.context(tenant) as ctx:
        for name in plugins:
            await plugin_lifecycle.enable_with_requirements(platform, ctx, name)
