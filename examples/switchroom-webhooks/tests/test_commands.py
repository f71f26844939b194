"""The command line, in a process of its own as an administrator runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from switchroom.runtime import TenantRef
from switchroom.testing import Clock, Jobs
from switchroom.testing.app import SETTINGS_FILE
from switchroom_webhooks.models import Delivery

pytestmark = pytest.mark.anyio


async def test_dead_deliveries_are_listed_and_sent_again(
    receiver: Any,
    receiving: Any,
    add_endpoint: Any,
    calls: Any,
    jobs: Jobs,
    clock: Clock,
    on: TenantRef,
    switchroom_database: str,
    switchroom_settings: Mapping[str, str],
    tmp_path: Any,
) -> None:
    added = await add_endpoint(receiver, "interaction.ended")
    receiver.answer = receiving["status"](500)
    await calls()
    for _attempt in range(3):
        await jobs.run_due()
        await clock.advance(hours=1)
    environ = {
        **os.environ,
        **switchroom_settings,
        "SWITCHROOM_SETTINGS": str(SETTINGS_FILE),
        "SWITCHROOM__DATABASE__URL": switchroom_database,
        "SWITCHROOM__DATA_DIR": str(tmp_path),
    }

    async def switchroom(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return await anyio.run_process([sys.executable, "-m", "core.cli", *arguments], env=environ, check=False)

    listed = await switchroom("webhooks", "list", on.slug)
    assert f"{added.endpoint.id}\tactive\t1 dead\t{receiver.url}".encode() in listed.stdout, listed.stderr
    replayed = await switchroom("webhooks", "replay", on.slug, "--endpoint", str(added.endpoint.id))
    assert b"1 deliveries are sent again." in replayed.stdout, replayed.stderr
    receiver.answer = receiving["status"](200)
    await jobs.run_due()
    assert (await Delivery.get()).state == "delivered"
    assert (await switchroom("webhooks", "replay", on.slug)).returncode == 2
    unknown = await switchroom("webhooks", "list", "nobody")
    assert unknown.returncode == 2
    assert b"no such organisation" in unknown.stderr
