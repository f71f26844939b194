"""The files of an embedded PostgreSQL and what is done with them; `EmbeddedServer` decides what happens when."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import subprocess
from pathlib import Path

import psutil

from core.database.embedded_home import Account, EmbeddedServerError, make_private_folder, own_account
from core.database.embedded_programs import Programs, last_line

ROLE = "switchroom"
START_TIMEOUT = 300  # seconds; recovery after a crash may have a lot to read
STOP_TIMEOUT = 60
LARGEST_LOG = 16 * 1024 * 1024  # bytes; the log before this one is kept

# Written to postgresql.conf once, for the owner to change.
INITIAL_SETTINGS = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}


class Cluster:
    """PostgreSQL's files in a home, and the programs that work on them. The caller holds the home's lock."""

    def __init__(self, home: Path, account: Account, programs: Programs) -> None:
        self.home = home
        self.data = home / "data"
        self.log = self.data / "server.log"
        self.account = account
        self.programs = programs

    def exists(self) -> bool:
        """Whether a database was made here before."""
        return (self.data / "PG_VERSION").exists()

    def check_release(self) -> None:
        """Refuse data of another major release: PostgreSQL cannot read it."""
        made_by = (self.data / "PG_VERSION").read_text().strip()
        version = self.programs.run(self.account, "postgres", "--version").stdout.split()[-1]
        if made_by != version.partition(".")[0]:
            raise EmbeddedServerError(
                f"The data folder {self.data} was made by PostgreSQL {made_by}, and this is PostgreSQL {version}.",
                mend="Dump it with the Switchroom that made it (pg_dumpall) and load it into a new data folder, or move"
                " the folder away to begin with an empty database.",
            )

    def create(self, *, durable: bool) -> None:
        """Make the files, so that they are either all there or not at all, even if this process is killed."""
        for abandoned in self.home.glob("initdb-*"):
            shutil.rmtree(abandoned)
        making = self.home / f"initdb-{secrets.token_hex(4)}"
        make_private_folder(making, self.account)
        settings = [part for name, value in INITIAL_SETTINGS.items() for part in ("-c", f"{name}={value}")]
        made = self.programs.run(
            *(self.account, "initdb"),
            *("--pgdata", str(making), "--username", ROLE, "--auth", "peer", "--encoding", "UTF8"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"),
            *([] if durable else ["--no-sync"]),
            *settings,
        )
        if made.returncode != 0:
            shutil.rmtree(making, ignore_errors=True)
            raise EmbeddedServerError(
                f"No database could be made in {self.home}: {last_line(made.stderr)}",
                mend="Mend that, or set data_dir to another folder.",
            )
        making.rename(self.data)
        folder = os.open(self.home, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def start(self, settings: dict[str, str]) -> None:
        """Start the server and wait until it takes connections."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        settings = settings | self._write_access_rules()
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        started = self._pg_ctl("start", "--log", str(self.log), "--options", options, timeout=START_TIMEOUT)
        if started.returncode != 0:
            raise EmbeddedServerError(
                f"The embedded PostgreSQL did not start: {self._complaint() or last_line(started.stderr)}",
                mend=f"{self.log} says more.",
            )

    def stop(self) -> None:
        """End the server, whatever its sessions are doing; nothing to do if it has ended by itself."""
        if not self._postmaster():
            return
        stopped = self._pg_ctl("stop", "--mode", "fast", timeout=STOP_TIMEOUT)
        if stopped.returncode != 0 and self._postmaster():
            # It recovers from its log at the next start.
            self._pg_ctl("stop", "--mode", "immediate", timeout=STOP_TIMEOUT)

    def end_leftover(self) -> None:
        """End the server that a killed Switchroom left behind."""
        postmaster = self._postmaster()
        if postmaster is None:
            # The number in the file may be another process's by now, and PostgreSQL would take that one for a server.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        elif str(self.home / "pg_hba.conf") in (self.data / "postmaster.opts").read_text():
            self.stop()
        else:
            raise EmbeddedServerError(
                f"The data folder {self.data} is in use by a PostgreSQL that Switchroom did not start"
                f" (process {postmaster.pid}).",
                mend="Stop that server first.",
            )

    def _postmaster(self) -> psutil.Process | None:
        """The server that runs on these files, known by its working folder: a number alone may be reused."""
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().splitlines()[0]))
            if os.path.samefile(process.cwd(), self.data):
                return process
        return None

    def _write_access_rules(self) -> dict[str, str]:
        """Let in the user who starts the server, as any role, and nobody else.

        The kernel tells the server who is at the other end of the socket (`peer`), so there is no password to keep,
        and another local user is refused even where the socket's folder would let him pass.
        """
        users = {own_account().name, self.account.name}
        rules = {
            "hba_file": ("pg_hba.conf", [f"local {what} all peer map=switchroom" for what in ("all", "replication")]),
            "ident_file": ("pg_ident.conf", [f'switchroom "{user}" all' for user in sorted(users)]),
        }
        for name, lines in rules.values():
            file = self.home / name
            file.write_text("# Written at every start.\n" + "\n".join(lines) + "\n")
            file.chmod(0o644)
        return {setting: str(self.home / name) for setting, (name, _) in rules.items()}

    def _complaint(self) -> str:
        """What the server said last of why it does not start."""
        lines = self.log.read_text(errors="replace").splitlines()[-50:] if self.log.exists() else []
        return next((line.partition("FATAL:")[2].strip() for line in reversed(lines) if "FATAL:" in line), "")

    def _pg_ctl(self, action: str, *arguments: str, timeout: int) -> subprocess.CompletedProcess[str]:
        wait = ("--wait", "--timeout", str(timeout))
        return self.programs.run(self.account, "pg_ctl", action, "--pgdata", str(self.data), *wait, *arguments)
