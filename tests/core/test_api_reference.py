"""The page that tells people what the API does."""

from __future__ import annotations

import re

import pytest
from litestar.types import ASGIApp

from core import plugin_lifecycle
from core.accounts.permissions import AGENT
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from tests.core.api_client import API
from tests.core.web_client import (
    add_user,
    application_with_samples,  # noqa: F401 - a fixture
    client,
    log_in,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

PAGE = "/api/v1/docs"


async def test_reference_shows_each_operation_and_every_link_in_it_leads_somewhere(
    web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        answer = await browser.get(PAGE)
        document = (await browser.get("/api/v1/openapi.json")).json()
    assert answer.status_code == 200
    ids = re.findall(r' id="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    assert {each["operationId"] for item in document["paths"].values() for each in item.values()} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', answer.text)) <= set(ids)
    assert " style=" not in answer.text


async def test_reference_shows_plugins_that_are_on_alone(web: ASGIApp, platform: Platform, ctx: Context) -> None:
    await add_user(platform, ctx.tenant, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", ctx.tenant)
        assert "/api/v1/routing/queues" in (await browser.get(PAGE)).text
        await plugin_lifecycle.disable_plugin(platform, ctx, "routing")
        assert "/api/v1/routing/queues" not in (await browser.get(PAGE)).text


async def test_reference_is_read_in_the_language_of_the_reader_and_not_by_strangers(
    web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    await add_user(platform, tenant, "anna", AGENT)
    async with client(web) as browser:
        assert (await browser.get(PAGE)).status_code == 401
        await log_in(browser, "anna", tenant)
        await browser.patch(f"{API}/me", json={"language": "ru"})
        shown = (await browser.get(PAGE)).text
    assert "Справочник по API" in shown
    assert "целое число, от 1 до 200" in shown
