"""The pages on which forms are built, over HTTP."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from litestar.types import ASGIApp

from core.accounts.permissions import MANAGE_FORMS, MANAGE_TEAMS
from core.database.connection import fetch_value
from core.forms.library.store import get_design
from core.plugins.context import Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from tests.core.admin_client import add_person_with, changes_of, problem, send, working_as
from tests.core.web_client import (
    Client,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def builder(platform: Platform, tenant: TenantRef) -> str:
    """The login of somebody who may build forms and nothing else."""
    await add_person_with(platform, tenant, "bob", MANAGE_FORMS)
    return "bob"


async def made(browser: Client, name: str = "complaint") -> str:
    """Makes a form; gives the address of its editor."""
    answer = await send(browser, "/admin/forms/new", {"title": "Complaint", "name": name})
    path: str = json.loads(answer.headers["hx-location"])["path"]
    return path


def state(html: str) -> dict[str, Any]:
    """What the editor's bar says: revision, what is chosen, the content."""
    found = {key: unescape(value) for key, value in re.findall(r'data-(revision|chosen|content)="([^"]*)"', html)}
    return {**found, "content": json.loads(found["content"])}


async def test_a_form_is_built_tried_and_published_step_by_step(web: ASGIApp, tenant: TenantRef, builder: str) -> None:
    async with working_as(web, tenant, builder) as browser:
        path = await made(browser)
        now = state((await browser.get(path)).text)
        for change in (
            {"do": "add", "kind": "number"},
            {"do": "set", "place": "pages.0.components.0", "path": "key", "value": "people"},
            {"do": "set", "place": "pages.0.components.0", "path": "minimum", "value": "2"},
            {"do": "add", "kind": "text"},
            {"do": "set", "place": "pages.0.components.1", "path": "shown_if", "value": "peple > 3"},
        ):
            answer = await send(browser, f"{path}/edit", {**change, "revision": now["revision"], "chosen": "pages.0"})
            assert answer.status_code == 200, answer.text
            now = state(answer.text)
        assert "There is no question &#39;peple&#39;" in answer.text
        refused = await send(browser, f"{path}/publish", {"revision": now["revision"]})
        assert refused.status_code == 422
        assert list(problem(refused)["fields"]) == ["pages.0.components.1.shown_if"]
        assert "cannot be shown yet" in (await browser.get(f"{path}/try")).text
        mended = {"do": "set", "place": "pages.0.components.1", "path": "shown_if", "value": "people > 3"}
        now = state((await send(browser, f"{path}/edit", {**mended, "revision": now["revision"]})).text)
        wrong = await send(browser, f"{path}/try?language=ru", {"answer.people": "1"})
        assert "Не меньше 2." in wrong.text
        tried = await send(browser, f"{path}/try", {"answer.people": "4", "answer.text": "<b>"})
        assert "<dd>4</dd>" in tried.text
        assert "<dd>&lt;b&gt;</dd>" in tried.text
        assert "frame-ancestors 'self'" in tried.headers["content-security-policy"]
        assert await fetch_value("SELECT count(*) FROM core_form_submission") == 0
        published = await send(browser, f"{path}/publish", {"revision": now["revision"]})
        assert "Version 1 is published." in json.loads(published.headers["hx-trigger"])["switchroom:toast"]["text"]
        assert "The first version." in (await browser.get(f"{path}/versions")).text
    assert [entry["after"] for entry in await changes_of("core.form_published")] == [{"version": 1}]


async def test_a_change_to_what_is_no_longer_there_is_refused_and_changes_nothing(
    web: ASGIApp, platform: Platform, tenant: TenantRef, builder: str
) -> None:
    async with working_as(web, tenant, builder) as browser:
        path = await made(browser)
        now = state((await browser.get(path)).text)
        add = {"do": "add", "kind": "text", "revision": now["revision"]}
        first = state((await send(browser, f"{path}/edit", add)).text)
        assert (await send(browser, f"{path}/edit", add)).status_code == 409
        assert (await browser.get(f"{path}/parts?seen={first['revision']}")).status_code == 204
        for wrong in (
            {"do": "no"},
            {"do": "add", "kind": "no"},
            {"do": "replace", "content": "[1]"},
            {"do": "replace", "content": "{"},
        ):
            answer = await send(browser, f"{path}/edit", {**wrong, "revision": first["revision"]})
            assert answer.status_code == 422, wrong
        gone = {"do": "remove", "place": "pages.0.components.9", "revision": first["revision"]}
        assert (await send(browser, f"{path}/edit", gone)).status_code == 404
        undone = {"do": "replace", "content": json.dumps(now["content"]), "revision": first["revision"]}
        assert state((await send(browser, f"{path}/edit", undone)).text)["content"] == now["content"]
    async with platform.context(tenant) as ctx:
        assert (await get_design(ctx, "complaint")).revision == 3


