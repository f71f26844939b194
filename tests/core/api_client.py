"""Programs that use the API over the web application, for tests of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx
from litestar.types import ASGIApp

from core.accounts.tokens import create_token
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from tests.core.web_client import add_user

API = "/api/v1/core"


async def token_for(platform: Platform, tenant: TenantRef, user_id: int, role: str) -> str:
    """A token of a user in one of the user's roles."""
    async with platform.context(tenant) as ctx:
        text, _view = await create_token(ctx, name="Test", user_id=user_id, role=role, expires_at=None)
    return text


@contextlib.asynccontextmanager
async def program(web: ASGIApp, token: str | None = None, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A program with a token, or with none."""
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app=web, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://calls.test", headers=headers) as opened:
        yield opened


@contextlib.asynccontextmanager
async def program_of(
    web: ASGIApp, platform: Platform, tenant: TenantRef, username: str, *roles: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A program with the token of a new user in the first of the roles."""
    user_id = await add_user(platform, tenant, username, *roles)
    async with program(web, await token_for(platform, tenant, user_id, roles[0])) as opened:
        yield opened
