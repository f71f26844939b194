"""Files as answers: taken in, looked at, attached, given out, gone."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import pytest
from litestar.types import ASGIApp

from core.accounts.users import create_user
from core.database.connection import execute, fetch, fetch_value
from core.errors import NotFound, TooManyRequests
from core.forms.files.kept import files_of_submission, uploads_for
from core.forms.files.models import FormFile
from core.forms.files.names import LONGEST_NAME, clean_name
from core.forms.files.receiving import FileRefused, FileTooLarge, receive_file
from core.forms.files.removing import forget_file, remove_file_waste, remove_loose_file
from core.forms.files.storage import files_folder
from core.forms.files.tickets import Ticket, read_ticket
from core.forms.reader import Reader
from core.forms.reading import InvalidAnswers
from core.forms.rendering import render_form
from core.forms.schema import Form, read_form
from core.forms.store import get_submission, save_draft, submit_form
from core.plugins.context import SYSTEM, Context, Platform
from core.tenancy.context import TenantRef
from core.tenants.deletion import delete_now
from tests.core.file_plugins.scanner.plugin import EICAR
from tests.core.web_client import Client, add_user, client, log_in, switch_on, web_application

__all__ = ["web_application"]

pytestmark = pytest.mark.anyio

READER = Reader(ZoneInfo("UTC"))
SUBJECT = "core:segment:17"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def png(width: int = 1) -> bytes:
    """A picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1 + 3 * width)))
        + chunk(b"IEND", b"")
    )


def form_with_files(**more: Any) -> Form:
    """A form that asks for files."""
    question = {"kind": "file", "key": "papers", "label": {"en": "Papers"}, **more}
    page = {"key": "p", "components": [question, {**question, "key": "others", "required": False}]}
    return read_form({"key": "test:card", "version": 1, "title": {"en": "Card"}, "pages": [page]})


FORM = form_with_files(max_files=3)


@pytest.fixture
def switchroom_settings(tmp_path: Path) -> dict[str, str]:
    """Files go where the test can look."""
    return {
        "SWITCHROOM__FILES__FOLDER": str(tmp_path / "given"),
        "SWITCHROOM__FILES__UPLOADS_PER_MINUTE": "20",
        "SWITCHROOM__PLUGINS__DIRS": json.dumps([str(Path(__file__).parent / "file_plugins")]),
    }


@pytest.fixture
async def anna(ctx: Context) -> int:
    """A user."""
    return (await create_user(ctx, "anna", "Anna", "correct horse", ["agent"])).id


