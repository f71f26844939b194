"""An organisation whose agents are led through anything: rows, jobs and time in the hands of a test, and crashes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core import app as core_app
from core.agents import connection as tabs
from core.app import Application
from core.database import connection as database
from core.database import transaction as transactions
from core.database.connection import execute, execute_script, fetch, fetch_value
from core.errors import SwitchroomError
from core.jobs.scheduler import Scheduler
from core.plugins.context import Actor, ActorKind, Context
from core.tenancy.context import TenantRef

T = TypeVar("T")

LOST = "The worker has not finished it."
"""What the outbox says of a job whose worker has died."""

# Rows of one tenant in every table; what moves with time. Of jobs the leases as well.
_TIMES = """
SELECT times.table_name AS name, array_agg(times.column_name::text) AS columns FROM information_schema.columns AS times
JOIN information_schema.columns AS owner USING (table_schema, table_name)
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND times.data_type = 'timestamp with time zone'
AND times.is_generated = 'NEVER' AND owner.column_name = 'tenant_id'
AND times.table_name NOT IN ('core_audit', 'core_session')
GROUP BY times.table_name
"""


class Killed(BaseException):
    """The process has died here. Nothing catches it, as nothing would."""


@dataclass
class Crash:
    """What became of a piece of work that was to be killed.

    Attributes:
        died: Whether it came to that.
        committed: Whether its transaction had been stored by then.
    """

    died: bool = False
    committed: bool = False


@contextlib.contextmanager
def killed_at(statement: int | None, cut: Callable[[Any], Awaitable[None]] | None = None) -> Iterator[Crash]:
    """Kills what is done inside before its statement of this number, counted from 1; None kills nothing.

    Args:
        statement: The number.
        cut: What is done to the connection instead of raising.
    """
    crash = Crash()
    count = 0
    get_connection, in_transaction = database.get_connection, transactions.in_transaction  # type: ignore[attr-defined]

    class Dying:
        """A connection whose user dies."""

        def __init__(self, real: Any) -> None:
            self._real = real

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("execute_"):
                return getattr(self._real, name)

            async def run(*arguments: Any) -> Any:
                nonlocal count
                count += 1
                if count == statement:
                    crash.died = True
                    if cut is None:
                        raise Killed
                    await cut(self._real)
                return await getattr(self._real, name)(*arguments)

            return run

    @asynccontextmanager
    async def noted(name: str) -> AsyncIterator[Any]:
        async with in_transaction(name) as inside:
            yield inside
        crash.committed = True

    patched: Any = database, transactions
    patched[0].get_connection = lambda name: Dying(get_connection(name))
    patched[1].in_transaction = noted
    try:
        with contextlib.suppress(Killed):
            yield crash
    finally:
        patched[0].get_connection, patched[1].in_transaction = get_connection, in_transaction


@contextlib.contextmanager
def at_process(name: str) -> Iterator[None]:
    """What is done inside is done by a process of this name."""
    before, tabs.PROCESS = tabs.PROCESS, name
    try:
        yield
    finally:
        tabs.PROCESS = before


@dataclass
class Office:
    """One organisation.

    Attributes:
        shifted: By how many seconds its times have been moved into the past.
    """

    application: Application
    tenant: TenantRef
    dsn: str
    began: Any = None
    shifted: float = 0
    messages: list[tuple[str, int, int]] = field(default_factory=list)

    @asynccontextmanager
    async def context(self, user_id: int | None = None) -> AsyncIterator[Context]:
        """The organisation as it is now: for the system, or for a user."""
        platform = self.application.platform
        actor = Actor(ActorKind.USER, user_id) if user_id else Actor(ActorKind.SYSTEM)
        tenant = await platform.tenant(tenant_id=self.tenant.id)
        async with platform.context(tenant, actor) as ctx:
            yield ctx

    # --- Time ---------------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """The clock of the organisation is 0 now."""
        self.began = await fetch_value("SELECT clock_timestamp()")

    async def clock(self) -> float:
        """What the clock of the organisation shows: seconds since the beginning."""
        now = await fetch_value("SELECT clock_timestamp()")
        return float((now - self.began).total_seconds() + self.shifted)

    async def forward(self, seconds: float) -> None:
        """Lets time pass: every time of the organisation lies further back."""
        self.shifted += seconds
        changes = []
        for row in await fetch(_TIMES):
            earlier = ", ".join(f"{column} = {column} - make_interval(secs => {seconds})" for column in row["columns"])
            changes.append(f"UPDATE {row['name']} SET {earlier} WHERE tenant_id = {self.tenant.id}")  # noqa: S608
        await execute_script(f"BEGIN; {'; '.join(changes)}; COMMIT")

    def moment_of(self, stored: Any) -> float:
        """What the clock showed at a stored time."""
        return float((stored - self.began).total_seconds() + self.shifted)

    # --- Work ---------------------------------------------------------------------------------------------------------

    async def attempt(
        self, action: Callable[[Context], Awaitable[T]], *, by: int | None = None, dies_at: int | None = None
    ) -> tuple[Crash, T | SwitchroomError | None]:
        """Does something; gives whether it was killed, and what came of it or why it was refused."""
        found: T | SwitchroomError | None = None
        async with self.context(by) as ctx:
            with killed_at(dies_at) as crash:
                try:
                    found = await action(ctx)
                except SwitchroomError as refusal:
                    found = refusal
        return crash, found

    # --- Jobs ---------------------------------------------------------------------------------------------------------

    async def run_jobs(self, *, dies_at: int | None = None, twice: bool = False, backwards: bool = False) -> None:
        """Runs all that is due, and what that makes due.

        Args:
            dies_at: The worker dies before this statement of the first job, and another one finds it.
            twice: A worker dies after each job and before it has said so; another one does it again.
            backwards: The last is begun first, as when several workers are at it.
        """
        while messages := await self._sent():
            for name, row_id, attempt in reversed(messages) if backwards else messages:
                with killed_at(dies_at):
                    if twice:
                        await self._run(row_id)
                    await self.application._runner._execute(name, row_id, attempt)
                dies_at = None
            await self.leases_run_out()
        failed = await fetch(
            "SELECT name, error FROM core_job WHERE tenant_id = $1 AND (state = 'dead' OR error NOT IN ('', $2))",
            self.tenant.id,
            LOST,
        )
        assert not failed, failed

    async def empty_broker(self) -> None:
        """Whatever is due is sent, and lost on the way."""
        await self._sent()

    async def leases_run_out(self) -> None:
        """So much time passes that what nobody has finished counts as lost."""
        await execute(
            "UPDATE core_job SET lease_until = now() - interval '1 second' WHERE tenant_id = $1 AND state = 'sent'",
            self.tenant.id,
        )

    async def _sent(self) -> list[tuple[str, int, int]]:
        messages: list[tuple[str, int, int]] = []
        scheduler = Scheduler(self.dsn, lambda *message: messages.append(message))
        await scheduler.send_due()
        return messages

    async def _run(self, row_id: int) -> None:
        row = (await fetch("SELECT name, arguments FROM core_job WHERE id = $1", row_id))[0]
        job = self.application.platform.jobs.named(row["name"])
        assert job
        await core_app._run_in_tenant(self.application.platform)(job, self.tenant.id, json.loads(row["arguments"]))
