"""The list of a queue as a table: CSV that is sent while it is read, or XLSX that is written first."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from plugins.records.services.items import ItemView, ListKey, Shown, Wanted, find_items
from plugins.records.services.queues import QueueView
from switchroom import Context
from switchroom.locale import gettext as _
from switchroom.locale import mark
from switchroom.web import CSV_MARK, XLSX, csv_line, xlsx_pieces

BATCH = 2_000

STATES = {
    Shown.WAITING: mark("Waiting"),
    Shown.IN_WORK: mark("In work"),
    Shown.POSTPONED: mark("Postponed"),
    Shown.DUE: mark("Due"),
    Shown.KEPT: mark("Kept"),
    Shown.DONE: mark("Done"),
}
OUTCOMES = {"assigned": mark("Assigned"), "closed": mark("Closed")}


class Format(StrEnum):
    """What the file is."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: XLSX,
}


@dataclass(frozen=True)
class Exported:
    """What is exported.

    Attributes:
        wanted: Which items, as the list has it.
        zone: In which times are told.
        owners: Whether it is told whose the items are.
    """

    queue: QueueView
    wanted: Wanted
    zone: ZoneInfo
    owners: bool


def export_items(ctx: Context, exported: Exported, form: Format) -> AsyncGenerator[bytes, None]:
    """The pieces of the file, the items in the order of the list. Formulas are texts in it."""
    return _csv(ctx, exported) if form is Format.CSV else _xlsx(ctx, exported)


async def _csv(ctx: Context, exported: Exported) -> AsyncGenerator[bytes, None]:
    yield CSV_MARK + csv_line(_head(exported))
    async for items in _batches(ctx, exported):
        yield b"".join(csv_line([str(value) for value in _row(item, exported)]) for item in items)


def _xlsx(ctx: Context, exported: Exported) -> AsyncGenerator[bytes, None]:
    async def rows() -> AsyncIterator[list[list[str | int]]]:
        async for items in _batches(ctx, exported):
            yield [_row(item, exported) for item in items]

    return xlsx_pieces(_head(exported), rows())


async def _batches(ctx: Context, exported: Exported) -> AsyncIterator[list[ItemView]]:
    after: ListKey | None = None
    while items := await find_items(ctx, exported.queue.id, exported.wanted, after=after, limit=BATCH):
        yield items
        last = items[-1]
        after = ListKey(last.priority, last.placed_at.isoformat(), last.id)


def _head(exported: Exported) -> list[str]:
    names = [_("Record"), _("Customer"), _("Number"), *exported.queue.columns, _("Priority"), _("State")]
    return [*names, *([_("Agent")] if exported.owners else []), _("Since or until")]


def _row(item: ItemView, exported: Exported) -> list[str | int]:
    cells = [item.cells.get(column, "") for column in exported.queue.columns]
    owner = [item.owner] if exported.owners else []
    since = _since(item)
    at = since.astimezone(exported.zone).isoformat(sep=" ", timespec="minutes")[:16] if since else ""
    return [item.title, item.contact_name, item.contact_number, *cells, item.priority, _state(item), *owner, at]


def _state(item: ItemView) -> str:
    if item.shown is Shown.DONE and item.outcome in OUTCOMES:
        return _(OUTCOMES[item.outcome])
    if item.shown is Shown.WAITING and item.transfers:
        return _("Waiting again")
    return _(STATES[item.shown])


def _since(item: ItemView) -> datetime | None:
    """The time that the list shows."""
    if item.shown in (Shown.POSTPONED, Shown.DUE):
        return item.next_at
    if item.shown in (Shown.IN_WORK, Shown.KEPT):
        return item.taken_at
    return item.placed_at if item.shown is Shown.WAITING else item.done_at
