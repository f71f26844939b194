"""Lookups: kept by administrators, read by plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from litestar.types import ASGIApp
from pydantic import BaseModel, Field

from core import plugin_lifecycle
from core.accounts.permissions import ADMINISTRATOR
from core.database.connection import fetch_value
from core.locale.languages import Languages
from core.plugins.context import Context, Platform
from core.plugins.contributions import Lookup
from core.tenancy.context import TenantRef
from switchroom.errors import InvalidInput, NotFound
from switchroom.lookups import entries, name_of
from tests.core.admin_client import changes_of, problem, send, working_as
from tests.core.web_client import (
    add_user,
    web_application,  # noqa: F401 - a fixture
)

pytestmark = pytest.mark.anyio

NAME = "wrapup.reasons"
PATH = f"/admin/lookups/{NAME}"


@pytest.fixture
async def admin(platform: Platform, tenant: TenantRef) -> int:
    return await add_user(platform, tenant, "admin", ADMINISTRATOR)


async def codes(ctx: Context) -> list[str]:
    return [entry.code for entry in await entries(ctx, NAME)]


async def test_tenant_starts_with_what_is_declared_in_the_readers_language(ctx: Context) -> None:
    assert [entry.name for entry in await entries(ctx, NAME)] == ["Question", "Request", "Complaint", "Something else"]
    folder = plugin_folder(ctx)
    with Languages([("wrapup", folder)]).speaking("ru"):
        assert await name_of(ctx, NAME, "complaint") == "Жалоба"
    assert await name_of(ctx, NAME, "never_there") == "never_there"


def plugin_folder(ctx: Context) -> Path:
    record = ctx._platform.registry.get("wrapup")
    assert record is not None
    return record.folder


async def test_list_of_a_plugin_that_is_off_is_not_there(platform: Platform, tenant: TenantRef) -> None:
    async with platform.context(tenant) as ctx:
        await plugin_lifecycle.disable_plugin(platform, ctx, "wrapup")
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as ctx:
        with pytest.raises(NotFound):
            await entries(ctx, NAME)


async def test_entry_is_added_changed_and_switched_off(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        assert "Reasons of contact" in (await browser.get("/admin/lookups")).text
        new = {"code": "address", "name_en": "Change of address", "name_ru": "Смена адреса"}
        assert (await send(browser, PATH, new)).status_code == 200
        changed = {"name_en": "New address", "name_ru": "Смена адреса"}
        assert (await send(browser, f"{PATH}/entries/address", changed)).status_code == 200
        assert "address" in (await browser.get(f"{PATH}/entries/address")).text
        async with platform.context(tenant) as ctx:
            assert (await codes(ctx))[-1] == "address"
            assert await name_of(ctx, NAME, "address") == "New address"
            assert (await send(browser, f"{PATH}/entries/address/off")).status_code == 200
            assert "address" not in await codes(ctx)
            assert await name_of(ctx, NAME, "address") == "New address"
            assert (await send(browser, f"{PATH}/entries/address/on")).status_code == 200
            assert "address" in await codes(ctx)
    [renamed] = await changes_of("core.lookup_entry_changed")
    assert (renamed["before"], renamed["after"]) == ({"name_en": "Change of address"}, {"name_en": "New address"})
    assert renamed["subject_name"] == "Reasons of contact: address"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"code": "Upper", "name_en": "X"}, "code"),
        ({"code": "1st", "name_en": "X"}, "code"),
        ({"code": "question", "name_en": "X"}, "code"),
        ({"code": "x" * 61, "name_en": "X"}, "code"),
        ({"code": "fine", "name_en": " "}, "name_en"),
        ({"code": "fine", "name_ru": "x" * 201}, "name_ru"),
    ],
)
async def test_entry_that_cannot_be_used_is_refused(
    web: ASGIApp, tenant: TenantRef, admin: int, fields: dict[str, str], wrong: str
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        answer = await send(browser, PATH, fields)
    assert answer.status_code == 422
    assert list(problem(answer)["fields"]) == [wrong]


async def test_order_is_kept_and_what_is_not_named_comes_last(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        await browser.get(PATH)
        answer = await send(browser, f"{PATH}/order", {"code": ["other", "gone", "question", "other"]})
        assert answer.status_code == 204
    async with platform.context(tenant) as ctx:
        assert await codes(ctx) == ["other", "question", "request", "complaint"]
    assert len(await changes_of("core.lookup_ordered")) == 1


async def test_each_tenant_has_lists_of_its_own(
    web: ASGIApp, platform: Platform, tenant: TenantRef, other_tenant: TenantRef, admin: int
) -> None:
    async with working_as(web, tenant, "admin") as browser:
        await browser.get(PATH)
        await send(browser, f"{PATH}/entries/question/off")
    async with platform.context(other_tenant) as ctx:
        assert await codes(ctx) == ["question", "request", "complaint", "other"]


async def test_what_does_not_exist_is_not_there(web: ASGIApp, tenant: TenantRef, admin: int) -> None:
    async with working_as(web, tenant, "admin") as browser:
        assert (await browser.get("/admin/lookups/no.such")).status_code == 404
        assert (await browser.get(f"{PATH}/entries/gone")).status_code == 404
        for path in ("/admin/lookups/no.such", f"{PATH}/entries/gone", f"{PATH}/entries/gone/off"):
            assert (await send(browser, path, {"code": "x", "name_en": "X"})).status_code == 404, path
        assert (await send(browser, "/admin/lookups/no.such/order", {"code": "x"})).status_code == 404


class Price(BaseModel):
    """What a test's lookup asks for besides names."""

    cents: Annotated[int, Field(ge=0, title="Price")] = 10


