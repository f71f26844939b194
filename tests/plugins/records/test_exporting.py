"""The list of a queue as a file: what it shows, for whom, in the order of work, and with no formula in it."""

from __future__ import annotations

import csv
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from openpyxl import load_workbook

from core.accounts.models import User
from core.audit.reading import Wanted as Entries
from core.audit.reading import find_entries
from core.web import workbooks
from plugins.records.services import acting, exporting
from plugins.records.services.adding import Queues
from plugins.records.services.exporting import Exported, Format, export_items
from plugins.records.services.items import Wanted
from plugins.records.services.queues import get_queue
from plugins.records.services.taking import next_record, open_item
from switchroom.capabilities import QueuedRecord
from switchroom.runtime import Context, Platform, TenantRef
from switchroom.testing.app import App
from switchroom.testing.enabling import switch_off
from switchroom.testing.people import Client, Person, add_person
from tests.plugins.records.work import Worker, fill, make_queue

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sofia(platform: Platform, acme: TenantRef) -> Person:
    """A supervisor, who may export."""
    return await add_person(platform, acme, "sofia", "supervisor")


async def loaded(app: App, person: Person, queue: int, **query: str) -> httpx.Response:
    """The file that a person gets."""
    async with Client(app.web) as browser:
        await browser.log_in(person)
        return await browser.get(f"/p/records/queues/{queue}/export?{urlencode(query)}")


def lines_of(response: httpx.Response) -> list[list[str]]:
    """The lines of a CSV file."""
    assert response.status_code == 200, response.text
    assert response.content.startswith(b"\xef\xbb\xbf"), "spreadsheets are told that it is UTF-8"
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def cells_of(content: bytes) -> list[list[object]]:
    """The cells of the sheets of an XLSX file, one sheet after the other."""
    book = load_workbook(io.BytesIO(content))
    return [[cell.value for cell in row] for sheet in book.worksheets for row in sheet.iter_rows()]


async def test_csv_holds_what_the_list_shows_in_its_order(anna: Worker, app: App, sofia: Person) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first", "second", "third")
    await fill(anna.ctx, queue, "urgent", priority=5)
    taken = await next_record(anna.ctx, anna.id)
    await acting.keep(anna.ctx, taken.id, anna.id, taken.version)
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    postponed = await next_record(anna.ctx, anna.id)
    await acting.postpone(anna.ctx, postponed.id, anna.id, postponed.version, at)
    back = await next_record(anna.ctx, anna.id)
    await acting.move_to_end(anna.ctx, back.id, anna.id, back.version)
    response = await loaded(app, sofia, queue, format="csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith(f'attachment; filename="records-{queue}-')
    head, *rows = lines_of(response)
    assert head == ["Record", "Customer", "Number", "City", "Priority", "State", "Agent", "Since or until"]
    assert [(row[0], row[4], row[5], row[6]) for row in rows] == [
        ("urgent", "5", "Kept", "Anna"),
        ("first", "0", "Postponed", "Anna"),
        ("third", "0", "Waiting", ""),
        ("second", "0", "Waiting again", ""),
    ]
    assert rows[0][1:4] == ["Kim", "'+4930123456", "Berlin"]
    assert rows[1][7] == f"{at.astimezone(sofia.tenant.zone):%Y-%m-%d %H:%M}"


async def test_the_filter_that_is_set_holds_for_the_file(anna: Worker, app: App, sofia: Person) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "a lamp", "a lamp too", "a chair", "another")
    item = await next_record(anna.ctx, anna.id)
    await acting.done(anna.ctx, item.id, anna.id, item.version)
    titles = {
        query: [row[0] for row in lines_of(await loaded(app, sofia, queue, format="csv", **dict(query)))[1:]]
        for query in ((("words", "LAMP"),), (("state", "done"),), (("state", "done"), ("words", "chair")))
    }
    assert list(titles.values()) == [["a lamp too"], ["a lamp"], []]


async def test_xlsx_holds_the_same_with_formulas_as_texts(anna: Worker, app: App, sofia: Person) -> None:
    queue = await make_queue(anna.ctx)
    record = QueuedRecord(
        "cases:case:1", "=cmd()", contact_name="#N/A", contact_number="+4930123456", cells={"City": "=1+1\x0b"}
    )
    await Queues().add(anna.ctx, f"records:queue:{queue}", record)
    response = await loaded(app, sofia, queue, format="xlsx")
    assert response.headers["content-type"].endswith("spreadsheetml.sheet")
    book = load_workbook(io.BytesIO(response.content))
    row = list(book.worksheets[0].iter_rows())[1]
    assert [cell.value for cell in row][:6] == ["=cmd()", "#N/A", "+4930123456", "=1+1", 0, "Waiting"]
    assert {cell.data_type for cell in row if isinstance(cell.value, str)} <= {"s", "inlineStr"}, "none is a formula"
    _head, line = lines_of(await loaded(app, sofia, queue, format="csv"))
    assert line[:4] == ["'=cmd()", "#N/A", "'+4930123456", "'=1+1\x0b"]


