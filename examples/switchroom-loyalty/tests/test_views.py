"""What agents and administrators see: the card, the wrap-up form, the start page, search, members, the API."""

from __future__ import annotations

from typing import Any

import pytest

from switchroom import Context
from switchroom.database import fetch_value
from switchroom.interactions import create_interaction, end_interaction
from switchroom.testing import Agent, Client, Jobs, Person
from switchroom_loyalty import members
from switchroom_loyalty.models import Member
from switchroom_loyalty.numbers import new_number, shown

pytestmark = pytest.mark.anyio

HTMX = {"hx-request": "true", "hx-current-url": "http://calls.test/"}
JSON = {"accept": "application/json"}


async def test_the_card_shows_the_member_or_enrols_one(ctx: Context, agent: Agent, client: Client) -> None:
    segment = await agent.answers(name="Kim", number="+4930123456")
    await client.log_in(agent)
    card = f"/card/{segment.interaction_id}"
    assert f"/p/loyalty{card}" in (await client.get(card)).text
    tab = await client.get(f"/p/loyalty{card}", headers=HTMX)
    assert "Not a member yet" in tab.text
    enrolled = await client.post(f"/p/loyalty{card}/enrol", data={"name": "Kim"}, headers=HTMX)
    member = await Member.get(phone="+4930123456")
    assert shown(member.number) in enrolled.text
    again = await client.post(f"/p/loyalty{card}/enrol", data={"name": "Kim"}, headers=HTMX)
    assert again.status_code == 409


async def test_an_agent_sees_no_member_by_a_call_of_somebody_else(ctx: Context, agent: Agent, client: Client) -> None:
    call = await create_interaction(ctx, channel="voice", contact_number="+4930123456")
    await client.log_in(agent)
    assert (await client.get(f"/p/loyalty/card/{call.id}", headers=HTMX)).status_code == 404


async def test_a_number_in_the_wrap_up_form_gives_points_with_it(ctx: Context, agent: Agent, client: Client) -> None:
    member = await members.enrol(ctx, "Kim", "+4930123456")
    segment = await agent.answers(number="+4930123456")
    await client.log_in(agent)
    panel = (await client.get("/p/wrapup/panel", headers=HTMX)).text
    assert "loyalty__card__number" in panel
    assert "0000 000 000" in panel
    async with agent.context() as core:
        await end_interaction(core, segment.interaction_id, "caller_hung_up")
    address = f"/p/wrapup/segments/{segment.id}"
    form = {"answer.successful": "yes", "answer.after_service": "continue"}
    slip = member.number[:-1] + str((int(member.number[-1]) + 1) % 10)
    for number, problem in ((slip, "check the digits"), (new_number(), "Nobody has this number.")):
        refused = await client.post(address, data={**form, "answer.loyalty__card__number": number}, headers=HTMX)
        assert refused.status_code == 422
        assert problem in refused.text
    assert (await members.get_member(member.id)).points == 100
    sent = await client.post(address, data={**form, "answer.loyalty__card__number": shown(member.number)}, headers=HTMX)
    assert sent.status_code == 200, sent.text
    after = await members.get_member(member.id)
    assert (after.points, after.helped_by) == (110, agent.id)


async def test_the_form_can_be_sent_without_a_number(ctx: Context, agent: Agent, client: Client) -> None:
    segment = await agent.has_served()
    await client.log_in(agent)
    form = {"answer.successful": "yes", "answer.after_service": "continue", "answer.loyalty__card__number": ""}
    assert (await client.post(f"/p/wrapup/segments/{segment.id}", data=form, headers=HTMX)).status_code == 200


async def test_the_start_page_counts_members(ctx: Context, agent: Agent, client: Client) -> None:
    await client.log_in(agent)
    assert "/p/loyalty/widget" in (await client.get("/home/widgets", headers=HTMX)).text
    assert "No members yet" in (await client.get("/p/loyalty/widget", headers=HTMX)).text
    await members.enrol(ctx, "Kim", "+4930123456")
    widget = (await client.get("/p/loyalty/widget", headers=HTMX)).text
    assert "1 new this week" in widget