async def pieces(content: bytes, size: int = 7) -> AsyncIterator[bytes]:
    """Bytes as they come over a network."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def ticket_of(
    ctx: Context, user: int, form: Form = FORM, subject: str = SUBJECT, field: str = "papers"
) -> Ticket:
    """The right to give files, as a page holds it."""
    uploads = await uploads_for(ctx, form, subject, user, {})
    return read_ticket(ctx, uploads.tickets[field], user)


async def give(ctx: Context, user: int, content: bytes = PDF, name: str = "a.pdf", **where: Any) -> str:
    """Gives a file; its id as an answer has it."""
    ticket = await ticket_of(ctx, user, **where)
    return str((await receive_file(ctx, ticket, name, pieces(content), len(content))).id)


def kept(ctx: Context) -> list[bytes]:
    """What lies in the folder, whether it has arrived or not."""
    return [path.read_bytes() for path in files_folder(ctx.installation).rglob("*") if path.is_file()]


async def test_a_file_is_kept_and_becomes_part_of_the_submission(ctx: Context, anna: int) -> None:
    first, second = await give(ctx, anna, name="../Счёт 7.PDF"), await give(ctx, anna, png(), "me.exe")
    text = f"{first}\n{second}"
    await save_draft(ctx, FORM, SUBJECT, anna, {"papers": text})
    sent = await submit_form(ctx, FORM, SUBJECT, anna, {"papers": text}, READER)
    assert sent.answers == {"papers": [first, second]}
    files = (await files_of_submission(ctx, sent.id))["papers"]
    assert [(each.name, each.media_type) for each in files] == [
        ("Счёт 7.PDF", "application/pdf"),
        ("me.exe.png", "image/png"),
    ]
    assert sorted(kept(ctx)) == sorted([PDF, png()])
    assert await fetch_value("SELECT bytes FROM core_form_file_usage") == len(PDF) + len(png())
    # What was sent is shown with links, and can be neither taken back nor forgotten.
    uploads = await uploads_for(ctx, FORM, SUBJECT, anna, {"papers": text})
    page = render_form(FORM, {"papers": text}, READER, scope="f", uploads=uploads)
    assert f'href="/files/{first}"' in page
    assert "Счёт 7.PDF" in page
    with pytest.raises(NotFound):
        await remove_loose_file(ctx, int(first), anna)
    await execute("UPDATE core_form_file SET expires_at = now() - interval '1 day'")
    await forget_file.function(ctx, int(first))
    assert await FormFile.all().count() == 2


async def test_what_is_not_accepted_leaves_nothing(ctx: Context, anna: int, platform: Platform) -> None:
    ticket = await ticket_of(ctx, anna)
    program = b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0" + bytes(200)
    page = b"<!doctype html><html><script>alert(1)</script></html>"
    for content in (program, page, b"", b"plain words", b"\x7fELF" + bytes(80)):
        with pytest.raises(FileRefused) as refused:
            await receive_file(ctx, ticket, "photo.png", pieces(content), None)
        assert set(refused.value.fields) == {"papers"}
    assert await FormFile.all().count() == 0
    assert kept(ctx) == []
    assert await fetch_value("SELECT sum(bytes) FROM core_form_file_usage") is None


async def test_bytes_are_counted_as_they_come_and_no_more_are_read_than_allowed(ctx: Context, anna: int) -> None:
    ticket = await ticket_of(ctx, anna, form_with_files(max_megabytes=1))
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 100_000
            yield PDF.ljust(100_000)

    with pytest.raises(FileTooLarge) as refused:
        await receive_file(ctx, ticket, "a.pdf", endless(), None)
    assert (refused.value.status, set(refused.value.fields)) == (413, {"papers"})
    assert read == 1_100_000
    # Whoever says beforehand that it is too much is not listened to at all.
    with pytest.raises(FileTooLarge):
        await receive_file(ctx, ticket, "a.pdf", endless(), 1_000_001)
    assert read == 1_100_000
    assert kept(ctx) == []
    assert await FormFile.all().count() == 0


async def test_who_breaks_off_leaves_nothing(ctx: Context, anna: int) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PDF
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await receive_file(ctx, await ticket_of(ctx, anna), "a.pdf", broken(), 1000)
    assert kept(ctx) == []
    assert await FormFile.all().count() == 0


async def test_files_of_others_and_of_other_questions_are_refused_and_nothing_is_stored(
    ctx: Context, anna: int, platform: Platform, other_tenant: TenantRef
) -> None:
    ben = (await create_user(ctx, "ben", "Ben", "correct horse", ["agent"])).id
    async with platform.context(other_tenant) as theirs:
        eve = (await create_user(theirs, "eve", "Eve", "correct horse", ["agent"])).id
        of_other_tenant = await give(theirs, eve)
    own = await give(ctx, anna)
    wrong = {
        "another tenant": of_other_tenant,
        "another user": await give(ctx, ben),
        "another subject": await give(ctx, anna, subject="core:segment:18"),
        "another question": await give(ctx, anna, field="others"),
        "gone": "123456789012",
    }
    over = await give(ctx, anna)
    await execute("UPDATE core_form_file SET expires_at = now() WHERE id = $1", int(over))
    for why, file_id in {**wrong, "too late": over}.items():
        with pytest.raises(InvalidAnswers) as refused:
            await submit_form(ctx, FORM, SUBJECT, anna, {"papers": f"{own}\n{file_id}"}, READER)
        assert set(refused.value.fields) == {"papers"}, why
        assert await get_submission(ctx, FORM.key, SUBJECT, anna) is None
    states = await fetch("SELECT DISTINCT state FROM core_form_file")
    assert [row["state"] for row in states] == ["loose"]
    await submit_form(ctx, FORM, SUBJECT, anna, {"papers": own}, READER)


async def test_whoever_corrects_answers_keeps_their_files(ctx: Context, anna: int) -> None:
    vera = (await create_user(ctx, "vera", "Vera", "correct horse", ["supervisor"])).id
    given = await give(ctx, anna)
    sent = await submit_form(ctx, FORM, SUBJECT, anna, {"papers": given}, READER)
    with pytest.raises(InvalidAnswers):
        await submit_form(ctx, FORM, "test:correction:1", vera, {"papers": given}, READER)
    more = await give(ctx, vera)
    both = {"papers": f"{given}\n{more}"}
    made = await submit_form(ctx, FORM, "test:correction:1", vera, both, READER, corrects=SUBJECT)
    assert [str(each.id) for each in (await files_of_submission(ctx, sent.id))["papers"]] == [given]
    assert [str(each.id) for each in (await files_of_submission(ctx, made.id))["papers"]] == [more]


async def test_a_question_that_has_become_stricter_is_asked_again_when_the_form_is_sent(
    ctx: Context, anna: int
) -> None:
    given = await give(ctx, anna)
    strict = form_with_files(accepts=["image"])
    with pytest.raises(InvalidAnswers) as refused:
        await submit_form(ctx, strict, SUBJECT, anna, {"papers": given}, READER)
    assert "pictures" in refused.value.fields["papers"]
    with pytest.raises(InvalidAnswers):
        await submit_form(ctx, form_with_files(), SUBJECT, anna, {"papers": f"{given}\n987654"}, READER)
    with pytest.raises(InvalidAnswers) as refused:
        await submit_form(ctx, form_with_files(required=True), SUBJECT, anna, {}, READER)
    assert refused.value.fields == {"papers": "Add a file."}


async def test_loose_files_go_when_their_time_is_over_with_their_bytes(
    ctx: Context, anna: int, platform: Platform
) -> None:
    given, taken_back = await give(ctx, anna), await give(ctx, anna, png())
    due = await fetch(
        "SELECT due_at FROM core_job WHERE name = 'core.forget_file' AND arguments->>'file_id' = $1", given
    )
    assert len(due) == 2
    await forget_file.function(ctx, int(given))
    assert await FormFile.all().count() == 2
    await execute("UPDATE core_form_file SET expires_at = now() WHERE id = $1", int(given))
    await forget_file.function(ctx, int(given))
    await remove_loose_file(ctx, int(taken_back), anna)
    assert await FormFile.all().count() == 0
    assert await fetch_value("SELECT bytes FROM core_form_file_usage") == 0
    assert len(kept(ctx)) == 2
    await remove_file_waste.function(platform)
    assert kept(ctx) == []


async def test_a_tenant_that_is_deleted_leaves_no_bytes(
    ctx: Context, anna: int, platform: Platform, other_tenant: TenantRef
) -> None:
    given = await give(ctx, anna)
    await give(ctx, anna, png())
    await submit_form(ctx, FORM, SUBJECT, anna, {"papers": given}, READER)
    async with platform.context(other_tenant) as theirs:
        eve = (await create_user(theirs, "eve", "Eve", "correct horse", ["agent"])).id
        await give(theirs, eve, png(2))
    await delete_now(platform, ctx.tenant.id, SYSTEM, confirmation=ctx.tenant.slug)
    assert kept(ctx) == [png(2)]


async def test_there_is_a_quota_and_a_limit_of_speed(ctx: Context, anna: int) -> None:
    await execute(
        "INSERT INTO core_form_file_usage (tenant_id, bytes) VALUES ($1, 10000 * 1000000::bigint - $2)",
        ctx.tenant.id,
        len(PDF),
    )
    await give(ctx, anna)
    with pytest.raises(FileRefused) as refused:
        await give(ctx, anna)
    assert "no room" in refused.value.fields["papers"]
    assert await FormFile.all().count() == 1
    assert len(kept(ctx)) == 1
    await execute("UPDATE core_form_upload_rate SET uploads = 20")
    with pytest.raises(TooManyRequests):
        await give(ctx, anna)
    await execute("UPDATE core_form_upload_rate SET since = since - interval '61 seconds'")
    await remove_loose_file(ctx, (await FormFile.get()).id, anna)
    await give(ctx, anna)


async def test_many_at_once_never_pass_the_quota(ctx: Context, anna: int) -> None:
    room = 3 * len(PDF) + 1
    await execute(
        "INSERT INTO core_form_file_usage (tenant_id, bytes) VALUES ($1, 10000 * 1000000::bigint - $2)",
        ctx.tenant.id,
        room,
    )
    results = await asyncio.gather(*(give(ctx, anna) for _each in range(8)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 3
    assert len(kept(ctx)) == await FormFile.all().count() == 3


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("photo.png", "photo.png"),
        ("C:\\fakepath\\Photo.PNG", "Photo.PNG"),
        ("../../etc/passwd", "passwd.png"),
        ("virus.png.exe", "virus.png.exe.png"),
        ("gpj\u202egnp.exe", "gpjgnp.exe.png"),
        ("a\0b\n\t<c>|.png", "ab_c__.png"),
        ("...", "file.png"),
        ("", "file.png"),
        ("CON.png", "file-CON.png"),
        (".png", "png.png"),
        ("Счёт за июль.png", "Счёт за июль.png"),
    ],
)
def test_names_are_cleaned(given: str, name: str) -> None:
    assert clean_name(given, (".png",)) == name
    assert len(clean_name(given + "x" * 500 + ".png", (".png",))) <= LONGEST_NAME


@pytest.fixture
async def browser(web: ASGIApp, platform: Platform, tenant: TenantRef) -> AsyncIterator[Client]:
    """Anna's browser."""
    await add_user(platform, tenant, "anna", "agent")
    async with client(web) as made:
        await log_in(made, "anna", tenant)
        yield made


