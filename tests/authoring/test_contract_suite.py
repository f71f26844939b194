"""The contract finds a plugin that keeps none of it, and says what is wrong where."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TEST = """
import json
import pytest
from switchroom.testing.contract import PluginContract

class TestContract(PluginContract):
    plugin = "leaky"

    @pytest.fixture
    def switchroom_settings(self):
        return {
            "SWITCHROOM__PLUGINS__DIRS": json.dumps(["THE_FOLDER"]),
            "SWITCHROOM__PLUGINS__ENABLED_BY_DEFAULT": "[]",
        }

    async def arrange(self, ctx):
        from switchroom.database import execute
        rows = "INSERT INTO leaky_note (id, tenant_id, text) VALUES (1, $1, 'first') ON CONFLICT DO NOTHING"
        await execute(rows, ctx.tenant.id)
        return {"note_id": 1}
"""

FOUND = {
    "test_every_route_is_refused_without_its_permission": "asks for 'leaky.nobody', which nobody declares",
    "test_ids_of_another_tenant_are_answered_like_ids_of_nobody": (
        "POST /p/leaky/notes/{note_id:int}/change has changed rows of another tenant in leaky_note"
    ),
    "test_no_page_shows_anything_of_another_tenant": "GET /p/leaky/everything shows a row of another tenant",
    "test_no_hook_tells_anything_of_another_tenant": "search gives something of another tenant",
    "test_every_hook_answers_in_time_and_as_specified": "dashboard_widgets takes longer than its 1 seconds",
    "test_a_job_that_runs_twice_leaves_the_same_rows": "leaky.count changes leaky_note again when it runs again",
    "test_a_job_touches_no_other_tenant": "leaky.clean of one tenant changes core_user of another",
    "test_models_are_those_of_the_migrations": "Run: switchroom plugin makemigrations leaky",
    "test_migrations_run_forward_and_write_only_own_tables": "it adds the column 'id integer YES' to stray",
    "test_an_unknown_key_is_refused": 'add `model_config = ConfigDict(extra="forbid")`',
    "test_a_secret_is_never_shown": "/p/leaky/secret",
    "test_settings_of_older_versions_are_still_read": "give what it stored in `stored_settings`",
    "test_everything_that_is_shown_can_be_opened": "a script is written into the page in line 2",
    "test_what_is_shown_asks_for_declared_permissions": "agent_panels 'leaky.panel' asks for 'leaky.nobody'",
    "test_ids_of_what_is_shown_are_unique": "agent_panels 'leaky.panel'",
    "test_no_route_fails": "GET /p/leaky/failing answers 500",
    "test_files_that_pages_load_are_there": "there_is_no_such.js",
    "test_templates_compile_and_use_no_other_plugins": "uses wrapup/panel.html, a template of another plugin",
    "test_every_text_is_translated_in_each_language_that_it_brings": "'Hello' is not translated",
}
"""The test of the contract that has to fail → what it has to say."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, database_server: str) -> str:
    """What pytest says of the plugin that keeps no promise."""
    folder = tmp_path_factory.mktemp("leaky")
    (folder / "test_contract.py").write_text(
        TEST.replace("THE_FOLDER", str(Path(__file__).parent / "plugins")), encoding="utf-8"
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SWITCHROOM", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--show-capture=no", "test_contract.py"],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT), "SWITCHROOM_TEST_DATABASE": database_server},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_every_broken_promise_is_found(report: str) -> None:
    for test, words in FOUND.items():
        section = re.search(rf"^_+ TestContract\.{test} _+$(.*?)(?=^_____|^=====)", report, re.DOTALL | re.MULTILINE)
        assert section, f"{test} did not fail:\n{report[-3000:]}"
        assert words in section[1], f"{test} says something else:\n{section[1]}"


def test_promises_that_it_keeps_are_not_doubted(report: str) -> None:
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", report, re.MULTILINE))
    assert failed <= FOUND.keys()