async def test_a_file_makes_the_same_form_elsewhere_and_comes_out_unchanged(
    web: ASGIApp, platform: Platform, tenant: TenantRef, builder: str
) -> None:
    other = await create_tenant(platform, slug="beta", name="Beta")
    await add_person_with(platform, other, "eve", MANAGE_FORMS)
    async with working_as(web, tenant, builder) as browser:
        path = await made(browser)
        await send(browser, f"{path}/edit", {"do": "add", "kind": "table", "revision": 1})
        file = (await browser.get(f"{path}/export")).content
    async with working_as(web, other, "eve") as browser:
        assert (await browser.get(path)).status_code == 404
        assert (await send(browser, f"{path}/edit", {"do": "add_page", "revision": 2})).status_code == 404
        answer = await browser.post("/admin/forms/import", files={"file": ("form.json", file)})
        assert json.loads(answer.headers["hx-location"])["path"] == path
        assert (await browser.get(f"{path}/export")).content == file
        again = await browser.post("/admin/forms/import", files={"file": ("form.json", file)})
        assert "already" in problem(again)["fields"]["name"]
        broken = await browser.post("/admin/forms/import", files={"file": ("form.json", b"{")})
        assert "line 1" in problem(broken)["fields"]["file"]


async def test_the_list_finds_forms_and_shows_their_state(web: ASGIApp, tenant: TenantRef, builder: str) -> None:
    async with working_as(web, tenant, builder) as browser:
        assert "No forms yet" in (await browser.get("/admin/forms")).text
        path = await made(browser)
        await send(browser, f"{path}/edit", {"do": "add", "kind": "text", "revision": 1})
        await send(browser, f"{path}/publish", {"revision": 2})
        await send(browser, "/admin/forms/new", {"copy": "complaint", "name": "praise"})
        assert (await send(browser, f"{path}/delete")).status_code == 409
        await send(browser, f"{path}/archive")
        assert "custom:complaint" not in (await browser.get("/admin/forms")).text
        archived = (await browser.get("/admin/forms?state=archived&words=COMPL")).text
        assert "custom:complaint" in archived
        assert "custom:praise" not in archived
        await send(browser, f"{path}/restore")
        await send(browser, "/admin/forms/praise/delete")
        listed = (await browser.get("/admin/forms")).text
        assert "custom:praise" not in listed
        assert "Version 1" in listed
        await send(browser, f"{path}/edit", {"do": "remove", "place": "pages.0.components.0", "revision": 2})
        versions = (await browser.get(f"{path}/versions")).text
        assert "Taken away: Line of text: Line of text" in versions
        await send(browser, f"{path}/versions/1/take", {"revision": 3})
        assert "Not published yet" not in (await browser.get(f"{path}/versions")).text


async def test_nobody_builds_forms_without_the_permission(
    web: ASGIApp, platform: Platform, tenant: TenantRef, builder: str
) -> None:
    await add_person_with(platform, tenant, "tom", MANAGE_TEAMS)
    async with working_as(web, tenant, builder) as browser:
        path = await made(browser)
    async with working_as(web, tenant, "tom") as browser:
        for page in ("/admin/forms", "/admin/forms/new", "/admin/forms/import", path, f"{path}/export", f"{path}/try"):
            assert (await browser.get(page)).status_code == 403, page
        for action in ("edit", "publish", "archive", "restore", "delete", "try", "versions/1/take"):
            assert (await send(browser, f"{path}/{action}", {"revision": 1})).status_code == 403, action
