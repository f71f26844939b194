"""An agent answers or rejects what is offered."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from plugins.telephony.connections import connections_of
from plugins.telephony.errors import CallGone, provider_errors
from plugins.telephony.legs import LegView, add_leg, live_legs, new_leg_id
from plugins.telephony.provider import LegId, ProviderError, ProviderUnavailable, VoiceProvider
from plugins.telephony.services.ending import MEDIA_LOST, look_at_legs
from plugins.telephony.services.following import follow
from plugins.telephony.states import Side
from switchroom import Context
from switchroom.database import transaction
from switchroom.interactions import (
    OfferGone,
    OfferState,
    OfferView,
    accept_offer,
    end_interaction,
    get_offer,
    reject_offer,
)
from switchroom.locale import mark

__all__ = ["AnsweredCall", "answer_offer", "reject_offer"]


@dataclass(frozen=True)
class AnsweredCall:
    """A call that an agent has taken. `leg` names the agent's audio, `sdp` is the answer for the browser."""

    interaction_id: int
    leg: LegId
    sdp: str


async def answer_offer(ctx: Context, offer_id: int, user_id: int, sdp: str) -> AnsweredCall:
    """The agent takes the call that is offered: his audio is answered, and both hear each other.

    Args:
        ctx: Where; the actor is the agent.
        offer_id: What is answered.
        user_id: The agent.
        sdp: The browser's offer of audio.

    Raises:
        NotFound: The tenant has no such offer.
        OfferGone: It is another agent's, was decided, or its time is over. Nothing has changed.
        UnusableOffer: The browser's offer cannot be used. Nothing has changed.
        LinesBusy: The caller's node has no room. Nothing has changed.
        MediaUnavailable: The audio could not be joined; the call has ended if it had been taken by then.
        CallGone: The caller has gone meanwhile.
    """
    caller = await _caller_of(ctx, await get_offer(ctx, offer_id), user_id)
    leg = new_leg_id()
    with provider_errors():
        provider = await connections_of(ctx).provider(caller.node)
        answer = await provider.answer(leg, sdp)
    try:
        async with transaction():
            segment = await accept_offer(ctx, offer_id, user_id)
            await add_leg(ctx, leg, segment.interaction_id, Side.AGENT, caller.node, user_id=user_id)
    except BaseException:
        await _drop(provider, leg)
        raise
    await _join(ctx, segment.interaction_id)
    return AnsweredCall(segment.interaction_id, leg, answer)


async def _caller_of(ctx: Context, offer: OfferView, user_id: int) -> LegView:
    if offer.agent_id != user_id:
        raise OfferGone(mark("This call is not offered to you."))
    if offer.state is OfferState.ACCEPTED:
        raise OfferGone(mark("This call was answered already."))
    caller = (await live_legs(ctx, offer.interaction_id)).get(Side.CALLER)
    if offer.state is OfferState.RESCINDED or caller is None:
        raise OfferGone(mark("The caller has hung up."))
    if offer.state is not OfferState.PENDING:
        raise OfferGone(mark("The time to answer is over; the call goes to somebody else."))
    return caller


async def _join(ctx: Context, interaction_id: int) -> None:
    """Let caller and agent hear each other; a call that cannot be joined ends with its cause."""
    try:
        with provider_errors():
            await follow(ctx, interaction_id)
    except CallGone:
        with contextlib.suppress(ProviderUnavailable):
            await look_at_legs(ctx, interaction_id)
        raise
    except BaseException:
        await end_interaction(ctx, interaction_id, MEDIA_LOST)
        raise


async def _drop(provider: VoiceProvider, leg: LegId) -> None:
    with contextlib.suppress(ProviderError):
        await provider.hang_up(leg)
