"""Why an interaction waits, and why an agent is not asked: every filter, in words, counted, for whoever may know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from core.database.connection import execute, fetch_value
from core.tenancy.context import TenantRef
from plugins.routing.decisions import forget_decisions
from plugins.routing.explain import Stage, count_stages, heads_for, past_decisions, verdict_of, verdicts
from plugins.routing.explain_words import funnel, reason
from plugins.routing.models import Decision, Queue
from switchroom.agents import Intent, choose_intent
from switchroom.interactions import begin_work, pending_offer, reject_offer
from switchroom.runtime import Platform
from switchroom.testing.app import App
from tests.conftest import Jobs
from tests.core.web_client import add_user, client, log_in, switch_on
from tests.plugins.routing.floors import MatchingFloor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def floor(platform: Platform, tenant: TenantRef, jobs: Jobs) -> AsyncIterator[MatchingFloor]:
    """An empty floor with calls and records."""
    await switch_on(platform, tenant, "records")
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as ctx:
        await jobs.run_due()
        await execute("DELETE FROM routing_queue")
        yield MatchingFloor(platform, ctx, jobs)


async def _words(floor: MatchingFloor, queue: Queue, channel: str, agent: str) -> tuple[Stage, str]:
    verdict = await verdict_of(floor.ctx, queue.reference, channel, floor.agents[agent])
    assert verdict is not None
    return verdict.stage, reason(verdict, {}, floor.ctx)


async def test_each_agent_stops_at_the_first_filter_that_holds_him(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls", "voice", "record")
    for name in ("free", "second", "unskilled", "away", "paused", "asked", "talks", "missed", "full"):
        await floor.agent(name)
    await floor.skill("English", [queue], 3, **{name: 5 for name in floor.agents if name != "unskilled"})
    await execute("UPDATE core_agent SET connected_until = now() WHERE user_id = $1", floor.agents["away"])
    await choose_intent(floor.ctx, floor.agents["paused"], Intent.PAUSE)
    await floor.outbox.run_due()
    for name in ("talks", "missed", "asked"):
        await execute("UPDATE core_pool_member SET rank = 0 WHERE user_id = $1", floor.agents[name])
        call = await floor.comes(name, queue)
        assert await floor.asked(call) == floor.agents[name]
        if name == "talks":
            await floor.takes(floor.agents[name])
        if name == "missed":
            offer = await pending_offer(floor.ctx, agent_id=floor.agents[name])
            assert offer is not None
            await execute("UPDATE core_interaction SET priority = -1 WHERE id = $1", call)
            await reject_offer(floor.ctx, offer.id, floor.agents[name])
            await execute("DELETE FROM core_job")
            await execute("UPDATE core_interaction SET state = 'closed' WHERE id = $1", call)
    await execute(
        "INSERT INTO core_team_channel (tenant_id, team_id, channel, capacity, alone) "
        "SELECT tenant_id, id, 'record', 1, false FROM core_team"
    )
    await begin_work(floor.ctx, floor.agents["full"], channel="record")
    found = {name: await _words(floor, queue, "record", name) for name in floor.agents}
    missed = found.pop("missed")
    assert missed[0] is Stage.MISSED
    assert missed[1].startswith("Has missed an offer, and gets nothing until ")
    assert found == {
        "free": (Stage.FREE, "Free for 0 min"),
        "second": (Stage.FREE, "Free for 0 min"),
        "unskilled": (Stage.SKILL, "English: level 0, and the queue asks for 3"),
        "away": (Stage.OFFLINE, "Offline"),
        "paused": (Stage.BREAK, "Break"),
        "asked": (Stage.OFFERED, "Is being offered something"),
        "talks": (Stage.BUSY, "Talking"),
        "full": (Stage.FULL, "Has all that he may: 1 of 1"),
    }
    assert (await _words(floor, queue, "voice", "full"))[0] is Stage.FREE
    counts = await count_stages(floor.ctx, queue.reference, "record")
    steps = {step.key: (step.dropped, step.left) for step in funnel(counts)}
    assert steps == {
        "team": (0, 9), "skill": (1, 8), "online": (1, 7), "available": (1, 6), "idle": (1, 5), "asked": (2, 3),
        "room": (1, 2),
    }  # fmt: skip
    everybody = await verdicts(floor.ctx, queue.reference, "record")
    assert [verdict.place for verdict in everybody[:3]] == [1, 2, None]
    assert [verdict.name for verdict in await verdicts(floor.ctx, queue.reference, "record", text="SKILL")] == [
        "Unskilled"
    ]


async def test_what_is_said_is_what_the_matcher_does(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    for name in ("anna", "ben", "cid"):
        await floor.agent(name)
    await floor.outbox.run_due()
    for _ in range(3):
        free = await verdicts(floor.ctx, queue.reference, "voice", stages=[Stage.FREE])
        assert await floor.asked(await floor.comes("Kim", queue)) == free[0].user_id
    assert await verdicts(floor.ctx, queue.reference, "voice", stages=[Stage.FREE]) == []


async def test_past_decisions_tell_who_was_free_and_what_became_of_it(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    anna, ben = await floor.agent("anna"), await floor.agent("ben")
    call = await floor.comes("Kim", queue)
    assert await floor.asked(call) == anna
    offer = await pending_offer(floor.ctx, agent_id=anna)
    assert offer is not None
    await reject_offer(floor.ctx, offer.id, anna)
    assert await floor.asked(call) == ben
    last, first = await past_decisions(floor.ctx, call)
    assert (first.agent, first.cause, first.outcome, first.candidates) == (
        "Anna", "longest_idle", "rejected", ("Anna", "Ben"),
    )  # fmt: skip
    assert (last.agent, last.outcome, last.candidates) == ("Ben", "pending", ("Ben",))


async def test_decisions_are_forgotten_after_a_month(floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    await floor.agent("anna")
    await floor.asked(await floor.comes("Kim", queue))
    now = await fetch_value("SELECT now()")
    await Decision.all().update(at=now - timedelta(days=29))
    await forget_decisions.function(floor.ctx)
    assert await Decision.all().count() == 1
    await Decision.all().update(at=now - timedelta(days=31))
    await forget_decisions.function(floor.ctx)
    assert await Decision.all().count() == 0


async def test_an_agent_sees_each_queue_with_what_is_next_and_why_it_is_not_his(floor: MatchingFloor) -> None:
    calls, english = await floor.queue("Calls"), await floor.queue("English")
    anna = await floor.agent("anna", available=False)
    await floor.skill("English", [english], 3)
    await floor.comes("second", calls)
    first = await floor.comes("first", calls, priority=3)
    heads = await heads_for(floor.ctx, anna)
    assert [(head.queue, head.waiting, head.interaction_id, head.verdict.stage) for head in heads] == [
        ("Calls", 2, first, Stage.BREAK),
        ("English", 0, None, Stage.SKILL),
    ]


async def test_pages_and_api_answer_those_who_may_know(app: App, floor: MatchingFloor) -> None:
    queue = await floor.queue("Calls")
    anna, ben = await floor.agent("anna", available=False), await floor.agent("ben", available=False)
    await add_user(floor.platform, floor.ctx.tenant, "sofia", "supervisor")
    call = await floor.comes("<b>Kim</b>", queue)
    pages = (
        f"/p/routing/why/interaction/{call}",
        f"/p/routing/why/interaction/{call}/now?filter=available&q=ann",
        f"/p/routing/why/interaction/{call}/tab",
        f"/p/routing/why/agent/{anna}",
        f"/p/routing/why/agent/{anna}/now",
        f"/api/v1/routing/why/interactions/{call}",
        f"/api/v1/routing/why/interactions/{call}/agents?limit=1",
        f"/api/v1/routing/why/agents/{anna}",
    )
    answers = {}
    for person in ("sofia", "anna", "ben"):
        async with client(app.web) as browser:
            await log_in(browser, person, floor.ctx.tenant)
            got = {page: await browser.get(page) for page in pages}
            answers[person] = [answer.status_code for answer in got.values()]
            if person == "sofia":
                texts = [answer.text for answer in got.values()]
                listed = got[pages[6]].json()
                rest = (await browser.get(f"{pages[6]}&cursor={listed['next']}")).json()
    assert answers == {
        "sofia": [200] * 8,
        "anna": [403, 403, 403, 200, 200, 403, 403, 200],
        "ben": [403, 403, 403, 404, 404, 403, 403, 404],
    }
    assert "&lt;b&gt;Kim&lt;/b&gt;" in texts[0]
    assert "<b>Kim" not in texts[0]
    assert "Anna" in texts[1]
    assert ">Ben<" not in texts[1]
    assert "Break" in texts[4]
    assert [agent["user_id"] for agent in (*listed["items"], *rest["items"])] == [anna, ben]
    assert rest["items"][0]["stage"] == "break"
    card_tabs = await floor.ctx.collect("card_tabs", interaction=await _interaction(floor, call))
    assert "why" in {tab.id.rpartition(".")[2] for tab in card_tabs}


async def _interaction(floor: MatchingFloor, interaction_id: int) -> object:
    from switchroom.interactions import get_interaction

    return await get_interaction(floor.ctx, interaction_id)
