"""A product in one process that carries calls: what its rows say, while it runs and while it does not."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.conftest import scratch_database
from tests.scale.people import client, log_in
from tests.scale.supply import most_in_work
from tests.scale.watching import Watched, database_of, until
from tests.serving import ServerProcess, free_port, running, server_environ

OFFER_SECONDS, NO_ANSWER_SECONDS, WRAP_UP_SECONDS = 5, 1, 5
MOST_RECORDS = 1
LATE_SECONDS = 8.0
"""A deadline is acted on within this time, also one that passed while the server was away: patience for a machine that
has much else to do, and less than any lease. `python -m bench deadlines` measures how long it takes."""

OVERDUE = """
SELECT 'offer' AS what, id FROM core_offer WHERE state = 'pending' AND deadline < $1
UNION ALL SELECT 'wrap-up', id FROM core_segment WHERE state = 'wrap_up' AND wrap_up_until < $1
UNION ALL SELECT 'missed', user_id FROM core_agent WHERE occupancy = 'missed' AND missed_until < $1
"""

DEADLINES = """
SELECT deadline FROM core_offer WHERE state = 'pending'
UNION ALL SELECT wrap_up_until FROM core_segment WHERE state = 'wrap_up'
UNION ALL SELECT missed_until FROM core_agent WHERE occupancy = 'missed'
"""

# What is said before and after a call is not in one transaction with it; who talks to whom is.
WITHOUT_AUDIO = """
SELECT call.id, call.state FROM core_interaction AS call WHERE call.channel = 'voice'
AND call.state IN ('waiting', 'offered', 'active', 'held')
AND (SELECT count(*) FROM telephony_leg AS leg WHERE leg.interaction_id = call.id AND leg.state <> 'ended')
    <> CASE WHEN call.state IN ('active', 'held') THEN 2 ELSE 1 END
"""

STILL_TO_DO = """
SELECT 'call ' || id || ' is ' || state FROM core_interaction WHERE state <> 'closed'
UNION ALL SELECT 'leg ' || id || ' is ' || state FROM telephony_leg WHERE state <> 'ended'
UNION ALL SELECT 'agent ' || user_id || ' is ' || status FROM core_agent
    WHERE status <> 'waiting' AND user_id = ANY($1::bigint[])
