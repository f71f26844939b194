"""Writes work into the outbox, in the transaction of whoever asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.database.connection import execute, fetch_value
from core.database.transaction import batch_until_commit, in_one, transaction

WAKE_CHANNEL = "switchroom_jobs"


@dataclass(frozen=True)
class Entry:
    """A row to be written.

    Attributes:
        at: When it is due; None is at once.
        key: Of several due rows of one tenant and job with one key, one is kept, with the earliest due time.
    """

    name: str
    tenant_id: int | None
    arguments: dict[str, Any]
    at: datetime | None = None
    key: str | None = None

    @property
    def order(self) -> tuple[int, str, str]:
        """All transactions write keyed rows in this order, so that two of them cannot wait for each other."""
        return (self.tenant_id or 0, self.name, self.key or "")


async def enqueue(entry: Entry) -> None:
    """Stores work together with the current transaction, or in one of its own when there is none.

    The rows are written as the last thing before the commit: a keyed row is locked until then, and this keeps that
    moment short.
    """
    if not in_one():
        async with transaction():
            await enqueue(entry)
        return
    batch_until_commit("outbox", _write).append(entry)


async def _write(entries: list[Entry]) -> None:
    for entry in sorted(entries, key=lambda entry: entry.order):
        await _insert(entry)
    await fetch_value("SELECT pg_notify($1, '')", WAKE_CHANNEL)


async def _insert(entry: Entry) -> None:
    await execute(
        "INSERT INTO core_job (tenant_id, name, arguments, key, due_at, state, attempt, started, error, created_at) "
        "VALUES ($1, $2, $3::text::jsonb, $4, coalesce($5, now()), 'due', 0, false, '', now()) "
        "ON CONFLICT (tenant_id, name, key) WHERE state = 'due' AND key IS NOT NULL "
        "DO UPDATE SET due_at = least(core_job.due_at, excluded.due_at)",
        entry.tenant_id,
        entry.name,
        json.dumps(entry.arguments),
        entry.key,
        entry.at.astimezone(UTC) if entry.at else None,
    )
