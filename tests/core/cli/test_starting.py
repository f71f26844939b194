"""What cannot start says why in a sentence; what can, serves until it is told to stop."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import asyncpg
import pytest

from tests.core.cli.conftest import QUIET_PLUGINS, SECRET, START_SECONDS, Done, Installation
from tests.serving import free_port


@pytest.mark.parametrize("command", ["run", "worker", "migrate"])
def test_wrong_key_ends_every_command_with_one_sentence(installation: Installation, command: str) -> None:
    installation.write("server:\n  prot: 8000\n")
    done = installation.run_anew(command)
    assert done == Done(
        2, "", f"switchroom: {installation.file}, line 2: there is no setting server.prot. Did you mean server.port?\n"
    )


def test_all_problems_of_the_settings_are_said_at_once(installation: Installation) -> None:
    installation.write("server:\n  port: abc\ndemo: 5\n")
    done = installation.run("run", SWITCHROOM__LOGIN__LOCK_SECONDS="soon")
    assert done.code == 2
    assert sorted(line.rpartition(": ")[2] for line in done.errors.splitlines()) == [
        "demo must be true or false, not 5.",
        'login.lock_seconds must be a whole number, not "soon".',
        'server.port must be a whole number, not "abc".',
    ]


def test_unknown_plugin_is_refused_with_the_nearest_name(installation: Installation) -> None:
    installation.write("plugins:\n  blocked: [rooting]\n")
    done = installation.run("run")
    assert done.code == 2
    assert "line 2: plugins.blocked[0]: there is no plugin rooting. Did you mean routing?" in done.errors


def test_missing_settings_file_is_named(installation: Installation) -> None:
    done = installation.run("--settings", "/no/such.yaml", "run")
    assert (done.code, done.errors.splitlines()[0][:49]) == (2, "switchroom: There is no settings file /no/such.ya")


def test_demo_on_a_public_address_is_refused(installation: Installation) -> None:
    done = installation.run("run", SWITCHROOM__SERVER__HOST="0.0.0.0")  # noqa: S104 - refused
    assert (done.code, done.output) == (2, "")
    assert "the demo's passwords are public" in done.errors


def test_taken_port_is_refused_with_a_mend(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = installation.run("run", SWITCHROOM__SERVER__PORT=str(taken.getsockname()[1]))
    assert done.code == 2
    assert re.search(r"^switchroom: Port \d+ of 127.0.0.1 cannot be used: Address already in use. ", done.errors, re.M)


def test_data_folder_that_cannot_be_made_is_refused(installation: Installation) -> None:
    (installation.folder / "var").touch()
    done = installation.run("run")
    assert done.code == 2
    assert "Traceback" not in done.errors
    assert str(installation.folder / "var") in done.errors


# Root may write everywhere, so root becomes another user first, after the imports: that one may not be able to read the
# environment that the tests run in.
WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
import core.cli, core.cli.doctor.checks, core.cli.migrate, core.server
from core.app import load_plugins
from core.settings import load_settings
settings = load_settings(Path(sys.argv[1]), {})
load_plugins(settings)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
core.cli.main(["--settings", *sys.argv[1:]])
"""


def test_folder_that_cannot_be_written_is_refused_with_a_mend() -> None:
    with tempfile.TemporaryDirectory() as name:
        closed = Installation(Path(name), "")
        closed.write(f"{QUIET_PLUGINS}server: {{port: {free_port()}}}\n")
        closed.folder.chmod(0o555)

        def run(command: str) -> Done:
            arguments = [sys.executable, "-c", WITHOUT_RIGHTS, str(closed.file), command]
            done = subprocess.run(
                arguments, capture_output=True, text=True, timeout=START_SECONDS, env=closed.environment({})
            )
            return Done(done.returncode, done.stdout, done.stderr)

        for command in "run", "migrate":
            done = run(command)
            assert (done.code, done.output) == (2, "")
            assert f"may not write {closed.folder / 'var'}" in done.errors
            assert "set data_dir to another one" in done.errors
        doctor = run("doctor")
        assert doctor.code == 1
        assert f"FAIL  data folder   {closed.folder} cannot be written by this account." in doctor.output
        closed.folder.chmod(0o755)


