"""That a process lives which has work of the outbox in hand: the database knows it the moment it dies.

Each such process has a row and, on a connection of its own, an advisory lock of the row's number. The server releases
the lock as soon as the process is gone, however it ended; so whoever gets it knows that.
"""

from __future__ import annotations

import structlog

from core.database.connection import execute, fetch, fetch_value
from core.database.lasting import Connection, LastingConnection
from core.database.transaction import transaction

log = structlog.get_logger(__name__)

LOCK_KIND = 1_936_745_072
"""The first half of the advisory locks of processes; the other half is the number of the row."""

# Nobody sees the row before its lock is held. A machine that is cut off is given up after some seconds.
_APPEAR = f"""
WITH made AS (INSERT INTO core_presence (since) VALUES (now()) RETURNING id)
SELECT id, pg_advisory_lock({LOCK_KIND}, id) FROM made
"""  # noqa: S608 - a constant
_NOTICE_SILENCE = "SET tcp_keepalives_idle = 1; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2"

# A row for each process, so few.
_SOMEBODY_DIED = f"SELECT EXISTS (SELECT FROM core_presence WHERE pg_try_advisory_xact_lock({LOCK_KIND}, id))"  # noqa: S608
_BURY = f"""
DELETE FROM core_presence WHERE id IN (
    SELECT id FROM core_presence WHERE pg_try_advisory_xact_lock({LOCK_KIND}, id) FOR UPDATE SKIP LOCKED
) RETURNING id
"""  # noqa: S608 - a constant

# What the dead have begun; and what nobody has begun, since they may have had the message of it.
_GIVE_UP_LEASES = """
UPDATE core_job SET lease_until = now() - interval '1 second'
WHERE state = 'sent' AND (NOT started OR presence = ANY($1::int[]))
"""


class Presence:
    """This process, as those see it who wait for what it does.

    Attributes:
        number: Of its row; None while the database has no connection of it, and leases alone tell that it has died.
    """

    def __init__(self, dsn: str) -> None:
        self.number: int | None = None
        self._line = LastingConnection(dsn, self._appear, on_lost=self._vanish)

    async def start(self) -> None:
        """Appears, and does so again whenever the connection was lost."""
        await self._line.start()

    async def stop(self) -> None:
        """Goes, as by dying: what it was sent and has not begun is for others."""
        self._vanish()
        await self._line.stop()

    async def _appear(self, connection: Connection) -> None:
        await connection.execute(_NOTICE_SILENCE)
        self.number = await connection.fetchval(_APPEAR)

    def _vanish(self) -> None:
        self.number = None


async def give_up_the_dead() -> None:
    """Ends the leases of work that dead processes had in hand; it is due again as if its time had run out."""
    if not await fetch_value(_SOMEBODY_DIED):
        return
    async with transaction():
        dead = [row["id"] for row in await fetch(_BURY)]
        # A statement of its own: it sees all that they did before they died.
        count = await execute(_GIVE_UP_LEASES, dead) if dead else 0
    if dead:
        log.info("processes_gone", presences=dead, jobs=count)
