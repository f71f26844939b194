"""The command line as a person uses it: real processes, their words and their exit codes."""

import asyncio
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import click
import pytest

from core.cli.root import root
from core.database.embedded import EmbeddedServer
from tests.conftest import scratch_database
from tests.serving import free_port

START_SECONDS = 60.0
QUIET_PLUGINS = "plugins: {blocked: [telephony, wrapup], enabled_by_default: [routing]}\n"
SECRET = "a key for tests that is long enough to be accepted"


@dataclass
class Installation:
    """A folder with a settings file of its own, and the commands run on it."""

    folder: Path
    settings: str
    environ: dict[str, str] = field(default_factory=dict)
    running: list["Running"] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "settings.yaml"

    def write(self, settings: str) -> None:
        """Replace the settings."""
        self.file.write_text(settings, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "core.cli", *arguments]

    def run(self, *arguments: str, typed: str = "", **environ: str) -> "Done":
        """Run a command to its end."""
        process = subprocess.run(
            self.command(*arguments),
            input=typed,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            env=self.environment(environ),
        )
        return Done(process.returncode, process.stdout, process.stderr)

    def start(self, *arguments: str, **environ: str) -> "Running":
        """Start a command that stays; what it logs goes to a file."""
        file = self.folder / f"log of {arguments[0]}"
        with file.open("wb") as log:
            process = subprocess.Popen(
                self.command(*arguments), stdout=subprocess.PIPE, stderr=log, bufsize=0, env=self.environment(environ)
            )
        self.running.append(Running(process, file))
        return self.running[-1]

    def end(self) -> None:
        """End what a failed test has left running."""
        for running in self.running:
            if running.process.poll() is None:
                running.stop(signal.SIGTERM)

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        """Return the environment of a command, with nothing set for another installation."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SWITCHROOM")}
        return inherited | {"SWITCHROOM_SETTINGS": str(self.file), "COLUMNS": "100"} | self.environ | more


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Running:
    """A command that has not ended yet."""

    process: subprocess.Popen[bytes]
    log: Path

    def says(self, words: str) -> str:
        """Return what it prints up to these words, waiting for them."""
        assert self.process.stdout is not None
        said, end = "", time.monotonic() + START_SECONDS
        while words not in said:
            readable, _, _ = select.select([self.process.stdout], [], [], max(end - time.monotonic(), 0))
            more = self.process.stdout.read(65536) if readable else b""
            assert more, f"it said only {said!r} and logged:\n{self.log.read_text()[-4000:]}"
            said += more.decode()
        return said

    def stop(self, number: signal.Signals) -> int:
        """Tell it to stop and return its exit code."""
        assert self.process.stdout is not None
        with self.process.stdout:
            self.process.send_signal(number)
            return self.process.wait(START_SECONDS)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation on the embedded database, on a free port."""
    made = Installation(tmp_path, "")
    made.write(f"demo: true\nserver:\n  port: {free_port()}\n")
    yield made
    made.end()
    # Started by root, the server keeps its files elsewhere than in the test's folder.
    EmbeddedServer(made.folder / "var" / "postgres").destroy()


@pytest.fixture
def shared(tmp_path: Path, database_server: str) -> Iterator[Installation]:
    """An installation on an external database that is empty."""
    with scratch_database(database_server) as url:
        made = Installation(tmp_path, "", environ={"SWITCHROOM__DATABASE__URL": url, "SWITCHROOM__SECRET_KEY": SECRET})
        made.write(QUIET_PLUGINS)
        yield made
        made.end()


# What cannot start says why in a sentence


@pytest.mark.parametrize("command", ["run", "worker", "migrate"])
def test_wrong_key_ends_every_command_with_one_sentence(installation: Installation, command: str) -> None:
    installation.write("server:\n  prot: 8000\n")
    done = installation.run(command)
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


# Usage


def test_help_names_every_command(installation: Installation) -> None:
    done = installation.run("--help")
    assert done.code == 0
    ours = done.output.partition("Commands:")[2].partition("Commands of plugins:")[0]
    assert re.findall(r"^  (\w+) ", ours, re.MULTILINE) == root.list_commands(click.Context(root))


@pytest.mark.parametrize("arguments", [["nope"], ["tenants", "nope"], ["tenants", "create"], ["run", "--nope"]])
def test_wrong_usage_is_explained(installation: Installation, arguments: list[str]) -> None:
    done = installation.run(*arguments)
    assert done.code == 2
    assert "Error:" in done.errors
    assert "Traceback" not in done.errors


# Administration


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


# The whole, on the embedded database


def test_run_serves_beside_which_commands_work_and_stops_when_told(installation: Installation) -> None:
    port = int(installation.file.read_text().split()[-1])
    before = installation.run("doctor")
    assert failures(before) == []
    assert "embedded; will be made at the first start" in before.output

    server = installation.start("run")
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
