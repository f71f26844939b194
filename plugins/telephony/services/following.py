"""Makes the provider carry a call as its rows say: who hears whom, who is held, who is muted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from plugins.telephony.connections import connections_of
from plugins.telephony.errors import call_gone
from plugins.telephony.legs import LegView, lock_live_legs
from plugins.telephony.provider import LegId, LegSnapshot, VoiceProvider
from plugins.telephony.states import Side
from switchroom import Context
from switchroom.database import transaction


async def follow(ctx: Context, interaction_id: int) -> None:
    """Brings the media to what the rows say. The rows are locked meanwhile, so an older wish never undoes a newer one.

    Raises:
        CallGone: The caller has no leg any more.
        ProviderError: The provider cannot be reached, or one of the legs is gone.
    """
    async with transaction():
        legs = await lock_live_legs(ctx, interaction_id)
        caller, agent = legs.get(Side.CALLER), legs.get(Side.AGENT)
        if caller is None:
            raise call_gone()
        provider = await connections_of(ctx).provider(caller.node)
        # Held and muted before bridged: nobody shall hear for a moment what is not meant for him.
        await asyncio.gather(*(_apply(provider, leg) for leg in legs.values()))
        if agent is not None:
            await provider.bridge(caller.leg, agent.leg)


async def _apply(provider: VoiceProvider, leg: LegView) -> None:
    await (provider.hold(leg.leg) if leg.held else provider.unhold(leg.leg))
    await (provider.mute(leg.leg) if leg.muted else provider.unmute(leg.leg))


def differs(legs: Mapping[Side, LegView], truths: Mapping[LegId, LegSnapshot]) -> bool:
    """Whether the media is not as the rows of a call say."""
    caller, agent = legs.get(Side.CALLER), legs.get(Side.AGENT)
    if caller is not None and agent is not None and truths[caller.leg].peer != agent.leg:
        return True
    return any((truths[leg.leg].held, truths[leg.leg].muted) != (leg.held, leg.muted) for leg in legs.values())
