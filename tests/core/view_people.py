"""A platform with the plugins of `view_plugins`, for tests of what plugins show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent
from core.interactions.lifecycle import create_interaction, end_interaction
from core.interactions.offers import accept_offer, make_offer
from core.interactions.rows import InteractionView, get_interaction
from core.plugins.context import Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from tests.core.web_client import add_user, client, log_in, switch_on

VIEW_PLUGINS = Path(__file__).parent / "view_plugins"


@pytest.fixture(name="switchroom_settings")
def application_with_views() -> dict[str, str]:
    """The platform has those plugins beside the bundled ones."""
    return {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(VIEW_PLUGINS)])}


@pytest.fixture(name="tenant")
async def tenant_with_views(platform: Platform) -> TenantRef:
    """A tenant that has enabled them."""
    made = await create_tenant(platform, slug="acme", name="Acme")
    await switch_on(platform, made, "showing")
    await switch_on(platform, made, "asking")
    return await platform.tenant(slug="acme")


@pytest.fixture
def showing(platform: Platform) -> Iterator[Any]:
    """The plugin `showing`; `fails` names its hooks that raise."""
    record = platform.registry.get("showing")
    assert record is not None
    assert record.ready, record.reason
    plugin: Any = record.plugin
    yield plugin
    plugin.fails, plugin.panels = frozenset(), ()


async def agent(platform: Platform, tenant: TenantRef, username: str) -> int:
    """An agent who is there and takes calls."""
    user_id = await add_user(platform, tenant, username, "agent")
    async with platform.context(tenant) as ctx:
        await begin_shift(ctx, user_id)
        await tab_opened(ctx, user_id)
        await choose_intent(ctx, user_id, Intent.AVAILABLE)
    return user_id


async def call(
    platform: Platform, tenant: TenantRef, name: str = "Kim", number: str = "+4930901820", **more: str
) -> InteractionView:
    """A customer calls and waits."""
    async with platform.context(tenant) as ctx:
        return await create_interaction(ctx, channel="voice", contact_name=name, contact_number=number, **more)


async def answered(platform: Platform, tenant: TenantRef, interaction: InteractionView, agent_id: int) -> None:
    """The agent takes the call."""
    async with platform.context(tenant) as ctx:
        offer = await make_offer(ctx, interaction.id, [agent_id], cause="test")
        assert offer is not None, "the agent is not free"
        await accept_offer(ctx, offer.id, agent_id)


async def ended(platform: Platform, tenant: TenantRef, interaction: InteractionView, cause: str) -> InteractionView:
    """The call is over."""
    async with platform.context(tenant) as ctx:
        await end_interaction(ctx, interaction.id, cause)
        return await get_interaction(ctx, interaction.id)


async def sees(web: ASGIApp, tenant: TenantRef, username: str, path: str) -> httpx.Response:
    """What somebody gets at an address, as a part of a page."""
    async with client(web, **{"hx-request": "true"}) as browser:
        await log_in(browser, username, tenant)
        return await browser.get(path)
