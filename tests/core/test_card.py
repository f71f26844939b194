"""The card of an interaction: who may open it, and what it tells."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar.types import ASGIApp

from core.plugins.context import Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from tests.core.view_people import (
    agent,
    answered,
    application_with_views,
    call,
    ended,
    sees,
    showing,
    tenant_with_views,
)
from tests.core.web_client import add_user, web_application

pytestmark = pytest.mark.anyio
__all__ = ["application_with_views", "showing", "tenant_with_views", "web_application"]


def words(html: str) -> str:
    """What is read of a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


async def test_an_agent_sees_the_card_of_a_call_that_was_offered_or_handled_and_no_other(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    anna, _ben = await agent(platform, tenant, "anna"), await agent(platform, tenant, "ben")
    waiting = await call(platform, tenant)
    for path in ("", "/head", "/timeline", "/earlier"):
        assert (await sees(web, tenant, "anna", f"/card/{waiting.id}{path}")).status_code == 404
    await answered(platform, tenant, waiting, anna)
    for path in ("", "/head", "/timeline", "/earlier"):
        assert (await sees(web, tenant, "anna", f"/card/{waiting.id}{path}")).status_code == 200
        assert (await sees(web, tenant, "ben", f"/card/{waiting.id}{path}")).status_code == 404
    unknown = await sees(web, tenant, "ben", "/card/999999")
    assert unknown.text == (await sees(web, tenant, "ben", f"/card/{waiting.id}")).text


async def test_a_supervisor_sees_every_card_of_the_tenant_and_of_no_other(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    waiting = await call(platform, tenant)
    other = await create_tenant(platform, slug="globex", name="Globex")
    theirs = await call(platform, other)
    assert (await sees(web, tenant, "sue", f"/card/{waiting.id}")).status_code == 200
    assert (await sees(web, tenant, "sue", f"/card/{theirs.id}")).status_code == 404


async def test_the_head_tells_who_it_is_and_how_it_stands(platform: Platform, tenant: TenantRef, web: ASGIApp) -> None:
    anna = await agent(platform, tenant, "anna")
    made = await call(platform, tenant, "Maria Jensen", "+4530901820")
    await answered(platform, tenant, made, anna)
    text = words((await sees(web, tenant, "anna", f"/card/{made.id}/head")).text)
    assert "MJ Maria Jensen +45 30 90 18 20 Phone call Incoming" in text
    assert "In talk" in text
    await ended(platform, tenant, made, "caller_hung_up")
    assert "Ended" in words((await sees(web, tenant, "anna", f"/card/{made.id}/head")).text)


async def test_the_timeline_tells_what_happened_in_words(platform: Platform, tenant: TenantRef, web: ASGIApp) -> None:
    anna = await agent(platform, tenant, "anna")
    made = await call(platform, tenant, subject="The parcel arrived damaged")
    await answered(platform, tenant, made, anna)
    await ended(platform, tenant, made, "caller_hung_up")
    text = words((await sees(web, tenant, "anna", f"/card/{made.id}/timeline")).text)
    told = ["Incoming", "The parcel arrived damaged", "Offered to Anna", "Anna answered", "The customer hung up"]
    assert [text.index(each) for each in told] == sorted(text.index(each) for each in told)


async def test_a_cause_that_core_does_not_know_is_told_as_it_is(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    made = await call(platform, tenant)
    await ended(platform, tenant, made, "node_dead")
    assert "It ended: node dead" in (await sees(web, tenant, "sue", f"/card/{made.id}/timeline")).text


async def test_earlier_contacts_are_those_of_the_same_number(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    anna = await agent(platform, tenant, "anna")
    await agent(platform, tenant, "ben")
    first = await call(platform, tenant, subject="First")
    await call(platform, tenant, number="+4930111111", subject="Somebody else")
    second = await call(platform, tenant, subject="Second")
    other = await create_tenant(platform, slug="globex", name="Globex")
    await call(platform, other, subject="Theirs")
    await answered(platform, tenant, second, anna)
    page = (await sees(web, tenant, "anna", f"/card/{second.id}/earlier")).text
    assert "First" in page
    assert "Somebody else" not in page
    assert "Theirs" not in page
    assert f'href="/card/{first.id}"' not in page, "she has not handled it, so she cannot open it"
    nobody = await call(platform, tenant, number="")
    await add_user(platform, tenant, "sue", "supervisor")
    assert "No number" in (await sees(web, tenant, "sue", f"/card/{nobody.id}/earlier")).text
    assert f'href="/card/{first.id}"' in (await sees(web, tenant, "sue", f"/card/{second.id}/earlier")).text


async def test_plugins_add_tabs_and_actions_for_those_who_may(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    made = await call(platform, tenant)
    page = (await sees(web, tenant, "sue", f"/card/{made.id}")).text
    assert f'hx-get="/p/showing/part/orders-{made.id}"' in page
    assert 'data-load-dialog="/p/showing/part/dialog"' in page
    assert 'hx-post="/p/showing/act"' in page
    assert 'href="/p/showing/page"' in page
    assert "Secret" not in page
    assert "Never" not in page


async def test_a_card_is_shown_though_a_plugin_fails_to_say_what_it_adds(
    platform: Platform, tenant: TenantRef, web: ASGIApp, showing: Any
) -> None:
    await add_user(platform, tenant, "sue", "supervisor")
    made = await call(platform, tenant)
    showing.fails = frozenset({"card_tabs", "toolbar_actions"})
    answer = await sees(web, tenant, "sue", f"/card/{made.id}")
    assert answer.status_code == 200
    assert "What happened" in answer.text
    assert "Orders" not in answer.text


async def test_the_journal_leads_to_the_card(platform: Platform, tenant: TenantRef, web: ASGIApp) -> None:
    anna = await agent(platform, tenant, "anna")
    made = await call(platform, tenant)
    await answered(platform, tenant, made, anna)
    assert f'href="/card/{made.id}"' in (await sees(web, tenant, "anna", "/home/journal")).text
