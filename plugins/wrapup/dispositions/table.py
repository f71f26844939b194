"""Dispositions as a table in CSV: columns A to K, no header, UTF-8. What is wrong in one is told by line and column."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from plugins.wrapup.dispositions.initial import KNOWN_SYSTEM_TYPES
from plugins.wrapup.dispositions.lists import DispositionView, ListView
from plugins.wrapup.dispositions.values import (
    MOST,
    MOST_FOLDERS,
    DispositionValues,
    folded,
    folder_problem,
    problems_of,
    tidy,
)
from plugins.wrapup.models import DispositionType, ServiceType
from switchroom.errors import InvalidInput
from switchroom.locale import gettext as _

Known = TypeVar("Known")

LETTERS = "ABCDEFGHIJK"
LARGEST = 2_000_000
"""Bytes of a file."""
MOST_PROBLEMS = 1000
_MOST_NAMED = 5

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_DELIMITERS = ",;\t"
_FLAGS = {"true": True, "истина": True, "false": False, "ложь": False}
_TYPES = {
    "success": DispositionType.SUCCESS,
    "успешный": DispositionType.SUCCESS,
    "failure": DispositionType.FAILURE,
    "неуспешный": DispositionType.FAILURE,
    "continue": DispositionType.CONTINUE,
    "продолжить": DispositionType.CONTINUE,
    "do_not_call": DispositionType.DO_NOT_CALL,
    "не звонить": DispositionType.DO_NOT_CALL,
}
_SERVICES = {
    "inbound": ServiceType.INBOUND,
    "входящий": ServiceType.INBOUND,
    "outbound": ServiceType.OUTBOUND,
    "исходящий": ServiceType.OUTBOUND,
    "blended": ServiceType.BLENDED,
    "смешанный": ServiceType.BLENDED,
    "chat": ServiceType.CHAT,
    "чат": ServiceType.CHAT,
    "email": ServiceType.EMAIL,
}
# A spreadsheet would take a text that begins so for a formula.
_FORMULA = re.compile(r"'?[=+\-@\t\r]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Dialect(StrEnum):
    """How a table is written."""

    PLAIN = "plain"
    """UTF-8 with commas."""
    SPREADSHEET = "spreadsheet"
    """As Excel opens it by itself: with a mark of its encoding and semicolons, and nothing taken for a formula."""


@dataclass(frozen=True)
class Row:
    """A line of a table that can be read.

    Attributes:
        line: As the file counts, from 1.
    """

    line: int
    folder: str
    values: DispositionValues
    system_type: str

    @property
    def name(self) -> str:
        """Of the disposition."""
        return self.values.name


@dataclass(frozen=True)
class Problem:
    """What is wrong in a table.

    Attributes:
        line: As the file counts, from 1; 0 for the file as a whole.
        column: A letter; empty for the line as a whole.
        text: In the language of who reads.
        value: What stands there, shortened.
    """

    line: int
    column: str
    text: str
    value: str = ""


class UnusableTable(InvalidInput):
    """A table of which nothing is taken, since something in it is wrong.

    Attributes:
        problems: Everything that is wrong, in the order of the lines.
    """

    code = "unusable_table"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda each: (each.line, each.column))[:MOST_PROBLEMS]
        fields: dict[str, str] = {}
        for each in self.problems:
            place = f"line.{each.line}.{each.column}".rstrip(".") if each.line else "file"
            fields[place] = f"{fields[place]} {each.text}" if place in fields else each.text
        super().__init__(_("Nothing of this table was taken."), fields=fields, mend=_("Mend the lines that are named."))


@dataclass
class _Read:
    """What has been read of a table."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def write_table(listing: ListView, dialect: Dialect = Dialect.PLAIN) -> bytes:
    """The dispositions in use, in their order."""
    stream = io.StringIO()
    plain = dialect is Dialect.PLAIN
    writer = csv.writer(stream, delimiter="," if plain else ";", lineterminator="\r\n")
    for folder in listing.folders:
        for each in folder.dispositions:
            if each.active:
                cells = _cells(folder.name, each)
                writer.writerow([_with_apostrophe(cell, dialect) for cell in cells])
    return (("" if plain else _BOM) + stream.getvalue()).encode()


