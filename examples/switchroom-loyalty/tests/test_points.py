"""Points are given once, expire, and make tiers; tenants have nothing to do with each other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from switchroom import Context
from switchroom.database import fetch_value
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.interactions import create_interaction
from switchroom.runtime import TenantRef
from switchroom.testing import App, Clock, Jobs
from switchroom_loyalty import members, points
from switchroom_loyalty.models import Entry, Member, Tier

pytestmark = pytest.mark.anyio


async def test_who_joins_is_welcomed_with_points(ctx: Context) -> None:
    member = await members.enrol(ctx, " Kim ", "020 7946 0000")
    assert (member.name, member.phone, member.points, member.tier) == ("Kim", "+442079460000", 100, Tier.BRONZE)
    overview = await members.overview(ctx)
    assert (overview.total, overview.new, overview.by_tier[Tier.BRONZE]) == (1, 1, 1)


async def test_one_phone_is_one_member_however_many_click(ctx: Context) -> None:
    results = await asyncio.gather(
        *(members.enrol(ctx, "Kim", "+4930123456") for _click in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Member) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 4
    assert (await members.overview(ctx)).total == await Member.all().count() == 1


@pytest.mark.parametrize(("name", "phone", "field"), [("", "+4930123456", "name"), ("Kim", "12", "phone")])
async def test_what_cannot_be_used_is_refused(ctx: Context, name: str, phone: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await members.enrol(ctx, name, phone)
    assert set(refused.value.fields) == {field}


async def test_points_of_a_call_are_given_once(ctx: Context) -> None:
    member = await members.enrol(ctx, "Kim", "+4930123456")
    await asyncio.gather(*(members.has_helped(ctx, member, 1, "core:segment:1") for _click in range(4)))
    assert (await members.get_member(member.id)).points == 110
    await members.has_helped(ctx, member, 1, "core:segment:2")
    assert (await members.get_member(member.id)).points == 120


async def test_tiers_rise_and_fall_with_what_was_earned_lately(ctx: Context, jobs: Jobs, clock: Clock) -> None:
    member = await members.enrol(ctx, "Kim", "+4930123456")
    assert (await points.correct(ctx, member.id, 2000, "A present")).tier == Tier.GOLD
    assert (await points.correct(ctx, member.id, -2050, "A journey")).tier == Tier.GOLD
    assert (await members.get_member(member.id)).points == 50
    overview = await members.overview(ctx)
    assert overview.by_tier == {Tier.GOLD: 1, Tier.SILVER: 0, Tier.BRONZE: 0}
    await clock.advance(days=200)
    await points.correct(ctx, member.id, 600, "Sorry")
    await clock.advance(days=200)
    await jobs.run("loyalty.expire", ctx.tenant.id)
    after = await members.get_member(member.id)
    assert (after.points, after.tier) == (600, Tier.SILVER)
    assert (await Entry.filter(reason="expired").get()).points == -50
    await jobs.run("loyalty.expire", ctx.tenant.id)
    assert await Entry.filter(reason="expired").count() == 1
    assert (await members.overview(ctx)).by_tier == {Tier.GOLD: 0, Tier.SILVER: 1, Tier.BRONZE: 0}


async def test_what_expires_first_is_spent_first(ctx: Context, clock: Clock) -> None:
    member = await members.enrol(ctx, "Kim", "+4930123456")
    await clock.advance(days=30)
    await points.correct(ctx, member.id, 50, "Later")
    await points.correct(ctx, member.id, -120, "Spent")
    assert [entry.remaining for entry in await Entry.filter(points__gt=0).order_by("id")] == [0, 30]


async def test_nobody_spends_more_than_there_is(ctx: Context) -> None:
    member = await members.enrol(ctx, "Kim", "+4930123456")
    results = await asyncio.gather(
        *(points.correct(ctx, member.id, -60, "Spent") for _click in range(3)), return_exceptions=True
    )
    assert sum(isinstance(result, Conflict) for result in results) == 2
    assert (await members.get_member(member.id)).points == 40
    left = await fetch_value("SELECT sum(remaining)::int FROM loyalty_entry")
    assert left == 40


async def test_members_are_found_by_parts_and_paged(ctx: Context) -> None:
    for number in range(7):
        await members.enrol(ctx, f"Kim_{number}", f"+49301234{number:02}")
    assert [member.name for member in (await members.find(ctx, "im_3")).items] == ["Kim_3"]
    assert [member.name for member in (await members.find(ctx, "+49 30 1234 05")).items] == ["Kim_5"]
    assert (await members.find(ctx, "100%")).items == []
    names, after = [], 0
    while True:
        found = await members.find(ctx, "kim", after, 3)
        names += [member.name for member in found.items]
        if found.next is None:
            break
        after = found.next
    assert names == [f"Kim_{number}" for number in range(7)]


async def test_tenants_have_members_of_their_own(ctx: Context, app: App, other_tenant: TenantRef, enable: Any) -> None:
    mine = await members.enrol(ctx, "Kim", "+4930123456")
    await enable("loyalty", tenant=other_tenant)
    async with app.platform.context(await app.platform.tenant(tenant_id=other_tenant.id)) as core:
        other = core.for_plugin("loyalty")
        assert (await members.find(other, "Kim")).items == []
        assert await members.by_phone("+4930123456") is None
        assert await members.by_number(mine.number) is None
        with pytest.raises(NotFound):
            await points.correct(other, mine.id, 5, "Theirs")
        await members.enrol(other, "Their Kim", "+4930123456")
        assert (await members.overview(other)).total == 1


async def test_a_member_is_offered_to_the_agent_who_helped_last(ctx: Context, enable: Any, app: App) -> None:
    member = await members.enrol(ctx, "Kim", "+4930123456")
    await members.has_helped(ctx, member, 17, "core:segment:1")
    call = await create_interaction(ctx, channel="voice", contact_number="+4930123456")
    stranger = await create_interaction(ctx, channel="voice", contact_number="+4930654321")
    assert await ctx.first("interaction_route", interaction=call, candidates=[3, 17]) == 17
    assert await ctx.first("interaction_route", interaction=call, candidates=[3]) is None
    assert await ctx.first("interaction_route", interaction=stranger, candidates=[3, 17]) is None
    tenant = await enable("loyalty", {"prefer_last_agent": False})
    async with app.platform.context(tenant) as now:
        assert await now.first("interaction_route", interaction=call, candidates=[3, 17]) is None
