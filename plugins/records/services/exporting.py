"""The list of a queue as a table: CSV that is sent while it is read, or XLSX that is written first."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import IO, Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from plugins.records.services.items import ItemView, ListKey, Shown, Wanted, find_items
from plugins.records.services.queues import QueueView
from switchroom import Context
from switchroom.locale import gettext as _
from switchroom.locale import mark
from switchroom.web import CSV_MARK, csv_line

BATCH = 2_000
LINES_OF_SHEET = 1_000_000
"""A sheet of XLSX holds few more; then another one begins."""
PIECE = 256_000
"""Bytes of a file that are sent at once."""

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
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
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


async def _xlsx(ctx: Context, exported: Exported) -> AsyncGenerator[bytes, None]:
    book = Workbook(write_only=True)
    sheet: Any = None
    left = 0
    with tempfile.TemporaryFile() as file, closing(_Sheets(book)):
        async for items in _batches(ctx, exported):
            if left < len(items):
                sheet, left = _new_sheet(book, exported), LINES_OF_SHEET
            left -= len(items)
            # Thousands of cells take a while, in which calls must go on.
            await asyncio.to_thread(_append, sheet, [_row(item, exported) for item in items])
        if sheet is None:
            _new_sheet(book, exported)
        await asyncio.to_thread(book.save, file)
        read = _from_the_beginning(file)
        while piece := await asyncio.to_thread(read):
            yield piece


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


def _new_sheet(book: Workbook, exported: Exported) -> Any:
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    _append(sheet, [_head(exported)])
    return sheet


class _Sheets:
    """The files in which the sheets of a workbook are kept until it is saved."""

    def __init__(self, book: Workbook) -> None:
        self._book = book

    def close(self) -> None:
        """Removes those that are left, since whoever wanted the file did not wait for it."""
        sheets: list[Any] = self._book.worksheets
        for sheet in sheets:
            if not sheet.closed:
                sheet.close()
                sheet._writer.cleanup()


def _append(sheet: Any, rows: Sequence[Sequence[str | int]]) -> None:
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: Any, value: str | int) -> Any:
    """What a sheet takes for a cell whose text stays a text, also one that begins like a formula or an error."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    if not text.startswith(("=", "#")):
        return text or None
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def _from_the_beginning(file: IO[bytes]) -> Callable[[], bytes]:
    file.seek(0)
    return lambda: file.read(PIECE)
