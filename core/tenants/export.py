"""Exports a tenant: a ZIP with the rows of each table as JSON lines, and a manifest. Never a secret."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import socket
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from tortoise.connection import get_connection

from core.audit.log import record_of
from core.database.connection import CONNECTION, execute, fetch_value
from core.database.transaction import transaction
from core.errors import NotFound
from core.jobs import outbox
from core.jobs.registry import job
from core.locale import gettext as _
from core.plugins.context import Actor, Platform
from core.settings import Settings
from core.tenants import work
from core.tenants.suspension import get_tenant
from core.tenants.tables import TenantTable, estimated_rows, tenant_tables
from core.tenants.work import Work, WorkKind, WorkState

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=7)
BATCH = 500
ATTEMPTS = 3
FORMAT = 1
"""Raise it when the layout of the file changes."""

LEFT_OUT = frozenset(
    {
        "core_agent_tabs",
        "core_api_token",
        "core_idempotent_answer",
        "core_job",
        "core_session",
        "core_tenant_work",
    }
)
"""Tables that hold logins, keys and what is of use to the running server alone."""

SECRET = re.compile(r"password|secret|token|digest|credential|api_?key|private_?key")
"""A column, or a key inside of JSON, whose name says so holds a secret."""
REMOVED = "[removed]"
_SEALED = "gAAAAA"
"""How every encrypted text begins."""


async def export_tenant(tenant_id: int, actor: Actor) -> int:
    """Begins an export; gives the id of the work. Operators may load the file for 7 days.

    Raises:
        NotFound: There is no such tenant.
        Conflict: It is being exported already.
    """
    tenant = await get_tenant(tenant_id)
    async with transaction():
        number = await work.begin_work(tenant_id, tenant.slug, WorkKind.EXPORT, actor)
        await outbox.enqueue(outbox.Entry(run_export.name, None, {"work_id": number}))
        await record_of(tenant_id, actor, "core.tenant_export_begun", f"core:tenant:{tenant_id}", tenant.slug, {}, {})
    return number


async def export_now(platform: Platform, tenant_id: int, actor: Actor) -> int:
    """Exports at once, for a command that waits; gives the id of the work.

    Raises:
        NotFound: There is no such tenant.
        Conflict: It is being exported already.
    """
    tenant = await get_tenant(tenant_id)
    async with transaction():
        number = await work.begin_work(tenant_id, tenant.slug, WorkKind.EXPORT, actor)
        await record_of(tenant_id, actor, "core.tenant_export_begun", f"core:tenant:{tenant_id}", tenant.slug, {}, {})
    try:
        await run_export.function(platform, number)
    except Exception as error:
        await work.fail(number, error, over=True)
        raise
    return number


@job("core.export_tenant", time_limit=3600.0, attempts=ATTEMPTS)
async def run_export(platform: Platform, work_id: int) -> None:
    """Writes the file, from the beginning each time. Work of the installation."""
    current = await work.get_work(work_id)
    if not current.open:
        return
    folder = export_folder(platform.settings)
    name = f"{current.id}-{secrets.token_hex(8)}.zip"
    try:
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        await _write(current, folder / f"{name}.part", platform)
        size = await asyncio.to_thread(_publish, folder, name)
    except Exception as error:
        (folder / f"{name}.part").unlink(missing_ok=True)
        await work.fail(work_id, error, over=await _last_attempt(work_id))
        raise
    async with transaction():
        await execute(
            "UPDATE core_tenant_work SET file = $2, host = $3, size = $4, expires_at = $5 WHERE id = $1",
            work_id,
            name,
            socket.gethostname(),
            size,
            datetime.now(UTC) + KEPT_FOR,
        )
        await work.finish(work_id)
    log.info("tenant_exported", tenant=current.slug, bytes=size)


async def export_file(settings: Settings, work_id: int) -> tuple[Path, Work]:
    """The file of a finished export.

    Raises:
        NotFound: There is none, its time is over, or it lies on another machine; says which.
    """
    found = await work.get_work(work_id)
    if found.kind is not WorkKind.EXPORT or found.state is not WorkState.DONE:
        raise NotFound(_("There is no such file."))
    if found.expires_at is None or found.expires_at <= datetime.now(UTC):
        raise NotFound(_("This file was deleted after 7 days."), mend=_("Export the tenant again."))
    path = export_folder(settings) / found.file
    if not await asyncio.to_thread(path.is_file):
        raise NotFound(
            _("The file is on the machine %(host)s.") % {"host": found.host},
            mend=_("Let all machines share the data folder, or fetch the file there from exports/."),
        )
    return path, found


def export_folder(settings: Settings) -> Path:
    """Where the files are kept: below no folder that the web server serves."""
    return settings.data_dir / "exports"


def drop_old_files(settings: Settings) -> int:
    """Deletes the files of this machine whose time is over; gives their number."""
    dropped = 0
    oldest = (datetime.now(UTC) - KEPT_FOR).timestamp()
    for path in export_folder(settings).glob("*.zip*"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            dropped += 1
    return dropped


def without_secrets(value: Any) -> Any:
    """JSON values without what is secret: sealed values, and what is named like a secret."""
    if isinstance(value, str) and value.startswith(_SEALED):
        return REMOVED
    if isinstance(value, dict):
        if value.keys() == {"encrypted"}:
            return REMOVED
        return {
            key: REMOVED if SECRET.search(key.lower()) and inner is not None else without_secrets(inner)
            for key, inner in value.items()
        }
    return [without_secrets(inner) for inner in value] if isinstance(value, list) else value


async def _write(current: Work, path: Path, platform: Platform) -> None:
    tables = [table for table in reversed(await tenant_tables()) if table.name not in LEFT_OUT]
    await work.start(current.id, sum([await estimated_rows(table, current.tenant_id) for table in tables]))
    counts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        async with _snapshot() as connection:
            for table in tables:
                await _write_table(current, connection, table, archive, counts)
        manifest = {
            "format": FORMAT,
            "tenant": await _tenant(current.tenant_id),
            "exported_at": datetime.now(UTC).isoformat(),
            "switchroom": version("switchroom"),
            "plugins": {record.name: record.version for record in platform.registry.ready},
            "tables": counts,
            "left_out": sorted(LEFT_OUT),
            "secrets": f"Passwords, keys and other secrets are left out, and stand as {REMOVED}.",
        }
        archive.writestr("manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False, default=str))


async def _write_table(
    current: Work,
    connection: asyncpg.Connection[Any],
    table: TenantTable,
    archive: zipfile.ZipFile,
    counts: dict[str, int],
) -> None:
    counts[table.name] = 0
    cursor = await connection.cursor(
        f"SELECT to_jsonb(line)::text FROM {table.quoted} AS line WHERE tenant_id = $1",  # noqa: S608 - quoted
        current.tenant_id,
    )
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as member:
        while rows := await cursor.fetch(BATCH):
            await asyncio.to_thread(_write_rows, member, [row[0] for row in rows])
            counts[table.name] += len(rows)
            await work.advance(current.id, table.name, counts)


def _write_rows(member: Any, rows: list[str]) -> None:
    for row in rows:
        member.write(json.dumps(without_secrets(json.loads(row)), ensure_ascii=False).encode() + b"\n")


@asynccontextmanager
async def _snapshot() -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection of its own, on which all tables are read as they were at one moment."""
    pool = get_connection(CONNECTION)._pool
    connection = await pool.acquire()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await pool.release(connection)


async def _tenant(tenant_id: int) -> dict[str, Any]:
    tenant = await get_tenant(tenant_id)
    return {**asdict(tenant.ref()), "suspended": tenant.suspended, "created_at": tenant.created_at.isoformat()}


async def _last_attempt(work_id: int) -> bool:
    attempt = await fetch_value(
        "SELECT attempt FROM core_job WHERE name = $1 AND state = 'sent' AND (arguments->>'work_id')::bigint = $2",
        run_export.name,
        work_id,
    )
    return (attempt or 0) >= ATTEMPTS


def _publish(folder: Path, name: str) -> int:
    part = folder / f"{name}.part"
    size = part.stat().st_size
    part.rename(folder / name)
    return size
