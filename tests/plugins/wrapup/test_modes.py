"""What follows a contact by the rule of its queue: nothing, a form, a clock, and what is recorded when it is over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.agents.models import Team
from core.agents.states import Status
from core.agents.views import view as agent_view
from core.database.connection import fetch_value
from core.errors import InvalidInput
from core.facts import facts_of_interaction
from core.interactions.journal import JournalEntry, todays_calls
from core.interactions.lifecycle import end_interaction
from core.interactions.passing_on import CannotTakeOver, pass_on
from core.interactions.rows import SegmentView, get_interaction, get_segment
from core.interactions.segments import NoExtensionLeft, WrapUpOver, end_wrap_up
from core.interactions.states import InteractionState, SegmentState
from core.plugins.context import Context
from plugins.routing.services.queues import create_queue
from plugins.routing.services.values import QueueValues
from plugins.wrapup import services
from plugins.wrapup.dispositions.lists import list_of_all
from plugins.wrapup.models import ChosenDisposition, Mode, Work, WorkState
from plugins.wrapup.rules.keeping import drop_rule, rule_for, set_rule
from plugins.wrapup.rules.values import USUAL, RuleValues, Side
from switchroom.forms import AlreadySubmitted, Reader, Writer
from tests.conftest import Jobs
from tests.plugins.wrapup.calls import Agent, clock_ends_in, make_agent, time_runs_out

pytestmark = pytest.mark.anyio

READER = Reader(ZoneInfo("UTC"))
YES = {"successful": "yes", "comment": "Sent the papers.", "after_service": "continue"}
NO = {"successful": "no", "next_attempt": "none", "after_service": "continue"}


@pytest.fixture
async def anna(ctx: Context) -> Agent:
    """An agent who takes calls."""
    return await make_agent(ctx)


async def by_rule(agent: Agent, values: RuleValues, queue: str = "", side: Side = Side.INBOUND) -> None:
    """An administrator sets what follows contacts."""
    await set_rule(agent.ctx, queue, side, values)


async def entry_of(agent: Agent, name: str = "Kim") -> JournalEntry:
    """A call in the agent's journal."""
    return next(entry for entry in await todays_calls(agent.ctx, agent.id) if entry.name == name)


async def unfinished(agent: Agent) -> list[int]:
    """The calls of the last minute whose forms the agent can complete."""
    tasks = await services.unfinished_tasks(agent.ctx, agent.id, datetime.now(UTC) - timedelta(minutes=1))
    return [task.segment.id for task in tasks]


def length(segment: SegmentView) -> float:
    """Seconds from the end of the talk to the end of the clock, by the times that are stored."""
    assert segment.wrap_up_until is not None
    assert segment.ended_at is not None
    return (segment.wrap_up_until - segment.ended_at).total_seconds()


async def test_after_nothing_the_agent_is_free_and_was_shown_no_form(anna: Agent) -> None:
    await by_rule(anna, RuleValues(mode=Mode.NONE))
    segment = await anna.answers_a_call()
    assert await services.current_task(anna.ctx, anna.id) is None
    await end_interaction(anna.ctx, segment.interaction_id, "caller_hung_up")
    assert (await get_segment(anna.ctx, segment.id)).state is SegmentState.CLOSED
    assert await anna.status() is Status.WAITING
    assert await unfinished(anna) == []


async def test_an_optional_form_leaves_the_agent_free_and_can_still_be_sent(anna: Agent, jobs: Jobs) -> None:
    await by_rule(anna, RuleValues(mode=Mode.OPTIONAL))
    segment = await anna.answers_a_call()
    task = await services.current_task(anna.ctx, anna.id)
    assert task is not None
    assert task.segment.id == segment.id
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": "half a sen"}, Writer())
    await end_interaction(anna.ctx, segment.interaction_id, "caller_hung_up")
    assert await anna.status() is Status.WAITING
    await jobs.run_due()
    assert await unfinished(anna) == [segment.id]
    await services.complete_later(anna.ctx, segment.id, anna.id, YES, READER)
    assert (await entry_of(anna)).comment == "Sent the papers."
    assert await unfinished(anna) == []


