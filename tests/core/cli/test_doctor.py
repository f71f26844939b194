"""The doctor's checks of files, port and backbones."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from core.cli.doctor import files
from core.cli.doctor.backbones import broker, live
from core.cli.doctor.database import judge_clocks
from core.cli.doctor.files import data_folder, free_disk, secret_key_file
from core.cli.doctor.finding import Check, Finding, Outcome, examine
from core.cli.doctor.port import server_port
from core.database.embedded_running import running_dsn
from core.errors import StartupError
from core.settings import Settings, secret_key

Look = Callable[[Settings], Awaitable[list[Finding]]]


def diagnose(look: Look, **settings: object) -> Finding:
    """Run one check that finds one thing."""
    [finding] = asyncio.run(examine(Check("", look), Settings.model_validate(settings)))
    return finding


# A check that fails


@pytest.mark.parametrize(
    ("error", "text", "mend"),
    [
        (StartupError("It is off.", mend="Switch it on."), "It is off.", "Switch it on."),
        (ZeroDivisionError("division by zero"), "the check itself failed: ZeroDivisionError: division by zero", ""),
        (TimeoutError(), "no answer within 30 seconds.", ""),
    ],
)
def test_whatever_a_check_raises_is_a_finding(error: Exception, text: str, mend: str) -> None:
    async def look(_settings: Settings) -> list[Finding]:
        raise error

    [finding] = asyncio.run(examine(Check("thing", look), Settings()))
    assert finding == Finding(Outcome.FAIL, "thing", text, mend)


# Files


def test_data_folder_is_there_or_will_be_made(tmp_path: Path) -> None:
    assert diagnose(data_folder, data_dir=tmp_path) == Finding(Outcome.OK, "data folder", str(tmp_path))
    assert diagnose(data_folder, data_dir=tmp_path / "a/b").text.endswith("will be made at the first start")


def test_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert diagnose(data_folder, data_dir=tmp_path / "file/data").text == f"{tmp_path / 'file'} is not a folder."


def test_free_disk_is_measured_where_the_data_will_be(tmp_path: Path) -> None:
    finding = diagnose(free_disk, data_dir=tmp_path / "data")
    assert f"GiB free for {tmp_path / 'data'}" in finding.text


def test_secret_key_is_fine_absent_and_after_it_was_made(tmp_path: Path) -> None:
    assert diagnose(secret_key_file, data_dir=tmp_path).text == "will be made at the first start"
    secret_key(Settings(data_dir=tmp_path))
    assert diagnose(secret_key_file, data_dir=tmp_path).outcome is Outcome.OK


def test_secret_key_that_others_can_read_is_a_failure(tmp_path: Path) -> None:
    secret_key(Settings(data_dir=tmp_path))
    (tmp_path / "secret_key").chmod(0o640)
    finding = diagnose(secret_key_file, data_dir=tmp_path)
    assert (finding.outcome, finding.mend) == (Outcome.FAIL, f"Run: chmod 600 {tmp_path / 'secret_key'}")


# Front end


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two sources, neither of them bundled."""
    monkeypatch.setattr(files, "PROJECT", tmp_path)
    for name in ("core/web/static/src/app.js", "plugins/telephony/static/src/softphone.js"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    (tmp_path / "plugins/telephony/static/src/_part.js").touch()
    return tmp_path


def bundle(project: Path) -> None:
    for source in project.glob("**/src/[!_]*"):
        target = source.parent.parent / "dist" / source.name
        target.parent.mkdir()
        target.touch()
    (project / "core/web/static/dist/icons.json").touch()


def test_front_end_that_is_bundled_is_fine(project: Path) -> None:
    bundle(project)
    assert diagnose(files.front_end) == Finding(Outcome.OK, "front end", "bundled")


def test_front_end_that_is_not_bundled_names_what_is_missing(project: Path) -> None:
    finding = diagnose(files.front_end)
    assert (finding.outcome, finding.mend) == (Outcome.FAIL, "Run: make bundle")
    assert finding.text == (
        "not bundled: core/web/static/src/app.js, plugins/telephony/static/src/softphone.js, the icons."
    )


def test_source_that_changed_since_is_doubtful(project: Path) -> None:
    bundle(project)
    os.utime(project / "core/web/static/src/app.js", (2**33, 2**33))
    finding = diagnose(files.front_end)
    assert (finding.outcome, finding.text) == (
        Outcome.WARN,
        "sources are newer than the bundle: core/web/static/src/app.js.",
    )


# Database


@pytest.mark.parametrize(
    ("apart", "outcome"), [(0.0, Outcome.OK), (0.9, Outcome.OK), (1.0, Outcome.WARN), (10.0, Outcome.FAIL)]
)
def test_clocks_that_differ_are_judged_by_the_harm(apart: float, outcome: Outcome) -> None:
    assert judge_clocks(apart).outcome is outcome


def test_no_server_runs_where_there_are_no_files(tmp_path: Path) -> None:
    assert running_dsn(tmp_path) is None


def test_file_of_a_server_that_has_died_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/postmaster.pid").write_text(f"1\n{tmp_path}\n0\n5432\n{tmp_path}\n\n0 0\nready\n")
    assert running_dsn(tmp_path) is None


# Port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104 - probed, not served
def test_free_port_is_fine(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert diagnose(server_port, server={"host": host, "port": port}).text == f"{host}:{port} is free"


def test_taken_port_names_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finding = diagnose(server_port, server={"port": taken.getsockname()[1]})
    assert finding.outcome is Outcome.FAIL
    assert f"(process {os.getpid()})" in finding.text
    assert finding.mend == "End it, or set server.port."


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_address_of_another_machine_is_refused(host: str) -> None:
    assert diagnose(server_port, server={"host": host}).outcome is Outcome.FAIL


# Backbones


def test_nothing_set_needs_nothing() -> None:
    assert diagnose(broker).outcome is Outcome.OK
    assert diagnose(live).outcome is Outcome.OK


@pytest.mark.parametrize("scheme", ["redis", "rediss", "amqp", "amqps"])
def test_broker_that_is_not_there_is_named_without_its_password(scheme: str) -> None:
    finding = diagnose(broker, broker={"url": f"{scheme}://user:hunter2@127.0.0.1:1/"})
    assert (finding.outcome, finding.subject) == (Outcome.FAIL, "broker")
    assert finding.text.startswith(f"{scheme}://127.0.0.1:1/: ")
    assert finding.text.endswith(": Connection refused.")
    assert "broker.url" in finding.mend
    assert "hunter2" not in f"{finding}"


def test_live_backbone_that_is_something_else_is_named() -> None:
    async def against_a_web_server() -> list[Finding]:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await live(Settings.model_validate({"live": {"url": f"redis://127.0.0.1:{port}"}}))

    [finding] = asyncio.run(against_a_web_server())
    assert finding.outcome is Outcome.FAIL
    assert "live.url" in finding.mend


def test_redis_that_answers_is_fine(redis_url: str) -> None:
    for finding in diagnose(broker, broker={"url": redis_url}), diagnose(live, live={"url": redis_url}):
        assert finding.outcome is Outcome.OK
        assert finding.text.startswith(f"{redis_url}, Redis ")


def test_redis_that_refuses_the_login_says_so(redis_url: str) -> None:
    finding = diagnose(broker, broker={"url": redis_url.replace("://", "://nobody:hunter2@")})
    assert finding.outcome is Outcome.FAIL
    assert "invalid username-password pair" in finding.text
    assert "hunter2" not in f"{finding}"


def test_rabbitmq_that_answers_is_fine(rabbitmq_url: str) -> None:
    finding = diagnose(broker, broker={"url": rabbitmq_url})
    assert (finding.outcome, finding.text[-10:]) == (Outcome.OK, ", RabbitMQ")


def test_rabbitmq_says_what_it_refuses(rabbitmq_url: str) -> None:
    login = diagnose(broker, broker={"url": rabbitmq_url.replace("guest:guest", "guest:hunter2")})
    assert "ACCESS_REFUSED" in login.text
    assert "hunter2" not in f"{login}"
    host = diagnose(broker, broker={"url": f"{rabbitmq_url}nowhere"})
    assert host.text.endswith("NOT_ALLOWED - vhost nowhere not found.")
