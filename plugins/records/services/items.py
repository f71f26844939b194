"""Items as people see them: one, or those of a list."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from plugins.records.models import Aside, ItemState, QueueKind
from switchroom import Context
from switchroom.database import fetch, fetch_row
from switchroom.errors import NotFound
from switchroom.locale import gettext as _

PAGE = 50
SHORTEST_SEARCH = 3
"""Characters from which on a search finds parts of words: with fewer no index helps."""


class Shown(StrEnum):
    """What people see of an item."""

    WAITING = "waiting"
    IN_WORK = "in_work"
    POSTPONED = "postponed"
    DUE = "due"
    """Postponed, and the time has come."""
    KEPT = "kept"
    DONE = "done"


@dataclass(frozen=True)
class ItemView:
    """An item as it is now; see `plugins.records.models.Item`.

    Attributes:
        owner: The name of the agent whose it is; empty for nobody.
        shown: What people see of it.
    """

    id: int
    queue_id: int
    queue: str
    queue_kind: QueueKind
    queue_active: bool
    reference: str
    url: str
    title: str
    contact_name: str
    contact_number: str
    cells: dict[str, str]
    priority: int
    placed_at: datetime
    state: ItemState
    aside: Aside
    next_at: datetime | None
    transfers: int
    owner_id: int | None
    owner: str
    taken_at: datetime | None
    interaction_id: int | None
    version: int
    outcome: str
    done_at: datetime | None
    created_at: datetime
    shown: Shown


_ITEM = """
SELECT item.id, item.queue_id, queue.name AS queue, queue.kind AS queue_kind, queue.active AS queue_active,
    item.reference, item.url, item.title, item.contact_name, item.contact_number, item.cells, item.priority,
    item.placed_at, item.state, item.aside, item.next_at, item.transfers, item.owner_id,
    coalesce(owner.name, '') AS owner, item.taken_at, item.interaction_id, item.version, item.outcome, item.done_at,
    item.created_at,
    CASE WHEN item.state = 'done' THEN 'done' WHEN item.owner_id IS NULL THEN 'waiting'
         WHEN item.aside = 'kept' THEN 'kept'
         WHEN item.aside = 'postponed' THEN CASE WHEN item.next_at <= now() THEN 'due' ELSE 'postponed' END
         ELSE 'in_work' END AS shown
FROM records_item AS item JOIN records_queue AS queue ON queue.id = item.queue_id
LEFT JOIN core_user AS owner ON owner.tenant_id = item.tenant_id AND owner.id = item.owner_id
WHERE item.tenant_id = $1
"""


async def get_item(ctx: Context, item_id: int) -> ItemView:
    """One item.

    Raises:
        NotFound: The tenant has no such item.
    """
    row = await fetch_row(f"{_ITEM} AND item.id = $2", ctx.tenant.id, item_id)
    if row is None:
        raise NotFound(_("There is no such record in a queue."))
    return _view(row)


async def item_of_record(ctx: Context, reference: str) -> ItemView | None:
    """The latest item of a record, by the record's reference."""
    # Index records_item_open for what is not done; a record that is done has few.
    row = await fetch_row(f"{_ITEM} AND item.reference = $2 ORDER BY item.id DESC LIMIT 1", ctx.tenant.id, reference)
    return _view(row) if row else None


async def items_of(ctx: Context, user_id: int) -> list[ItemView]:
    """What an agent has: in work, due, postponed, kept, in this order."""
    # Index records_item_of_owner.
    rows = await fetch(
        f"SELECT * FROM ({_ITEM} AND item.owner_id = $2 AND item.state <> 'done') AS mine "  # noqa: S608 - a constant
        "ORDER BY array_position(ARRAY['in_work', 'due', 'postponed', 'kept'], shown), next_at, taken_at, id LIMIT 200",
        ctx.tenant.id,
        user_id,
    )
    return [_view(row) for row in rows]


@dataclass(frozen=True)
class Wanted:
    """Which items of a queue a list shows.

    Attributes:
        shown: What people see of them; None for all that is not done.
        words: A part of title, contact or reference.
        user_id: Whose items are shown; None shows everybody's.
        nobodys: Whether those that nobody has are shown besides a user's own.
    """

    shown: Shown | None = None
    words: str = ""
    user_id: int | None = None
    nobodys: bool = True


@dataclass(frozen=True)
class ListKey:
    """Where a list goes on: after the item of this priority, place and id."""

    priority: int
    placed_at: str
    id: int


