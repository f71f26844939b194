"""Run the softswitch: ``python -m plugins.telephony.softswitch``.

Its `Options` are one line of JSON, on the standard input, whose end then ends the switch: so it never outlives the
process that started it. As a service of its own, with nobody at its standard input, it takes them from the environment
variable SWITCHROOM_SOFTSWITCH and runs until SIGTERM. Either way they are never seen in a list of processes.

When it is ready it prints one line, ``{"port": …}``. It exits with 2 when it cannot start, having said why.
"""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import Any

import msgspec

from plugins.telephony.softswitch.control import ControlServer
from plugins.telephony.softswitch.options import Options
from plugins.telephony.softswitch.sounds import load_sounds
from plugins.telephony.softswitch.switch import Switch

ENVIRONMENT = "SWITCHROOM_SOFTSWITCH"
CLOSE_TIMEOUT = 3.0
"""Seconds for telling all browsers that it is over."""

logger = logging.getLogger("softswitch")


def main() -> int:
    """Run until told to end and return the exit code."""
    given = os.environ.pop(ENVIRONMENT, None)
    try:
        options = msgspec.json.decode(given or _first_line(), type=Options)
    except msgspec.MsgspecError as error:
        print(f"softswitch: the options cannot be used: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(level=options.log_level, format="softswitch %(levelname)s %(message)s", stream=sys.stderr)
    for chatty in ("aiortc", "aioice"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        _run(_serve(options, owned=given is None))
    except OSError as error:
        print(f"softswitch: cannot listen on {options.host} port {options.port}: {error}", file=sys.stderr)
        return 2
    return 0


def _run(serving: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop
    except ImportError:  # not made for this platform
        asyncio.run(serving)
    else:
        uvloop.run(serving)


async def _serve(options: Options, *, owned: bool) -> None:
    sounds = load_sounds(options.cache_folder())
    over = asyncio.Event()
    control = ControlServer(options.secret)
    switch = Switch(options, sounds, control.publish)
    port = await control.listen(options.host, options.port, switch)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    if owned:
        threading.Thread(target=_wait_for_end_of_input, args=(loop, over), daemon=True).start()
    gc.freeze()
    print(json.dumps({"port": port}), flush=True)
    await over.wait()
    logger.info("ending")
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await switch.close()
            await control.close()
    except TimeoutError:
        logger.warning("some connections did not close in %s s", CLOSE_TIMEOUT)


def _first_line() -> bytes:
    """Read the options without a buffer, which a thread at the end of the process would still hold."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        line += byte
    return line


def _wait_for_end_of_input(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(over.set)


if __name__ == "__main__":
    sys.exit(main())