async def test_a_file_of_many_lines_is_whole_and_goes_on_on_another_sheet(
    anna: Worker, boss: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "BATCH", 3)
    monkeypatch.setattr(workbooks, "LINES_OF_SHEET", 6)
    monkeypatch.setattr(workbooks, "PIECE", 700)
    queue = await make_queue(anna.ctx)
    titles = [f"record {number:02}" for number in range(11)]
    await fill(anna.ctx, queue, *titles)
    exported = Exported(await get_queue(anna.ctx, queue), Wanted(), boss.tenant.zone, owners=True)
    pieces = [piece async for piece in export_items(boss, exported, Format.XLSX)]
    assert len(pieces) > 1
    rows = cells_of(b"".join(pieces))
    assert [row[0] for row in rows] == ["Record", *titles[:6], "Record", *titles[6:]]
    pieces = [piece async for piece in export_items(boss, exported, Format.CSV)]
    assert len(pieces) == 5
    assert b"".join(pieces).count(b"\r\n") == 12


async def test_who_does_not_wait_for_the_file_leaves_nothing_behind(
    anna: Worker, boss: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(workbooks, "PIECE", 700)
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, *(f"record {number}" for number in range(5)))
    exported = Exported(await get_queue(anna.ctx, queue), Wanted(), boss.tenant.zone, owners=True)
    pieces = export_items(boss, exported, Format.XLSX)
    assert await anext(pieces)
    await pieces.aclose()

    async def fails(*_arguments: object, **_values: object) -> None:
        raise ConnectionError("The database has gone.")

    first = exporting.find_items
    asked: list[int] = []

    async def once(*arguments: object, **values: object) -> object:
        asked.append(1)
        return await (first if len(asked) == 1 else fails)(*arguments, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(exporting, "find_items", once)
    with pytest.raises(ConnectionError):
        [piece async for piece in export_items(boss, exported, Format.XLSX)]
    assert os.listdir(tmp_path) == []


async def test_an_empty_list_is_a_file_with_a_head(anna: Worker, app: App, sofia: Person) -> None:
    queue = await make_queue(anna.ctx)
    assert len(lines_of(await loaded(app, sofia, queue, format="csv"))) == 1
    assert len(cells_of((await loaded(app, sofia, queue, format="xlsx")).content)) == 1


async def test_the_file_speaks_the_language_of_who_loads_it(anna: Worker, app: App, sofia: Person) -> None:
    queue = await make_queue(anna.ctx)
    await fill(anna.ctx, queue, "first")
    await User.filter(id=sofia.id).update(language="ru")
    head, row = lines_of(await loaded(app, sofia, queue, format="csv"))
    assert (head[4], row[5]) == ("Приоритет", "Ожидание")


async def test_only_who_may_gets_the_file_and_the_audit_log_tells(
    platform: Platform, acme: TenantRef, other_tenant: TenantRef, anna: Worker, app: App, sofia: Person
) -> None:
    queue = await make_queue(anna.ctx, "open")
    await fill(anna.ctx, queue, "first")
    assert (await loaded(app, anna.agent, queue, format="csv")).status_code == 403
    stranger = await add_person(platform, other_tenant, "sam", "supervisor")
    assert (await loaded(app, stranger, queue, format="csv")).status_code == 404
    assert (await loaded(app, sofia, queue, format="pdf")).status_code == 400
    assert (await loaded(app, sofia, queue)).status_code == 400
    assert await find_entries(acme.id, Entries(action="records.queue_exported"), limit=5) == []
    await loaded(app, sofia, queue, format="csv", words="first")
    (entry,) = await find_entries(acme.id, Entries(action="records.queue_exported"), limit=5)
    assert (entry.subject, entry.after) == (f"records:queue:{queue}", {"format": "csv", "words": "first"})
    await switch_off(platform, acme, "records")
    assert (await loaded(app, sofia, queue, format="csv")).status_code == 404


async def test_the_list_offers_the_file_with_its_filter_to_who_may(anna: Worker, app: App, sofia: Person) -> None:
    queue = await make_queue(anna.ctx, "open")
    (item,) = await fill(anna.ctx, queue, "a lamp")
    await open_item(anna.ctx, item.id, anna.id)
    path = f"/p/records/queues/{queue}/items?words=lamp&state=in_work"
    async with Client(app.web) as browser:
        await browser.log_in(sofia)
        seen = (await browser.get(path)).text
        assert f'href="/p/records/queues/{queue}/export?words=lamp&amp;state=in_work&amp;format=xlsx"' in seen
    async with Client(app.web) as browser:
        await browser.log_in(anna.agent)
        assert "export" not in (await browser.get(path)).text
