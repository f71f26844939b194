"""The single window: an agent's work on all channels, the sections of plugins, and the colleagues of his team."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar.types import ASGIApp

from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent
from core.agents.teams import all_teams
from core.database.connection import execute, fetch, fetch_value
from core.interactions.lifecycle import hold
from core.interactions.offers import accept_offer, make_offer
from core.interactions.taking import begin_work
from core.plugins.context import Actor, ActorKind, Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from switchroom.testing.enabling import switch_off, switch_on
from switchroom.testing.hooks import Fault
from switchroom.testing.people import Client
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
from tests.core.web_client import add_user, client, log_in, web_application

pytestmark = pytest.mark.anyio
__all__ = ["application_with_views", "showing", "tenant_with_views", "web_application"]


CARD = re.compile(
    r'<li class="work-card work-(\w+)">.*?href="([^"]+)"[^>]*><span class="name">([^<]+)</span></a>', re.DOTALL
)


def cards(html: str) -> list[tuple[str, str, str]]:
    """What each card of work is in, where it leads, and who it is."""
    return CARD.findall(html)


async def takes_paper(platform: Platform, tenant: TenantRef, user_id: int, subject: str) -> int:
    """The agent takes work of a channel that does not take all of him."""
    async with platform.context(tenant, Actor(ActorKind.USER, user_id)) as ctx:
        return (await begin_work(ctx, user_id, channel="paper", subject=subject)).interaction_id


async def test_work_of_all_channels_stands_side_by_side_and_leads_to_its_page(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    anna = await agent(platform, tenant, "anna")
    ben = await agent(platform, tenant, "ben")
    nothing = (await sees(web, tenant, "anna", "/window/work")).text
    assert "Nothing in hand" in nothing
    assert cards(nothing) == []
    await takes_paper(platform, tenant, anna, "A letter")
    mine, his = await call(platform, tenant, "Kim <b>"), await call(platform, tenant, "Robin")
    async with platform.context(tenant) as ctx:
        offer = await make_offer(ctx, mine.id, [anna], cause="test")
    assert offer is not None
    seen = (await sees(web, tenant, "anna", "/window/work")).text
    assert cards(seen) == [
        ("offered", f"/card/{mine.id}", "Kim &lt;b&gt;"),
        ("work", "/p/showing/page", "A letter"),
    ]
    assert "data-countdown" in seen
    async with platform.context(tenant) as ctx:
        await accept_offer(ctx, offer.id, anna)
    await answered(platform, tenant, his, ben)
    assert [card[0] for card in cards((await sees(web, tenant, "anna", "/window/work")).text)] == ["talk", "work"]
    async with platform.context(tenant) as ctx:
        await hold(ctx, mine.id, anna)
    assert [card[0] for card in cards((await sees(web, tenant, "anna", "/window/work")).text)] == ["hold", "work"]
    await ended(platform, tenant, mine, "caller_hung_up")
    seen = (await sees(web, tenant, "anna", "/window/work")).text
    assert [card[0] for card in cards(seen)] == ["wrap_up", "work"]
    assert "Robin" not in seen


async def test_the_page_of_a_plugin_that_fails_or_leads_elsewhere_is_the_card(
    platform: Platform, tenant: TenantRef, web: ASGIApp, showing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await agent(platform, tenant, "anna")
    letter = await takes_paper(platform, tenant, anna, "A letter")
    showing.fails = frozenset({"interaction_page"})
    assert cards((await sees(web, tenant, "anna", "/window/work")).text) == [("work", f"/card/{letter}", "A letter")]
    showing.fails = frozenset()
    for address in ("https://elsewhere.test/", "//elsewhere.test", "/\\elsewhere.test", "javascript:alert(1)", ""):
        monkeypatch.setattr(type(showing), "leads_to", address)
        seen = cards((await sees(web, tenant, "anna", "/window/work")).text)
        assert seen == [("work", f"/card/{letter}", "A letter")], address


async def test_sections_are_those_that_the_agent_may_see_and_one_that_fails_says_so_alone(
    platform: Platform, tenant: TenantRef, web: ASGIApp, showing: Any
) -> None:
    await agent(platform, tenant, "anna")
    seen = (await sees(web, tenant, "anna", "/window")).text
    regions = re.findall(r'hx-get="([^"]+)"', seen)
    assert regions[0] == "/window/work"
    assert regions[-1].startswith("/window/team?limit=")
    assert {"/p/showing/part/section", "/p/showing/raises", "/p/routing/mine"} <= set(regions)
    assert "/p/showing/part/hidden" not in regions
    assert seen.index("/p/showing/raises") < seen.index("window-columns") < seen.index("/p/showing/part/section")
    failed = await sees(web, tenant, "anna", "/p/showing/raises")
    assert failed.status_code == 500
    assert re.search(r"Error number: <code>[0-9a-f]{8}</code>", failed.text)
    assert (await sees(web, tenant, "anna", "/p/showing/part/section")).status_code == 200
    showing.fails = frozenset({"workspace_sections"})
    without = (await sees(web, tenant, "anna", "/window")).text
    assert "/p/showing" not in without
    assert "/p/routing/mine" in without


async def test_a_page_that_is_open_gets_the_sections_anew_when_a_plugin_is_switched(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await agent(platform, tenant, "anna")
    version = re.compile(r'id="window-sections" data-version="(\w+)"')
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        (first,) = version.findall((await browser.get("/window")).text)
        assert (await browser.get(f"/window/sections?version={first}")).status_code == 204
        await switch_off(platform, tenant, "showing")
        without = await browser.get(f"/window/sections?version={first}")
        assert without.status_code == 200
        assert "/p/showing" not in without.text
        assert {"/p/routing/mine", "/p/promises/section", "/p/records/section"} <= set(
            re.findall(r'hx-get="([^"]+)"', without.text)
        )
        (second,) = version.findall(without.text)
        assert second != first
        await switch_on(platform, tenant, "showing")
        again = (await browser.get(f"/window/sections?version={second}")).text
        assert "/p/showing/part/section" in again
        assert version.findall(again) == [first]


async def test_the_page_is_for_agents_and_the_navigation_leads_there(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await agent(platform, tenant, "anna")
    await add_user(platform, tenant, "chief", "administrator")
    async with client(web) as browser:
        await log_in(browser, "anna", tenant)
        home = (await browser.get("/")).text
        assert 'href="/window" title="Single window" data-shortcut="Alt+W"' in home
        assert 'class="btn btn-primary" href="/window"' in home
        for path in ("/window", "/window/sections", "/window/work", "/window/team"):
            assert (await browser.get(path)).status_code == 200
        for limit in ("0", "201", "many"):
            assert (await browser.get(f"/window/team?limit={limit}")).status_code == 400
    async with client(web) as browser:
        await log_in(browser, "chief", tenant)
        assert 'href="/window"' not in (await browser.get("/")).text
        for path in ("/window", "/window/sections"):
            assert (await browser.get(path)).status_code == 403


async def test_colleagues_are_those_of_the_team_the_free_first_and_no_others(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    anna = await agent(platform, tenant, "anna")
    await agent(platform, tenant, "zoe")
    busy = await agent(platform, tenant, "ben")
    resting = await agent(platform, tenant, "carol")
    await add_user(platform, tenant, "absent", "agent")
    foreign = await agent(platform, tenant, "foreign")
    await answered(platform, tenant, await call(platform, tenant), busy)
    async with platform.context(tenant) as ctx:
        await choose_intent(ctx, resting, Intent.PAUSE, reason="lunch")
        other: int = await fetch_value(
            "INSERT INTO core_team (tenant_id, name, offer_seconds, no_answer_seconds, wrap_up_seconds) "
            "VALUES ($1, 'Night', 20, 10, 60) RETURNING id",
            tenant.id,
        )
        await execute("UPDATE core_agent SET team_id = $2 WHERE user_id = $1", foreign, other)
        await execute(
            "UPDATE core_agent SET status = 'offline' WHERE user_id NOT IN ($1, $2, $3) AND NOT taking",
            anna,
            busy,
            resting,
        )
    seen = (await sees(web, tenant, "anna", "/window/team")).text
    assert re.findall(r"<strong>([A-Z]\w+)</strong>", seen) == ["Zoe", "Ben", "Carol"]
    assert seen.count("is-free") == 1
    assert "Lunch" in seen
    few = (await sees(web, tenant, "anna", "/window/team?limit=2")).text
    assert re.findall(r"<strong>([A-Z]\w+)</strong>", few) == ["Zoe", "Ben"]
    assert "2 of 3 who are there" in few
    assert 'data-region-url="/window/team?limit=200"' in few
    alone = (await sees(web, tenant, "foreign", "/window/team")).text
    assert "You are the only one" in alone


async def test_a_change_is_told_to_the_team_and_not_to_others(
    platform: Platform, tenant: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def publish(_tenant: int, *topics: str) -> None:
        told.extend(topics)

    anna = await add_user(platform, tenant, "anna", "agent")
    async with platform.context(tenant) as ctx:
        (team,) = [each.id for each in await all_teams(ctx)]
        await begin_shift(ctx, anna)
        monkeypatch.setattr(platform.live, "publish", publish)
        await tab_opened(ctx, anna)
    assert {f"user:{anna}", f"agent:{anna}", f"team:{team}"} <= set(told)


async def queue_of(tenant: TenantRef) -> tuple[int, str]:
    """The tenant's queue: its id and how interactions name it."""
    queue = await fetch_value("SELECT id FROM routing_queue WHERE tenant_id = $1", tenant.id)
    return queue, f"routing:queue:{queue}"


