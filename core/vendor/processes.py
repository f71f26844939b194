"""What each process of the installation says of itself: that it lives, and how far its plugins have come.

Plugins are loaded by each process by itself, so one that is ready here may be broken there; the console shows both.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import structlog

from core.database.connection import execute, fetch
from core.database.transaction import transaction
from core.plugins.registry import PluginRegistry

log = structlog.get_logger(__name__)

PULSE_SECONDS = 15.0
"""How often a process says that it lives."""
BELIEVED_SECONDS = 60
"""How long it is believed in after that."""
FORGOTTEN_AFTER = 24 * 3600
"""After how many seconds its row is deleted; until then the console shows that it is gone."""

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class ProcessView:
    """A process, for the console.

    Attributes:
        alive: Whether it has said so of late.
    """

    id: str
    host: str
    pid: int
    roles: str
    version: str
    started_at: datetime
    seen_at: datetime
    alive: bool


@dataclass(frozen=True)
class PluginInProcess:
    """A plugin in one process that lives."""

    process_id: str
    host: str
    pid: int
    roles: str
    plugin: str
    version: str
    state: str
    reason: str
    since: datetime


class Report:
    """What this process says of itself, from start to stop.

    Args:
        registry: Its plugins.
        roles: What it does.
        at_each_pulse: Other work that a process does again and again; one that fails harms no other.
    """

    def __init__(self, registry: PluginRegistry, roles: Iterable[str], at_each_pulse: Sequence[Work] = ()) -> None:
        self.id = str(uuid.uuid4())
        self._registry = registry
        self._roles = " ".join(sorted(roles))
        self._work = at_each_pulse
        self._told: object = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Says that the process is there, and goes on saying so."""
        await self.tell()
        self._task = asyncio.create_task(self._keep_telling(), name="process-report")

    async def stop(self) -> None:
        """Says that the process is gone."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._run_work()
        with contextlib.suppress(Exception):
            await execute("DELETE FROM core_process WHERE id = $1", self.id)

    async def tell(self) -> None:
        """Writes the row of the process, and those of its plugins where they have changed."""
        plugins = [
            (record.name, record.version, record.state.value, record.reason, record.since)
            for record in self._registry.records
        ]
        async with transaction():
            known = await execute("UPDATE core_process SET seen_at = now() WHERE id = $1", self.id)
            if not known:
                await self._begin()
            if not known or plugins != self._told:
                await execute("DELETE FROM core_process_plugin WHERE process_id = $1", self.id)
                for plugin in plugins:
                    await execute(
                        "INSERT INTO core_process_plugin (process_id, plugin, version, state, reason, since) "
                        "VALUES ($1, $2, $3, $4, $5, $6)",
                        self.id,
                        *plugin,
                    )
        self._told = plugins

    async def _begin(self) -> None:
        await execute(
            "DELETE FROM core_process WHERE seen_at < now() - make_interval(secs => $1)", float(FORGOTTEN_AFTER)
        )
        await execute(
            "INSERT INTO core_process (id, host, pid, roles, version, started_at, seen_at) "
            "VALUES ($1, $2, $3, $4, $5, now(), now())",
            self.id,
            socket.gethostname(),
            os.getpid(),
            self._roles,
            version("switchroom"),
        )

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            try:
                await self.tell()
            except Exception:
                # The next pulse tries again: a database that is away for a moment ends no process.
                log.exception("process_report_failed")
            await self._run_work()

    async def _run_work(self) -> None:
        for work in self._work:
            try:
                await work()
            except Exception:
                log.exception("process_work_failed", work=getattr(work, "__qualname__", repr(work)))


async def processes() -> list[ProcessView]:
    """Every process that was seen in the last day, those that live first."""
    rows = await fetch(
        "SELECT id, host, pid, roles, version, started_at, seen_at, "
        "seen_at > now() - make_interval(secs => $1) AS alive FROM core_process "
        "WHERE seen_at > now() - make_interval(secs => $2) ORDER BY alive DESC, host, started_at",
        float(BELIEVED_SECONDS),
        float(FORGOTTEN_AFTER),
    )
    return [ProcessView(**row) for row in rows]


async def plugins_in_processes() -> list[PluginInProcess]:
    """Each plugin in each process that lives, by plugin."""
    rows = await fetch(
        "SELECT process.id AS process_id, process.host, process.pid, process.roles, plugin.plugin, plugin.version, "
        "plugin.state, plugin.reason, plugin.since FROM core_process_plugin AS plugin "
        "JOIN core_process AS process ON process.id = plugin.process_id "
        "WHERE process.seen_at > now() - make_interval(secs => $1) ORDER BY plugin.plugin, process.host, process.pid",
        float(BELIEVED_SECONDS),
    )
    return [PluginInProcess(**row) for row in rows]
