"""Long work on tenants: asked for, followed, taken up again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tortoise.exceptions import IntegrityError

from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.errors import Conflict, NotFound
from core.locale import gettext as _
from core.plugins.context import Actor, ActorKind

LONGEST_EXPORT_HOURS = 4
"""After which an export that is not over is no more."""


class WorkKind(StrEnum):
    """What is done."""

    EXPORT = "export"
    DELETE = "delete"


class WorkState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Work:
    """See `core.tenants.models.TenantWork`."""

    id: int
    tenant_id: int
    slug: str
    kind: WorkKind
    state: WorkState
    actor: str
    actor_name: str
    step: str
    done: int
    total: int
    counts: Mapping[str, int]
    error: str
    file: str
    host: str
    size: int
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether it is not over."""
        return self.state in (WorkState.WAITING, WorkState.RUNNING)

    @property
    def percent(self) -> int:
        """How much is done; the total is an estimate, so less than everything until it is over."""
        if self.state is WorkState.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def who(self) -> Actor:
        """Who asked for it."""
        kind, _colon, number = self.actor.partition(":")
        if kind == ActorKind.OPERATOR and number:
            return Actor(ActorKind.OPERATOR, operator_id=int(number), name=self.actor_name)
        return Actor(ActorKind.SYSTEM)


_COLUMNS = (
    "id, tenant_id, slug, kind, state, actor, actor_name, step, done, total, counts, error, file, host, size, "
    "created_at, finished_at, expires_at"
)


async def begin_work(tenant_id: int, slug: str, kind: WorkKind, actor: Actor) -> int:
    """Stores the wish; part of the transaction that enqueues the job.

    Raises:
        Conflict: The same is being done already.
    """
    # A command that was killed leaves its row behind, and nobody goes on with an export.
    await execute(
        "UPDATE core_tenant_work SET state = 'failed', error = 'It was broken off.' WHERE tenant_id = $1 "
        "AND kind = 'export' AND state IN ('waiting', 'running') AND created_at < now() - make_interval(hours => $2)",
        tenant_id,
        LONGEST_EXPORT_HOURS,
    )
    try:
        number: int = await fetch_value(
            "INSERT INTO core_tenant_work (tenant_id, slug, kind, state, actor, actor_name, step, done, total, counts, "
            "error, file, host, size, created_at) "
            "VALUES ($1, $2, $3, 'waiting', $4, $5, '', 0, 0, '{}', '', '', '', 0, now()) RETURNING id",
            tenant_id,
            slug,
            str(kind),
            str(actor),
            actor.name,
        )
    except IntegrityError as error:
        raise Conflict(_("This is being done for the tenant already."), mend=_("Wait until it is over.")) from error
    return number


async def get_work(work_id: int) -> Work:
    """One piece of work.

    Raises:
        NotFound: There is none of that id.
    """
    row = await fetch_row(f"SELECT {_COLUMNS} FROM core_tenant_work WHERE id = $1", work_id)  # noqa: S608
    if row is None:
        raise NotFound(_("There is no such work."))
    return _work(row)


async def work_of(tenant_id: int, *, limit: int = 10) -> list[Work]:
    """The latest work on a tenant, the newest first."""
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM core_tenant_work WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2",  # noqa: S608
        tenant_id,
        limit,
    )
    return [_work(row) for row in rows]


async def open_work() -> list[Work]:
    """What is being done now, and what failed in the last week, the newest first."""
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM core_tenant_work WHERE state IN ('waiting', 'running') "  # noqa: S608
        "OR (state = 'failed' AND created_at > now() - interval '7 days') ORDER BY id DESC LIMIT 50"
    )
    return [_work(row) for row in rows]


async def start(work_id: int, total: int) -> None:
    """The work begins, or is taken up again; `total` is the number of rows that there are still."""
    await execute(
        "UPDATE core_tenant_work SET state = 'running', error = '', total = greatest(total, done + $2) WHERE id = $1",
        work_id,
        total,
    )


async def advance(work_id: int, step: str, counts: Mapping[str, int]) -> None:
    """Notes how many rows of which tables are done."""
    await execute(
        "UPDATE core_tenant_work SET step = $2, counts = $3::text::jsonb, done = $4 WHERE id = $1",
        work_id,
        step,
        json.dumps(dict(counts)),
        sum(counts.values()),
    )


async def add(work_id: int, table: str, rows: int) -> None:
    """Adds rows of a table to those that are done; two runs at the same time do not lose each other's."""
    await execute(
        "UPDATE core_tenant_work SET step = $2::text, done = done + $3::bigint, "
        "counts = counts || jsonb_build_object($2::text, coalesce((counts->>$2::text)::bigint, 0) + $3::bigint) "
        "WHERE id = $1",
        work_id,
        table,
        rows,
    )


async def finish(work_id: int) -> bool:
    """The work is done; gives whether it was not before."""
    return bool(
        await execute(
            "UPDATE core_tenant_work SET state = 'done', step = '', error = '', finished_at = now() "
            "WHERE id = $1 AND state <> 'done'",
            work_id,
        )
    )


async def fail(work_id: int, error: BaseException, *, over: bool) -> None:
    """Something went wrong; `over`: nobody tries again by himself."""
    await execute(
        "UPDATE core_tenant_work SET error = $2, state = CASE WHEN $3 THEN 'failed' ELSE state END WHERE id = $1",
        work_id,
        f"{type(error).__name__}: {error}"[:2000],
        over,
    )


def _work(row: dict[str, Any]) -> Work:
    counts = row["counts"]
    return Work(
        **{
            **row,
            "kind": WorkKind(row["kind"]),
            "state": WorkState(row["state"]),
            "counts": json.loads(counts) if isinstance(counts, str) else counts,
        }
    )
