"""The main job, while every broken plugin is installed, and all that can be switched on are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import OpenPage
from tests.browser.main_job import do_the_main_job
from tests.conftest import ROOT, scratch_database
from tests.serving import ServerProcess, free_port, running, server_environ

FOLDER = ROOT / "tests" / "broken_plugins"
HARMFUL = ["exitinghooks", "hanging", "memory", "panelhook", "panelpage"]
"""Those that load: each fails when it is asked for something."""


@pytest.fixture(scope="module")
def server(database_server: str, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The product in one process, with all of them; the demo tenant has those that load."""
    folder = tmp_path_factory.mktemp("installation")
    enabled = ["telephony", "routing", "wrapup", *HARMFUL]
    with scratch_database(database_server, copy_of=migrated) as url:
        environ = server_environ(url, folder) | {
            "SWITCHROOM__PLUGINS__DIRS": json.dumps([str(FOLDER)]),
            "SWITCHROOM__PLUGINS__ENABLED_BY_DEFAULT": json.dumps(enabled),
        }
        process = ServerProcess("run", environ, folder / "server.log", free_port())
        with running(process):
            yield process


def test_main_job_is_done_while_every_broken_plugin_is_installed(
    server: ServerProcess,
    sign_in: Callable[[Browser, str], Page],
    open_page: OpenPage,
    agent_browser: Browser,
    caller_browser: Browser,
) -> None:
    caller = open_page(caller_browser, "/call/demo", permissions=["microphone"])
    do_the_main_job(caller, lambda: sign_in(agent_browser, "agent1"))
    for name in HARMFUL:
        if name != "memory":
            assert re.search(rf"plugin={name}\b|/p/{name}/", server.output), f"{name} was not asked, or did not fail"
