"""Runs a process until it is told to stop: the web server where it has that role, else the background work alone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import structlog
import uvicorn

from core.app import Application, Role, running, stop_signal
from core.errors import StartupError
from core.provisioning import ensure_demo
from core.settings import Settings
from core.site import create_web_app
from core.vendor.operators import ensure_demo_operator

log = structlog.get_logger(__name__)

GRACE_SECONDS = 5
"""How long open requests may take when the server stops."""

OnReady = Callable[[Application], Awaitable[None]]


async def serve(settings: Settings, roles: frozenset[Role], *, on_ready: OnReady | None = None) -> None:
    """Runs until SIGINT or SIGTERM.

    Args:
        settings: The installation.
        roles: What this process does. One that does everything also brings the schema up to date.
        on_ready: Called once requests are answered.

    Raises:
        StartupError: Something keeps it from starting; says what, and how to mend it.
    """
    listening = listen(settings) if Role.WEB in roles else None
    try:
        async with running(settings, roles, may_migrate=roles == frozenset(Role)) as application:
            if settings.demo and roles == frozenset(Role):
                await ensure_demo(application.platform)
                await ensure_demo_operator(settings)
            stopped = stop_signal()
            if listening is None:
                if on_ready:
                    await on_ready(application)
                await stopped.wait()
                return
            server = _Server(_config(settings, application), on_ready and partial(on_ready, application))
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(server.serve([listening]))
                tasks.create_task(_stop_when(stopped, server, serving))
    finally:
        if listening is not None:
            listening.close()


def listen(settings: Settings) -> socket.socket:
    """Takes the port.

    Raises:
        StartupError: It is taken, or the address is not this machine's.
    """
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(2048)
    except OSError as error:
        taken.close()
        raise StartupError(
            f"Port {port} of {host} cannot be used: {error.strerror}.",
            mend="Stop what uses it, or choose another one: SWITCHROOM__SERVER__PORT=8001.",
        ) from error
    taken.setblocking(False)
    return taken


def _config(settings: Settings, application: Application) -> uvicorn.Config:
    proxies = [str(network) for network in settings.server.trusted_proxies]
    return uvicorn.Config(
        create_web_app(application.platform),
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        # 64 KiB a socket otherwise, for messages of a few dozen bytes
        ws_per_message_deflate=False,
        ws_ping_interval=10.0,
        ws_ping_timeout=15.0,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: they would end the process before the background work has stopped."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Opens the server and says so."""
        await super().startup(sockets)
        if self._on_ready is not None:
            await self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to `serve`."""
        yield


async def _stop_when(stopped: asyncio.Event, server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    """Lets the server finish open requests once a signal has come, or ends with it."""
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    server.should_exit = True