async def test_a_required_form_has_no_clock_but_a_limit(anna: Agent, jobs: Jobs) -> None:
    await by_rule(anna, RuleValues(mode=Mode.REQUIRED, limit_seconds=7200))
    segment = await anna.has_ended_a_call()
    assert length(segment) == 7200
    seen = await agent_view(anna.ctx, anna.id)
    assert seen is not None
    assert seen.until is None  # Whoever looks sees how long it has lasted, not the limit.
    with pytest.raises(NoExtensionLeft):
        await services.add_time(anna.ctx, segment.id, anna.id)
    assert await anna.status() is Status.WRAP_UP
    await services.send(anna.ctx, segment.id, anna.id, YES, READER)
    assert await anna.status() is Status.WAITING

    left = await anna.has_ended_a_call("Ada")
    await time_runs_out(jobs, left)
    assert await anna.status() is Status.WAITING
    assert await unfinished(anna) == [left.id]


async def test_a_clock_that_runs_to_its_end_keeps_the_agent_after_sending(anna: Agent, jobs: Jobs) -> None:
    await by_rule(anna, RuleValues(mode=Mode.FIXED, seconds=25))
    segment = await anna.has_ended_a_call()
    await services.send(anna.ctx, segment.id, anna.id, YES | {"after_service": "break"}, READER)
    assert await anna.status() is Status.WRAP_UP
    sent = await get_segment(anna.ctx, segment.id)
    assert (sent.state, length(sent)) == (SegmentState.WRAP_UP, 25)
    assert (await entry_of(anna)).outcome == "success"
    with pytest.raises(AlreadySubmitted):
        await services.send(anna.ctx, segment.id, anna.id, NO, READER)
    with pytest.raises(WrapUpOver):
        await services.add_time(anna.ctx, segment.id, anna.id)
    await time_runs_out(jobs, segment)
    assert await anna.status() is Status.PAUSED
    # The end of the clock does not put its own outcome over what was sent.
    entry = await entry_of(anna)
    assert (entry.outcome, entry.comment, entry.disposition) == ("success", "Sent the papers.", "")
    assert (await Work.get(segment_id=segment.id)).state == WorkState.SENT


async def test_sending_during_a_call_whose_clock_runs_to_its_end_begins_the_clock(anna: Agent) -> None:
    await by_rule(anna, RuleValues(mode=Mode.FIXED, seconds=25))
    segment = await anna.answers_a_call()
    await services.end_call_and_send(anna.ctx, segment.id, anna.id, YES, READER)
    assert length(await get_segment(anna.ctx, segment.id)) == 25
    assert await anna.status() is Status.WRAP_UP


async def test_when_the_time_is_over_the_chosen_outcome_is_recorded_and_the_draft_stays(
    anna: Agent, jobs: Jobs
) -> None:
    refusal = next(each for each in (await list_of_all(anna.ctx)).dispositions if each.name == "Refusal")
    await by_rule(anna, RuleValues(seconds=20, outcome_id=refusal.id))
    segment = await anna.has_ended_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": "half a sen"}, Writer())
    await time_runs_out(jobs, segment)
    entry = await entry_of(anna)
    assert (entry.outcome, entry.disposition) == ("no_success", "Refusal")
    chosen = await ChosenDisposition.get(segment=f"core:segment:{segment.id}")
    assert (chosen.name, chosen.agent_id) == ("Refusal", anna.id)
    call = await get_interaction(anna.ctx, segment.interaction_id)
    facts = await facts_of_interaction(anna.ctx, call.id, since=call.created_at)
    (closed,) = [fact for fact in facts if fact.cause == "time_over" and fact.subject == "segment"]
    assert (closed.detail["disposition"], closed.actor) == ("Refusal", "system")
    # It is completed later, and what the agent says holds from then on.
    await services.complete_later(anna.ctx, segment.id, anna.id, YES, READER)
    entry = await entry_of(anna)
    assert (entry.outcome, entry.disposition, entry.comment) == ("success", "", "Sent the papers.")
    assert not await ChosenDisposition.all().exists()


