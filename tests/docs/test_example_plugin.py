"""The plugin that the documentation explains works as the documentation says."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.types import ASGIApp

from core import app as core_app
from core.accounts.permissions import AGENT, KB_READER
from core.agents.connection import tab_opened
from core.app import Application
from core.plugins.context import Platform
from core.plugins.discovery import PluginState
from core.tenancy.context import TenantRef
from switchroom.agents import Intent, choose_intent
from switchroom.interactions import accept_offer, create_interaction, make_offer
from tests.conftest import ROOT, make_settings
from tests.core.web_client import (
    add_user,
    client,
    log_in,
    switch_on,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

EXAMPLES = ROOT / "docs" / "examples"


def forget_folders() -> None:
    """Lets the next installation of this process find its own folders: the names that they are imported by are kept."""
    for name in [name for name in sys.modules if name.startswith("_switchroom_")]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def _fresh_folders() -> Iterator[None]:
    forget_folders()
    yield
    forget_folders()


@pytest.fixture
def switchroom_settings(_fresh_folders: None) -> dict[str, str]:
    """The platform finds the examples as `plugins.dirs` says."""
    return {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(EXAMPLES)])}


@pytest.fixture
async def having(platform: Platform, tenant: TenantRef) -> TenantRef:
    """A tenant that has switched the example on."""
    await switch_on(platform, tenant, "hello")
    return tenant


async def test_example_loads(application: Application) -> None:
    record = application.plugins.get("hello")
    assert record is not None
    assert (record.state, record.reason) == (PluginState.READY, "")


async def test_page_answers_where_the_plugin_is_on(web: ASGIApp, platform: Platform, having: TenantRef) -> None:
    await add_user(platform, having, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", having)
        answer = await browser.get("/p/hello/")
        home = await browser.get("/")
    assert answer.status_code == 200
    assert "Hello, Anna" in answer.text
    assert 'href="/p/hello/"' in home.text
    assert 'hx-get="/p/hello/panel"' in home.text


async def test_page_is_not_there_where_the_plugin_is_off(
    web: ASGIApp, platform: Platform, other_tenant: TenantRef
) -> None:
    await add_user(platform, other_tenant, "ben", AGENT)
    async with client(web) as browser:
        await log_in(browser, "ben", other_tenant)
        answer = await browser.get("/p/hello/")
        home = await browser.get("/")
    assert answer.status_code == 404
    assert "/p/hello" not in home.text


async def test_page_is_refused_to_a_role_without_the_permission(
    web: ASGIApp, platform: Platform, having: TenantRef
) -> None:
    await add_user(platform, having, "kim", KB_READER)
    async with client(web) as browser:
        await log_in(browser, "kim", having)
        answer = await browser.get("/p/hello/")
        home = await browser.get("/")
    assert answer.status_code == 403
    assert "/p/hello" not in home.text


async def test_panel_is_there_during_a_call_alone_and_escapes_the_name(
    web: ASGIApp, platform: Platform, having: TenantRef
) -> None:
    anna = await add_user(platform, having, "anna", AGENT)
    async with client(web) as browser:
        await log_in(browser, "anna", having)
        before = await browser.get("/p/hello/panel")
        await _talk_to(platform, having, anna, "Kim <b>Lee</b>")
        during = await browser.get("/p/hello/panel")
    assert (before.status_code, before.text) == (204, "")
    assert "Say hello to Kim &lt;b&gt;Lee&lt;/b&gt;." in during.text


async def _talk_to(platform: Platform, tenant: TenantRef, agent: int, name: str) -> None:
    async with platform.context(tenant) as ctx:
        await tab_opened(ctx, agent)
        await choose_intent(ctx, agent, Intent.AVAILABLE)
        interaction = await create_interaction(ctx, channel="voice", contact_name=name)
        offer = await make_offer(ctx, interaction.id, [agent], cause="test")
        assert offer is not None
        await accept_offer(ctx, offer.id, agent)


def test_plugin_in_a_folder_imports_its_own_modules_relatively(database_url: str, tmp_path: Path) -> None:
    """As `docs/plugin-authors/README.md` says of a plugin of more than one file."""
    home = tmp_path / "bigger"
    home.mkdir()
    (home / "manifest.yaml").write_text("name: bigger\nversion: '1'\napi: '>=1.0,<2'\nsummary: Two files.\n")
    (home / "permissions.py").write_text(
        "from switchroom.contributions import Permission\nPERMISSIONS = [Permission('bigger.use', 'Use it')]\n"
    )
    (home / "plugin.py").write_text(
        textwrap.dedent(
            """
            from switchroom import hookimpl
            from .permissions import PERMISSIONS

            class Bigger:
                @hookimpl
                def register_permissions(self):
                    return PERMISSIONS

            plugin = Bigger()
            """
        )
    )
    settings = make_settings(database_url, SWITCHROOM__PLUGINS__DIRS=json.dumps([str(tmp_path)]))
    record = core_app.load_plugins(settings).get("bigger")
    assert record is not None
    assert (record.state, record.reason) == (PluginState.LOADED, "")
    assert [item.name for item in record.contributions.permissions] == ["bigger.use"]
