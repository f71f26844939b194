"""Starts the softswitch as a child process and keeps it running."""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import sys
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from plugins.telephony.provider import ProviderUnavailable
from plugins.telephony.softswitch.options import Options

logger = logging.getLogger(__name__)

READY_TIMEOUT = 20.0
"""Seconds; the first start on a machine computes the sounds, which takes two on an idle one."""
CLOSE_TIMEOUT = 5.0
_RESTART_PAUSE = 0.5

_PACKAGE = __package__
_ROOT = Path(__file__).parents[len(_PACKAGE.split("."))]


class SoftswitchProcess:
    """A softswitch of our own, for us and for whom we tell its `address` and `secret`.

    `options` are those of `plugins.telephony.softswitch.options.Options` but for the secret, which is made here;
    raises `ValueError` when they are wrong. When the process dies it is started again, with the same port and secret,
    so that its clients find it again; the legs it carried are gone. It ends with us, however we end.
    """

    def __init__(self, **options: Any) -> None:
        self.secret = secrets.token_urlsafe(32)
        try:
            self._options = msgspec.convert({"secret": self.secret, **options}, type=Options)
        except msgspec.ValidationError as error:
            raise ValueError(f"softswitch options: {error}") from error
        self._child: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of its control connections. Known once `start` returned."""
        return self._options.host, self._options.port

    @property
    def pid(self) -> int | None:
        """Its process id, or None while it does not run."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it serves. Raises `ProviderUnavailable` when it does not."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep_running())

    async def close(self) -> None:
        """End it; every browser is told."""
        if self._keeper:
            self._keeper.cancel()
            self._keeper = None
        await self._end_child()

    async def _spawn(self) -> None:
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        child = self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _PACKAGE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            # Ctrl-C is for us: we end the child when we have ended the calls.
            start_new_session=True,
        )
        stdin, stdout = cast(asyncio.StreamWriter, child.stdin), cast(asyncio.StreamReader, child.stdout)
        try:
            stdin.write(msgspec.json.encode(self._options) + b"\n")
            await stdin.drain()
            line = await asyncio.wait_for(stdout.readline(), READY_TIMEOUT)
            self._options = replace(self._options, port=json.loads(line)["port"])
        except (OSError, ValueError, TimeoutError) as error:
            await self._end_child()
            raise ProviderUnavailable("The softswitch did not start; its message is on the standard error.") from error
        except asyncio.CancelledError:
            await self._end_child()
            raise

    async def _keep_running(self) -> None:
        while True:
            if self._child is not None:
                code = await self._child.wait()
                logger.error("the softswitch ended by itself (exit code %s): starting it again", code)
            try:
                await self._spawn()
            except (ProviderUnavailable, OSError) as error:
                logger.error("the softswitch could not be started again: %s", error)
                await asyncio.sleep(_RESTART_PAUSE)

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin:
            child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), CLOSE_TIMEOUT)
        except TimeoutError:
            logger.warning("the softswitch did not end in %s s: killing it", CLOSE_TIMEOUT)
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
