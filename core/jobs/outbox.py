"""Writes work into the outbox, in the transaction of whoever asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from core.database.connection import execute
from core.database.notifying import notify
from core.database.transaction import LAST, at_once_after_commit, batch_until_commit, in_one, transaction

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
    batch_until_commit(LAST, _write).append(entry)


# Rows are locked in their order. Of the rows of one statement no two may have the same key.
_INSERT = """
INSERT INTO core_job (tenant_id, name, arguments, key, due_at, state, attempt, started, error, created_at)
SELECT tenant_id, name, arguments::jsonb, key, coalesce(due_at, now()), 'due', 0, false, '', now()
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) WITH ORDINALITY
    AS entry (tenant_id, name, arguments, key, due_at, place) ORDER BY place
ON CONFLICT (tenant_id, name, key) WHERE state = 'due' AND key IS NOT NULL
DO UPDATE SET due_at = least(core_job.due_at, excluded.due_at)
"""


async def _write(entries: list[Entry]) -> None:
    rows = _one_of_each_key(sorted(entries, key=lambda entry: entry.order))
    await execute(
        _INSERT,
        [entry.tenant_id for entry in rows],
        [entry.name for entry in rows],
        [json.dumps(entry.arguments) for entry in rows],
        [entry.key for entry in rows],
        [entry.at.astimezone(UTC) if entry.at else None for entry in rows],
    )
    # A call that is lost when the process dies now costs a second, and a row never is.
    await at_once_after_commit(_wake)


def _one_of_each_key(entries: list[Entry]) -> list[Entry]:
    """Of entries with the same key the first one, with the earliest due time of all."""
    kept: dict[object, Entry] = {}
    for number, entry in enumerate(entries):
        place = number if entry.key is None else (entry.tenant_id, entry.name, entry.key)
        other = kept.get(place)
        if other is None:
            kept[place] = entry
        elif other.at is not None and (entry.at is None or entry.at < other.at):
            kept[place] = replace(other, at=entry.at)
    return list(kept.values())


async def _wake() -> None:
    await notify((WAKE_CHANNEL, ""))