@pytest.mark.parametrize("command", ["web", "worker"])
def test_processes_apart_need_what_they_share(installation: Installation, command: str) -> None:
    done = installation.run(command)
    assert done.code == 2
    assert f"`switchroom {command}` shares its work with other processes and needs database.url and broker.url." in (
        done.errors
    )
    assert "use `switchroom run`" in done.errors


def test_database_that_is_not_there_is_named_without_its_password(installation: Installation) -> None:
    url = "postgresql://user:hunter2@127.0.0.1:1/name"
    done = installation.run("migrate", SWITCHROOM__DATABASE__URL=url, SWITCHROOM__SECRET_KEY=SECRET)
    assert done.code == 2
    assert "'name' at 127.0.0.1:1 cannot be used" in done.errors
    assert "hunter2" not in done.errors + done.output


def test_schema_that_is_older_or_newer_than_the_code_is_refused(shared: Installation) -> None:
    assert "older than this code. Run: switchroom migrate" in shared.run("tenants", "list").errors
    assert shared.run("migrate").code == 0
    add_migration(shared.environ["SWITCHROOM__DATABASE__URL"], "core", "9999_from_the_future")
    for command in ("tenants", "list"), ("migrate",):
        done = shared.run(*command)
        assert done.code == 2
        assert "newer than this code: it has '9999_from_the_future'" in done.errors
        assert "Traceback" not in done.errors
    doctor = shared.run("doctor")
    assert doctor.code == 1
    assert re.search(r"^FAIL  schema .*newer than this code", doctor.output, re.MULTILINE)


def add_migration(url: str, app: str, name: str) -> None:
    """Pretend that newer code has applied a migration."""
    insert = "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ($1, $2, now())"

    async def add() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(insert, app, name)
        await connection.close()

    asyncio.run(add())


def test_run_serves_beside_which_commands_work_and_stops_when_told(installation: Installation) -> None:
    port = int(installation.file.read_text().split()[-1])
    before = installation.run("doctor")
    assert failures(before) == []
    assert "embedded; will be made at the first start" in before.output

    server = installation.start_anew("run")
    said = server.says("Ctrl+C stops it.")
    assert f"Switchroom is ready: http://localhost:{port}" in said
    assert "organisation demo with the password demo" in said
    assert "admin, supervisor, agent1" in said
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        assert answer.status == 200

    assert installation.run("tenants", "list").output.splitlines()[1].split()[:3] == ["demo", "Demo", "active"]
    second = installation.run("run", SWITCHROOM__SERVER__PORT=str(free_port()))
    assert second.code == 2
    assert f"is in use by another Switchroom (process {server.process.pid})" in second.errors
    doctor = installation.run("doctor")
    assert failures(doctor) == []
    assert "embedded, of the server that is running" in doctor.output
    assert f"Switchroom is running (process {server.process.pid})" in doctor.output

    assert server.stop(signal.SIGINT) == 0
    after = installation.run("doctor")
    assert failures(after) == []
    assert re.search(r"^ok +schema +up to date$", after.output, re.MULTILINE)


def test_processes_apart_start_and_stop(shared: Installation, redis_url: str) -> None:
    shared.environ |= {"SWITCHROOM__BROKER__URL": redis_url, "SWITCHROOM__SERVER__PORT": str(free_port())}
    assert "older than this code. Run: switchroom migrate" in shared.run("worker").errors
    assert shared.run("migrate").code == 0
    running = [shared.start(command) for command in ("web", "worker", "scheduler", "media")]
    for process, words in zip(running, ["Switchroom is ready: http://localhost:", *["is ready.\n"] * 3], strict=True):
        process.says(words)
    assert [process.stop(signal.SIGTERM) for process in running] == [0, 0, 0, 0]


def failures(doctor: Done) -> list[str]:
    """Return what the doctor found wrong, but for the front end: bundling it is not what is tested here."""
    found = [line for line in doctor.output.splitlines() if line.startswith("FAIL")]
    assert doctor.code == (1 if found else 0)
    return [line for line in found if "front end" not in line]
