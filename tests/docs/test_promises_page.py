"""The example of the page on promises is a plugin that works as the page says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.database.connection import execute, fetch_value
from core.plugins.context import Platform
from core.tenancy.context import TenantRef
from switchroom.testing.enabling import switch_off
from switchroom.testing.jobs import Jobs
from switchroom.testing.people import Agent
from tests.core.web_client import switch_on
from tests.docs.pages import text_of
from tests.docs.test_example_plugin import forget_folders

pytestmark = pytest.mark.anyio


@pytest.fixture
def switchroom_settings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The platform finds the plugin of the page."""
    forget_folders()
    code = re.findall(r"```python\n(.*?)```", text_of("docs/plugin-authors/promises.md"), re.DOTALL)
    home = tmp_path / "parcels"
    home.mkdir()
    manifest = 'name: parcels\nversion: 0.1.0\napi: ">=1.0,<2"\nsummary: An example.\n'
    (home / "manifest.yaml").write_text(manifest, encoding="utf-8")
    (home / "plugin.py").write_text("\n\n".join(["import sys", *code, "plugin = sys.modules[__name__]"]), "utf-8")
    yield {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(tmp_path)])}
    forget_folders()


async def state() -> str:
    found: str = await fetch_value("SELECT state FROM promises_promise ORDER BY id DESC LIMIT 1")
    return found


async def test_a_parcel_is_promised_put_off_delivered_and_goes_back_when_its_owner_is_absent(
    platform: Platform, tenant: TenantRef, agent: Agent, jobs: Jobs
) -> None:
    await switch_on(platform, tenant, "parcels")
    record = platform.registry.get("parcels")
    assert record is not None
    assert record.ready, record.reason
    parcels: Any = record.plugin
    due = datetime.now(UTC) + timedelta(hours=1)
    async with agent.context("parcels") as ctx:
        await parcels.postpone(ctx, 7, due)
        await parcels.postpone(ctx, 7, due + timedelta(hours=1))
        assert await fetch_value("SELECT count(*) FROM promises_promise") == 1
        await parcels.deliver(ctx, 7)
        assert await state() == "kept"
        await parcels.postpone(ctx, 7, due)
    await execute("UPDATE promises_promise SET due_at = now() - interval '1 hour' WHERE state = 'open'")
    await execute("UPDATE core_agent SET status = 'offline', connected_until = NULL")
    for name in ("promises.fall_due", "promises.fall_back"):
        await jobs.let_time_pass(name)
    assert await state() == "released"
    assert {7} == parcels.WAITING


async def test_without_a_ledger_nothing_is_promised(platform: Platform, tenant: TenantRef, agent: Agent) -> None:
    await switch_on(platform, tenant, "parcels")
    await switch_off(platform, tenant, "promises")
    record = platform.registry.get("parcels")
    assert record is not None
    parcels: Any = record.plugin
    async with agent.context("parcels") as ctx:
        await parcels.postpone(ctx, 7, datetime.now(UTC) + timedelta(hours=1))
    assert await fetch_value("SELECT count(*) FROM promises_promise") == 0
