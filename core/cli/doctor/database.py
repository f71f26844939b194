"""The database: reachable, new enough, with its extensions, its schema in step with the code, its clock right."""

import time
from datetime import UTC, datetime
from typing import Any

import hookspecs
from core.app import load_plugins, require_schema
from core.cli.doctor.finding import Finding, fail, ok, warn
from core.cli.installation import open_database
from core.database.connection import fetch, fetch_row
from core.database.embedded import wheel_binaries
from core.database.embedded_running import running_dsn
from core.database.migrations import migration_state
from core.errors import StartupError
from core.plugins.context import CORE
from core.plugins.discovery import PluginRecord, PluginState
from core.plugins.registry import PluginRegistry
from core.settings import Settings

OLDEST = 15
EXTENSIONS = ("btree_gin", "btree_gist", "pg_trgm")
_NOTICEABLE, _HARMFUL = 1.0, 10.0
"""Seconds between two clocks: timers of agents look wrong; deadlines pass early or late."""


async def database_and_plugins(settings: Settings) -> list[Finding]:
    """Whether the database serves, and every plugin loads and has its tables."""
    findings = []
    try:
        registry = load_plugins(settings)
    except StartupError as error:
        findings += [fail("plugins", line) for line in str(error).splitlines()]
        registry = PluginRegistry(hookspecs, [])
    findings += await _database(settings, registry)
    registry.mark_ready()
    return findings + _plugins(settings, registry)


async def _database(settings: Settings, registry: PluginRegistry) -> list[Finding]:
    folder = settings.data_dir / "postgres"
    kind = "external"
    try:
        if settings.database.url is None:
            if not (folder / "data" / "PG_VERSION").exists():
                wheel_binaries()
                return [ok("database", "embedded; will be made at the first start")]
            kind = "embedded, of the server that is running" if running_dsn(folder) else "embedded"
        async with open_database(settings, registry) as apps:
            return [await _server(kind), await _extensions(), await _schema(apps, registry), await _clock()]
    except StartupError as error:
        return [fail("database", error.message, error.mend)]


async def _server(kind: str) -> Finding:
    row = await fetch_row(
        "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS name"
    )
    assert row is not None  # noqa: S101 - a SELECT without FROM gives a row
    text = f"PostgreSQL {row['name'].split()[0]}, {kind}"
    if row["number"] < OLDEST * 10000:
        return fail("database", f"{text}, is too old.", f"Move to PostgreSQL {OLDEST} or newer.")
    return ok("database", text)


async def _extensions() -> Finding:
    rows = await fetch("SELECT name FROM pg_available_extensions WHERE name = ANY($1::text[])", list(EXTENSIONS))
    missing = sorted(set(EXTENSIONS) - {row["name"] for row in rows})
    if missing:
        mend = "Install PostgreSQL's contrib modules on the database's machine (Debian: postgresql-contrib)."
        return fail("extensions", f"not available: {', '.join(missing)}.", mend)
    return ok("extensions", ", ".join(EXTENSIONS))


async def _schema(apps: dict[str, Any], registry: PluginRegistry) -> Finding:
    """Compare tables and code; plugins that have no tables yet are set aside in the registry."""
    state = await migration_state(apps)
    try:
        await require_schema(apps, registry)
    except StartupError as error:
        if not state.pending or any(app == CORE for app, _name in state.unknown):
            return fail("schema", error.message, error.mend)
    if state.pending:
        steps = ", ".join(f"{app} {name}" for app, name in state.pending)
        return warn("schema", f"to be applied: {steps}.", "Run: switchroom migrate (`switchroom run` does so itself).")
    return ok("schema", "up to date")


async def _clock() -> Finding:
    """Compare the two clocks; half of the round trip is allowed for."""
    started = time.monotonic()
    row = await fetch_row("SELECT clock_timestamp() AS now")
    ours, trip = datetime.now(UTC), time.monotonic() - started
    assert row is not None  # noqa: S101 - a SELECT without FROM gives a row
    return judge_clocks(max(abs((ours - row["now"]).total_seconds()) - trip / 2, 0.0))


def judge_clocks(apart: float) -> Finding:
    """Say what a difference of so many seconds between machine and database means."""
    text, mend = f"{apart:.1f} s between this machine and the database", "Let both machines set their clocks by NTP."
    if apart >= _HARMFUL:
        return fail("clock", f"{text}: deadlines pass at the wrong time.", mend)
    return warn("clock", f"{text}: timers look wrong.", mend) if apart >= _NOTICEABLE else ok("clock", text)


def _plugins(settings: Settings, registry: PluginRegistry) -> list[Finding]:
    ready = ", ".join(f"{record.name} {record.version}" for record in registry.ready)
    findings = [ok("plugins", f"ready: {ready}")] if ready else []
    return findings + [_set_aside(settings, record) for record in registry.records if not record.ready]


def _set_aside(settings: Settings, record: PluginRecord) -> Finding:
    text = f"{record.name} ({record.state.value.replace('_', ' ')}): {record.reason}"
    if record.name in settings.plugins.blocked:
        return ok("plugins", text)
    if record.state is PluginState.NEEDS_MIGRATION:
        return warn("plugins", text, "Run: switchroom migrate")
    return fail("plugins", text, f"Mend it in {record.origin}, or add it to plugins.blocked.")