async def test_my_queues_count_who_waits_and_who_is_free(platform: Platform, tenant: TenantRef, web: ASGIApp) -> None:
    anna = await agent(platform, tenant, "anna")
    queue, reference = await queue_of(tenant)
    await execute("UPDATE routing_queue SET name = 'Sales', target_seconds = 60 WHERE id = $1", queue)
    async with platform.context(tenant):
        await execute("DELETE FROM core_pool_member WHERE tenant_id = $1", tenant.id)
    assert "You serve no queue" in (await sees(web, tenant, "anna", "/p/routing/mine")).text
    await execute(
        "INSERT INTO core_pool_member (tenant_id, pool, user_id, level, strategy, rank, free) "
        "VALUES ($1, $2, $3, 0, 'longest_idle', 0, true), ($1, 'other:queue:7', $3, 0, 'longest_idle', 0, true)",
        tenant.id,
        reference,
        anna,
    )
    calm = (await sees(web, tenant, "anna", "/p/routing/mine")).text
    assert calm.count("<li") == 1
    assert "Nobody waits" in calm
    assert "1 free" in calm
    assert "target 01:00" in calm
    first = await call(platform, tenant, queue=reference)
    urgent = await call(platform, tenant, queue=reference)
    await execute("UPDATE core_interaction SET priority = 5 WHERE id = $1", urgent.id)
    await execute("UPDATE core_interaction SET waiting_since = now() - interval '9 minutes' WHERE id = $1", first.id)
    since = await fetch_value("SELECT waiting_since FROM core_interaction WHERE id = $1", first.id)
    seen = (await sees(web, tenant, "anna", "/p/routing/mine")).text
    assert f'data-fill-since="{since.isoformat(timespec="milliseconds").replace("+00:00", "Z")}"' in seen, "the oldest"
    assert re.search(r"</svg>2</span>", seen)