_CONDITIONS = {
    None: "item.state <> 'done'",
    Shown.WAITING: "item.owner_id IS NULL AND item.state <> 'done'",
    Shown.IN_WORK: "item.owner_id IS NOT NULL AND item.state <> 'done' AND item.aside = ''",
    Shown.POSTPONED: "item.owner_id IS NOT NULL AND item.state <> 'done' AND item.aside = 'postponed'",
    Shown.DUE: "item.owner_id IS NOT NULL AND item.state <> 'done' AND item.aside = 'postponed' "
    "AND item.next_at <= now()",
    Shown.KEPT: "item.owner_id IS NOT NULL AND item.state <> 'done' AND item.aside = 'kept'",
    Shown.DONE: "item.state = 'done'",
}


async def find_items(
    ctx: Context, queue_id: int, wanted: Wanted, *, after: ListKey | None = None, limit: int = PAGE
) -> list[ItemView]:
    """Items of a queue in the order in which they are taken, from the one after `after` on.

    Args:
        ctx: Where.
        queue_id: Of which queue.
        wanted: Which of them.
        after: The last one shown.
        limit: How many at most.
    """
    part = " ".join(wanted.words.casefold().split())
    pattern = "" if not part else "%" + re.sub(r"([\\%_])", r"\\\1", part) + "%"
    # Index records_item_next for what waits, in its very order; records_item_owned and records_item_done for the rest,
    # and records_item_words for words.
    rows = await fetch(
        f"{_ITEM} AND item.queue_id = $2 AND {_CONDITIONS[wanted.shown]} "
        "AND ($3::bigint IS NULL OR item.owner_id = $3 OR ($4 AND item.owner_id IS NULL)) "
        "AND ($5::text = '' OR lower(item.title || ' ' || item.contact_name || ' ' || item.contact_number || ' ' || "
        "item.reference) LIKE $5) "
        "AND ($6::int IS NULL OR item.priority < $6 OR (item.priority = $6 AND "
        "(item.placed_at, item.id) > ($7::text::timestamptz, $8))) "
        "ORDER BY item.priority DESC, item.placed_at, item.id LIMIT $9",
        ctx.tenant.id,
        queue_id,
        wanted.user_id,
        wanted.nobodys,
        pattern,
        after.priority if after else None,
        after.placed_at if after else None,
        after.id if after else None,
        limit,
    )
    return [_view(row) for row in rows]


async def search_items(ctx: Context, words: str, limit: int, *, user_id: int | None) -> list[ItemView]:
    """Items whose title, contact or reference holds the words, the latest first.

    Args:
        ctx: Where.
        words: At least three characters.
        limit: How many.
        user_id: Who searches: of closed queues he finds his own alone; None finds everything.
    """
    part = " ".join(words.casefold().split())
    if len(part) < SHORTEST_SEARCH:
        return []
    # Index records_item_words.
    rows = await fetch(
        f"{_ITEM} AND lower(item.title || ' ' || item.contact_name || ' ' || item.contact_number || ' ' || "
        "item.reference) LIKE $2 AND ($3::bigint IS NULL OR item.owner_id = $3) ORDER BY item.id DESC LIMIT $4",
        ctx.tenant.id,
        "%" + re.sub(r"([\\%_])", r"\\\1", part) + "%",
        user_id,
        limit,
    )
    return [_view(row) for row in rows]


async def forgotten(ctx: Context, minutes: int, limit: int = PAGE) -> list[ItemView]:
    """Items that have been in work for longer than so many minutes, the longest first."""
    # Index records_item_of_owner.
    rows = await fetch(
        f"{_ITEM} AND item.owner_id IS NOT NULL AND item.state <> 'done' AND item.aside = '' "
        "AND item.taken_at < now() - make_interval(mins => $2) ORDER BY item.taken_at LIMIT $3",
        ctx.tenant.id,
        minutes,
        limit,
    )
    return [_view(row) for row in rows]


def _view(row: dict[str, Any]) -> ItemView:
    return ItemView(
        **{
            **row,
            "cells": json.loads(row["cells"]) if isinstance(row["cells"], str) else row["cells"],
            "queue_kind": QueueKind(row["queue_kind"]),
            "state": ItemState(row["state"]),
            "aside": Aside(row["aside"]),
            "shown": Shown(row["shown"]),
        }
    )
