"""Calls of an agent, made by the services that the product uses."""

from __future__ import annotations

from dataclasses import dataclass

from core.accounts.users import create_user
from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent, Status
from core.agents.views import view
from core.database.connection import execute
from core.interactions.lifecycle import create_interaction, end_interaction
from core.interactions.offers import accept_offer, make_offer
from core.interactions.rows import SegmentView, get_segment, pending_offer
from core.interactions.states import Direction
from core.plugins.context import Context
from tests.conftest import Jobs


@dataclass(frozen=True)
class Agent:
    """An agent who is connected and takes calls.

    Attributes:
        ctx: The context of the plugin.
    """

    ctx: Context
    id: int

    async def becomes_available(self) -> None:
        """The agent takes calls from now on."""
        await choose_intent(self.ctx, self.id, Intent.AVAILABLE)

    async def answers_a_call(
        self, name: str = "Kim", number: str = "+4930123456", *, queue: str = "", direction: str = "inbound"
    ) -> SegmentView:
        """A customer calls, and the agent answers."""
        call = await create_interaction(
            self.ctx,
            channel="voice",
            contact_name=name,
            contact_number=number,
            queue=queue,
            direction=Direction(direction),
        )
        # A server beside the test may hold the agent's row at this moment, or have offered him the call already.
        offer = await make_offer(self.ctx, call.id, [self.id], cause="test", wait=True)
        offer = offer or await pending_offer(self.ctx, interaction_id=call.id)
        assert offer is not None, "the agent is not free"
        return await accept_offer(self.ctx, offer.id, self.id)

    async def has_ended_a_call(self, name: str = "Kim", *, queue: str = "", direction: str = "inbound") -> SegmentView:
        """A customer calls, the agent answers, the customer hangs up."""
        segment = await self.answers_a_call(name, queue=queue, direction=direction)
        await end_interaction(self.ctx, segment.interaction_id, "caller_hung_up")
        return await get_segment(self.ctx, segment.id)

    async def status(self) -> Status:
        """What people see of the agent."""
        shown = await view(self.ctx, self.id)
        assert shown is not None
        return shown.status


async def make_agent(ctx: Context, username: str = "anna", timezone: str = "UTC") -> Agent:
    """An agent who is connected and takes calls; times are shown in `timezone`."""
    user = await create_user(ctx, username, username.title(), "correct horse", ["agent"])
    await execute("UPDATE core_user SET timezone = $2 WHERE id = $1", user.id, timezone)
    await begin_shift(ctx, user.id)
    await tab_opened(ctx, user.id)
    agent = Agent(ctx.for_plugin("wrapup"), user.id)
    await agent.becomes_available()
    return agent


async def clock_ends_in(segment: SegmentView, seconds: float) -> None:
    """Moves the end of a wrap-up, as if time had passed."""
    await execute(
        "UPDATE core_segment SET wrap_up_until = clock_timestamp() + make_interval(secs => $2) WHERE id = $1",
        segment.id,
        seconds,
    )


async def time_runs_out(jobs: Jobs, segment: SegmentView) -> None:
    """The clock of a wrap-up reaches zero."""
    await clock_ends_in(segment, -0.001)
    await jobs.let_time_pass("core.end_wrap_up")
