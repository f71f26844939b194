"""The answers to a form as a page and as tables, over HTTP."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from litestar.types import ASGIApp
from openpyxl import load_workbook

from core.accounts.permissions import EXPORT_ANSWERS, MANAGE_FORMS
from core.accounts.users import create_user
from core.database.connection import execute
from core.forms.library import submissions
from core.forms.library.store import get_design, make_design, publish_design, save_design
from core.forms.library.versions import published_form
from core.forms.reader import Reader
from core.forms.store import submit_form
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from tests.core.admin_client import add_person_with, changes_of, working_as
from tests.core.web_client import (
    Client,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

ADDRESS = "/admin/forms/visit/answers"


def visit(*components: dict[str, Any]) -> dict[str, Any]:
    """A form of one page."""
    return {"title": {"en": "Visit"}, "pages": [{"key": "page", "components": list(components)}]}


TEXT = {"kind": "text", "key": "words", "label": {"en": "Words"}}
OLD = {"kind": "yes_no", "key": "gone", "label": {"en": "Gone"}}
WAYS = {
    "kind": "multi_select",
    "key": "ways",
    "label": {"en": "Ways"},
    "options": [{"value": "road", "label": {"en": "By road"}}, {"value": "air", "label": {"en": "=By air"}}],
}


@pytest.fixture
async def anna(ctx: Context) -> int:
    """Somebody who answers."""
    return (await create_user(ctx, "anna", "+Anna", "correct horse", ["agent"])).id


async def send(ctx: Context, user_id: int, number: int, at: str, **typed: str) -> None:
    """Answers the newest version at a time."""
    form = await published_form(ctx, "custom:visit")
    assert form is not None
    sent = await submit_form(ctx, form, f"test:visit:{number}", user_id, typed, Reader(ctx.tenant.zone))
    await execute("UPDATE core_form_submission SET submitted_at = $2::text::timestamptz WHERE id = $1", sent.id, at)


async def table(browser: Client, **query: str) -> list[dict[str, str]]:
    """The lines of the CSV, by the names in its first line."""
    answer = await browser.get(f"{ADDRESS}/export", params={"format": "csv", **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_all_versions_are_one_table_without_formulas(
    web: ASGIApp, tenant: TenantRef, platform: Platform, ctx: Context, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "PAGE", 2)
    monkeypatch.setattr(submissions, "DEFINITIONS", 1)
    monkeypatch.setattr(submissions, "MOST_KEPT", 1)
    design = await make_design(ctx, "visit", visit(OLD, TEXT))
    await publish_design(ctx, "visit", design.revision)
    # Three at the same moment: the pages go on by the number of each.
    for number in range(3):
        await send(ctx, anna, number, "2026-03-01T12:00:00Z", gone="no", words=f"first {number}")
    design = await get_design(ctx, "visit")
    newer = visit({**TEXT, "label": {"en": "=Newest words"}}, WAYS)
    design = await save_design(ctx, "visit", newer, design.revision)
    await publish_design(ctx, "visit", design.revision)
    await send(ctx, anna, 3, "2026-03-02T23:30:00Z", words='=HYPERLINK("x")', ways="road\nair")
    await send(ctx, anna, 4, "2026-03-03T12:00:00Z", words="last")

    await add_person_with(platform, tenant, "eva", EXPORT_ANSWERS)
    async with working_as(web, tenant, "eva") as browser:
        rows = await table(browser)
        words = next(name for name in rows[0] if name.endswith("[words]"))
        assert list(rows[0])[-3:] == [words, "Ways [ways]", "Gone [gone]"]
        assert words == "'=Newest words [words]"
        assert [row[words] for row in rows] == ["last", '\'=HYPERLINK("x")', "first 2", "first 1", "first 0"]
        assert [row["Version"] for row in rows] == ["2", "2", "1", "1", "1"]
        assert (rows[1]["Ways [ways]"], rows[2]["Gone [gone]"], rows[0]["Gone [gone]"]) == (
            "By road, =By air",
            "No",
            "",
        )
        assert rows[0]["Person"] == "'+Anna"
        # A day is one of the reader's clock.
        found = await table(browser, since="2026-03-02", until="2026-03-02")
        assert [row["About"] for row in found] == ["test:visit:3"]
        assert await table(browser, until="2026-02-01") == []

        answer = await browser.get(f"{ADDRESS}/export", params={"format": "xlsx"})
        sheet = load_workbook(io.BytesIO(answer.content))["Sheet"]
        cells = list(sheet.iter_rows())
        assert len(cells) == 6
        assert {cell.data_type for row in cells for cell in row if cell.value is not None} <= {"s", "inlineStr"}
        assert '=HYPERLINK("x")' in [cell.value for cell in cells[2]]

        page = (await browser.get(ADDRESS)).text
        assert "5 answers" in page
        assert "=HYPERLINK(&#34;x&#34;)" in page
        assert "No answers in this time" in (await browser.get(f"{ADDRESS}?until=2026-02-01")).text
    exported = await changes_of("core.form_answers_exported")
    assert len(exported) == 4


async def test_answers_are_for_whoever_has_the_permission(
    web: ASGIApp, tenant: TenantRef, platform: Platform, ctx: Context, anna: int
) -> None:
    design = await make_design(ctx, "visit", visit(TEXT))
    await publish_design(ctx, "visit", design.revision)
    await add_person_with(platform, tenant, "bob", MANAGE_FORMS)
    async with working_as(web, tenant, "bob") as browser:
        assert ADDRESS not in (await browser.get("/admin/forms")).text
        for address in (ADDRESS, f"{ADDRESS}/export?format=csv"):
            assert (await browser.get(address)).status_code == 403
    await add_person_with(platform, tenant, "eva", EXPORT_ANSWERS, MANAGE_FORMS)
    async with working_as(web, tenant, "eva") as browser:
        assert ADDRESS in (await browser.get("/admin/forms")).text
        assert "Not answered yet" in (await browser.get(ADDRESS)).text
        assert (await browser.get("/admin/forms/none/answers")).status_code == 404
        assert (await browser.get(f"{ADDRESS}/export?format=pdf")).status_code in (400, 422)
