"""How calls end: a leg that is gone ends its interaction for a stated cause, and an ended interaction ends its legs."""

from __future__ import annotations

from collections.abc import Mapping

from plugins.telephony.connections import connections_of
from plugins.telephony.legs import LegView, live_legs, set_connected, set_ended
from plugins.telephony.provider import EndCause, LegId, LegSnapshot, LegState, ProviderUnavailable
from plugins.telephony.states import Side
from switchroom import Context
from switchroom.database import transaction
from switchroom.interactions import end_interaction
from switchroom.runtime import CUSTOMER, SYSTEM, Actor, ActorKind

MEDIA_LOST = "media_lost"
CALLER_HUNG_UP = "caller_hung_up"
AGENT_HUNG_UP = "agent_hung_up"

CAUSES: Mapping[tuple[Side, EndCause], str] = {
    (Side.CALLER, EndCause.PEER_CLOSED): CALLER_HUNG_UP,
    (Side.CALLER, EndCause.MEDIA_LOST): "caller_lost",
    (Side.CALLER, EndCause.NEVER_CONNECTED): "caller_never_connected",
    (Side.AGENT, EndCause.PEER_CLOSED): AGENT_HUNG_UP,
    (Side.AGENT, EndCause.MEDIA_LOST): "agent_lost",
    (Side.AGENT, EndCause.NEVER_CONNECTED): "agent_never_connected",
}
"""Why the call ends when this side's leg does. What is not listed is the fault of the media: `media_lost`."""


async def finish_leg(ctx: Context, leg: LegView, cause: EndCause) -> None:
    """The leg is gone: notes that, and ends the call if it still goes on. Safe to call more than once."""
    async with transaction():
        # The interaction first: that is the order of locks everywhere.
        await end_interaction(
            ctx.acting_as(_who(leg, cause)), leg.interaction_id, CAUSES.get((leg.side, cause), MEDIA_LOST)
        )
        await set_ended(ctx, leg.leg, cause)


def _who(leg: LegView, cause: EndCause) -> Actor:
    if cause is not EndCause.PEER_CLOSED:
        return SYSTEM
    return CUSTOMER if leg.side is Side.CALLER else Actor(ActorKind.USER, leg.user_id)


async def note_truth(ctx: Context, leg: LegView, truth: LegSnapshot | None) -> bool:
    """Brings a row up to what the provider says of its leg; None is a leg that the provider does not know.

    Returns:
        Whether the leg lives.
    """
    if truth is None:
        await finish_leg(ctx, leg, EndCause.PROVIDER_LOST)
        return False
    if truth.state is LegState.ENDED:
        await finish_leg(ctx, leg, truth.cause or EndCause.MEDIA_LOST)
        return False
    if truth.connected_at is not None and leg.state is LegState.CONNECTING:
        async with transaction():
            if await set_connected(ctx, leg.leg, truth.connected_at) and leg.user_id:
                await ctx.publish(f"user:{leg.user_id}")
    return True


async def look_at_legs(ctx: Context, interaction_id: int) -> None:
    """Asks the provider how the legs of a call are, when a command has found one of them gone.

    Raises:
        ProviderUnavailable: It cannot be asked.
    """
    for leg in (await live_legs(ctx, interaction_id)).values():
        provider = await connections_of(ctx).provider(leg.node)
        truths: dict[LegId, LegSnapshot] = {each.leg: each for each in await provider.legs()}
        await note_truth(ctx, leg, truths.get(leg.leg))


async def hang_up_legs(ctx: Context, interaction_id: int) -> None:
    """Ends the audio of a call that is over; the rows follow when the provider says so.

    Raises:
        ProviderUnavailable: A leg could not be told; the others were.
    """
    failed: ProviderUnavailable | None = None
    for leg in (await live_legs(ctx, interaction_id)).values():
        try:
            provider = await connections_of(ctx).provider(leg.node)
            await provider.hang_up(leg.leg)
        except ProviderUnavailable as error:
            failed = error
    if failed is not None:
        raise failed
