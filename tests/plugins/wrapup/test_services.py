"""What becomes of the answers: in time, too late, twice, during the call."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.agents.models import Team
from core.agents.states import Status
from core.database.connection import fetch_row
from core.errors import NotFound
from core.forms.models import FormSubmission
from core.interactions.journal import todays_calls
from core.interactions.rows import SegmentView, get_interaction, get_segment
from core.interactions.segments import NoExtensionLeft, WrapUpOver
from core.interactions.states import InteractionState, SegmentState
from core.plugin_lifecycle import save_plugin_settings
from core.plugins.context import Context, Platform
from core.tenancy.context import TenantRef
from plugins.wrapup import services
from plugins.wrapup.models import AttemptState, NextAttempt
from plugins.wrapup.settings import WrapUpSettings
from switchroom.forms import AlreadySubmitted, InvalidAnswers, Reader, Writer
from switchroom.testing.enabling import switch_off
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


async def kept(agent: Agent, segment: SegmentView) -> dict[str, str] | None:
    """What the draft of a call holds."""
    task = await services.own_task(agent.ctx, segment.id, agent.id)
    return task.draft.typed if task.draft else None


async def outcome(segment: SegmentView) -> tuple[str, str]:
    """What journals and reports will say of a call."""
    row = await fetch_row("SELECT outcome, comment FROM core_segment WHERE id = $1", segment.id)
    assert row is not None
    return row["outcome"], row["comment"]


async def test_a_form_sent_in_time_ends_the_work(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": "Sent"}, Writer())
    await services.send(anna.ctx, segment.id, anna.id, YES, READER)
    assert await anna.status() is Status.WAITING
    assert await outcome(segment) == ("success", "Sent the papers.")
    assert await kept(anna, segment) is None
    submission = await services.sent(anna.ctx, segment.id, anna.id)
    assert submission is not None
    assert submission.answers == {
        "successful": True,
        "comment": "Sent the papers.",
        "after_service": "continue",
        "deferred": False,
    }
    assert await services.current_task(anna.ctx, anna.id) is None


async def test_a_break_after_service_is_part_of_sending(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    await services.send(anna.ctx, segment.id, anna.id, YES | {"after_service": "break"}, READER)
    assert await anna.status() is Status.PAUSED


async def test_the_form_is_there_from_the_moment_of_answer(anna: Agent) -> None:
    assert await services.current_task(anna.ctx, anna.id) is None
    segment = await anna.answers_a_call()
    task = await services.current_task(anna.ctx, anna.id)
    assert task is not None
    assert (task.segment.id, task.in_talk, task.interaction.contact_name) == (segment.id, True, "Kim")


async def test_sending_during_the_call_does_not_hang_up(anna: Agent) -> None:
    segment = await anna.answers_a_call()
    with pytest.raises(services.CallGoesOn):
        await services.send(anna.ctx, segment.id, anna.id, YES, READER)
    assert await anna.status() is Status.BUSY
    assert await FormSubmission.all().count() == 0


async def test_mistakes_are_told_before_asking_to_end_the_call(anna: Agent) -> None:
    segment = await anna.answers_a_call()
    for act in (services.send, services.end_call_and_send):
        with pytest.raises(InvalidAnswers) as caught:
            await act(anna.ctx, segment.id, anna.id, {}, READER)
        assert set(caught.value.fields) == {"successful"}
    assert await anna.status() is Status.BUSY


async def test_agreeing_ends_the_call_and_sends(anna: Agent) -> None:
    segment = await anna.answers_a_call()
    await services.end_call_and_send(anna.ctx, segment.id, anna.id, YES, READER)
    assert await anna.status() is Status.WAITING
    call = await get_interaction(anna.ctx, segment.interaction_id)
    assert (call.state, call.cause) == (InteractionState.CLOSED, "agent_hung_up")
    assert await outcome(segment) == ("success", "Sent the papers.")


async def test_agreeing_when_the_customer_has_just_hung_up_sends_all_the_same(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    await services.end_call_and_send(anna.ctx, segment.id, anna.id, YES, READER)
    assert (await get_interaction(anna.ctx, segment.interaction_id)).cause == "caller_hung_up"


async def test_the_next_attempt_is_kept_in_utc_from_the_agents_zone(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    moscow = Reader(ZoneInfo("Europe/Moscow"), datetime(2026, 3, 1, tzinfo=UTC))
    answers = NO | {"next_attempt": "at", "next_attempt_at": "2026-03-02T09:30"}
    await services.send(anna.ctx, segment.id, anna.id, answers, moscow)
    attempt = await NextAttempt.get()
    assert attempt.due_at == datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
    assert (attempt.contact_name, attempt.contact_number, attempt.agent_id) == ("Kim", "+4930123456", anna.id)
    assert (attempt.segment, attempt.interaction) == (
        f"core:segment:{segment.id}",
        f"core:interaction:{segment.interaction_id}",
    )
    # The ledger of promises has it: its bell shows it, and not the panel too.
    assert attempt.state == AttemptState.PROMISED
    assert await services.next_attempts(anna.ctx, anna.id) == []


async def test_without_a_ledger_of_promises_the_panel_keeps_the_next_attempt(
    platform: Platform, tenant: TenantRef
) -> None:
    without = await switch_off(platform, tenant, "promises")
    async with platform.context(without) as ctx:
        anna = await make_agent(ctx)
        segment = await anna.has_ended_a_call()
        answers = NO | {"next_attempt": "at", "next_attempt_at": "2031-03-02T09:30"}
        await services.send(anna.ctx, segment.id, anna.id, answers, READER)
        (attempt,) = await services.next_attempts(anna.ctx, anna.id)
    assert attempt.state == AttemptState.OPEN
    assert await outcome(segment) == ("no_success", "")


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"successful": "no"}, {"next_attempt"}),
        ({"successful": "no", "next_attempt": "at"}, {"next_attempt_at"}),
        ({"successful": "no", "next_attempt": "at", "next_attempt_at": "2020-01-01T10:00"}, {"next_attempt_at"}),
        ({"successful": "perhaps", "comment": "x" * 4001}, {"successful", "comment"}),
    ],
)
async def test_wrong_answers_change_nothing(anna: Agent, answers: dict[str, str], wrong: set[str]) -> None:
    segment = await anna.has_ended_a_call()
    with pytest.raises(InvalidAnswers) as caught:
        await services.send(anna.ctx, segment.id, anna.id, answers, READER)
    assert set(caught.value.fields) == wrong
    assert await anna.status() is Status.WRAP_UP
    assert await FormSubmission.all().count() + await NextAttempt.all().count() == 0


async def test_a_form_sent_twice_at_once_counts_once(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    soon = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    answers = NO | {"next_attempt": "at", "next_attempt_at": soon}
    sends = (services.send(anna.ctx, segment.id, anna.id, answers, READER) for _number in range(4))
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadySubmitted"] * 3 + ["NoneType"]
    assert await NextAttempt.all().count() == 1
    assert await anna.status() is Status.WAITING


async def test_a_form_sent_again_after_the_next_call_began_leaves_that_call_alone(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    await services.send(anna.ctx, segment.id, anna.id, YES, READER)
    await anna.answers_a_call("Ada")
    with pytest.raises(AlreadySubmitted):
        await services.end_call_and_send(anna.ctx, segment.id, anna.id, YES | {"after_service": "break"}, READER)
    assert await anna.status() is Status.BUSY


async def test_at_zero_the_draft_stays_and_the_agent_waits(anna: Agent, jobs: Jobs) -> None:
    segment = await anna.has_ended_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": "half a sen"}, Writer())
    await time_runs_out(jobs, segment)
    assert await anna.status() is Status.WAITING
    assert await services.current_task(anna.ctx, anna.id) is None
    since = datetime.now(UTC) - timedelta(minutes=1)
    unfinished = await services.unfinished_tasks(anna.ctx, anna.id, since)
    assert [(task.segment.id, services.typed_comment(task)) for task in unfinished] == [(segment.id, "half a sen")]


async def test_sending_after_zero_is_refused_and_keeps_the_draft(anna: Agent, jobs: Jobs) -> None:
    segment = await anna.has_ended_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, YES, Writer())
    await time_runs_out(jobs, segment)
    with pytest.raises(WrapUpOver):
        await services.send(anna.ctx, segment.id, anna.id, YES, READER)
    assert await kept(anna, segment) == YES
    assert await FormSubmission.all().count() == 0


async def test_an_unfinished_form_is_completed_without_touching_clock_and_status(anna: Agent, jobs: Jobs) -> None:
    segment = await anna.has_ended_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, YES, Writer())
    await time_runs_out(jobs, segment)
    await anna.answers_a_call("Ada")
    before = await get_segment(anna.ctx, segment.id)
    await services.complete_later(anna.ctx, segment.id, anna.id, YES | {"after_service": "break"}, READER)
    assert await get_segment(anna.ctx, segment.id) == before
    assert await anna.status() is Status.BUSY
    assert await outcome(segment) == ("success", "Sent the papers.")
    entry = next(entry for entry in await todays_calls(anna.ctx, anna.id) if entry.name == "Kim")
    assert (entry.outcome, entry.comment) == ("success", "Sent the papers.")
    assert await services.unfinished_tasks(anna.ctx, anna.id, datetime.now(UTC) - timedelta(minutes=1)) == []
    with pytest.raises(AlreadySubmitted):
        await services.complete_later(anna.ctx, segment.id, anna.id, YES, READER)


async def test_a_form_whose_clock_runs_is_not_completed_later(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    with pytest.raises(services.CallGoesOn):
        await services.complete_later(anna.ctx, segment.id, anna.id, YES, READER)
    assert await anna.status() is Status.WRAP_UP


async def test_time_is_added_in_the_last_seconds_and_so_many_times(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    with pytest.raises(NoExtensionLeft):
        await services.add_time(anna.ctx, segment.id, anna.id)
    for _number in range(2):
        await clock_ends_in(segment, 9)
        before = (await get_segment(anna.ctx, segment.id)).wrap_up_until
        assert before is not None
        assert await services.add_time(anna.ctx, segment.id, anna.id) == before + timedelta(seconds=30)
    await clock_ends_in(segment, 9)
    with pytest.raises(NoExtensionLeft):
        await services.add_time(anna.ctx, segment.id, anna.id)


async def test_two_tabs_that_add_time_at_once_add_it_once(anna: Agent) -> None:
    segment = await anna.has_ended_a_call()
    await clock_ends_in(segment, 9)
    adds = (services.add_time(anna.ctx, segment.id, anna.id) for _tab in range(2))
    results = await asyncio.gather(*adds, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoExtensionLeft", "datetime"]
    assert (await get_segment(anna.ctx, segment.id)).extensions == 1


async def test_no_time_is_added_during_the_call_or_after_zero(anna: Agent, jobs: Jobs) -> None:
    segment = await anna.answers_a_call()
    with pytest.raises(WrapUpOver):
        await services.add_time(anna.ctx, segment.id, anna.id)
    await services.end_call_and_send(anna.ctx, segment.id, anna.id, YES, READER)
    with pytest.raises(WrapUpOver):
        await services.add_time(anna.ctx, segment.id, anna.id)


async def test_nobody_touches_the_form_of_somebody_else(anna: Agent, ctx: Context) -> None:
    segment = await anna.has_ended_a_call()
    ben = await make_agent(ctx, "ben")
    acts: list[Any] = [
        services.keep_draft(ben.ctx, segment.id, ben.id, YES, Writer()),
        services.send(ben.ctx, segment.id, ben.id, YES, READER),
        services.end_call_and_send(ben.ctx, segment.id, ben.id, YES, READER),
        services.complete_later(ben.ctx, segment.id, ben.id, YES, READER),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            await act
    with pytest.raises(WrapUpOver):
        await services.add_time(ben.ctx, segment.id, ben.id)
    assert await anna.status() is Status.WRAP_UP


async def test_another_tenant_does_not_see_the_form(anna: Agent, platform: Platform, other_tenant: TenantRef) -> None:
    segment = await anna.has_ended_a_call()
    async with platform.context(other_tenant) as theirs:
        ctx = theirs.for_plugin("wrapup")
        assert await services.current_task(ctx, anna.id) is None
        with pytest.raises(NotFound):
            await services.send(ctx, segment.id, anna.id, YES, READER)


async def configured(platform: Platform, agent: Agent, settings: WrapUpSettings) -> Agent:
    """The same agent after the administrator has saved settings."""
    await save_plugin_settings(platform, agent.ctx, "wrapup", settings.model_dump())
    tenant = await platform.tenant(tenant_id=agent.ctx.tenant.id)
    return Agent(
        Context(platform, tenant, agent.ctx.actor, await platform.enablement.of(tenant), plugin="wrapup"), agent.id
    )


async def test_a_tenant_without_work_after_calls_has_none(anna: Agent, platform: Platform) -> None:
    anna = await configured(platform, anna, WrapUpSettings(enabled_for_voice=False))
    segment = await anna.has_ended_a_call()
    assert segment.state is SegmentState.CLOSED
    assert await anna.status() is Status.WAITING


async def test_a_team_without_time_keeps_what_was_typed_during_the_call(anna: Agent) -> None:
    await Team.all().update(wrap_up_seconds=0)
    segment = await anna.answers_a_call()
    await services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": "note"}, Writer())
    await services.end_call_and_send(anna.ctx, segment.id, anna.id, YES, READER)
    assert await anna.status() is Status.WAITING
    assert await outcome(segment) == ("success", "Sent the papers.")
