"""Segments after the talk: wrap-up with its clock, put off a set number of times, and finished."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from core import facts
from core.agents.reasons import check_reason, setter_of
from core.agents.service import leave_enough
from core.agents.settling import lock_agent, set_intent, settle
from core.agents.states import Intent
from core.agents.views import get_agent
from core.capabilities import AfterContactWork, Recorded, WrapUpTime
from core.database.connection import execute, fetch_row, fetch_value
from core.database.transaction import transaction
from core.errors import Conflict
from core.interactions.rows import (
    SegmentView,
    get_segment,
    lock_interaction,
    move_interaction,
    move_segment,
    open_segment,
)
from core.interactions.states import InteractionState, SegmentState
from core.jobs.registry import job
from core.locale import gettext as _
from core.plugins.context import Context


class WrapUpOver(Conflict):
    """The after-contact work is finished: it was sent, or its time was up."""

    code = "wrap_up_over"


class NoExtensionLeft(Conflict):
    """The time cannot be put off now: not yet, or not again."""

    code = "no_extension_left"


async def wrap_up_time(ctx: Context, interaction_id: int) -> WrapUpTime:
    """How long the after-contact work of the interaction's present segment may take; 0 seconds when there is none.

    A plugin that is asked and fails is logged, and the call ends without after-contact work rather than not at all.
    """
    row = await fetch_row(
        "SELECT segment.id, team.wrap_up_seconds FROM core_segment AS segment "
        "JOIN core_agent AS agent ON agent.user_id = segment.agent_id "
        "JOIN core_team AS team ON team.id = agent.team_id "
        "WHERE segment.tenant_id = $1 AND segment.interaction_id = $2 AND segment.state = 'active'",
        ctx.tenant.id,
        interaction_id,
    )
    work = ctx.capability(AfterContactWork)  # type: ignore[type-abstract]
    if row is None or work is None:
        return WrapUpTime(0)
    try:
        return await work.wrap_up_time(ctx, row["id"], row["wrap_up_seconds"])
    except Exception:
        ctx.log.exception("capability_failed", capability="AfterContactWork")
        return WrapUpTime(0)


async def begin_wrap_up(ctx: Context, segment: SegmentView, time: WrapUpTime, cause: str) -> None:
    """Starts the clock of a segment whose talk has just ended; part of the transaction that ends it."""
    await move_segment(ctx, segment, SegmentState.WRAP_UP, cause, detail={"seconds": time.seconds})
    if not time.clock_shown:
        await execute(
            "UPDATE core_segment SET clock_shown = false WHERE tenant_id = $1 AND id = $2", ctx.tenant.id, segment.id
        )
    until: datetime = await fetch_value("SELECT now()") + timedelta(seconds=time.seconds)
    await _set_clock(ctx, segment.id, until)


async def extend_wrap_up(
    ctx: Context, segment_id: int, agent_id: int, *, seconds: int, at_most: int, not_before: int
) -> datetime:
    """Puts off the end of the after-contact work.

    Args:
        ctx: Where.
        segment_id: Whose clock.
        agent_id: The agent who asks.
        seconds: How much is added.
        at_most: How often in all it may be done.
        not_before: Seconds before the end from which on it may be done.

    Returns:
        The new end.

    Raises:
        WrapUpOver: The work is finished.
        NoExtensionLeft: It was done `at_most` times, or it is too early.
    """
    async with transaction():
        segment = await _lock_own(ctx, segment_id, agent_id)
        if segment.state is not SegmentState.WRAP_UP or segment.wrap_up_until is None:
            raise WrapUpOver(_("The time for this form is over."))
        if segment.extensions >= at_most:
            raise NoExtensionLeft(_("The time cannot be extended again."))
        now: datetime = await fetch_value("SELECT clock_timestamp()")
        if segment.wrap_up_until - now > timedelta(seconds=not_before):
            raise NoExtensionLeft(_("Time can be added in the last %(seconds)s seconds.") % {"seconds": not_before})
        until = segment.wrap_up_until + timedelta(seconds=seconds)
        await execute(
            "UPDATE core_segment SET extensions = extensions + 1 WHERE tenant_id = $1 AND id = $2",
            ctx.tenant.id,
            segment_id,
        )
        await _set_clock(ctx, segment_id, until)
        await ctx.publish(f"user:{agent_id}")
    return until


async def finish_segment(
    ctx: Context,
    segment_id: int,
    agent_id: int,
    *,
    outcome: str,
    comment: str,
    disposition: str = "",
    then: Intent | None = None,
    reason: str = "",
) -> None:
    """The after-contact work is done; the agent is free again.

    Args:
        ctx: Where.
        segment_id: What is finished.
        agent_id: The agent who did it.
        outcome: The coded outcome, for journals and reports.
        comment: The agent's words.
        disposition: What people call the outcome; empty where nobody has chosen one.
        then: What the agent wants to do from now on; None is what he wanted before.
        reason: Of a break: the code of an entry of `core.pause_reasons` that he may give; empty for none.

    Raises:
        NotFound: The tenant has no such segment.
        WrapUpOver: It was finished before, or the talk goes on; nothing has changed.
        InvalidInput: He may not give this reason; nothing has changed.
        TooFewAvailable: He wants a break, which would leave fewer of the team available than it wants; nothing has
            changed.
    """
    async with transaction():
        await _may(ctx, agent_id, then, reason)
        segment = await _lock_own(ctx, segment_id, agent_id)
        if segment.state is SegmentState.ACTIVE:
            raise WrapUpOver(_("The call goes on: end it first."))
        if segment.state is SegmentState.CLOSED:
            raise WrapUpOver(_("This form was sent already, or its time is over."))
        if then is not None:
            await _want(ctx, agent_id, then, reason, "sent")
        await _close(ctx, segment, "sent", Recorded(outcome, comment, disposition))


async def record_outcome(
    ctx: Context, segment_id: int, recorded: Recorded, cause: str, *, then: Intent | None = None, reason: str = ""
) -> None:
    """Notes what came of a segment that goes on to its end, or has closed; clock and status stay as they are.

    Args:
        ctx: Where, and who notes it.
        segment_id: Of which.
        recorded: What; it takes the place of what was recorded before.
        cause: Why, as a stable word, such as `completed_later` or `corrected`.
        then: What the agent wants to do once he is free; None is what he wanted before.
        reason: Of a break: the code of an entry of `core.pause_reasons` that he may give; empty for none.

    Raises:
        NotFound: The tenant has no such segment.
        WrapUpOver: The talk goes on; nothing has changed.
        InvalidInput: He may not give this reason; nothing has changed.
        TooFewAvailable: He wants a break, which would leave fewer of the team available than it wants; nothing has
            changed.
    """
    async with transaction():
        agent_id = (await get_segment(ctx, segment_id)).agent_id
        await _may(ctx, agent_id, then, reason)
        segment = await _lock(ctx, segment_id)
        if segment.state is SegmentState.ACTIVE:
            raise WrapUpOver(_("The call goes on: end it first."))
        await _keep(ctx, segment_id, recorded)
        await facts.record(
            ctx,
            "segment",
            old=segment.state,
            new=segment.state,
            cause=cause,
            interaction_id=segment.interaction_id,
            segment_id=segment_id,
            agent_id=agent_id,
            detail=_told(recorded),
        )
        if then is not None:
            await _want(ctx, agent_id, then, reason, cause)
            await settle(ctx, agent_id, cause)
        await ctx.publish(f"journal:{agent_id}", f"interaction:{segment.interaction_id}")


async def end_after_work(ctx: Context, segment_id: int, recorded: Recorded | None, cause: str) -> None:
    """Ends after-contact work that its agent has not finished; he is free again.

    Args:
        ctx: Where, and who ends it.
        segment_id: What is ended.
        recorded: What is recorded of it; None for nothing.
        cause: Why, as a stable word, such as `ended_by_supervisor`.

    Raises:
        NotFound: The tenant has no such segment.
        WrapUpOver: It is not being worked on after the talk; nothing has changed.
    """
    async with transaction():
        segment = await _lock(ctx, segment_id)
        if segment.state is not SegmentState.WRAP_UP:
            raise WrapUpOver(_("This work is finished, or the call goes on."))
        await _close(ctx, segment, cause, recorded)


@job("core.end_wrap_up")
async def end_wrap_up(ctx: Context, segment_id: int) -> None:
    """The clock has run down: the form closes, its draft stays, and the agent is free again.

    A plugin that is asked what to record and fails is logged: the agent is free all the same.
    """
    try:
        await _time_over(ctx, segment_id, ctx.capability(AfterContactWork))  # type: ignore[type-abstract]
    except _NotYetOver:
        return
    except Exception:
        ctx.log.exception("capability_failed", capability="AfterContactWork")
        with contextlib.suppress(_NotYetOver):
            await _time_over(ctx, segment_id, None)


class _NotYetOver(Exception):
    """The clock was put off, or the work is finished: whatever the plugin has changed is undone."""


async def _time_over(ctx: Context, segment_id: int, work: AfterContactWork | None) -> None:
    async with transaction():
        recorded = await work.time_over(ctx, segment_id) if work else None
        segment = await _lock(ctx, segment_id)
        now: datetime = await fetch_value("SELECT now()")
        if segment.state is not SegmentState.WRAP_UP or segment.wrap_up_until is None or segment.wrap_up_until > now:
            raise _NotYetOver
        await _close(ctx, segment, "time_over", recorded)


async def _may(ctx: Context, agent_id: int, then: Intent | None, reason: str) -> None:
    if then is not Intent.PAUSE:
        return
    if reason:
        await check_reason(ctx, (await get_agent(ctx, agent_id)).team_id, reason, setter_of(ctx, agent_id))
    await leave_enough(ctx, agent_id)


async def _want(ctx: Context, agent_id: int, then: Intent, reason: str, cause: str) -> None:
    before = await lock_agent(ctx, agent_id)
    # Who has chosen a break already keeps its reason, unless he gives another.
    if before["intent"] == then and reason in ("", before["pause_reason"]):
        return
    await set_intent(ctx, agent_id, then, reason)
    await facts.record(
        ctx, "intent", old=before["intent"], new=then, cause=cause, agent_id=agent_id,
        detail={"reason": reason, "old_reason": before["pause_reason"], "comment": ""},
    )  # fmt: skip


async def _keep(ctx: Context, segment_id: int, recorded: Recorded) -> None:
    await execute(
        "UPDATE core_segment SET outcome = $3, comment = $4 WHERE tenant_id = $1 AND id = $2",
        ctx.tenant.id,
        segment_id,
        recorded.outcome,
        recorded.comment,
    )


def _told(recorded: Recorded | None) -> dict[str, object]:
    if recorded is None:
        return {}
    told: dict[str, object] = {"outcome": recorded.outcome, "comment": recorded.comment}
    return told | {"disposition": recorded.disposition} if recorded.disposition else told


async def _close(ctx: Context, segment: SegmentView, cause: str, recorded: Recorded | None) -> None:
    if recorded is not None:
        await _keep(ctx, segment.id, recorded)
    await move_segment(ctx, segment, SegmentState.CLOSED, cause, detail=_told(recorded))
    interaction = await lock_interaction(ctx, segment.interaction_id)
    # Another agent, from or to whom it was passed on, may still be at work.
    others = await open_segment(ctx, interaction_id=interaction.id)
    if interaction.state is InteractionState.ENDED and others is None:
        await move_interaction(ctx, interaction, InteractionState.CLOSED, cause)
    await settle(ctx, segment.agent_id, cause)


async def _lock(ctx: Context, segment_id: int) -> SegmentView:
    segment = await get_segment(ctx, segment_id)
    await lock_interaction(ctx, segment.interaction_id)
    await lock_agent(ctx, segment.agent_id)
    return await get_segment(ctx, segment_id)


async def _lock_own(ctx: Context, segment_id: int, agent_id: int) -> SegmentView:
    segment = await _lock(ctx, segment_id)
    if segment.agent_id != agent_id:
        raise WrapUpOver(_("This call was handled by somebody else."))
    return segment


async def _set_clock(ctx: Context, segment_id: int, until: datetime) -> None:
    await execute(
        "UPDATE core_segment SET wrap_up_until = $3 WHERE tenant_id = $1 AND id = $2", ctx.tenant.id, segment_id, until
    )
    await ctx.enqueue(end_wrap_up, at=until, segment_id=segment_id)
