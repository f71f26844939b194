"""Widgets, search, and parts of pages that fail: each harms nothing but itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar.types import ASGIApp

from core.plugins.context import Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from tests.core.view_people import agent, answered, application_with_views, call, sees, showing, tenant_with_views
from tests.core.web_client import add_user, web_application

pytestmark = pytest.mark.anyio
__all__ = ["application_with_views", "showing", "tenant_with_views", "web_application"]


async def test_widgets_are_those_that_the_role_may_see(platform: Platform, tenant: TenantRef, web: ASGIApp) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    await add_user(platform, tenant, "anna", "agent")
    seen = (await sees(web, tenant, "sue", "/home/widgets")).text
    assert re.findall(r'hx-get="([^"]+)"', seen) == [
        "/p/routing/widget",
        "/p/showing/part/widget",
        "/p/showing/raises",
    ]
    assert "widget-2" in seen
    assert "/p/routing/widget" not in (await sees(web, tenant, "anna", "/home/widgets")).text


async def test_without_widgets_nothing_stands_there(platform: Platform, web: ASGIApp) -> None:
    other = await create_tenant(platform, slug="globex", name="Globex")
    await add_user(platform, other, "anna", "agent")
    assert (await sees(web, other, "anna", "/home/widgets")).status_code == 204


async def test_the_service_level_of_the_day_is_a_widget(platform: Platform, tenant: TenantRef, web: ASGIApp) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    assert "–" in (await sees(web, tenant, "sue", "/p/routing/widget")).text
    anna = await agent(platform, tenant, "anna")
    await answered(platform, tenant, await call(platform, tenant, queue="routing:queue:1"), anna)
    assert "100 % answered in time" in (await sees(web, tenant, "sue", "/p/routing/widget")).text
    assert (await sees(web, tenant, "anna", "/p/routing/widget")).status_code == 403


async def test_a_widget_that_raises_is_an_error_card_with_a_number_and_no_detail(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    answer = await sees(web, tenant, "sue", "/p/showing/raises")
    assert answer.status_code == 500
    assert re.search(r"Error number: <code>[0-9a-f]{8}</code>", answer.text)
    assert "data-retry" in answer.text
    assert "hunter2" not in answer.text


async def test_what_hangs_is_ended_and_told_with_a_number(platform: Platform, tenant: TenantRef, web: ASGIApp) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    answer = await sees(web, tenant, "sue", "/p/showing/slow")
    assert answer.status_code == 504
    assert "This part did not answer in time." in answer.text
    assert re.search(r"Error number: <code>[0-9a-f]{8}</code>", answer.text)
    assert (await sees(web, tenant, "sue", "/p/showing/quick")).text == "quick"


async def found(web: ASGIApp, tenant: TenantRef, username: str, words: str, place: str = "core") -> str:
    """What the search answers."""
    answer = await sees(web, tenant, username, f"/search/{place}?q={words}")
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("words", ["ari", "JENSEN", "maria%20jen", "9018", "30%2090%2018", "%2B45"])
async def test_contacts_are_found_by_parts_of_name_and_number(
    platform: Platform, tenant: TenantRef, web: ASGIApp, words: str
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    made = await call(platform, tenant, "Maria Jensen", "+4530901820")
    await call(platform, tenant, "Oliver 100%", "+442079460958")
    answer = await found(web, tenant, "sue", words)
    if words == "%2B45":
        assert "Maria" not in answer, "two digits are too few"
    else:
        assert f'href="/card/{made.id}"' in answer
        assert "Oliver" not in answer


async def test_what_is_special_to_the_database_is_searched_for_as_it_is(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    await call(platform, tenant, "Maria Jensen")
    await call(platform, tenant, "Oliver 100% sure")
    assert "Oliver" in await found(web, tenant, "sue", "00%25%20s")
    assert "/card/" not in await found(web, tenant, "sue", "a%25n")
    assert "/card/" not in await found(web, tenant, "sue", "___")


async def test_agents_find_their_own_contacts_and_nobody_those_of_another_tenant(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    anna = await agent(platform, tenant, "anna")
    mine, foreign = await call(platform, tenant, "Maria Jensen"), await call(platform, tenant, "Maria Lopez")
    other = await create_tenant(platform, slug="globex", name="Globex")
    theirs = await call(platform, other, "Maria Theirs")
    await answered(platform, tenant, mine, anna)
    answer = await found(web, tenant, "anna", "maria")
    assert f'href="/card/{mine.id}"' in answer
    assert f'href="/card/{foreign.id}"' not in answer
    assert f'href="/card/{theirs.id}"' not in answer


async def test_pages_are_found_by_those_who_may_open_them_and_users_by_administrators(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    chief = await add_user(platform, tenant, "chief", "administrator")
    assert 'href="/p/routing/queues"' in await found(web, tenant, "sue", "que")
    assert "/admin/users" not in await found(web, tenant, "sue", "users")
    assert 'href="/admin/users"' in await found(web, tenant, "chief", "users")
    assert f'href="/admin/users/{chief}"' in await found(web, tenant, "chief", "chie")
    assert "Chief" not in await found(web, tenant, "sue", "chie")


async def test_plugins_are_asked_apart_and_one_that_fails_is_named(
    platform: Platform, tenant: TenantRef, web: ASGIApp, showing: Any
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    answer = await found(web, tenant, "sue", "manual", "plugins")
    assert "Article" in answer
    assert "About manual" in answer
    assert "About" not in await found(web, tenant, "sue", "m", "plugins")
    showing.fails = frozenset({"search"})
    answer = await found(web, tenant, "sue", "manual", "plugins")
    assert "About" not in answer
    assert "What showing may know is missing." in answer


async def test_hits_are_escaped_and_long_words_refused(platform: Platform, tenant: TenantRef, web: ASGIApp) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    assert "<script>" not in await found(web, tenant, "sue", "<script>", "plugins")
    assert (await sees(web, tenant, "sue", f"/search/core?q={'x' * 101}")).status_code == 400