async def test_members_are_found_by_the_search_of_those_who_may(ctx: Context, agent: Agent, client: Client) -> None:
    member = await members.enrol(ctx, "Kimberley", "+4930123456")
    await client.log_in(agent)
    found = await client.get("/search/plugins?q=imber", headers=HTMX)
    assert f"/p/loyalty/members/{member.id}" in found.text
    assert await ctx.collect("search", query="imber", limit=5) == [], "nobody asks here who may see members"


async def test_members_are_listed_enrolled_and_corrected(ctx: Context, admin: Person, client: Client) -> None:
    await client.log_in(admin)
    assert "No members yet" in (await client.get("/p/loyalty/")).text
    made = await client.post("/p/loyalty/members", data={"name": "<Kim>", "phone": "+49 30 123456"}, headers=HTMX)
    page = made.headers["hx-redirect"]
    assert "&lt;Kim&gt;" in (await client.get("/p/loyalty/?words=kim")).text
    assert "Nobody found" in (await client.get("/p/loyalty/?words=nobody")).text
    changed = await client.post(f"{page}/points", data={"points": "-30", "note": "Coffee"}, headers=HTMX)
    assert "Coffee" in changed.text
    refused = await client.post(f"{page}/points", data={"points": "-300", "note": "Car"}, headers=HTMX)
    assert refused.status_code == 409
    wrong = await client.post(f"{page}/points", data={"points": "0", "note": ""}, headers=HTMX)
    assert wrong.status_code == 422
    actions = await fetch_value("SELECT array_agg(action ORDER BY id) FROM core_audit WHERE action LIKE 'loyalty.%'")
    assert actions == ["loyalty.enrolled", "loyalty.points_corrected"]


async def test_programs_do_the_same(ctx: Context, admin: Person, client: Client) -> None:
    await client.log_in(admin)
    given = {"name": "Kim", "phone": "+4930123456"}
    first = await client.post("/api/v1/loyalty/members", json=given, headers={**JSON, "idempotency-key": "a"})
    again = await client.post("/api/v1/loyalty/members", json=given, headers={**JSON, "idempotency-key": "a"})
    assert (first.status_code, first.json()) == (201, again.json())
    assert (await client.post("/api/v1/loyalty/members", json=given, headers=JSON)).status_code == 409
    member = f"/api/v1/loyalty/members/{first.json()['id']}"
    assert (await client.post(f"{member}/points", json={"points": 5, "note": "x"}, headers=JSON)).json()[
        "points"
    ] == 105
    page = (await client.get("/api/v1/loyalty/members?words=kim&limit=1", headers=JSON)).json()
    assert [item["name"] for item in page["items"]] == ["Kim"]
    assert page["next"] is None


async def test_a_key_is_saved_only_when_the_partner_takes_it(
    ctx: Context, partner: Any, admin: Person, client: Client, enable: Any, jobs: Jobs, app: Any
) -> None:
    from switchroom_loyalty.partner import check
    from switchroom_loyalty.settings import TenantSettings

    async def problems(key: str) -> list[str]:
        return [problem.text for problem in await check(ctx, TenantSettings.model_validate({"partner_key": key}))]

    assert await problems("a bad key") == ["The partner programme does not accept this key."]
    assert await problems("a good key") == []
    partner.status = 503
    assert await problems("a good key") == ["The partner programme answered 503."]
    partner.status = 0
    assert (await problems("a good key"))[0].startswith("The partner programme cannot be reached")
    partner.status = 200
    tenant = await enable("loyalty", {"partner_key": "a good key"})
    stored = await fetch_value("SELECT settings::text FROM core_tenant_plugin WHERE plugin = 'loyalty'")
    assert "a good key" not in stored
    async with app.platform.context(tenant) as now:
        member = await members.enrol(now.for_plugin("loyalty"), "Kim", "+4930123456")
    await jobs.run_due()
    assert partner.balances == {member.number: {"points": 100, "tier": "bronze"}}


async def test_pages_speak_russian(ctx: Context, admin: Person, client: Client) -> None:
    await client.log_in(admin)
    await client.post("/preferences/language/ru")
    assert "Программа лояльности" in (await client.get("/p/loyalty/")).text
