"""The PostgreSQL that tests run on, one that runs already or one of their own, and databases that go with the tests."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from core.database.connection import MIGRATIONS_TABLE, execute_script, fetch, fetch_value
from core.database.embedded import EmbeddedServer

SERVER_VARIABLE = "SWITCHROOM_TEST_DATABASE"
"""The environment variable that names a server to use; its user must be allowed to create databases."""

USUAL_SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"

T = TypeVar("T")

_dropping = ThreadPoolExecutor(1, "dropping")
_drops: list[Future[None]] = []
_ended: dict[str, list[str]] = {}
"""Server → databases of tests that have ended. A server whose data must outlive a power cut writes all that it has not
yet written when it drops one, which takes seconds; it does so once for several, and no test waits for it."""

_TOGETHER = 8
"""How many databases are dropped at once; each takes about 12 MB until then."""

_RESTART = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename NOT LIKE 'tortoise_migrations%';
"""


@contextmanager
def database_server(folder: Path) -> Iterator[str]:
    """The address of a server: the one that `SWITCHROOM_TEST_DATABASE` names, the one that runs here, else our own.

    Args:
        folder: An empty folder for a server of our own, which goes with the block.

    Raises:
        ConnectionError: The server that the variable names does not answer.
    """
    named = os.environ.get(SERVER_VARIABLE)
    if run_apart(_answers(named or USUAL_SERVER)):
        try:
            yield named or USUAL_SERVER
        finally:
            _finish_dropping(named or USUAL_SERVER)
        return
    if named:
        raise ConnectionError(
            f"The PostgreSQL that {SERVER_VARIABLE} names does not answer. Start it, or unset the variable."
        )
    server = EmbeddedServer(folder, durable=False)
    try:
        url = server.start()
        yield url
        _finish_dropping(url)
    finally:
        server.destroy()


@contextmanager
def scratch_database(server: str, copy_of: str | None = None) -> Iterator[str]:
    """The address of a database that goes after the block has ended.

    Args:
        server: Where.
        copy_of: The address of a database of the same server whose tables and rows it gets, which nobody may have open;
            None is an empty one.
    """
    name = f"switchroom_test_{uuid.uuid4().hex[:12]}"
    template = f' TEMPLATE "{urlsplit(copy_of).path[1:]}"' if copy_of else ""
    run_apart(_run(server, f'CREATE DATABASE "{name}"{template}'))
    # Nobody needs the rows of a test after a power cut.
    run_apart(_run(server, f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        _ended.setdefault(server, []).append(name)
        if len(_ended[server]) >= _TOGETHER:
            _start_dropping(server)


def _start_dropping(server: str) -> None:
    names = _ended.pop(server, [])
    _drops.append(_dropping.submit(asyncio.run, _drop(server, names)))


def _finish_dropping(server: str) -> None:
    """Waits until all databases of tests that have ended are gone; raises what has failed."""
    _start_dropping(server)
    while _drops:
        _drops.pop().result()


async def _drop(server: str, names: list[str]) -> None:
    await asyncio.gather(*(_run(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)') for name in names))


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Runs asynchronous work from ordinary code, in a thread of its own: this one may have a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def empty_tables() -> None:
    """Deletes all rows of the open database; ids begin at 1 again."""
    tables = [
        f'"{row["tablename"]}"'
        for row in await fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1", MIGRATIONS_TABLE
        )
    ]
    if await fetch_value("SELECT current_setting('is_superuser')") != "on":
        await execute_script(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        return
    # Far cheaper than TRUNCATE, which gives each table new files: most are empty, and the rest hold a few rows.
    filled = await fetch(
        " UNION ALL ".join(f"SELECT '{table}' AS name WHERE EXISTS (SELECT FROM {table})" for table in tables)  # noqa: S608
    )
    deleting = "".join(f"DELETE FROM {row['name']};" for row in filled)  # noqa: S608
    await execute_script(
        "\n".join(["BEGIN; SET LOCAL session_replication_role = replica;", deleting, _RESTART, "COMMIT"])
    )


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=3)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


async def _run(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
