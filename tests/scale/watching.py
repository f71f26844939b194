"""A running installation with its database in sight: rows are looked at again and again, whatever its processes do."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.floor_checks import check_floor
from tests.serving import ServerProcess

LOOK_SECONDS = 0.3


@dataclass
class Watched:
    """The demo tenant of an installation.

    Attributes:
        processes: What it consists of.
        database: A connection of the test's own, for one statement at a time: whoever uses it holds `_alone`.
    """

    processes: list[ServerProcess]
    database: asyncpg.Connection[Any]
    tenant_id: int
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def watch(self) -> None:
        """Looks at the rows again and again: they never disagree."""
        while True:
            async with self._alone:
                await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """One look, with the connection held."""
        await self.check()

    async def check(self) -> None:
        """The rows of this moment agree with each other."""
        async with self.snapshot():
            pass

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """The rows of one moment, which agree with each other as those of any contact centre do."""
        async with self.database.transaction(isolation="repeatable_read", readonly=True):
            await check_floor(self.database.fetch, self.tenant_id)
            yield

    async def nobody_else_is_connected(self) -> bool:
        """Whether the database does nothing any more for processes that have died."""
        return not await self.database.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )

    async def there_is(self, condition: str, seconds: float) -> None:
        """Waits until rows fulfil a condition, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    async with self._alone:
                        if await self.database.fetchval(f"SELECT EXISTS ({condition})"):
                            return
                    await asyncio.sleep(0.02)

    async def comes_to_rest(self, still_to_do: str, agents: list[int], seconds: float) -> None:
        """Waits until nothing is left to do, and checks the rows.

        Args:
            still_to_do: SQL that says what is, in words; `$1` are the agents.
            agents: User ids.
            seconds: How long that may take.
        """
        left: list[str] = []

        async def nothing_to_do() -> bool:
            async with self._alone:
                left[:] = [row[0] for row in await self.database.fetch(still_to_do, agents)]
            return not left

        await until(nothing_to_do, seconds, left)
        async with self._alone:
            await self.check()

    def complaints(self) -> list[str]:
        """What the processes have logged as an error, or printed because of one."""
        lines = [line for process in self.processes for line in _printed(process)]
        logged = (json.loads(line) for line in lines if line.startswith("{"))
        return [str(line) for line in logged if line["level"] in ("error", "critical")] + [
            line for line in lines if line.startswith("Traceback")
        ]


def _printed(process: ServerProcess) -> list[str]:
    assert " is ready" in process.output, "what it prints is not read"
    return process.output.splitlines()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float, otherwise: object) -> None:
    """Waits until something is so.

    Raises:
        AssertionError: It has not become so in time; says `otherwise`.
    """
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - rows tell nobody that they have changed
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"After {seconds:.1f} s: {otherwise}") from None


@contextlib.asynccontextmanager
async def database_of(url: str) -> AsyncIterator[tuple[asyncpg.Connection[Any], int]]:
    """A connection of the test's own, and the id of the demo tenant."""
    database = await asyncpg.connect(url)
    try:
        yield database, await database.fetchval("SELECT id FROM core_tenant WHERE slug = 'demo'")
    finally:
        await database.close()