async def test_own_schema_of_a_list_is_asked_for_and_checked(
    web: ASGIApp, platform: Platform, tenant: TenantRef, admin: int
) -> None:
    record = platform.registry.get("wrapup")
    assert record is not None
    record.contributions.lookups.append(Lookup("wrapup.prices", "Prices", fields=Price, initial=(("basic", "Basic"),)))
    try:
        async with working_as(web, tenant, "admin") as browser:
            path = "/admin/lookups/wrapup.prices"
            assert 'name="answer.cents"' in (await browser.get(f"{path}/new")).text
            fine = {"code": "plus", "name_en": "Plus", "answer.cents": "25"}
            assert (await send(browser, path, fine)).status_code == 200
            wrong = await send(browser, f"{path}/entries/plus", {"name_en": "Plus", "answer.cents": "-1"})
            assert wrong.status_code == 422
            assert list(problem(wrong)["fields"]) == ["answer.cents"]
        async with platform.context(tenant) as ctx:
            values = {entry.code: entry.values for entry in await entries(ctx, "wrapup.prices")}
        assert values == {"basic": {"cents": 10}, "plus": {"cents": 25}}
    finally:
        record.contributions.lookups.pop()


async def test_reason_is_asked_for_in_the_form_after_a_call(ctx: Context) -> None:
    from core.lookups.entries import switch_entry
    from plugins.wrapup.forms import SIMPLE
    from plugins.wrapup.reasons import with_reasons

    form = await with_reasons(ctx, SIMPLE)
    options = form.questions["reason"].options  # type: ignore[attr-defined]
    assert [option.value for option in options] == ["question", "request", "complaint", "other"]
    for code in ("question", "request", "complaint", "other"):
        await switch_entry(ctx, NAME, code, active=False)
    assert "reason" not in (await with_reasons(ctx, SIMPLE)).questions


async def test_names_are_stored_once_and_in_at_most_the_languages_there_are(ctx: Context) -> None:
    from core.lookups.entries import add_entry

    await add_entry(ctx, NAME, "short", {"en": "Short", "xx": "never"})
    with pytest.raises(InvalidInput):
        await add_entry(ctx, NAME, "short", {"en": "Again"})
    assert await fetch_value("SELECT names::text FROM core_lookup_entry WHERE code = 'short'") == '{"en": "Short"}'
