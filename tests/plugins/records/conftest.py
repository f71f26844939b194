"""Two agents and a supervisor of a tenant that has record queues."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from switchroom.testing.people import add_agent, add_person
from tests.plugins.records.work import Worker, working


@pytest.fixture
async def acme(platform: Platform, tenant: TenantRef) -> TenantRef:
    """The tenant, with record queues."""
    return tenant


@pytest.fixture
async def anna(platform: Platform, acme: TenantRef) -> AsyncIterator[Worker]:
    """An agent at work."""
    async with working(await add_agent(platform, acme, "anna")) as worker:
        yield worker


@pytest.fixture
async def ben(platform: Platform, acme: TenantRef, anna: Worker) -> AsyncIterator[Worker]:
    """Another agent at work."""
    async with working(await add_agent(platform, acme, "ben")) as worker:
        yield worker


@pytest.fixture
async def boss(platform: Platform, acme: TenantRef) -> AsyncIterator[Context]:
    """The context of a supervisor."""
    person = await add_person(platform, acme, "sofia", "supervisor")
    async with person.context("records") as ctx:
        yield ctx
