"""Finds the embedded server of a Switchroom that is running, for commands that look at its database beside it."""

import contextlib
import socket
from pathlib import Path
from urllib.parse import urlencode

from core.database.embedded_cluster import ROLE


def running_dsn(data_dir: Path) -> str | None:
    """Return the DSN of the server on a data folder of `EmbeddedServer`; None when none takes connections there.

    The server belongs to the process that started it and may end at any moment.
    """
    with contextlib.suppress(OSError, IndexError):
        # Lines 4 and 5 of PostgreSQL's own file: the port, and the folder of the socket.
        lines = (data_dir / "data" / "postmaster.pid").read_text().splitlines()
        port, folder = lines[3].strip(), lines[4].strip()
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            probe.connect(f"{folder}/.s.PGSQL.{port}")
        return f"postgresql://{ROLE}@/postgres?{urlencode({'host': folder, 'port': port}, safe='/')}"
    return None
