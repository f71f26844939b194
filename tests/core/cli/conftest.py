"""Installations of the tests' own, and the commands that people run on them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.database.embedded import EmbeddedServer
from tests import processes
from tests.conftest import scratch_database
from tests.serving import free_port

START_SECONDS = 60.0
ANEW = [sys.executable, "-m", "core.cli"]
QUIET_PLUGINS = "plugins: {blocked: [telephony, wrapup], enabled_by_default: [routing]}\n"
SECRET = "a key for tests that is long enough to be accepted"


@dataclass
class Installation:
    """A folder with a settings file of its own, and the commands run on it."""

    folder: Path
    settings: str
    environ: dict[str, str] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "settings.yaml"

    def write(self, settings: str) -> None:
        """Replace the settings."""
        self.file.write_text(settings, encoding="utf-8")

    def run(self, *arguments: str, typed: str = "", **environ: str) -> Done:
        """Run a command to its end."""
        process = processes.run(arguments, self.environment(environ), typed=typed)
        return Done(process.returncode, process.stdout, process.stderr)

    def run_anew(self, *arguments: str, **environ: str) -> Done:
        """The same in a process that has imported nothing before, as a person's has not."""
        process = subprocess.run(
            [*ANEW, *arguments], capture_output=True, text=True, timeout=START_SECONDS, env=self.environment(environ)
        )
        return Done(process.returncode, process.stdout, process.stderr)

    def start(self, *arguments: str) -> Running:
        """Start a command that stays; what it logs goes to a file."""
        return self._started(processes.start, arguments)

    def start_anew(self, *arguments: str) -> Running:
        """The same in a process that has imported nothing before."""
        return self._started(subprocess.Popen, [*ANEW, *arguments])

    def _started(self, start: Callable[..., processes.Process], command: Sequence[str]) -> Running:
        file = self.folder / f"log of {command[-1]}"
        reading, writing = os.pipe()
        with file.open("wb") as log, os.fdopen(writing, "wb"):
            process = start(command, env=self.environment({}), stdout=writing, stderr=log)
        self.running.append(Running(process, reading, file))
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

    process: processes.Process
    output: int
    log: Path

    def says(self, words: str) -> str:
        """Return what it prints up to these words, waiting for them."""
        said, end = "", time.monotonic() + START_SECONDS
        while words not in said:
            readable, _, _ = select.select([self.output], [], [], max(end - time.monotonic(), 0))
            more = os.read(self.output, 65536) if readable else b""
            assert more, f"it said only {said!r} and logged:\n{self.log.read_text()[-4000:]}"
            said += more.decode()
        return said

    def stop(self, number: signal.Signals) -> int:
        """Tell it to stop and return its exit code."""
        with os.fdopen(self.output):
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
