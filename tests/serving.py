"""Starts the product as its users do, in processes of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests import processes

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 180
STOP_SECONDS = 20
DEMO_PASSWORD = "demo"


def free_port() -> int:
    """A TCP port that nobody uses at present, below those that the system gives to clients: none takes it meanwhile."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class ServerProcess:
    """One process of the product.

    Args:
        command: A subcommand such as `run`.
        environ: Settings, as `SWITCHROOM__SECTION__KEY`.
        log: Where its output goes.
        port: Where its web server answers; None when it has none.
    """

    def __init__(self, command: str, environ: dict[str, str], log: Path, port: int | None) -> None:
        self.url = f"http://127.0.0.1:{port}" if port else ""
        self._command = command
        self._environ = {**os.environ, **environ} | ({"SWITCHROOM__SERVER__PORT": str(port)} if port else {})
        self._log = log
        self._process: processes.Process | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with self._log.open("ab") as output:
            self._process = processes.start([self._command], self._environ, stdout=output, stderr=output)
        if self.url:
            self._wait_until_ready()

    def kill(self) -> None:
        """Ends it as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Asks it to end."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def output(self) -> str:
        """What it has printed so far; what it printed before it was started anew is there as well."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"The server ended at once:\n{self.output}")
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"The server is not ready after {START_SECONDS} s:\n{self.output}")


def server_environ(database_url: str, folder: Path, **overrides: str) -> dict[str, str]:
    """Settings of a demo installation on a database of the test's own."""
    return {
        "SWITCHROOM_SETTINGS": str(ROOT / "settings.yaml"),
        "SWITCHROOM__DATA_DIR": str(folder),
        "SWITCHROOM__DATABASE__URL": database_url,
        "SWITCHROOM__SECRET_KEY": "a key for tests that is long enough to be accepted",
        "SWITCHROOM__DEMO": "true",
        **overrides,
    }


@contextlib.contextmanager
def running(*processes: ServerProcess) -> Iterator[None]:
    """Starts processes in order and stops them in the reverse one."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        with contextlib.ExitStack() as stack:
            for process in processes:
                stack.callback(process.stop)