async def test_where_nothing_was_chosen_no_disposition_is_recorded_and_nobody_says_success(
    anna: Agent, jobs: Jobs
) -> None:
    segment = await anna.has_ended_a_call()
    await time_runs_out(jobs, segment)
    entry = await entry_of(anna)
    assert (entry.outcome, entry.disposition) == ("", "No disposition chosen")
    assert await unfinished(anna) == [segment.id]


async def test_a_draft_that_is_not_to_be_kept_goes_with_its_time(anna: Agent, jobs: Jobs) -> None:
    await by_rule(anna, RuleValues(keep_draft=False))
    segment = await anna.has_ended_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": "half a sen"}, Writer())
    await time_runs_out(jobs, segment)
    assert (await services.own_task(anna.ctx, segment.id, anna.id)).draft is None
    assert await unfinished(anna) == []


async def test_more_time_is_what_the_rule_says_and_as_often(anna: Agent) -> None:
    await by_rule(anna, RuleValues(offer_before=100, extension_seconds=5, extensions=1))
    segment = await anna.has_ended_a_call()
    assert segment.wrap_up_until is not None
    assert await services.add_time(anna.ctx, segment.id, anna.id) == segment.wrap_up_until + timedelta(seconds=5)
    with pytest.raises(NoExtensionLeft):
        await services.add_time(anna.ctx, segment.id, anna.id)


async def test_a_queue_has_its_own_rule_for_each_direction_and_the_team_decides_where_it_says_nothing(
    anna: Agent,
) -> None:
    await Team.all().update(wrap_up_seconds=33)
    queue = await create_queue(anna.ctx.for_plugin("routing"), QueueValues(name="Orders"))
    reference = f"routing:queue:{queue}"
    await by_rule(anna, RuleValues(seconds=50))
    await by_rule(anna, RuleValues(seconds=70), reference)
    lengths = []
    for name, of, direction in (
        ("Ada", "", "inbound"),
        ("Ben", reference, "inbound"),
        ("Cas", reference, "outbound"),
        ("Dee", "", "outbound"),
    ):
        segment = await anna.has_ended_a_call(name, queue=of, direction=direction)
        lengths.append(length(segment))
        await services.send(anna.ctx, segment.id, anna.id, YES, READER)
    assert lengths == [50, 70, 33, 33]
    await drop_rule(anna.ctx, reference, Side.INBOUND)
    assert (await rule_for(reference, Side.INBOUND)).seconds == 50
    await drop_rule(anna.ctx, "", Side.INBOUND)
    assert await rule_for(reference, Side.INBOUND) == USUAL


async def test_a_rule_that_changes_leaves_a_contact_that_has_begun_alone(anna: Agent) -> None:
    await by_rule(anna, RuleValues(seconds=50))
    segment = await anna.answers_a_call()
    assert await services.current_task(anna.ctx, anna.id) is not None
    await by_rule(anna, RuleValues(mode=Mode.NONE))
    await end_interaction(anna.ctx, segment.interaction_id, "caller_hung_up")
    assert length(await get_segment(anna.ctx, segment.id)) == 50


async def test_a_rule_that_cannot_be_used_is_refused_by_its_fields(anna: Agent) -> None:
    wrong = RuleValues(seconds=0, offer_before=0, extension_seconds=4000, extensions=101, limit_seconds=1)
    with pytest.raises(InvalidInput) as caught:
        await by_rule(anna, wrong)
    assert set(caught.value.fields) == {"seconds", "offer_before", "extension_seconds", "extensions", "limit_seconds"}
    for values, field in ((RuleValues(outcome_id=10**9), "outcome_id"), (RuleValues(form="custom:none"), "form")):
        with pytest.raises(InvalidInput) as caught:
            await by_rule(anna, values)
        assert set(caught.value.fields) == {field}
    assert await rule_for("", Side.INBOUND) == USUAL


