"""The command line as a person uses it: real processes, their words and their exit codes."""

from __future__ import annotations

import json
import re

import click
import pytest

from core.cli.root import root
from tests.core.cli.conftest import QUIET_PLUGINS, SECRET, Installation


def test_help_names_every_command(installation: Installation) -> None:
    done = installation.run_anew("--help")
    assert done.code == 0
    ours = done.output.partition("Commands:")[2].partition("Commands of plugins:")[0]
    assert re.findall(r"^  (\w+) ", ours, re.MULTILINE) == root.list_commands(click.Context(root))


@pytest.mark.parametrize("arguments", [["nope"], ["tenants", "nope"], ["tenants", "create"], ["run", "--nope"]])
def test_wrong_usage_is_explained(installation: Installation, arguments: list[str]) -> None:
    done = installation.run(*arguments)
    assert done.code == 2
    assert "Error:" in done.errors
    assert "Traceback" not in done.errors


def test_organisations_and_people_are_managed(shared: Installation) -> None:
    assert shared.run("migrate").output.startswith("Applied core 0001_initial.\n")
    assert shared.run("migrate").output == "The schema is up to date.\n"
    assert shared.run("tenants", "list").output == "There are no organisations yet.\n"

    assert shared.run("tenants", "create", "acme", "--name", "Acme", "--timezone", "Europe/Moscow").code == 0
    again = shared.run("tenants", "create", "acme", "--name", "Acme")
    assert again.code == 2
    assert again.errors.endswith("switchroom: There is an organisation 'acme' already. Choose another short name.\n")
    wrong = shared.run("tenants", "create", "A!", "--name", "A")
    assert (wrong.code, "  slug: Use 3 to 40 small letters" in wrong.errors) == (2, True)
    zone = shared.run("tenants", "create", "other", "--name", "Other", "--timezone", "Europe/Moskow")
    assert (zone.code, "Did you mean Europe/Moscow?" in zone.errors) == (2, True)
    assert shared.run("tenants", "list").output.split() == (
        ["SLUG", "NAME", "STATE", "LANGUAGE", "TIME", "ZONE", "acme", "Acme", "active", "en", "Europe/Moscow"]
    )

    create = ["users", "create", "acme", "Kim", "--name", "Kim", "--role", "administrator", "--password-stdin"]
    short = shared.run(*create, typed="short\n")
    assert short.errors.endswith("switchroom: The user cannot be created.\n  password: Use at least 8 characters.\n")
    assert shared.run(*create, typed="long enough\n").output == "Created Kim in acme.\n"
    assert shared.run(*create, typed="long enough\n").errors.count("There is a user named kim already.") == 1
    last = shared.run("users", "roles", "acme", "kim", "agent", "supervisor")
    assert (last.code, "This is the last administrator of your organisation." in last.errors) == (2, True)
    assert (
        shared.run(
            "users",
            "create",
            "acme",
            "Lee",
            "--name",
            "Lee",
            "--role",
            "administrator",
            "--password-stdin",
            typed="long enough\n",
        ).code
        == 0
    )
    assert shared.run("users", "roles", "acme", "kim", "agent", "supervisor").code == 0
    assert "switchroom: There is no role named pilot.\n" in shared.run("users", "roles", "acme", "kim", "pilot").errors
    assert shared.run("users", "list", "acme").output.splitlines()[1].split() == (
        ["kim", "Kim", "active", "agent,", "supervisor"]
    )
    assert shared.run("users", "set-password", "acme", "kim", "--password-stdin", typed="another one\n").code == 0
    assert "no user nobody in acme" in shared.run("users", "roles", "acme", "nobody", "agent").errors

    assert shared.run("tenants", "suspend", "acme").output == "acme is suspended.\n"
    assert shared.run("tenants", "suspend", "acme").output == "acme is suspended already.\n"
    assert "it is suspended" in shared.run("users", "list", "acme").errors
    assert shared.run("tenants", "resume", "acme").output == "acme works again.\n"
    assert shared.run("tenants", "suspend", "nope").code == 2


def test_every_line_of_a_log_is_json_when_asked_for(shared: Installation) -> None:
    shared.write(f"{QUIET_PLUGINS}\nlogging: {{format: json, level: debug}}\n")
    shared.run("migrate")
    done = shared.run("run", SWITCHROOM__LIVE__URL="redis://127.0.0.1:1")
    assert done.code == 2
    *log, sentence = done.errors.splitlines()
    assert sentence.startswith("switchroom: ")
    assert all(json.loads(line)["event"] for line in log)


def test_broken_plugin_is_listed_with_its_reason_and_the_rest_is_ready(shared: Installation) -> None:
    plugin = shared.folder / "more" / "faulty"
    plugin.mkdir(parents=True)
    (plugin / "manifest.yaml").write_text("name: faulty\nversion: 1.0.0\napi: '>=1.0,<2'\nsummary: Fails.\n")
    (plugin / "plugin.py").write_text("raise RuntimeError('out of order')\n")
    shared.write(QUIET_PLUGINS.replace("{", "{dirs: [more], ", 1))
    assert shared.run("migrate").code == 0
    done = shared.run("plugins", "list")
    lines = {line.split()[0]: line for line in done.output.splitlines()}
    assert done.code == 0
    assert lines["faulty"].split()[2] == "broken"
    assert lines["faulty"].endswith("RuntimeError: out of order. It happened in plugin.py, line 1.")
    assert lines["routing"].split()[2] == "ready"
    doctor = shared.run("doctor")
    assert doctor.code == 1
    assert re.search(r"^FAIL  plugins +faulty \(broken\): RuntimeError: out of order\.", doctor.output, re.MULTILINE)


def test_plugins_are_listed_without_a_database(installation: Installation) -> None:
    environ = {"SWITCHROOM__DATABASE__URL": "postgresql://127.0.0.1:1/x", "SWITCHROOM__SECRET_KEY": SECRET}
    done = installation.run("plugins", "list", **environ)
    assert done.code == 0
    assert "Tables were not checked" in done.errors
    assert "routing" in done.output