async def page_of(platform: Platform, form: Form = FORM) -> str:
    """The ticket that a page would hold for Anna."""
    tenant = await platform.tenant(slug="acme")
    async with platform.context(tenant) as ctx:
        anna: int = await fetch_value("SELECT id FROM core_user WHERE username = 'anna'")
        return (await uploads_for(ctx, form, SUBJECT, anna, {})).tickets["papers"]


async def send(browser: Client, ticket: str, content: bytes, name: str = "a.pdf") -> httpx.Response:
    """What the page's script sends."""
    headers = {"upload-ticket": ticket, "file-name": quote(name), "accept": "application/json"}
    return await browser.post("/files", content=content, headers=headers)


async def test_a_browser_gives_a_file_and_gets_it_back_to_save_it(
    browser: Client, web: ASGIApp, platform: Platform, tenant: TenantRef
) -> None:
    ticket = await page_of(platform)
    given = await send(browser, ticket, PDF, "Счёт 7.pdf")
    assert given.status_code == 201, given.text
    assert (given.json()["name"], given.json()["size"]) == ("Счёт 7.pdf", f"{len(PDF)} bytes")
    got = await browser.get(given.json()["url"])
    assert (got.content, got.headers["content-length"]) == (PDF, str(len(PDF)))
    assert got.headers["content-disposition"].startswith("attachment; filename=")
    assert got.headers["content-disposition"].endswith("filename*=UTF-8''" + quote("Счёт 7.pdf"))
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["x-content-type-options"] == "nosniff"
    # Others find nothing: not before the form is sent, and afterwards only who sees everybody's calls.
    async with client(web) as ben, client(web) as vera, client(web) as eve:
        await add_user(platform, tenant, "ben", "agent")
        await add_user(platform, tenant, "vera", "supervisor")
        for person, name in ((ben, "ben"), (vera, "vera")):
            await log_in(person, name, tenant)
            assert (await person.get(given.json()["url"])).status_code == 404
            assert (await person.delete(given.json()["url"])).status_code == 404
            assert (await send(person, ticket, PDF)).status_code == 403
        assert (await send(eve, ticket, PDF)).status_code == 401
        async with platform.context(tenant) as ctx:
            anna: int = await fetch_value("SELECT id FROM core_user WHERE username = 'anna'")
            await submit_form(ctx, FORM, SUBJECT, anna, {"papers": str(given.json()["id"])}, READER)
        assert (await ben.get(given.json()["url"])).status_code == 404
        assert (await vera.get(given.json()["url"])).content == PDF
    assert (await browser.delete(given.json()["url"])).status_code == 404
    assert (await browser.get("/files/999999")).status_code == 404