def read_table(content: bytes) -> list[Row]:
    """All lines of a table.

    Raises:
        UnusableTable: Anything in it cannot be used; names every line and column.
    """
    if not content.strip():
        raise UnusableTable([Problem(0, "", _("The file is empty."))])
    if len(content) > LARGEST:
        raise UnusableTable([Problem(0, "", _("The file is larger than %(size)s MB.") % {"size": LARGEST // 10**6})])
    text = content.decode("utf-8", "surrogateescape").removeprefix(_BOM)
    read = _Read()
    for line, cells in _lines(text, read):
        row = _row(line, cells, read)
        if row is not None:
            read.rows.append(row)
    # What is much too long is not compared line by line.
    read.problems += _too_many(read.rows) or _clashes(read.rows)
    if read.problems:
        raise UnusableTable(read.problems)
    return read.rows


def _cells(folder: str, each: DispositionView) -> list[str]:
    flags = (each.inbound, each.outbound, each.preview)
    return [
        each.name,
        folder,
        each.description,
        each.code,
        _flag(each.agent_selects),
        each.type.upper(),
        *(_flag(flag) for flag in flags),
        each.system_type,
        each.service_type.upper(),
    ]


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _with_apostrophe(cell: str, dialect: Dialect) -> str:
    """The cell as no spreadsheet takes it for a formula; in a plain table only where the reader would take one away."""
    needed = _FORMULA.match(cell) if dialect is Dialect.SPREADSHEET else _has_apostrophe(cell)
    return f"'{cell}" if needed else cell


def _has_apostrophe(cell: str) -> bool:
    return cell.startswith("'") and _FORMULA.match(cell[1:]) is not None


def _lines(text: str, read: _Read) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold anything, each with the number of the line on which it begins."""
    csv.field_size_limit(LARGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error:
        read.problems.append(Problem(begins, "", _("The quotation marks of this line do not match.")))


def _delimiter(text: str) -> str:
    """The delimiter by which the most lines look as they should."""

    def fitting(delimiter: str) -> tuple[int, int]:
        try:
            rows = [cells for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if cells]
        except csv.Error:
            return 0, 0
        wide = [cells for cells in rows if len(cells) == len(LETTERS)]
        return sum(_known(_FLAGS, cells[4]) is not None for cells in wide), len(wide)

    def widest(delimiter: str) -> int:
        return text.partition("\n")[0].count(delimiter)

    return max(_DELIMITERS, key=lambda each: (fitting(each), widest(each)))


def _row(line: int, cells: list[str], read: _Read) -> Row | None:
    """A line as a disposition; None, with what is wrong noted, where it is none."""
    problems: list[Problem] = []

    def wrong(column: str, text: str, value: str = "") -> None:
        problems.append(Problem(line, column, text, value[:80]))

    for letter, cell in zip(LETTERS, cells, strict=False):
        if _SURROGATE.search(cell) or "\0" in cell:
            wrong(letter, _("The letters here cannot be read. Save the file as CSV in UTF-8."))
    if len(cells) != len(LETTERS):
        text = _("There are %(count)s columns in this line; there must be %(wanted)s, A to K.")
        column = LETTERS[-1] if len(cells) < len(LETTERS) else "L"
        wrong(column, text % {"count": len(cells), "wanted": len(LETTERS)})
    if problems:
        read.problems += problems
        return None
    # An apostrophe keeps spreadsheets from taking a text for a formula; see `_with_apostrophe`.
    name, folder, description, code, selects, kind, inbound, outbound, preview, system, service = (
        cell[1:] if _has_apostrophe(cell) else cell for cell in cells
    )
    flags = [_known(_FLAGS, cell) for cell in (selects, inbound, outbound, preview)]
    for letter, flag, cell in zip("EGHI", flags, (selects, inbound, outbound, preview), strict=True):
        if flag is None:
            wrong(letter, _("Write true or false."), cell)
    found_type, found_service = _known(_TYPES, kind), _known(_SERVICES, service)
    if found_type is None:
        wrong("F", _("Write SUCCESS, FAILURE, CONTINUE or DO_NOT_CALL."), kind)
    if found_service is None:
        wrong("K", _("Write INBOUND, OUTBOUND, BLENDED, CHAT or EMAIL."), service)
    system = system.strip().upper()
    if system and system not in KNOWN_SYSTEM_TYPES:
        wrong("J", _("There is no such system disposition."), system)
    folder = tidy(folder)
    if problem := folder_problem(folder):
        wrong("B", problem, folder)
    values = DispositionValues(
        name=tidy(name),
        type=(found_type or DispositionType.CONTINUE).value,
        description=description,
        code=code.strip(),
        agent_selects=bool(flags[0]),
        inbound=bool(flags[1]),
        outbound=bool(flags[2]),
        preview=bool(flags[3]),
        service_type=(found_service or ServiceType.BLENDED).value,
    )
    for where, problem in problems_of(values).items():
        wrong({"name": "A", "description": "C", "code": "D"}[where], problem, str(values.columns[where]))
    read.problems += problems
    return Row(line, folder, values, system)


def _known(words: Mapping[str, Known], cell: str) -> Known | None:
    return words.get(cell.strip().casefold())


def _clashes(rows: Sequence[Row]) -> list[Problem]:
    """Lines that cannot stand beside each other, each of them named."""
    found = []
    for row, others in _alike(rows, lambda row: folded(row.name)):
        text = (
            _("The same name stands in %(lines)s.")
            if all(other.name == row.name for other in others)
            else _("This name and that in %(lines)s differ in capital letters alone.")
        )
        found.append(Problem(row.line, "A", text % {"lines": _numbers(others)}, row.name))
    for row, others in _alike(rows, lambda row: row.values.code):
        text = _("The same code stands in %(lines)s.") % {"lines": _numbers(others)}
        found.append(Problem(row.line, "D", text, row.values.code))
    for row, others in _alike(rows, lambda row: row.system_type):
        text = _("The same system disposition stands in %(lines)s.") % {"lines": _numbers(others)}
        found.append(Problem(row.line, "J", text, row.system_type))
    return found


def _alike(rows: Sequence[Row], key: Callable[[Row], str]) -> Iterator[tuple[Row, list[Row]]]:
    """Each row that shares its key with others, with these."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    for value, group in groups.items():
        if value and len(group) > 1:
            yield from ((row, [other for other in group if other is not row]) for row in group)


def _numbers(rows: Sequence[Row]) -> str:
    more = ", …" if len(rows) > _MOST_NAMED else ""
    return _("line %(numbers)s") % {"numbers": ", ".join(str(row.line) for row in rows[:_MOST_NAMED]) + more}


def _too_many(rows: Sequence[Row]) -> list[Problem]:
    if len(rows) > MOST:
        text = _("The list is full: %(most)s dispositions are the most.")
        return [Problem(rows[MOST].line, "", text % {"most": MOST})]
    folders = {folded(row.folder): row.line for row in reversed(rows)}
    if len(folders) > MOST_FOLDERS:
        text = _("The list is full: %(most)s folders are the most.")
        return [Problem(sorted(folders.values())[MOST_FOLDERS], "B", text % {"most": MOST_FOLDERS})]
    return []
