"""Reading tables: what kind of file it is, and its lines as texts, one after the other."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from openpyxl import load_workbook

from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _
from switchroom.locale import mark

LARGEST_FILE = 20_000_000
"""Bytes of a file."""
LARGEST_UNPACKED = 400_000_000
"""Bytes of an XLSX file once it is unpacked: what unpacks to more is no table of people's work."""
LARGEST_TEXTS = 150_000_000
"""Bytes of the texts of an XLSX file, which are held in memory."""
MOST_LINES = 200_000
MOST_COLUMNS = 100
LONGEST_CELL = 100_000

DELIMITERS = {";": ";", ",": ",", "\t": "tab", "|": "|"}
_LOOKED_AT = 64_000


@dataclass(frozen=True)
class Reading:
    """How a file is read.

    Attributes:
        kind: `xlsx` or `csv`.
        encoding: Of a CSV file.
        delimiter: Of a CSV file.
    """

    kind: str
    encoding: str = ""
    delimiter: str = ""


class Unreadable(Exception):
    """The file cannot be read on from here.

    Attributes:
        text: Why, marked for translation: files are looked through where nobody reads.
        values: What is put into the text.
    """

    def __init__(self, text: str, **values: int) -> None:
        super().__init__(text % values)
        self.text = text
        self.values = values


def sniff(content: bytes) -> Reading:
    """What kind of table a file is, by its content and whatever its name says.

    Raises:
        InvalidInput: It is none that can be read; names the field `file`.
    """
    if not content.strip():
        raise _refused(_("The file is empty."))
    if len(content) > LARGEST_FILE:
        raise _refused(_("The file is larger than %(size)s MB.") % {"size": LARGEST_FILE // 1_000_000})
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refused(_("This is an Excel file of the old kind (.xls), or one with a password. Save it as .xlsx."))
    if content.startswith(b"PK"):
        _check_workbook(content)
        return Reading("xlsx")
    encoding = _encoding_of(content)
    head = content[:_LOOKED_AT].decode(encoding, "ignore")
    return Reading("csv", encoding, _delimiter_of(head))


def lines(content: bytes, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold anything, each with its number in the file from 1 on; not all of them are held in memory.

    Raises:
        Unreadable: The file is broken, or longer or wider than what can be imported.
    """
    rows = _of_workbook(content) if reading.kind == "xlsx" else _of_text(content, reading)
    for number, cells in rows:
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise Unreadable(mark("Line %(line)s has more than %(count)s columns."), line=number, count=MOST_COLUMNS)
        if number > MOST_LINES + 1:
            raise Unreadable(mark("There are more than %(count)s lines. Divide the file."), count=MOST_LINES)
        if cells:
            yield number, cells


def head(content: bytes, reading: Reading, count: int) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, and the first lines below them.

    Raises:
        InvalidInput: There are no lines; names the field `file`.
    """
    try:
        first = list(islice(lines(content, reading), count + 1))
    except Unreadable as error:
        raise _refused(_(error.text) % error.values) from error
    if len(first) < 2:
        raise _refused(_("There is no line below the first one, which names the columns."))
    width = max(len(cells) for _number, cells in first)
    names: list[str] = []
    for position in range(width):
        written = first[0][1][position] if position < len(first[0][1]) else ""
        name = " ".join(written.split())[:60] or _("Column %(number)s") % {"number": position + 1}
        same = sum(1 for earlier in names if earlier == name or earlier.startswith(f"{name} ("))
        names.append(f"{name} ({same + 1})" if name in names else name)
    return names, [cells for _number, cells in first[1:]]


def _refused(text: str) -> InvalidInput:
    return InvalidInput(_("The file cannot be imported."), fields={"file": text})


def _check_workbook(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            sizes = {entry.filename: entry.file_size for entry in packed.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _refused(_("The file is damaged.")) from error
    if not any(name.startswith("xl/worksheets/") for name in sizes):
        raise _refused(_("This is no table. Tables in XLSX and CSV can be imported."))
    if sum(sizes.values()) > LARGEST_UNPACKED or sizes.get("xl/sharedStrings.xml", 0) > LARGEST_TEXTS:
        raise _refused(_("There is too much in this file. Divide it, or save it as CSV."))


def _encoding_of(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in content:
        raise _refused(_("This is no table. Tables in XLSX and CSV can be imported."))
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise _refused(_("The letters of this file cannot be read. Save it as CSV in UTF-8."))


def _delimiter_of(text: str) -> str:
    """The delimiter by which the first lines fall into the most columns, as many in each."""

    def score(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in islice(csv.reader(io.StringIO(text), delimiter=delimiter), 20) if row]
        except csv.Error:
            return (0, 0)
        # The last line may be cut off where the look ends.
        counted = widths[:-1] if len(widths) > 2 else widths
        alike = sum(1 for width in counted if width == counted[0])
        return (alike * min(counted[0], MOST_COLUMNS), counted[0]) if counted and counted[0] > 1 else (0, 0)

    return max(DELIMITERS, key=score)


def _of_text(content: bytes, reading: Reading) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    text = io.TextIOWrapper(io.BytesIO(content), reading.encoding, newline="")
    reader = csv.reader(text, delimiter=reading.delimiter)
    try:
        for number, row in enumerate(reader, 1):
            yield number, [cell.strip() for cell in row]
    except (csv.Error, UnicodeError) as error:
        raise Unreadable(mark("The file cannot be read at line %(line)s."), line=reader.line_num) from error


def _of_workbook(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        # Formulas stay the texts that they are: what they come to is not known here, and is not guessed.
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        # What a file says of its own size is not believed.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            yield number, [_text(value) for value in row[: MOST_COLUMNS + 1]]
    except Unreadable:
        raise
    except Exception as error:  # whatever the library makes of a damaged file
        raise Unreadable(mark("The file is damaged.")) from error


def _text(value: Any) -> str:
    """A cell as a person reads it: a number that has no fraction without one, as a phone number must be."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()
