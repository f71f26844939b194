"""The database: reachable, new enough, with its extensions, its schema in step with the code, its clock right."""

import time
from datetime import UTC, datetime

import asyncpg

from core.cli.doctor.finding import Finding, fail, ok, warn

OLDEST = 15
EXTENSIONS = ("pg_trgm", "btree_gist")
_NOTICEABLE, _HARMFUL = 1.0, 10.0
"""Seconds between two clocks: timers of agents look wrong; deadlines pass early or late."""


async def server(connection: asyncpg.Connection) -> Finding:
    """Whether the server is new enough."""
    number = await connection.fetchval("SELECT current_setting('server_version_num')::int")
    text = f"PostgreSQL {await connection.fetchval('SHOW server_version')}"
    if number < OLDEST * 10000:
        return fail("database", f"{text} is too old.", f"Move to PostgreSQL {OLDEST} or newer.")
    return ok("database", text)


async def extensions(connection: asyncpg.Connection) -> Finding:
    """Whether the extensions that migrations create can be created."""
    rows = await connection.fetch(
        "SELECT name FROM pg_available_extensions WHERE name = ANY($1::text[])", list(EXTENSIONS)
    )
    missing = sorted(set(EXTENSIONS) - {row["name"] for row in rows})
    if missing:
        mend = "Install PostgreSQL's contrib modules on the database's machine (Debian: postgresql-contrib)."
        return fail("extensions", f"not available: {', '.join(missing)}.", mend)
    return ok("extensions", ", ".join(EXTENSIONS))


async def clock(connection: asyncpg.Connection) -> Finding:
    """Whether this machine's clock and the database's agree; half of the round trip is allowed for."""
    started = time.monotonic()
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    ours, trip = datetime.now(UTC), time.monotonic() - started
    apart = max(abs((ours - theirs).total_seconds()) - trip / 2, 0.0)
    text = f"{apart:.1f} s between this machine and the database"
    mend = "Let both machines set their clocks by NTP."
    if apart >= _HARMFUL:
        return fail("clock", f"{text}: deadlines pass at the wrong time.", mend)
    return warn("clock", text, mend) if apart >= _NOTICEABLE else ok("clock", text)
