"""Work that dies at any statement leaves all or nothing, and of two who act for one agent one is told what happened."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.agents.connection import check_connection, tab_closed, tab_opened
from core.agents.roster import end_shift
from core.agents.service import ChosenMeanwhile, choose_intent
from core.agents.states import Intent, Occupancy
from core.agents.views import get_agent
from core.database.connection import execute, fetch, fetch_value
from core.errors import Conflict
from core.interactions.lifecycle import create_interaction, end_interaction, hold
from core.interactions.offers import OfferGone, accept_offer, end_missed, expire_offer, make_offer, reject_offer
from core.interactions.rows import open_segment, open_segments, pending_offer
from core.interactions.segments import end_wrap_up, extend_wrap_up, finish_segment
from core.interactions.taking import AtCapacity, begin_work
from core.plugins.context import Actor, ActorKind, Context, Platform
from core.provisioning import create_tenant
from core.tenancy.context import TenantRef
from switchroom.testing.enabling import switch_on
from switchroom.testing.jobs import Jobs
from tests.core.agent_office import killed_at
from tests.core.test_agent_model import DESK_PLUGINS
from tests.core.test_lifecycle import call, make_agent
from tests.floor_checks import check_floor

pytestmark = pytest.mark.anyio

Step = Callable[[Context, int], Awaitable[Any]]

MOST_STATEMENTS = 60
TABLES = (
    "core_agent", "core_agent_tabs", "core_offer", "core_segment", "core_interaction", "core_fact", "core_job",
    "core_pool_member",
)  # fmt: skip


@pytest.fixture
def switchroom_settings() -> dict[str, str]:
    """The platform has paper beside calls."""
    return {"SWITCHROOM__PLUGINS__DIRS": f'["{DESK_PLUGINS}"]'}


@pytest.fixture
async def tenant(platform: Platform) -> TenantRef:
    """An organisation with paper."""
    return await switch_on(platform, await create_tenant(platform, slug="acme", name="Acme"), "desk")


async def is_asked(ctx: Context, agent: int) -> None:
    """A call is offered to him."""
    await make_offer(ctx, (await call(ctx)).id, [agent], cause="test")


async def talks(ctx: Context, agent: int) -> None:
    """He talks."""
    await is_asked(ctx, agent)
    await accepts(ctx, agent)


async def has_talked(ctx: Context, agent: int) -> None:
    """After-contact work goes on."""
    await talks(ctx, agent)
    await hangs_up(ctx, agent)


async def has_missed(ctx: Context, agent: int) -> None:
    """He did not answer, a while ago."""
    await is_asked(ctx, agent)
    await expires(ctx, agent)
    await execute("UPDATE core_agent SET missed_until = now()")


async def is_away(ctx: Context, agent: int) -> None:
    """His pages are gone."""
    await execute("UPDATE core_agent SET connected_until = now()")


async def somebody_calls(ctx: Context, _agent: int) -> None:
    """A customer waits."""
    await call(ctx)


async def nothing(ctx: Context, agent: int) -> None:
    """He waits."""


async def offer_of(ctx: Context, agent: int) -> int:
    offer = await pending_offer(ctx, agent_id=agent)
    assert offer
    return offer.id


async def part_of(ctx: Context, agent: int) -> Any:
    segment = await open_segment(ctx, agent_id=agent)
    assert segment
    return segment


async def comes(ctx: Context, _agent: int) -> None:
    await create_interaction(ctx, channel="voice")


async def asks(ctx: Context, agent: int) -> None:
    waiting: int = await fetch_value("SELECT max(id) FROM core_interaction WHERE state = 'waiting'")
    await make_offer(ctx, waiting, [agent], cause="test")


async def accepts(ctx: Context, agent: int) -> None:
    await accept_offer(ctx, await offer_of(ctx, agent), agent)


async def rejects(ctx: Context, agent: int) -> None:
    await reject_offer(ctx, await offer_of(ctx, agent), agent)


async def expires(ctx: Context, agent: int) -> None:
    await expire_offer.function(ctx, await offer_of(ctx, agent))


async def holds(ctx: Context, agent: int) -> None:
    await hold(ctx, (await part_of(ctx, agent)).interaction_id, agent)


async def hangs_up(ctx: Context, agent: int) -> None:
    await end_interaction(ctx, (await part_of(ctx, agent)).interaction_id, "agent_hung_up")


async def adds_time(ctx: Context, agent: int) -> None:
    await extend_wrap_up(ctx, (await part_of(ctx, agent)).id, agent, seconds=9, at_most=9, not_before=3600)


async def sends(ctx: Context, agent: int) -> None:
    part = await part_of(ctx, agent)
    await finish_segment(ctx, part.id, agent, outcome="success", comment="", then=Intent.PAUSE)


async def time_is_over(ctx: Context, agent: int) -> None:
    part = await part_of(ctx, agent)
    await execute("UPDATE core_segment SET wrap_up_until = now() WHERE wrap_up_until > now()")
    await end_wrap_up.function(ctx, part.id)


async def takes(ctx: Context, agent: int) -> None:
    await begin_work(ctx, agent, channel="paper", at_most=2)


async def chooses(ctx: Context, agent: int) -> None:
    await choose_intent(ctx, agent, Intent.PAUSE, reason="lunch")


STEPS: list[tuple[Step, Step]] = [
    (nothing, comes),
    (somebody_calls, asks),
    (is_asked, accepts),
    (is_asked, rejects),
    (is_asked, expires),
    (is_asked, takes),
    (talks, holds),
    (talks, hangs_up),
    (has_talked, adds_time),
    (has_talked, sends),
    (has_missed, lambda ctx, agent: end_missed.function(ctx, agent)),
    (is_away, lambda ctx, agent: check_connection.function(ctx, agent)),
    (nothing, chooses),
    (nothing, takes),
    (nothing, lambda ctx, agent: tab_opened(ctx, agent)),
    (nothing, lambda ctx, agent: tab_closed(ctx, agent, 0)),
    (nothing, lambda ctx, agent: end_shift(ctx, agent)),
]


async def rows() -> list[Any]:
    """All that is stored of the floor."""
    return [await fetch(f"SELECT to_jsonb(t) AS row FROM {table} AS t ORDER BY id") for table in TABLES]  # noqa: S608


async def cut(connection: Any) -> None:
    """The server ends the connection, as when it is shut down at this moment."""
    await connection.execute_query("SELECT pg_terminate_backend(pg_backend_pid())", [])


@pytest.mark.parametrize("how", [None, cut], ids=["the process dies", "the connection is cut"])
async def test_work_that_dies_at_any_statement_has_happened_or_has_not(ctx: Context, jobs: Jobs, how: Any) -> None:
    agent = await make_agent(ctx, "anna")
    for prepare, step in STEPS:
        await _everything_ends(ctx, jobs, agent)
        await prepare(ctx, agent)
        before = await rows()
        for statement in range(1, MOST_STATEMENTS):
            with contextlib.suppress(Exception if how else Conflict), killed_at(statement, how) as crash:
                await step(ctx, agent)
            if crash.committed or not crash.died:
                break
            assert await rows() == before, f"{step} has left something behind at its statement {statement}"
        else:
            pytest.fail(f"{step} is never done")
        await check_floor(fetch, ctx.tenant.id)


async def _everything_ends(ctx: Context, jobs: Jobs, agent: int) -> None:
    for segment in await open_segments(ctx, agent):
        await end_interaction(ctx, segment.interaction_id, "agent_hung_up")
    for row in await fetch("SELECT id FROM core_interaction WHERE state NOT IN ('ended', 'closed')"):
        await end_interaction(ctx, row["id"], "caller_hung_up")
    await execute("UPDATE core_segment SET wrap_up_until = now() WHERE state = 'wrap_up'")
    await execute("UPDATE core_agent SET missed_until = now() WHERE missed_until > now()")
    await jobs.let_time_pass("core.end_wrap_up")
    await jobs.let_time_pass("core.end_missed")
    await tab_opened(ctx, agent)
    await choose_intent(ctx, agent, Intent.AVAILABLE)
    await jobs.run_due()
    state = await fetch_value("SELECT occupancy FROM core_agent WHERE user_id = $1", agent)
    assert state == Occupancy.FREE


async def both(*actions: Awaitable[Any]) -> list[Any]:
    """Two processes act at once, each over a connection of its own; gives what came of it."""
    return await asyncio.gather(*actions, return_exceptions=True)


async def test_one_of_two_tabs_that_answer_wins_and_the_other_is_told(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    seen = set()
    for turn in range(10):
        await _everything_ends(ctx, jobs, agent)
        await is_asked(ctx, agent)
        offer = await offer_of(ctx, agent)
        answers = [accept_offer(ctx, offer, agent), reject_offer(ctx, offer, agent)]
        outcomes = await both(*(answers if turn % 2 else reversed(answers)))
        refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert len(refused) == 1
        assert isinstance(refused[0], OfferGone)
        state = await fetch_value("SELECT state FROM core_offer WHERE id = $1", offer)
        assert (
            str(refused[0])
            == {
                "accepted": "This call was answered already.",
                "rejected": "This call was rejected already.",
            }[state]
        )
        seen.add(state)
        await check_floor(fetch, ctx.tenant.id)
    assert seen


async def test_two_tabs_that_accept_begin_one_segment(ctx: Context) -> None:
    agent = await make_agent(ctx, "anna")
    await is_asked(ctx, agent)
    offer = await offer_of(ctx, agent)
    outcomes = await both(*(accept_offer(ctx, offer, agent) for _ in range(4)))
    assert sum(isinstance(outcome, OfferGone) for outcome in outcomes) == 3
    assert len(await open_segments(ctx, agent)) == 1


async def test_two_tabs_that_take_the_last_place_get_one_piece_of_work(ctx: Context) -> None:
    agent = await make_agent(ctx, "anna")
    outcomes = await both(*(begin_work(ctx, agent, channel="paper", at_most=3) for _ in range(8)))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 5
    for refusal in refused:
        assert isinstance(refusal, AtCapacity)
        assert str(refusal).startswith("You have 3 in work already, which is the most.")
    assert len(await open_segments(ctx, agent)) == 3
    await check_floor(fetch, ctx.tenant.id)


async def test_what_is_offered_counts_when_an_agent_takes_work(ctx: Context) -> None:
    agent = await make_agent(ctx, "anna")
    paper = await create_interaction(ctx, channel="paper")
    await begin_work(ctx, agent, channel="paper", at_most=2)
    assert await make_offer(ctx, paper.id, [agent], cause="test")
    with pytest.raises(AtCapacity, match="Other work is being offered to you"):
        await begin_work(ctx, agent, channel="paper", at_most=2)
    await begin_work(ctx, agent, channel="paper", at_most=3)


async def test_two_tabs_that_choose_leave_one_choice_and_one_history(ctx: Context) -> None:
    agent = await make_agent(ctx, "anna")
    choices = [choose_intent(ctx, agent, intent) for intent in (Intent.OUTBOUND, Intent.PAUSE) * 3]
    assert not [outcome for outcome in await both(*choices) if isinstance(outcome, Exception)]
    await check_floor(fetch, ctx.tenant.id)


async def test_an_agent_does_not_undo_unseen_what_a_supervisor_has_set(
    platform: Platform, tenant: TenantRef, ctx: Context
) -> None:
    agent = await make_agent(ctx, "anna")
    boss = await make_agent(ctx, "boss")
    async with as_user(platform, tenant, boss) as supervisor, as_user(platform, tenant, agent) as anna:
        await choose_intent(anna, agent, Intent.AVAILABLE)
        await choose_intent(supervisor, agent, Intent.PAUSE, reason="meeting")
        with pytest.raises(ChosenMeanwhile):
            await choose_intent(anna, agent, Intent.OUTBOUND, seen=Intent.AVAILABLE)
        assert (await get_agent(ctx, agent)).pause_reason == "meeting"
        await choose_intent(anna, agent, Intent.OUTBOUND, seen=Intent.PAUSE)
        # Of two pages of his own the last one counts, and both show it.
        await choose_intent(anna, agent, Intent.READY, seen=Intent.PAUSE)
    assert (await get_agent(ctx, agent)).intent is Intent.READY


def as_user(platform: Platform, tenant: TenantRef, user_id: int) -> Any:
    """What a user does."""
    return platform.context(tenant, Actor(ActorKind.USER, user_id))
