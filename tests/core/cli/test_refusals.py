"""What ends a command with a sentence, and what is a bug and keeps its traceback."""

import errno
from pathlib import Path

import pytest
from pika.exceptions import AMQPConnectionError  # type: ignore[import-untyped]
from redis.exceptions import ConnectionError as RedisConnectionError

from core.cli import main
from core.cli.refusals import refusal_of, sentence
from core.errors import InvalidInput, StartupError


def test_a_refusal_is_found_among_the_errors_of_concurrent_tasks() -> None:
    wanted = StartupError("It is off.", mend="Switch it on.")
    group = BaseExceptionGroup("", [ExceptionGroup("", [ValueError("a bug")]), ExceptionGroup("", [wanted])])
    assert refusal_of(group) is wanted


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.EADDRINUSE, "End the program that uses the port"),
        (errno.EACCES, "Give the account that runs Switchroom the right"),
        (errno.EROFS, "Set data_dir to a folder that can be written."),
        (errno.ENOSPC, "Free some space."),
    ],
)
def test_what_the_system_refuses_names_the_file_and_a_mend(number: int, mend: str) -> None:
    refusal = refusal_of(OSError(number, "refused", "/data/file"))
    assert refusal is not None
    assert refusal.message.startswith("/data/file: ")
    assert refusal.mend.startswith(mend)


@pytest.mark.parametrize("error", [RedisConnectionError("gone"), AMQPConnectionError("gone")])
def test_lost_backbone_is_a_refusal(error: Exception) -> None:
    refusal = refusal_of(error)
    assert refusal is not None
    assert "broker.url" in refusal.mend


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("a bug"), OSError(errno.ENOENT, "no such file")])
def test_a_bug_is_no_refusal(error: Exception) -> None:
    assert refusal_of(error) is None


def test_wrong_fields_are_listed() -> None:
    error = InvalidInput("The user cannot be created.", fields={"name": "Enter one.", "password": "Too short."})
    assert sentence(error) == "The user cannot be created.\n  name: Enter one.\n  password: Too short."


def test_exit_codes_of_main(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def code(*arguments: str) -> object:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return ended.value.code

    assert code("--help") == 0
    assert code() == 2
    assert code("--settings", str(tmp_path / "missing.yaml"), "migrate") == 2
    assert code("--settings", str(tmp_path / "missing.yaml"), "doctor") == 1
    assert "Traceback" not in capsys.readouterr().err
