"""Administrators at work; for tests of the administration's pages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
from litestar.types import ASGIApp

from core.accounts.own_roles import create_role
from core.database.connection import fetch
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from tests.core.web_client import Client, add_user, client, log_in

HTMX = {"hx-request": "true"}

Fields = Mapping[str, str | int | Sequence[str | int]]


@asynccontextmanager
async def working_as(web: ASGIApp, tenant: TenantRef, username: str) -> AsyncIterator[Client]:
    """A browser in which this person is logged in, with a page open: what is refused comes with its reasons."""
    async with client(web) as browser:
        await log_in(browser, username, tenant)
        browser.headers.update(HTMX)
        yield browser


async def send(browser: Client, path: str, fields: Fields | None = None) -> httpx.Response:
    """Sends a form; a field with several values is sent once for each."""
    return await browser.post(
        path,
        content=urlencode(fields or {}, doseq=True),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )


def problem(answer: httpx.Response) -> dict[str, Any]:
    """What a refused form says."""
    found: dict[str, Any] = json.loads(answer.headers["switchroom-problem"])
    return found


async def add_role(platform: Platform, tenant: TenantRef, name: str, *permissions: str) -> str:
    """A role of the tenant's own; gives its key."""
    async with platform.context(tenant) as ctx:
        role_id = await create_role(ctx, name, permissions)
    rows = await fetch("SELECT key FROM core_role WHERE id = $1", role_id)
    key: str = rows[0]["key"]
    return key


async def add_person_with(platform: Platform, tenant: TenantRef, username: str, *permissions: str) -> int:
    """A person in a role that allows just this."""
    key = await add_role(platform, tenant, f"Role of {username}", *permissions)
    return await add_user(platform, tenant, username, key)


async def changes_of(action: str) -> list[dict[str, Any]]:
    """The entries of the audit log of one action, oldest first."""
    rows = await fetch(
        "SELECT actor, actor_name, subject, subject_name, before, after FROM core_audit WHERE action = $1 ORDER BY id",
        action,
    )
    return [{**row, "before": json.loads(row["before"]), "after": json.loads(row["after"])} for row in rows]