@pytest.mark.parametrize("ticket", ["", "x", "e30=.e30=", "é.é"])
async def test_without_a_ticket_nothing_is_taken(browser: Client, platform: Platform, ticket: str) -> None:
    headers = {"upload-ticket": ticket.encode(), "file-name": "a.pdf", "accept": "application/json"}
    refused = await browser.post("/files", content=PDF, headers=headers)
    assert refused.status_code == 403
    whole = await page_of(platform)
    assert (await send(browser, whole[1:], PDF)).status_code == 403
    body, _dot, signature = whole.partition(".")
    forged = base64.urlsafe_b64encode(base64.urlsafe_b64decode(body).replace(b"10000000", b"90000000")).decode()
    assert (await send(browser, f"{forged}.{signature}", PDF)).status_code == 403


async def test_what_is_too_large_or_a_virus_is_refused_with_the_field(
    browser: Client, platform: Platform, tenant: TenantRef
) -> None:
    await switch_on(platform, tenant, "scanner")
    ticket = await page_of(platform, form_with_files(accepts=["text", "pdf"], max_megabytes=1))
    large = await send(browser, ticket, PDF.ljust(1_000_001))
    assert (large.status_code, large.json()["fields"]) == (
        413,
        {"papers": "This file is too large: at most 1 MB will do."},
    )
    virus = await send(browser, ticket, EICAR, "a.txt")
    assert (virus.status_code, virus.json()["fields"]) == (422, {"papers": "There is a virus in this file."})
    unchecked = await send(browser, ticket, b"the scanner breaks here", "a.txt")
    assert (unchecked.status_code, list(unchecked.json()["fields"])) == (422, ["papers"])
    assert "could not be checked" in unchecked.json()["title"]
    assert (await send(browser, ticket, b"harmless", "a.txt")).status_code == 201
    async with platform.context(tenant) as ctx:
        assert len(kept(ctx)) == await fetch_value("SELECT count(*) FROM core_form_file") == 1


@pytest.mark.parametrize(
    ("characters", "status", "says"),
    [(10_000_000, 413, "More was sent"), (900_000, 422, "about"), (20_001, 422, "20001")],
)
async def test_far_too_much_text_is_refused_on_every_route_of_a_form_and_nothing_is_stored(
    browser: Client, platform: Platform, tenant: TenantRef, characters: int, status: int, says: str
) -> None:
    await switch_on(platform, tenant, "papers")
    answers = {"answer.papers": "", "answer.voice": "", "answer.about": "x" * characters}
    for route in ("/p/papers/desk", "/p/papers/draft"):
        if (route, characters) == ("/p/papers/draft", 20_001):
            continue  # A draft may hold it: somebody has pasted it, and is about to cut it down.
        refused = await browser.post(route, data=answers, headers={"accept": "application/json"})
        assert refused.status_code == status
        assert says in refused.text
        if status == 422 and characters > 20_001:
            assert refused.json()["fields"] == {"about": "This is far too long."}
            assert await fetch_value("SELECT count(*) FROM core_form_draft") == 0
    assert await fetch_value("SELECT count(*) FROM core_form_submission") == 0