UNION ALL SELECT 'job ' || name || ' is ' || state FROM core_job WHERE due_at < now() OR state = 'dead'
"""


@dataclass(frozen=True)
class Remains:
    """What the rows of a killed server say was going on.

    Attributes:
        calls: Ids of calls that had not ended.
        offers: Ids of offers that nobody had decided.
        talks: Ids of segments in talk.
        legs: Ids of legs that lived.
    """

    calls: list[int]
    offers: list[int]
    talks: list[int]
    legs: list[int]


@dataclass
class Floor(Watched):
    """The demo tenant of a running server.

    Attributes:
        passed: How many deadlines have passed while the server was away.
    """

    passed: int = 0

    @property
    def server(self) -> ServerProcess:
        """The only process there is."""
        return self.processes[0]

    async def look(self) -> None:
        """The rows agree with each other, and nothing is late. The server runs: it is held while it does not."""
        await self.check()
        now = await self.database.fetchval("SELECT now() - make_interval(secs => $1)", LATE_SECONDS)
        late = await self.database.fetch(OVERDUE, now)
        assert not late, f"nothing has been done about {late}"

    async def check(self) -> None:
        """The rows of this moment agree with each other, and every call has the legs that it needs."""
        async with self.snapshot():
            silent = await self.database.fetch(WITHOUT_AUDIO)
            assert not silent, f"calls without the legs that they need: {silent}"

    async def kill_and_restart(self, *, stay_away: bool) -> Remains:
        """Ends the server as a power cut would, starts it again, and checks that the rows then tell the truth.

        Args:
            stay_away: Whether to wait with the start until a deadline has passed, if any is near.
        """
        async with self._alone:
            await asyncio.to_thread(self.server.kill)
            await until(self.nobody_else_is_connected, 10, "the database still works for the dead server")
            await self.check()
            remains = await self._remains()
            deadlines = [row[0] for row in await self.database.fetch(DEADLINES)]
            if stay_away and deadlines:
                await until(lambda: self._has_passed(min(deadlines)), 10, "the deadline does not come")
            await asyncio.to_thread(self.server.start)
            since = time.monotonic()
            now = await self.database.fetchval("SELECT clock_timestamp()")
            self.passed += sum(deadline < now for deadline in deadlines)
            await self._check_truth(remains)

            async def nothing_is_overdue() -> bool:
                return not await self.database.fetch(OVERDUE, now)

            left = LATE_SECONDS - (time.monotonic() - since)
            await until(nothing_is_overdue, left, "a deadline has passed and nothing was done")
            await self.check()
        return remains

    async def _remains(self) -> Remains:
        async def ids(sql: str) -> list[int]:
            return [row["id"] for row in await self.database.fetch(sql)]

        return Remains(
            calls=await ids("SELECT id FROM core_interaction WHERE state IN ('waiting', 'offered', 'active', 'held')"),
            offers=await ids("SELECT id FROM core_offer WHERE state = 'pending'"),
            talks=await ids("SELECT id FROM core_segment WHERE state = 'active'"),
            legs=await ids("SELECT id FROM telephony_leg WHERE state <> 'ended'"),
        )

    async def _check_truth(self, remains: Remains) -> None:
        """The audio has died with the server, and every row says so as soon as the next one is ready."""

        async def all_are(sql: str, ids: list[int], *allowed: str) -> None:
            rows = await self.database.fetch(f"SELECT id, {sql} WHERE id = ANY($1::bigint[])", ids)
            wrong = [tuple(row) for row in rows if row["state"] not in allowed]
            assert not wrong, f"the audio has died, and {sql.split()[-1]} says {wrong}"

        ended = "CASE WHEN state IN ('ended', 'closed') THEN cause ELSE state END AS state"
        await all_are(f"{ended} FROM core_interaction", remains.calls, "media_lost")
        await all_are("state FROM core_offer", remains.offers, "rescinded")
        await all_are("state FROM core_segment", remains.talks, "wrap_up", "closed")
        await all_are("state FROM telephony_leg", remains.legs, "ended")

    async def _has_passed(self, moment: object) -> bool:
        return bool(await self.database.fetchval("SELECT clock_timestamp() > $1", moment))

    async def last_calls(self) -> dict[str, asyncpg.Record]:
        """For each phone number the call that came last: its cause, and whether an agent answered it."""
        async with self._alone:
            rows = await self.database.fetch(
                "SELECT contact_number, cause, EXISTS (SELECT FROM core_segment AS segment "
                "WHERE segment.interaction_id = call.id) AS answered FROM core_interaction AS call "
                "WHERE channel = 'voice' ORDER BY id"
            )
        return {row["contact_number"]: row for row in rows}


@contextlib.asynccontextmanager
async def open_floor(database_server: str, migrated: str, folder: Path) -> AsyncIterator[Floor]:
    """Starts the product with a voice provider that needs no browser, and sets short times for the demo's team."""
    overrides = {
        "SWITCHROOM__PLUGINS__SETTINGS__TELEPHONY__PROVIDER": "tests.plugins.telephony.scripted:provider",
        # Callers come from addresses of their own, as behind a proxy.
        "SWITCHROOM__SERVER__TRUSTED_PROXIES": "[127.0.0.1]",
        "SWITCHROOM__LOGGING__FORMAT": "json",
        "SWITCHROOM__PLUGINS__TENANT_DEFAULTS": most_in_work(MOST_RECORDS),
    }
    with scratch_database(database_server, copy_of=migrated) as url:
        server = ServerProcess("run", server_environ(url, folder, **overrides), folder / "server.log", free_port())
        with running(server):
            async with database_of(url) as (database, tenant_id):
                await _hurry(server.url)
                yield Floor([server], database, tenant_id)


async def _hurry(url: str) -> None:
    """The administrator sets short times for the team."""
    async with client(url) as browser:
        await log_in(browser, "admin")
        page = await browser.get("/p/routing/teams")
        team = re.findall(r'hx-post="(/p/routing/teams/\d+)"', page.text)[0]
        times = {
            "offer_seconds": OFFER_SECONDS,
            "no_answer_seconds": NO_ANSWER_SECONDS,
            "wrap_up_seconds": WRAP_UP_SECONDS,
        }
        response = await browser.post(team, data={"name": "Team 1", **times}, headers={"hx-request": "true"})
        assert response.status_code == 200, response.text
