"""A product of several processes, any of which may die, and record queues in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.app import running
from core.provisioning import ensure_demo
from core.settings import load_settings
from switchroom.testing.databases import run_apart
from tests.conftest import scratch_database
from tests.scale.record_rows import Told, check_nothing_else, check_records
from tests.scale.supply import Supply, make_supply, most_in_work
from tests.scale.watching import Watched, database_of, until
from tests.serving import ROOT, START_SECONDS, ServerProcess, free_port, server_environ

MOST = 2
"""How many records an agent may have in work."""
ASK_SECONDS = 60

STILL_TO_DO = """
SELECT 'item ' || id || ' is ' || state FROM records_item WHERE state <> 'done'
UNION ALL SELECT 'interaction ' || id || ' is ' || state FROM core_interaction WHERE state <> 'closed'
UNION ALL SELECT 'agent ' || user_id || ' is ' || occupancy FROM core_agent
    WHERE occupancy <> 'free' AND user_id = ANY($1::bigint[])
UNION ALL SELECT 'job ' || name || ' is dead: ' || error FROM core_job WHERE state = 'dead'
"""


@dataclass(kw_only=True)
class RecordFloor(Watched):
    """Two web servers, a worker and a scheduler.

    Attributes:
        supply: The records that are worked on.
    """

    supply: Supply

    @property
    def told(self) -> Told:
        """What agents and those who bring records were told."""
        return self.supply.told

    @property
    def web(self) -> list[ServerProcess]:
        """Those that answer."""
        return [process for process in self.processes if process.url]

    @property
    def background(self) -> list[ServerProcess]:
        """Those that answer nobody."""
        return [process for process in self.processes if not process.url]

    async def check(self) -> None:
        """The rows of this moment agree with each other, and with what people were told before it."""
        told = self.told.so_far()
        async with self.snapshot():
            await check_records(self.database.fetch, self.tenant_id, told, MOST)

    async def kill_and_restart(self, processes: Sequence[ServerProcess]) -> None:
        """Ends processes as a power cut would, while somebody asks one of them for something, and starts them again.

        The others go on, and so does the watch.
        """

        async def somebody_asks() -> bool:
            return any(self.told.asking[process.url] for process in processes)

        await until(somebody_asks, ASK_SECONDS, "no agent does anything")
        for process in processes:
            await asyncio.to_thread(process.kill)
        await start(processes)

    async def all_is_done_once(self, actions: Collection[str], seconds: float) -> None:
        """Waits until agents have done each of these actions."""

        async def all_done() -> bool:
            return {action for _agent, action in self.told.did.values()} >= set(actions)

        await until(all_done, seconds, self.told.did)

    async def check_end(self, agents: list[int], seconds: float) -> None:
        """Nothing is left to do, and nothing has happened that nobody wanted."""
        await self.comes_to_rest(STILL_TO_DO, agents, seconds)
        steps = await self.database.fetch("SELECT * FROM records_step WHERE tenant_id = $1", self.tenant_id)
        check_nothing_else(self.told, steps)
        assert not self.complaints()


@contextlib.asynccontextmanager
async def open_record_floor(
    database_server: str, migrated: str, redis_url: str, folder: Path
) -> AsyncIterator[RecordFloor]:
    """Starts the processes over a database with the demo tenant, and makes an open queue and a closed one."""
    with scratch_database(database_server, copy_of=migrated) as url:
        environ = server_environ(
            url,
            folder,
            SWITCHROOM__BROKER__URL=redis_url,
            SWITCHROOM__LIVE__URL=redis_url,
            SWITCHROOM__LOGGING__FORMAT="json",
            SWITCHROOM__PLUGINS__TENANT_DEFAULTS=most_in_work(MOST),
        )
        run_apart(_make_demo(environ))
        names = [("scheduler", None), ("worker", None), ("web", free_port()), ("web", free_port())]
        processes = [ServerProcess(name, environ, folder / f"{name}{port or ''}.log", port) for name, port in names]
        with contextlib.ExitStack() as stack:
            await start(processes)
            for process in processes:
                stack.callback(process.kill)
            async with database_of(url) as (database, tenant_id):
                yield RecordFloor(processes, database, tenant_id, supply=await make_supply(processes[-1].url))


async def start(processes: Sequence[ServerProcess]) -> None:
    """Starts processes at once, and waits until each of them works."""
    async with asyncio.TaskGroup() as group:
        for process in processes:
            group.create_task(_start(process))


async def _start(process: ServerProcess) -> None:
    def times_ready() -> int:
        return process.output.count(" is ready")

    before = times_ready()
    await asyncio.to_thread(process.start)

    async def is_ready() -> bool:
        return times_ready() > before

    await until(is_ready, START_SECONDS, process.output)


async def _make_demo(environ: dict[str, str]) -> None:
    """What `switchroom run` does in the beginning, for processes that leave it to somebody else."""
    settings = load_settings(ROOT / "settings.yaml", environ)
    async with running(settings, frozenset(), may_migrate=True) as application:
        await ensure_demo(application.platform)