async def test_a_call_that_is_passed_on_makes_work_for_each_agent_and_none_is_lost(anna: Agent, jobs: Jobs) -> None:
    ben = await make_agent(anna.ctx, "ben")
    await by_rule(anna, RuleValues(seconds=40))
    first = await anna.answers_a_call()
    await services.keep_draft(anna.ctx, first.id, anna.id, {"comment": "to Ben"}, Writer())
    second = await pass_on(anna.ctx, first.interaction_id, agent_id=anna.id, to_agent_id=ben.id)
    assert (await anna.status(), await ben.status()) == (Status.WRAP_UP, Status.BUSY)
    assert length(await get_segment(anna.ctx, first.id)) == 40
    task = await services.current_task(ben.ctx, ben.id)
    assert task is not None
    assert (task.segment.id, task.draft) == (second.id, None)

    # The first agent sends while the second talks: the call goes on.
    await services.send(anna.ctx, first.id, anna.id, YES, READER)
    call = await get_interaction(anna.ctx, first.interaction_id)
    assert (call.state, await anna.status()) == (InteractionState.ACTIVE, Status.WAITING)
    await end_interaction(anna.ctx, call.id, "caller_hung_up")
    assert length(await get_segment(anna.ctx, second.id)) == 40
    await services.send(ben.ctx, second.id, ben.id, NO, READER)
    assert (await get_interaction(anna.ctx, call.id)).state is InteractionState.CLOSED
    assert {work.segment_id: work.state for work in await Work.all()} == {
        first.id: WorkState.SENT,
        second.id: WorkState.SENT,
    }
    assert [(await entry_of(agent)).outcome for agent in (anna, ben)] == ["success", "no_success"]


async def test_a_passed_on_call_closes_when_the_last_agent_is_done(anna: Agent, jobs: Jobs) -> None:
    ben = await make_agent(anna.ctx, "ben")
    first = await anna.answers_a_call()
    second = await pass_on(anna.ctx, first.interaction_id, agent_id=anna.id, to_agent_id=ben.id)
    await services.end_call_and_send(ben.ctx, second.id, ben.id, YES, READER)
    assert (await get_interaction(anna.ctx, first.interaction_id)).state is InteractionState.ENDED
    await time_runs_out(jobs, first)
    assert (await get_interaction(anna.ctx, first.interaction_id)).state is InteractionState.CLOSED


async def test_a_call_is_passed_on_only_to_whoever_can_take_it(anna: Agent) -> None:
    ben = await make_agent(anna.ctx, "ben")
    segment = await anna.answers_a_call()
    await ben.answers_a_call("Ada")
    for taker in (ben.id, anna.id):
        with pytest.raises(CannotTakeOver):
            await pass_on(anna.ctx, segment.interaction_id, agent_id=anna.id, to_agent_id=taker)
    assert await anna.status() is Status.BUSY


async def test_sending_and_the_end_of_the_clock_at_once_are_one_or_the_other(anna: Agent) -> None:
    for number in range(6):
        segment = await anna.has_ended_a_call(f"Kim {number}")
        await clock_ends_in(segment, -0.001)
        sending = services.send(anna.ctx, segment.id, anna.id, YES, READER)
        over = end_wrap_up.function(anna.ctx, segment_id=segment.id)
        refused = [each for each in await asyncio.gather(sending, over, return_exceptions=True) if each is not None]
        work, entry = await Work.get(segment_id=segment.id), await entry_of(anna, f"Kim {number}")
        chosen = await ChosenDisposition.filter(segment=f"core:segment:{segment.id}").count()
        if refused:
            assert [type(each) for each in refused] == [WrapUpOver]
            assert (work.state, entry.outcome, chosen) == (WorkState.TIMED_OUT, "", 1)
        else:
            assert (work.state, entry.outcome, chosen) == (WorkState.SENT, "success", 0)
        assert await anna.status() is Status.WAITING
        assert await fetch_value("SELECT count(*) FROM core_segment WHERE state <> 'closed'") == 0
