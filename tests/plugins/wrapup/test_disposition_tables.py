"""Tables of dispositions: read, looked at, taken in whole or not at all, and written again as they were."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict
from core.plugins.context import Context
from plugins.wrapup.dispositions import changing, lists
from plugins.wrapup.dispositions.importing import look_at, take_in
from plugins.wrapup.dispositions.lists import DispositionView, FolderView, ListView
from plugins.wrapup.dispositions.table import Dialect, UnusableTable, read_table, write_table
from plugins.wrapup.dispositions.values import MOST, DispositionValues, folded, tidy
from plugins.wrapup.models import DispositionType, ServiceType

pytestmark = pytest.mark.anyio

FINAL, BETWEEN, LINE = "Окончательные", "Промежуточные", "Проблема соединения"

# Name, folder, description, may agents select it, type, inbound, outbound, preview, system type: an example in use
# elsewhere. No code, and each of them for outbound services.
EXAMPLE = [
    ("Заказ", FINAL, "Бизнес-задача разговора/чата выполнена.", "true SUCCESS true true false", ""),
    (
        "Отказ",
        FINAL,
        "Бизнес-задача разговора/чата не выполнена, последующих контактов не планируется.",
        "true FAILURE true true false",
        "",
    ),
    (
        "Неверная запись",
        FINAL,
        "Оператор просмотрел запись и отметил ее, как неверную (например, из-за ошибочных или недостаточных данных).",
        "true FAILURE false false true",
        "",
    ),
    ("Нет интереса", FINAL, "Предложение неактуально.", "true FAILURE false true false", ""),
    (
        'Добавить в список "Не звонить"',
        FINAL,
        "Клиент просил больше ему не звонить.",
        "true DO_NOT_CALL false true false",
        "",
    ),
    (
        'Запись есть в списке "Не звонить"',
        FINAL,
        'Запись из списка обзыва есть в списках "Не звонить".',
        "false DO_NOT_CALL false true false",
        "",
    ),
    (
        'Номер есть в списке "Не звонить"',
        BETWEEN,
        'Набранный номер есть в списках "Не звонить".',
        "false CONTINUE false true true",
        "",
    ),
    ("Перезвонить", BETWEEN, "перезвон на другое время", "true CONTINUE false true false", ""),
    (
        "Нет тот человек",
        BETWEEN,
        "Человек, ответивший на вызов, не является вызываемым клиентом. "
        "Но его можно позднее застать по данному номеру.",
        "true CONTINUE false true false",
        "",
    ),
    (
        "Неверный номер",
        BETWEEN,
        "По набранному номеру нельзя связаться с клиентом.",
        "true CONTINUE true true false",
        "",
    ),
    (
        "Отключенный во время разговора",
        BETWEEN,
        "Соединение прервалось во время разговора. "
        "Этот статус также может быть использован в чатах при завершении разговора.",
        "true CONTINUE true true false",
        "DROPPED",
    ),
    ("Новый запрос", BETWEEN, "", "true CONTINUE false true false", ""),
    (
        "No Assigned Agent - Before Answer",
        BETWEEN,
        "Dialer dropped the call because the assigned agent became busy or not available.",
        "false CONTINUE false true false",
        "NO_ASSIGNED_AGENT_BEFORE_ANSWER",
    ),
    ("Занято", LINE, "Вызываемый номер занят.", "true CONTINUE false true false", "BUSY"),
    (
        "Направление перегружено",
        LINE,
        "Проблема соединения: Вызов не может быть установлен из-за проблем на телефонной сети, "
        "в т.ч. неверный/несуществующий номер; true",
        "true CONTINUE false true false",
        "FAST_BUSY",
    ),
    (
        "Нет ответа",
        LINE,
        "Вызываемый клиент не ответил в течение интервала, заданного в пункте Лимит времени для «Нет ответа»: true",
        "true CONTINUE false true false",
        "NO_ANSWER",
    ),
    (
        "Факс или модем",
        LINE,
        "На стороне клиента отвечает факс или модем.",
        "true CONTINUE false true false",
        "FAX_MODEM",
    ),
]

ROW = ["Order", "Final", "Bought it", "12", "true", "SUCCESS", "true", "false", "false", "", "BLENDED"]


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    """A table."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()


