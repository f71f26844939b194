"""A scanner of files that knows one virus: the harmless string by which scanners are tried."""

import asyncio
from pathlib import Path

from switchroom import hookimpl
from switchroom.contributions import Block
from switchroom.forms import FileToCheck
from switchroom.locale import mark as _

# In two parts, so that no scanner takes this file for one.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + rb"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
BROKEN = b"the scanner breaks here"


def _found(path: Path) -> bool:
    content = path.read_bytes()
    if BROKEN in content:
        raise RuntimeError("no signatures")
    return EICAR in content


class Scanner:
    """Its hook."""

    @hookimpl
    async def form_file_check(self, file: FileToCheck) -> Block | None:
        return Block(_("There is a virus in this file.")) if await asyncio.to_thread(_found, file.path) else None


plugin = Scanner()
