"""Stores the failures of one process in the background: a call that has failed never waits for that."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

import structlog

from core.live.hub import LiveHub
from core.plugins.issues import TOPIC, Place, close, record

log = structlog.get_logger(__name__)

MOST_PLACES = 1000
"""Failures of so many places wait at most; of more, the count is lost, and the log has them all."""
PAUSE_SECONDS = 0.1
"""Between two rounds, so that what fails in a loop becomes one row's one update."""
RETRY_SECONDS = 5.0
LAST_SECONDS = 3.0
"""How long the process waits, when it stops, for what is still to be stored."""


@dataclass
class _Waiting:
    """Failures of one place that are not stored yet: how many, and the last of them."""

    times: int
    message: str
    incident: str


class IssueLog:
    """Takes failures of plugins from anywhere in the process, and stores them one place after the other.

    It has a task of its own, begun outside of any transaction, so that no caller's is ever used.
    """

    def __init__(self, live: LiveHub) -> None:
        self._live = live
        self._failed: dict[Place, _Waiting] = {}
        self._worked: set[Place] = set()
        self._something = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def note(self, place: Place, message: str, incident: str = "") -> None:
        """Something has failed."""
        waiting = self._failed.get(place)
        if waiting is not None:
            waiting.times, waiting.message, waiting.incident = waiting.times + 1, message, incident
        elif len(self._failed) < MOST_PLACES:
            self._failed[place] = _Waiting(1, message, incident)
        self._worked.discard(place)
        self._something.set()

    def note_answer(self, place: Place) -> None:
        """A hook that was parked has answered."""
        self._worked.add(place)
        self._something.set()

    def start(self) -> None:
        """Begins to store."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name="plugin-issues")

    async def stop(self) -> None:
        """Stores what is left, if the database lets it, and ends."""
        if self._task is None:
            return
        task, self._task = self._task, None
        self._stopping.set()
        self._something.set()
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await task
        except TimeoutError:
            log.error("plugin_issues_lost", places=len(self._failed))

    async def store(self) -> None:
        """Stores what waits."""
        for place in list(self._failed):
            waiting = self._failed[place]
            times = waiting.times
            until = await record(place, waiting.message, waiting.incident, times)
            waiting.times -= times
            if not waiting.times:
                del self._failed[place]
            if until is not None:
                log.warning(
                    "hook_parked", plugin=place.plugin, hook=place.name, tenant_id=place.tenant_id, until=str(until)
                )
            await self._live.publish(place.tenant_id, TOPIC)
        while self._worked:
            place = next(iter(self._worked))
            if await close(place):
                log.info("hook_resumed", plugin=place.plugin, hook=place.name, tenant_id=place.tenant_id)
                await self._live.publish(place.tenant_id, TOPIC)
            self._worked.discard(place)

    async def _run(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            last = self._stopping.is_set()
            pause = PAUSE_SECONDS
            try:
                await self.store()
            except Exception:
                log.exception("plugin_issues_not_stored")
                self._something.set()
                pause = RETRY_SECONDS
            if last:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
