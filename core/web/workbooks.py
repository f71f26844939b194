"""Tables as XLSX: written row by row, so that no list is too long for the memory, and without a formula in them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import closing
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type."""

LINES_OF_SHEET = 1_000_000
"""A sheet of XLSX holds few more; then another one begins."""
PIECE = 256_000
"""Bytes of a file that are sent at once."""

Cells = Sequence[str | int]


async def xlsx_pieces(head: Sequence[str], batches: AsyncIterable[Sequence[Cells]]) -> AsyncGenerator[bytes, None]:
    """The pieces of a file, which is written to the disk first. Texts stay texts, also those that begin like formulas.

    Args:
        head: The first line of each sheet.
        batches: The lines, some at a time.
    """
    book = Workbook(write_only=True)
    sheet: Any = None
    left = 0
    with tempfile.TemporaryFile() as file, closing(_Sheets(book)):
        async for rows in batches:
            if left < len(rows):
                sheet, left = _new_sheet(book, head), LINES_OF_SHEET
            left -= len(rows)
            # Thousands of cells take a while, in which calls must go on.
            await asyncio.to_thread(_append, sheet, rows)
        if sheet is None:
            _new_sheet(book, head)
        await asyncio.to_thread(book.save, file)
        read = _from_the_beginning(file)
        while piece := await asyncio.to_thread(read):
            yield piece


def _new_sheet(book: Workbook, head: Sequence[str]) -> Any:
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    _append(sheet, [head])
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


def _append(sheet: Any, rows: Sequence[Cells]) -> None:
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
