"""Opens and closes the connection pool of this process, and runs hand-written SQL on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tortoise import Tortoise
from tortoise.connection import get_connection

from core.errors import StartupError

CONNECTION = "default"
MIGRATIONS_TABLE = "tortoise_migrations"

AppModels = dict[str, tuple[list[str], str | None]]
"""App label → (modules that hold its models, module that holds its migrations)."""


def tortoise_config(url: str, apps: AppModels, *, pool_min: int = 1, pool_max: int = 20) -> dict[str, Any]:
    """The ORM's configuration for a PostgreSQL address (`postgresql://user:password@host:port/name?host=/socket`)."""
    return {
        "connections": {
            CONNECTION: {
                "engine": "tortoise.backends.asyncpg",
                "credentials": _credentials(url) | {"minsize": pool_min, "maxsize": pool_max, "reset": _keep},
            }
        },
        "apps": {
            label: {"models": modules, "default_connection": CONNECTION}
            | ({"migrations": migrations} if migrations else {})
            for label, (modules, migrations) in apps.items()
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def _keep(_connection: object) -> None:
    """Gives a connection back as it is, after a rollback where a transaction was left open.

    The driver would reset its session with one more statement after each one that stands alone. Nothing here changes
    the session: settings and advisory locks last as long as a transaction, and who listens has his own connection.
    """


def _credentials(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise StartupError(
            f"The database address starts with {parts.scheme!r}.",
            mend="Use postgresql://user:password@host:port/name: Switchroom runs on PostgreSQL only.",
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    credentials: dict[str, Any] = {
        "host": query.pop("host", None) or parts.hostname or "127.0.0.1",
        "port": parts.port or 5432,
        "user": unquote(parts.username or query.pop("user", "postgres")),
        "password": unquote(parts.password) if parts.password else query.pop("password", None),
        "database": parts.path.lstrip("/") or "switchroom",
    }
    if "sslmode" in query:
        credentials["ssl"] = query["sslmode"]
    return credentials


async def open_database(config: dict[str, Any]) -> None:
    """Prepares the ORM and opens the pool.

    Raises:
        StartupError: The server cannot be reached or refuses the login.
    """
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        await fetch_value("SELECT 1")
    except Exception as error:
        await Tortoise.close_connections()
        place = config["connections"][CONNECTION]["credentials"]
        raise StartupError(
            f"The database {place['database']!r} at {place['host']}:{place['port']} cannot be used: {error}",
            mend="Start PostgreSQL or correct database.url in settings.yaml.",
        ) from error


async def close_database() -> None:
    """Closes the pool; safe to call when it was never opened."""
    await Tortoise.close_connections()


async def fetch(sql: str, *values: Any) -> list[dict[str, Any]]:
    """Runs one statement in the current transaction, if there is one, and gives its rows."""
    rows: list[dict[str, Any]] = await get_connection(CONNECTION).execute_query_dict(sql, list(values))
    return rows


async def fetch_row(sql: str, *values: Any) -> dict[str, Any] | None:
    """Like `fetch`, but the first row alone, or None."""
    rows = await fetch(sql, *values)
    return rows[0] if rows else None


async def fetch_value(sql: str, *values: Any) -> Any:
    """Like `fetch_row`, but the first column alone, or None."""
    row = await fetch_row(sql, *values)
    return next(iter(row.values())) if row else None


async def execute(sql: str, *values: Any) -> int:
    """Runs one INSERT, UPDATE or DELETE and gives the number of rows it touched."""
    count, _rows = await get_connection(CONNECTION).execute_query(sql, list(values))
    return int(count)


async def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Adds many rows at once with COPY, in the current transaction, if there is one: several times faster than INSERT.

    Args:
        table: The name of the table.
        columns: Those that are given, `tenant_id` among them. A column that the ORM fills has no default here.
        rows: The values in their order; JSON as text.
    """
    async with get_connection(CONNECTION).acquire_connection() as connection:
        await connection.copy_records_to_table(table, columns=list(columns), records=rows)


async def execute_script(sql: str) -> None:
    """Runs one or more statements without values (schema changes)."""
    await get_connection(CONNECTION).execute_script(sql)