def example() -> bytes:
    """The table of the example."""
    rows = [
        [name, folder, description, "", *flags.split(), system, "OUTBOUND"]
        for name, folder, description, flags, system in EXAMPLE
    ]
    return as_csv(rows).encode()


def changed(**cells: str) -> list[str]:
    """A usable line with other cells, by the letter of their column."""
    return [cells.get(letter, cell) for letter, cell in zip("ABCDEFGHIJK", ROW, strict=True)]


def wrong(content: bytes) -> set[tuple[int, str]]:
    """The lines and columns that are named when a table is refused."""
    with pytest.raises(UnusableTable) as caught:
        read_table(content)
    assert all(problem.text for problem in caught.value.problems)
    return {(problem.line, problem.column) for problem in caught.value.problems}


async def test_the_example_comes_in_and_goes_out_unchanged(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    assert len(read_table(example())) == 17
    await take_in(ctx, listing.id, example())
    assert write_table(await lists.list_of_all(ctx)) == example()
    assert (await look_at(listing.id, example())).empty


async def test_what_begins_a_list_goes_out_and_comes_in_unchanged(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    for dialect in Dialect:
        plan = await take_in(ctx, listing.id, write_table(listing, dialect))
        assert plan.empty, plan
    assert await lists.list_of_all(ctx) == listing


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_truth_and_types_are_read_in_both_languages(delimiter: str) -> None:
    line = changed(E="ИСТИНА", F="Не звонить", G="ложь", H="True", K="входящий")
    row = read_table(b"\xef\xbb\xbf" + as_csv([line], delimiter).encode())[0]
    assert (row.values.agent_selects, row.values.inbound, row.values.outbound) == (True, False, True)
    assert (row.values.type, row.values.service_type) == ("do_not_call", "inbound")


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"A": ""}, "A"),
        ({"A": "x" * 101}, "A"),
        ({"B": " "}, "B"),
        ({"C": "x" * 1001}, "C"),
        ({"D": "12a"}, "D"),
        ({"E": "yes"}, "E"),
        ({"F": "WON"}, "F"),
        ({"G": ""}, "G"),
        ({"H": "1"}, "H"),
        ({"I": "нет"}, "I"),
        ({"J": "SLEEPY"}, "J"),
        ({"K": ""}, "K"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_by_line_and_column(cells: dict[str, str], column: str) -> None:
    line = changed(**{"A": "Another", "D": "", **cells})
    assert wrong(as_csv([ROW, line]).encode()) == {(2, column)}


def test_every_line_in_another_encoding_is_named() -> None:
    lines = [changed(A="Заказ", D=""), changed(A="Plain", D=""), changed(C="Отказ", D="")]
    assert wrong(as_csv(lines).encode("cp1251")) == {(1, "A"), (3, "C")}
    named = {line for line, _column in wrong(as_csv(lines).encode("utf-16"))}
    assert named >= {1, 2, 3}


def test_every_line_with_a_wrong_number_of_columns_is_named() -> None:
    assert wrong(
        as_csv([[*ROW, "more"], changed(A="Second", D=""), [*changed(A="Third", D=""), ""], ROW[:10]]).encode()
    ) == {
        (1, "L"),
        (3, "L"),
        (4, "K"),
    }


def test_lines_that_cannot_stand_beside_each_other_are_all_named() -> None:
    rows = [
        changed(A="Нет интереса", D="1"),
        changed(A="Busy", D="", J="BUSY"),
        changed(A="нет интереса", D="2"),
        changed(A="Engaged", D="2", J="busy"),
    ]
    assert wrong(as_csv(rows).encode()) == {(1, "A"), (3, "A"), (3, "D"), (4, "D"), (2, "J"), (4, "J")}


def test_lines_are_counted_as_an_editor_does() -> None:
    rows = as_csv([changed(C="In two\nlines"), changed(A="Wrong", D="x")])
    assert wrong(rows.encode()) == {(3, "D")}
    assert wrong(b'"never closed,Final') == {(1, "")}
    assert wrong(b" \r\n") == {(0, "")}


def test_a_table_that_is_too_long_is_refused() -> None:
    rows = [changed(A=f"Order {number}", D="") for number in range(MOST + 1)]
    assert wrong(as_csv(rows).encode()) == {(MOST + 1, "")}


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_content_breaks_the_reader(content: bytes) -> None:
    with contextlib.suppress(UnusableTable):
        read_table(content)


USABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufeff"), max_size=40)


@given(st.lists(st.tuples(USABLE.map(tidy).filter(bool), USABLE), max_size=5, unique_by=lambda each: folded(each[0])))
def test_whatever_is_written_is_read_as_it_was(written: list[tuple[str, str]]) -> None:
    values = [
        DispositionView(
            number, 1, 1, name, description, "", True, DispositionType.SUCCESS, True, False, True, "",
            ServiceType.CHAT, True,
        )
        for number, (name, description) in enumerate(written)
    ]  # fmt: skip
    listing = ListView(1, "", 1, (FolderView(1, "'=Folder", tuple(values)),))
    for dialect in Dialect:
        if written:
            rows = read_table(write_table(listing, dialect))
            assert [(row.name, row.values.description) for row in rows] == written
            assert {row.folder for row in rows} == {"'=Folder"}


async def test_nothing_of_a_table_with_a_mistake_is_stored(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    content = as_csv([changed(A="Good", D=""), changed(A="Bad", D="x")]).encode()
    for act in (look_at(listing.id, content), take_in(ctx, listing.id, content)):
        with pytest.raises(UnusableTable):
            await act
    assert await lists.list_of_all(ctx) == listing


async def test_a_look_tells_what_will_change(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    rows = [
        changed(A="Order", B="Ours"),
        changed(A="Refusal", B="Final", C="", D="", F="FAILURE", G="true", H="true"),
        changed(A="Engaged", B="Connection problem", C="", D="", F="CONTINUE", G="false", H="true", J="BUSY"),
    ]
    plan = await look_at(listing.id, as_csv(rows).encode())
    assert [row.name for row in plan.added] == ["Order"]
    assert plan.new_folders == ("Ours",)
    assert [(each.line, [d.field for d in each.differences]) for each in plan.changed] == [(3, ["name"])]
    assert len(plan.switched_off) == len(listing.dispositions) - 2
    assert await lists.list_of_all(ctx) == listing
    await take_in(ctx, listing.id, as_csv(rows).encode(), plan.version)
    assert write_table(await lists.list_of_all(ctx)).decode() == as_csv(rows)
    with pytest.raises(Conflict):
        await take_in(ctx, listing.id, as_csv(rows[:1]).encode(), plan.version)


async def test_what_is_not_in_the_table_is_switched_off_and_comes_back_with_the_next(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    before = write_table(listing)
    await take_in(ctx, listing.id, as_csv([ROW]).encode())
    assert [each.name for each in (await lists.list_of_all(ctx)).dispositions if each.active] == ["Order"]
    await take_in(ctx, listing.id, before)
    assert write_table(await lists.list_of_all(ctx)) == before
    # The same dispositions, not others of the same name.
    assert {each.id for each in listing.dispositions} < {
        each.id for each in (await lists.list_of_all(ctx)).dispositions
    }


async def test_names_and_codes_change_places(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    busy = changed(A="Busy", D="1", J="BUSY", F="CONTINUE")
    silence = changed(A="Silence", D="2", J="SILENCE", F="CONTINUE")
    await take_in(ctx, listing.id, as_csv([busy, silence]).encode())
    swapped = as_csv([changed(A="Silence", D="2", J="BUSY"), changed(A="Busy", D="1", J="SILENCE")])
    await take_in(ctx, listing.id, swapped.encode())
    assert write_table(await lists.list_of_all(ctx)).decode() == swapped


async def test_a_spreadsheet_takes_nothing_for_a_formula(ctx: Context) -> None:
    listing = await lists.list_of_all(ctx)
    values = DispositionValues('=HYPERLINK("http://example.org")', "failure", description="-1")
    await changing.add_disposition(ctx, listing.folders[0].id, values)
    listing = await lists.list_of_all(ctx)
    written = write_table(listing, Dialect.SPREADSHEET).decode("utf-8-sig")
    assert all(
        not cell.startswith(("=", "-")) for row in csv.reader(io.StringIO(written), delimiter=";") for cell in row
    )
    assert (await look_at(listing.id, written.encode())).empty
