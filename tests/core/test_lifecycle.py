"""One call from its beginning to the end of its wrap-up, and every way in which it can go otherwise."""

from __future__ import annotations

import asyncio
from contextvars import copy_context

import pytest
from tortoise.exceptions import IntegrityError

from core.accounts.users import create_user
from core.agents.connection import keep_alive, tab_closed, tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.settling import GRACE_SECONDS
from core.agents.states import Intent, Status
from core.agents.views import view
from core.database.connection import execute, fetch, fetch_value
from core.database.transaction import transaction
from core.errors import NotFound
from core.interactions.journal import todays_calls, todays_numbers
from core.interactions.lifecycle import NotInTalk, create_interaction, end_interaction, hold, position, resume
from core.interactions.offers import OfferGone, accept_offer, reject_offer
from core.interactions.rows import InteractionView, OfferView, get_interaction, open_segment, pending_offer
from core.interactions.segments import WrapUpOver, finish_segment
from core.interactions.states import InteractionState, SegmentState
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from switchroom.capabilities import QueueDirectory
from tests.conftest import Jobs

pytestmark = pytest.mark.anyio

WAITING_FOR_A_ROW = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def make_agent(ctx: Context, username: str) -> int:
    """An agent who is connected and takes calls."""
    user = await create_user(ctx, username, username.title(), "correct horse", ["agent"])
    await begin_shift(ctx, user.id)
    await tab_opened(ctx, user.id)
    await choose_intent(ctx, user.id, Intent.AVAILABLE)
    return user.id


async def call(ctx: Context, number: str = "+4930123456") -> InteractionView:
    """A customer who calls and waits in the tenant's queue."""
    directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
    assert directory is not None
    queue = (await directory.admit(ctx, "voice")).queue
    return await create_interaction(ctx, channel="voice", queue=queue, contact_name="Kim", contact_number=number)


async def takers(ctx: Context) -> set[int]:
    """The agents to whom something may be offered at this moment."""
    rows = await fetch(
        "SELECT user_id FROM core_agent WHERE tenant_id = $1 AND taking "
        "AND connected_until > now() + make_interval(secs => $2)",
        ctx.tenant.id,
        GRACE_SECONDS,
    )
    return {row["user_id"] for row in rows}


async def status(ctx: Context, agent: int) -> Status:
    """What people see of the agent."""
    shown = await view(ctx, agent)
    assert shown is not None
    return shown.status


async def offered_to(ctx: Context, interaction: InteractionView) -> OfferView:
    """The offer that is open for a call."""
    offer = await pending_offer(ctx, interaction_id=interaction.id)
    assert offer is not None
    return offer


