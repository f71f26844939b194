"""Matching under contention, the numbers of the queue page, and who may see and change it."""

from __future__ import annotations

import asyncio

import pytest

from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.database.connection import execute, fetch
from plugins.routing.matching import match_agent, match_interaction
from plugins.routing.models import Queue
from plugins.routing.services import ensure_queue, overview, save_queue, waiting_line
from plugins.routing.serving import place
from switchroom import Context
from switchroom.agents import Intent, all_teams, choose_intent, save_team
from switchroom.errors import InvalidInput, NotFound
from switchroom.interactions import accept_offer, create_interaction, end_interaction, pending_offer
from switchroom.runtime import Platform, TenantRef
from switchroom.testing.app import web_application
from tests.conftest import Jobs
from tests.core.web_client import add_user, client, log_in

pytestmark = pytest.mark.anyio


async def make_agent(platform: Platform, ctx: Context, username: str) -> int:
    """An agent who is connected and takes calls."""
    user_id = await add_user(platform, ctx.tenant, username, "agent")
    await begin_shift(ctx, user_id)
    await tab_opened(ctx, user_id)
    await choose_intent(ctx, user_id, Intent.AVAILABLE)
    return user_id


async def make_call(ctx: Context, name: str, priority: int = 0) -> int:
    """A customer who waits."""
    queue = (await ensure_queue(ctx)).reference
    return (await create_interaction(ctx, channel="voice", queue=queue, contact_name=name, priority=priority)).id


async def offers(ctx: Context) -> list[tuple[int, int]]:
    """Pairs of interaction and agent that are offered now."""
    rows = await fetch(
        "SELECT interaction_id, agent_id FROM core_offer WHERE tenant_id = $1 AND state = 'pending' ORDER BY id",
        ctx.tenant.id,
    )
    return [(row["interaction_id"], row["agent_id"]) for row in rows]


async def test_many_matchers_at_once_give_each_agent_one_call_and_each_call_one_agent(
    platform: Platform, ctx: Context
) -> None:
    agents = [await make_agent(platform, ctx, f"agent{number}") for number in range(6)]
    for agent in agents:
        await place.function(ctx, user_id=agent)
    calls = [await make_call(ctx, f"caller {number}") for number in range(20)]
    await asyncio.gather(
        *(match_interaction.function(ctx, interaction_id=call) for call in calls),
        *(match_agent.function(ctx, user_id=agent) for agent in agents),
    )
    made = await offers(ctx)
    assert sorted(agent for _call, agent in made) == sorted(agents)
    assert len({call for call, _agent in made}) == len(agents)


async def test_of_what_waits_an_agent_who_becomes_free_gets_the_oldest(
    platform: Platform, ctx: Context, jobs: Jobs
) -> None:
    calls = [await make_call(ctx, f"caller {number}") for number in range(20)]
    for number in range(3):
        await make_agent(platform, ctx, f"agent{number}")
    await jobs.run_due()
    assert sorted(call for call, _agent in await offers(ctx)) == calls[:3]


async def test_the_agent_who_has_waited_longest_is_asked_first(platform: Platform, ctx: Context, jobs: Jobs) -> None:
    first = await make_agent(platform, ctx, "anna")
    second = await make_agent(platform, ctx, "ben")
    await jobs.run_due()
    await execute("UPDATE core_pool_member SET rank = 0 WHERE user_id = $1", second)
    call = await make_call(ctx, "Kim")
    await jobs.run_due()
    assert await offers(ctx) == [(call, second)]
    assert first != second


async def test_a_higher_priority_is_served_before_an_older_call(platform: Platform, ctx: Context, jobs: Jobs) -> None:
    await make_call(ctx, "older")
    urgent = await make_call(ctx, "urgent", priority=5)
    agent = await make_agent(platform, ctx, "anna")
    await jobs.run_due()
    assert await offers(ctx) == [(urgent, agent)]


async def test_the_page_counts_what_has_happened(platform: Platform, ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(platform, ctx, "anna")
    answered = await make_call(ctx, "answered")
    await jobs.run_due()
    offer = await pending_offer(ctx, interaction_id=answered)
    assert offer is not None
    await accept_offer(ctx, offer.id, agent)
    lost = await make_call(ctx, "lost")
    await end_interaction(ctx, lost, "caller_hung_up")
    await make_call(ctx, "waiting")
    (queue,) = await overview(ctx)
    assert (queue.waiting, queue.in_talk, queue.answered, queue.lost, queue.service_level) == (1, 1, 1, 1, 50)
    assert [customer.name for customer in await waiting_line(ctx, 10)] == ["waiting"]


@pytest.mark.parametrize(("name", "seconds", "field"), [("", 20, "name"), ("Main", 0, "target_seconds")])
async def test_a_queue_with_a_value_that_cannot_be_is_not_saved(
    ctx: Context, name: str, seconds: int, field: str
) -> None:
    queue = await ensure_queue(ctx)
    with pytest.raises(InvalidInput) as refused:
        await save_queue(ctx, queue.id, name=name, target_seconds=seconds)
    assert list(refused.value.fields) == [field]
    assert (await Queue.get(id=queue.id)).target_seconds == 30


async def test_another_tenants_queue_and_team_do_not_exist(
    platform: Platform, ctx: Context, other_tenant: TenantRef
) -> None:
    queue, (team,) = await ensure_queue(ctx), await all_teams(ctx)
    timing = {"offer_seconds": 30, "no_answer_seconds": 5, "wrap_up_seconds": 10}
    async with platform.context(other_tenant) as theirs:
        with pytest.raises(NotFound):
            await save_queue(theirs, queue.id, name="Stolen", target_seconds=10)
        with pytest.raises(NotFound):
            await save_team(theirs, team.id, name="Stolen", timing=timing)


async def test_who_may_see_and_who_may_change(platform: Platform, tenant: TenantRef) -> None:
    for role in ("administrator", "supervisor", "agent"):
        await add_user(platform, tenant, role, role)
    answers = {}
    for role in ("administrator", "supervisor", "agent"):
        async with client(web_application(platform)) as browser:
            await log_in(browser, role, tenant)
            seen = await browser.get("/p/routing/queues/now")
            form = {"name": "Main", "target_seconds": "45"}
            async with platform.context(tenant) as ctx:
                queue = await ensure_queue(ctx)
            changed = await browser.post(
                f"/p/routing/queues/{queue.id}", data=form, headers={"sec-fetch-site": "same-origin"}
            )
            answers[role] = (seen.status_code, changed.status_code)
    assert answers == {"administrator": (200, 200), "supervisor": (200, 403), "agent": (403, 403)}
