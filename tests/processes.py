"""Starts `switchroom` in processes of its own, which are ready at once.

A process that begins anew spends most of a command's time on imports. These are forked from one that has imported
everything and done nothing yet, so each has its own arguments, environment, folder, files, signals and end.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

ROOT = Path(__file__).resolve().parent.parent
RUN_SECONDS = 120
_MOST = 1 << 20
"""Bytes that one request may take."""


class Process(Protocol):
    """The part of `subprocess.Popen` that tests use."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int) -> None: ...


class _Forked:
    """A process that was forked from the one that waits, which tells its end."""

    def __init__(self, pid: int, told: IO[str]) -> None:
        self.pid = pid
        self._told = told
        self._code: int | None = None

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("switchroom", timeout or 0)
            with self._told:
                self._code = int(self._told.readline())
        return self._code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def start(
    arguments: Sequence[str],
    env: Mapping[str, str],
    *,
    stdout: IO[bytes] | int,
    stderr: IO[bytes],
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    cwd: Path = ROOT,
) -> Process:
    """Starts a command; `stdout` and `stdin` may be file descriptors too."""
    if sys.platform != "linux":
        # Elsewhere libraries of the system may not be used after a fork.
        command = [sys.executable, "-m", "core.cli", *arguments]
        return subprocess.Popen(command, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr)
    with contextlib.ExitStack() as stack:
        if stdin == subprocess.DEVNULL:
            stdin = stack.enter_context(open(os.devnull, "rb"))
        reading, writing = os.pipe()
        stack.callback(os.close, writing)
        files = [file if isinstance(file, int) else file.fileno() for file in (stdin, stdout, stderr)]
        request = {"arguments": list(arguments), "environ": dict(env), "cwd": str(cwd)}
        socket.send_fds(_waiting(), [json.dumps(request).encode()], [*files, writing])
    told = os.fdopen(reading, encoding="ascii", buffering=1)
    return _Forked(int(told.readline()), told)


def run(
    arguments: Sequence[str], environ: Mapping[str, str], *, typed: str = "", cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(typed.encode())
        stdin.seek(0)
        process = start(arguments, environ, stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd)
        try:
            code = process.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        said = []
        for file in (stdout, stderr):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess(list(arguments), code, *said)


@functools.cache
def _waiting() -> socket.socket:
    """The way to the process that waits to be forked; it ends with this one, which holds the other end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MOST)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=ROOT
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def _wait_to_be_forked(requests: socket.socket) -> list[str]:
    """Forks for every request; gives the arguments, in the new process alone."""
    telling: dict[int, int] = {}
    waking, woken = socket.socketpair()
    for end in (waking, woken):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking.fileno())
    while True:
        if woken in select.select([requests, woken], [], [])[0]:
            woken.recv(4096)
            _tell_ends(telling)
            continue
        data, files, _flags, _address = socket.recv_fds(requests, _MOST, 4)
        if not data:
            raise SystemExit(0)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (requests, waking, woken):
                end.close()
            for number in telling.values():
                os.close(number)
            return _become(json.loads(data), files)
        telling[pid] = files.pop()
        os.write(telling[pid], f"{pid}\n".encode())
        for number in files:
            os.close(number)


def _tell_ends(telling: dict[int, int]) -> None:
    for pid in list(telling):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            told = telling.pop(pid)
            # Whoever has started it may be gone.
            with contextlib.suppress(BrokenPipeError):
                os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os.close(told)


def _become(request: dict[str, object], files: Sequence[int]) -> list[str]:
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environ"])
    os.chdir(request["cwd"])
    return request["arguments"]


def _import_everything() -> None:
    """Imports what commands import, and the plugins, as loading them does."""
    from importlib import import_module

    from core.app import load_plugins
    from core.cli.root import _COMMANDS
    from core.settings import load_settings

    for place in _COMMANDS.values():
        import_module(place.partition(":")[0])
    for module in ("core.server", "core.cli.installation", "core.cli.contributed", "core.cli.doctor.checks"):
        import_module(module)
    load_plugins(load_settings(ROOT / "settings.yaml", {}))


if __name__ == "__main__":
    # Interrupted by a person, tests end their processes themselves.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_everything()
    gc.collect()
    gc.freeze()
    _arguments = _wait_to_be_forked(socket.socket(fileno=int(sys.argv[1])))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["switchroom", *_arguments]
    from core.cli import main

    main(_arguments)