async def test_who_answers_while_the_caller_hangs_up_has_after_contact_work(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    interaction = await call(ctx)
    await jobs.run_due()
    offer = await offered_to(ctx, interaction)
    outside = copy_context()
    async with transaction():
        await accept_offer(ctx, offer.id, agent)
        # It sees that nobody talks yet, and waits for the row that is locked here.
        ending = asyncio.create_task(end_interaction(ctx, interaction.id, "caller_hung_up"), context=outside)
        while not await fetch_value(WAITING_FOR_A_ROW):
            # What a transaction has once seen of others it does not look at again by itself.
            await execute("SELECT pg_stat_clear_snapshot()")
    assert await ending
    segment = await open_segment(ctx, agent_id=agent)
    assert segment is not None
    assert segment.state is SegmentState.WRAP_UP


async def test_a_call_is_offered_answered_ended_and_wrapped_up(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    interaction = await call(ctx)
    await jobs.run_due()
    offer = await offered_to(ctx, interaction)
    assert (offer.agent_id, await status(ctx, agent)) == (agent, Status.OFFERED)

    segment = await accept_offer(ctx, offer.id, agent)
    assert await status(ctx, agent) is Status.BUSY
    await hold(ctx, interaction.id, agent)
    assert await status(ctx, agent) is Status.HOLD
    await resume(ctx, interaction.id, agent)
    assert await end_interaction(ctx, interaction.id, "caller_hung_up")
    assert not await end_interaction(ctx, interaction.id, "agent_hung_up")
    assert await status(ctx, agent) is Status.WRAP_UP

    await finish_segment(ctx, segment.id, agent, outcome="success", comment="Sent the form.")
    assert await status(ctx, agent) is Status.WAITING
    closed = await get_interaction(ctx, interaction.id)
    assert (closed.state, closed.cause) == (InteractionState.CLOSED, "caller_hung_up")
    entries = await todays_calls(ctx, agent)
    assert [(e.number, e.outcome, e.comment, e.cause, e.missed) for e in entries] == [
        ("+4930123456", "success", "Sent the form.", "caller_hung_up", False)
    ]
    numbers = await todays_numbers(ctx, agent)
    assert (numbers.answered, numbers.missed, numbers.waiting_now) == (1, 0, 0)


async def test_a_form_that_was_sent_is_not_taken_twice(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    interaction = await call(ctx)
    await jobs.run_due()
    segment = await accept_offer(ctx, (await offered_to(ctx, interaction)).id, agent)
    with pytest.raises(WrapUpOver):
        await finish_segment(ctx, segment.id, agent, outcome="success", comment="")
    await end_interaction(ctx, interaction.id, "agent_hung_up")
    await finish_segment(ctx, segment.id, agent, outcome="success", comment="")
    with pytest.raises(WrapUpOver):
        await finish_segment(ctx, segment.id, agent, outcome="no_success", comment="again")


async def test_an_offer_that_expires_leaves_the_agent_missed_and_goes_to_the_next(ctx: Context, jobs: Jobs) -> None:
    first, second = await make_agent(ctx, "anna"), await make_agent(ctx, "ben")
    interaction = await call(ctx)
    later = await call(ctx, "+4930654321")
    await choose_intent(ctx, second, Intent.PAUSE)
    await jobs.run_due()
    offer = await offered_to(ctx, interaction)
    assert offer.agent_id == first

    await jobs.let_time_pass("core.expire_offer")
    assert await status(ctx, first) is Status.MISSED
    assert await position(ctx, interaction.id) == 1
    with pytest.raises(OfferGone):
        await accept_offer(ctx, offer.id, first)

    await choose_intent(ctx, second, Intent.AVAILABLE)
    await jobs.run_due()
    assert (await offered_to(ctx, interaction)).agent_id == second
    assert await position(ctx, later.id) == 2


async def test_an_agent_who_missed_a_call_waits_again_after_the_delay(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    await call(ctx)
    await jobs.run_due()
    await jobs.let_time_pass("core.expire_offer")
    await fetch_value("UPDATE core_agent SET missed_until = now() RETURNING 1")
    await jobs.let_time_pass("core.end_missed")
    assert await status(ctx, agent) is Status.OFFERED, "the caller kept the place and is offered again"


async def test_a_caller_who_hangs_up_takes_the_offer_back(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    interaction = await call(ctx)
    await jobs.run_due()
    offer = await offered_to(ctx, interaction)
    await end_interaction(ctx, interaction.id, "caller_hung_up")
    assert await status(ctx, agent) is Status.WAITING
    with pytest.raises(OfferGone):
        await accept_offer(ctx, offer.id, agent)
    assert (await get_interaction(ctx, interaction.id)).state is InteractionState.CLOSED


async def test_only_the_agent_who_is_asked_decides(ctx: Context, jobs: Jobs) -> None:
    first, second = await make_agent(ctx, "anna"), await make_agent(ctx, "ben")
    interaction = await call(ctx)
    await jobs.run_due()
    offer = await offered_to(ctx, interaction)
    other = second if offer.agent_id == first else first
    with pytest.raises(OfferGone):
        await accept_offer(ctx, offer.id, other)
    await reject_offer(ctx, offer.id, offer.agent_id)
    await jobs.run_due()
    assert (await offered_to(ctx, interaction)).agent_id == other


async def test_a_break_chosen_during_a_call_begins_after_it(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    interaction = await call(ctx)
    await jobs.run_due()
    segment = await accept_offer(ctx, (await offered_to(ctx, interaction)).id, agent)
    shown = await choose_intent(ctx, agent, Intent.PAUSE)
    assert (shown.status, shown.next_intent) == (Status.BUSY, Intent.PAUSE)
    await end_interaction(ctx, interaction.id, "agent_hung_up")
    await finish_segment(ctx, segment.id, agent, outcome="success", comment="")
    assert await status(ctx, agent) is Status.PAUSED


async def test_the_end_of_the_clock_frees_the_agent(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    interaction = await call(ctx)
    await jobs.run_due()
    await accept_offer(ctx, (await offered_to(ctx, interaction)).id, agent)
    await end_interaction(ctx, interaction.id, "agent_hung_up")
    await jobs.let_time_pass("core.end_wrap_up")
    assert await status(ctx, agent) is Status.WRAP_UP, "the row was early: the clock is what counts"
    await fetch_value("UPDATE core_segment SET wrap_up_until = now() RETURNING 1")
    segment = await open_segment(ctx, agent_id=agent)
    assert segment is not None
    from core.interactions.segments import end_wrap_up

    await end_wrap_up.function(ctx, segment_id=segment.id)
    assert await status(ctx, agent) is Status.WAITING


async def test_hold_needs_a_call_in_talk(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    interaction = await call(ctx)
    with pytest.raises(NotInTalk):
        await hold(ctx, interaction.id, agent)


async def test_nothing_of_one_tenant_is_seen_by_another(
    ctx: Context, platform: Platform, other_tenant: TenantRef
) -> None:
    interaction = await call(ctx)
    async with platform.context(other_tenant) as theirs:
        with pytest.raises(NotFound):
            await get_interaction(theirs, interaction.id)
        with pytest.raises(NotFound):
            await end_interaction(theirs, interaction.id, "caller_hung_up")


async def test_the_database_itself_refuses_a_second_offer_and_a_second_segment(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    interaction, other = await call(ctx), await call(ctx)
    await jobs.run_due()
    with pytest.raises(IntegrityError):
        await execute(
            "INSERT INTO core_offer (tenant_id, interaction_id, agent_id, state, made_at, deadline) "
            "SELECT tenant_id, $1, agent_id, state, made_at, deadline FROM core_offer",
            other.id,
        )
    segment = await accept_offer(ctx, (await offered_to(ctx, interaction)).id, agent)
    with pytest.raises(IntegrityError):
        await execute(
            "INSERT INTO core_segment "
            "(tenant_id, interaction_id, agent_id, state, started_at, extensions, outcome, comment) "
            "SELECT tenant_id, $1, agent_id, state, now(), 0, '', '' FROM core_segment WHERE id = $2",
            other.id,
            segment.id,
        )


async def test_an_agent_whose_last_tab_has_closed_is_offered_nothing(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    await tab_closed(ctx, agent, still_open=1)
    assert await takers(ctx) == {agent}, "another tab is open"
    await tab_closed(ctx, agent, still_open=0)
    assert await takers(ctx) == set()
    assert await status(ctx, agent) is Status.WAITING, "a reload is no absence"

    await execute("UPDATE core_agent SET connected_until = now() WHERE user_id = $1", agent)
    interaction = await call(ctx)
    await jobs.let_time_pass("core.check_connection")
    assert await status(ctx, agent) is Status.OFFLINE
    assert await pending_offer(ctx, interaction_id=interaction.id) is None

    await tab_opened(ctx, agent)
    await jobs.run_due()
    assert (await offered_to(ctx, interaction)).agent_id == agent, "what the agent chose still holds"


async def test_a_tab_at_another_process_keeps_the_agent_connected(ctx: Context) -> None:
    agent = await make_agent(ctx, "anna")
    await execute("UPDATE core_agent_tabs SET process = 'another' WHERE user_id = $1", agent)
    await tab_opened(ctx, agent)
    await tab_closed(ctx, agent, still_open=0)
    left = await fetch_value("SELECT connected_until - now() FROM core_agent WHERE user_id = $1", agent)
    assert left.total_seconds() > GRACE_SECONDS


async def test_an_open_page_brings_an_agent_back_after_an_outage(ctx: Context, jobs: Jobs) -> None:
    agent = await make_agent(ctx, "anna")
    await execute("UPDATE core_agent SET connected_until = now() WHERE user_id = $1", agent)
    await jobs.let_time_pass("core.check_connection")
    assert await status(ctx, agent) is Status.OFFLINE
    await keep_alive([agent])
    await jobs.run_due()
    assert await status(ctx, agent) is Status.WAITING
