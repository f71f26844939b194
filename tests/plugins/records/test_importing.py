"""Tables become records: what can be read, what is told of what cannot, and nothing half imported."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from core.database.connection import fetch_value
from plugins.records.models import Import, ImportLine, Item, Record
from plugins.records.services.importing import imports, reading
from plugins.records.services.importing.imports import begin_import, get_import, name_columns, store
from plugins.records.services.importing.mapping import guess, read_line, to_e164
from plugins.records.services.importing.reading import Unreadable, head, lines, sniff
from switchroom.database import transaction
from switchroom.errors import Conflict, InvalidInput
from tests.conftest import Jobs
from tests.plugins.records.work import Worker, make_queue

pytestmark = pytest.mark.anyio

DAY = datetime(2026, 3, 1)  # noqa: DTZ001 - a cell knows no zone


def workbook(*rows: Sequence[object]) -> bytes:
    """An XLSX file."""
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read(content: bytes) -> list[list[str]]:
    return [cells for _number, cells in lines(content, sniff(content))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_csv_is_read_in_whatever_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    rows = [["Тема", "Клиент"], ["Сломалась лампа", "Анна"], ["В двух\nстроках", 'Он сказал "да"']]
    quoted = "\r\n".join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    assert read(quoted.encode(encoding)) == rows


def test_cells_of_a_workbook_are_texts_as_people_read_them() -> None:
    content = workbook(
        ["a", "b", "c", "d", "e", "f"],
        [49301234567, 1.5, DAY, "=1+1", None, True],
        [None, None],
        ["x", "", "", DAY.replace(hour=9, minute=30)],
    )
    assert read(content) == [
        ["a", "b", "c", "d", "e", "f"],
        ["49301234567", "1.5", "2026-03-01", "=1+1", "", "TRUE"],
        ["x", "", "", "2026-03-01 09:30"],
    ]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\xd0\xcf\x11\xe0old", "old kind"),
        (b"PK\x03\x04nothing", "damaged"),
        (b"GIF89a\x00\x01", "no table"),
        (b"Title;Phone\n", "no line below"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        head(content, sniff(content), 5)
    assert word in caught.value.fields["file"]


def test_an_archive_that_is_no_workbook_or_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("readme.txt", "x")
    with pytest.raises(InvalidInput):
        sniff(stream.getvalue())
    monkeypatch.setattr(reading, "LARGEST_UNPACKED", 100)
    with pytest.raises(InvalidInput) as caught:
        sniff(workbook(["a"], ["b"]))
    assert "too much" in caught.value.fields["file"]


def test_too_many_lines_and_columns_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_LINES", 2)
    with pytest.raises(Unreadable, match="more than 2 lines"):
        read(b"a\n1\n2\n3\n")
    monkeypatch.setattr(reading, "MOST_COLUMNS", 2)
    with pytest.raises(Unreadable, match="Line 1 has more than 2 columns"):
        read(b"a;b;c\n")


@given(st.binary(max_size=300))
def test_no_content_breaks_the_reader(content: bytes) -> None:
    with contextlib.suppress(InvalidInput, Unreadable):
        read(content)


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+49 30 123456", "", "+4930123456"),
        ("4930123456", "", "+4930123456"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("74951234567", "", "+74951234567"),
        ("12", "", None),
        ("call me", "RU", None),
        ("", "", None),
    ],
)
def test_numbers_are_read_as_spreadsheets_leave_them(written: str, region: str, number: str | None) -> None:
    assert to_e164(written, region) == number


def test_columns_are_guessed_in_both_languages() -> None:
    assert guess(["ID", "Subject", "Customer", "Phone", "Priority", "City"]) == {
        "0": "key", "1": "title", "2": "contact_name", "3": "contact_number", "4": "priority", "5": "field",
    }  # fmt: skip
    assert list(guess(["Номер", "Тема", "ФИО", "Телефон", "Приоритет"]).values()) == [
        "key", "title", "contact_name", "contact_number", "priority",
    ]  # fmt: skip


def test_all_that_is_wrong_in_a_line_is_told_with_its_column() -> None:
    header, mapping = ["Title", "Phone", "Urgency"], {"0": "title", "1": "contact_number", "2": "priority"}
    problems = read_line(7, ["A lamp", "12", "soon"], header, mapping, "")
    assert isinstance(problems, list)
    assert [(problem.line, problem.column, problem.value) for problem in problems] == [
        (7, "Phone", "12"), (7, "Urgency", "soon"),
    ]  # fmt: skip
    assert isinstance(read_line(8, ["", "", ""], header, mapping, ""), list)
    assert isinstance(read_line(9, ["a", "", "", "more"], header, mapping, ""), list)


TABLE = """ID;Title;Customer;Phone;City
1;A lamp;Kim;+49 30 123456;Berlin
2;A chair;Ada;12;Bonn
1;Again;Kim;;
3;=2+2;Eve;;
"""


async def checked(worker: Worker, jobs: Jobs, content: bytes, queue: int) -> int:
    """An import whose file has been looked through."""
    import_id = await begin_import(worker.ctx, queue, worker.id, "C:\\tables\\lamps.csv", content)
    await name_columns(worker.ctx, import_id, (await get_import(import_id)).mapping)
    await jobs.run_due()
    return import_id


async def test_nothing_is_imported_before_it_was_seen_and_nothing_with_mistakes(anna: Worker, jobs: Jobs) -> None:
    queue = await make_queue(anna.ctx)
    import_id = await checked(anna, jobs, TABLE.encode(), queue)
    found = await get_import(import_id)
    assert (found.name, found.state, found.lines, found.bad, found.twice) == ("lamps.csv", "checked", 4, 1, 1)
    assert [(each["line"], each["column"], each["value"]) for each in found.problems] == [(3, "Phone", "12")]
    with pytest.raises(Conflict, match="cannot be imported"):
        await store(anna.ctx, import_id, without_bad=False)
    assert await Item.all().count() + await Record.all().count() == 0
    assert await store(anna.ctx, import_id, without_bad=True) == 2
    items = await Item.all().order_by("id")
    assert [(item.title, item.contact_name, item.contact_number) for item in items] == [
        ("A lamp", "Kim", "+4930123456"), ("=2+2", "Eve", ""),
    ]  # fmt: skip
    record = await Record.get(key="1")
    assert items[0].reference == f"records:record:{record.id}"
    assert list(record.cells.items())[1:3] == [("Title", "A lamp"), ("Customer", "Kim")], "in the order of the file"
    with pytest.raises(Conflict, match="already"):
        await store(anna.ctx, import_id, without_bad=True)
    assert (await Import.get(id=import_id)).content == b""
    assert await ImportLine.all().count() == 0


async def test_a_file_that_comes_again_brings_only_what_is_new(anna: Worker, jobs: Jobs) -> None:
    queue = await make_queue(anna.ctx)
    table = "ID;Title\n1;A lamp\n2;A chair\n"
    assert await store(anna.ctx, await checked(anna, jobs, table.encode(), queue), without_bad=False) == 2
    again = await checked(anna, jobs, (table + "3;A desk\n").encode(), queue)
    assert (await get_import(again)).twice == 2
    assert await store(anna.ctx, again, without_bad=False) == 1
    # What came in between the look and the import is left out as well.
    late = await checked(anna, jobs, b"ID;Title\n4;A bed\n", queue)
    await Record.create(queue_id=queue, key="4", title="A bed", cells={})
    assert await store(anna.ctx, late, without_bad=False) == 0


async def test_a_large_file_is_read_in_batches(anna: Worker, jobs: Jobs) -> None:
    queue = await make_queue(anna.ctx)
    rows = [["ID", "Title", "City"], *([f"{number}", f"Case {number}", "Berlin"] for number in range(5000))]
    import_id = await checked(anna, jobs, "\n".join(";".join(row) for row in rows).encode(), queue)
    assert (await get_import(import_id)).lines == 5000
    assert await store(anna.ctx, import_id, without_bad=False) == 5000
    first = await Item.all().order_by("priority", "placed_at", "id").first()
    assert first is not None
    assert first.title == "Case 0", "in the order of the file"


async def test_lines_of_which_the_planner_knows_nothing_yet_are_not_looked_through_for_each_other(
    anna: Worker, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = await make_queue(anna.ctx)
    import_id = await checked(anna, jobs, b"ID;Title\n1;A lamp\n2;A chair\n", queue)
    monkeypatch.setattr(imports, "_STORE", f"EXPLAIN (FORMAT JSON) {imports._STORE}")
    async with transaction():
        plan = str(await imports._make_records(anna.ctx, import_id, queue))
        after = await fetch_value("SHOW enable_nestloop")
    assert "Insert" in plan
    assert "Nested Loop" not in plan
    assert after == "on"


async def test_looking_through_twice_is_as_once(anna: Worker, jobs: Jobs) -> None:
    queue = await make_queue(anna.ctx)
    import_id = await checked(anna, jobs, TABLE.encode(), queue)
    before = await ImportLine.all().order_by("id").values()
    await jobs.run("records.check_import", anna.ctx.tenant.id, import_id=import_id)
    assert await ImportLine.all().order_by("id").values() == before


async def test_a_file_that_breaks_in_the_middle_says_where(
    anna: Worker, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = await make_queue(anna.ctx)
    monkeypatch.setattr(reading, "MOST_LINES", 100)
    import_id = await checked(anna, jobs, ("Title\n" + "x\n" * 200).encode(), queue)
    found = await get_import(import_id)
    assert (found.state, found.failure["values"]) == ("failed", {"count": 100})
    assert await fetch_value("SELECT count(*) FROM records_import_line") == 0


async def test_columns_that_tell_nothing_apart_are_refused(anna: Worker) -> None:
    queue = await make_queue(anna.ctx)
    import_id = await begin_import(anna.ctx, queue, anna.id, "a.csv", b"City;Town\nBerlin;Mitte\n")
    for mapping, wrong in (
        ({}, {"column.0"}),
        ({"0": "title", "1": "title"}, {"column.1"}),
        ({"0": "x"}, {"column.0"}),
    ):
        with pytest.raises(InvalidInput) as caught:
            await name_columns(anna.ctx, import_id, mapping)
        assert set(caught.value.fields) == wrong