async def test_a_thousand_who_wait_cost_no_more_than_are_counted(
    platform: Platform, tenant: TenantRef, web: ASGIApp
) -> None:
    await agent(platform, tenant, "anna")
    _queue, reference = await queue_of(tenant)
    anna = await fetch_value("SELECT id FROM core_user WHERE username = 'anna'")
    await execute("DELETE FROM core_pool_member WHERE tenant_id = $1", tenant.id)
    await execute(
        "INSERT INTO core_pool_member (tenant_id, pool, user_id, level, strategy, rank, free) "
        "VALUES ($1, $2, $3, 0, 'longest_idle', 0, false)",
        tenant.id,
        reference,
        anna,
    )
    await execute(
        "INSERT INTO core_interaction (tenant_id, channel, direction, state, state_since, queue, priority, "
        "waiting_since, contact_name, contact_number, subject, cause, created_at) "
        "SELECT $1, 'voice', 'inbound', 'waiting', now(), $2, number % 3, "
        "now() - make_interval(secs => number), '', '', '', '', now() FROM generate_series(1, 3000) AS number",
        tenant.id,
        reference,
    )
    await execute("ANALYZE core_interaction")
    seen = (await sees(web, tenant, "anna", "/p/routing/mine")).text
    assert "1,000+" in seen
    assert "0 free" in seen
    oldest = await fetch_value("SELECT min(waiting_since) FROM core_interaction")
    assert oldest.isoformat(timespec="milliseconds").replace("+00:00", "Z") in seen
    from plugins.routing.workspace import _QUEUES

    plan = await fetch(f"EXPLAIN (ANALYZE, FORMAT TEXT) {_QUEUES}", tenant.id, [reference], 1001, 100)
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "Seq Scan on core_interaction" not in text, text
    assert max(float(rows) for rows in re.findall(r"actual time=\S+ rows=([\d.]+)", text)) <= 1001, text


async def test_a_tenant_without_routing_has_a_window_all_the_same(
    platform: Platform, web: ASGIApp, break_plugin: Any
) -> None:
    other = await create_tenant(platform, slug="globex", name="Globex")
    await agent(platform, other, "anna")
    break_plugin("routing", Fault.HANGS, hook="workspace_sections")
    async with Client(web) as browser:
        await browser.send_login("anna", other)
        seen = await browser.get("/window")
    assert seen.status_code == 200
    assert "/p/routing/mine" not in seen.text
    assert "/window/work" in seen.text
