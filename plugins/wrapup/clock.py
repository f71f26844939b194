"""What core asks about the time after a talk: how long, and what is recorded when it is over."""

from __future__ import annotations

from plugins.wrapup.dispositions.asking import note_disposition
from plugins.wrapup.models import DispositionType, WorkState
from plugins.wrapup.rules.keeping import NO_DISPOSITION, outcome_of
from plugins.wrapup.settings import WrapUpSettings
from plugins.wrapup.work import WorkView, hold_work, note_unsent, set_state, subject_of, work_of
from switchroom import Context
from switchroom.capabilities import Recorded, WrapUpTime
from switchroom.forms import drop_draft
from switchroom.interactions import Channel, get_interaction, get_segment
from switchroom.jobs import Event, job

PLUGIN = "wrapup"


class AfterCalls:
    """The capability `AfterContactWork`: what the rule of the queue says, for calls."""

    async def wrap_up_time(self, ctx: Context, segment_id: int, team_seconds: int) -> WrapUpTime:
        """As the rule says, 0 for any other channel or where the tenant has switched it off."""
        own = ctx.for_plugin(PLUGIN)
        settings: WrapUpSettings = own.settings
        if not settings.enabled_for_voice:
            return WrapUpTime(0)
        segment = await get_segment(own, segment_id)
        interaction = await get_interaction(own, segment.interaction_id)
        if interaction.channel != Channel.VOICE:
            return WrapUpTime(0)
        work = await work_of(own, segment, interaction)
        return WrapUpTime(work.rule.after_the_talk(team_seconds), clock_shown=work.rule.has_clock)

    async def time_over(self, ctx: Context, segment_id: int) -> Recorded | None:
        """The outcome that the rule has for it, unless the form was sent: then what it says stays."""
        own = ctx.for_plugin(PLUGIN)
        work = await hold_work(own, segment_id)
        if work is None or work.settled:
            return None
        return await give_up(own, work, WorkState.TIMED_OUT)


async def give_up(ctx: Context, work: WorkView, state: WorkState) -> Recorded | None:
    """Notes that the form was not sent in its time, with the outcome that is recorded then; work that is held."""
    await set_state(ctx, work.segment_id, state)
    if not work.rule.keep_draft:
        await drop_draft(ctx, work.rule.form, subject_of(work.segment_id), work.agent_id)
    chosen = await outcome_of(ctx, work.queue, work.rule.outcome_id)
    if chosen is None:
        return None
    await note_disposition(work.segment_id, work.agent_id, chosen.id, chosen.name, chosen.code, chosen.type)
    if chosen.system_type == NO_DISPOSITION:
        return Recorded("", disposition=chosen.name)  # Nobody knows whether the call was successful.
    outcome = "success" if chosen.type is DispositionType.SUCCESS else "no_success"
    return Recorded(outcome, disposition=chosen.name)


@job("wrapup.contact_ended", on=[Event.INTERACTION_ENDED])
async def contact_ended(ctx: Context, interaction_id: int) -> None:
    """Work for which there was no time after the talk is not open any more; it can still be done."""
    await note_unsent(ctx, interaction_id)
