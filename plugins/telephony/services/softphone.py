"""What an agent's softphone shows: the truth of the rows, whichever tab asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plugins.telephony.legs import live_legs
from plugins.telephony.provider import LegId
from plugins.telephony.services.numbers import to_read
from plugins.telephony.states import LegState, Side
from switchroom import Context
from switchroom.database import fetch_value
from switchroom.interactions import (
    Channel,
    InteractionState,
    InteractionView,
    OfferView,
    SegmentState,
    SegmentView,
    get_interaction,
    open_segment,
    pending_offer,
)


class SoftphoneState(StrEnum):
    """What the agent can do with the softphone."""

    IDLE = "idle"
    RINGING = "ringing"
    TALK = "talk"
    HELD = "held"


@dataclass(frozen=True)
class Softphone:
    """The softphone of one agent.

    Attributes:
        now: The server's clock, for the page to count from.
        number: The caller's number as people read it.
        offer: What rings.
        segment: What is being talked.
        leg: The agent's audio, by which a tab knows whether it has it.
        connected: Whether the agent's audio flows.
    """

    state: SoftphoneState
    now: datetime
    interaction: InteractionView | None = None
    number: str = ""
    offer: OfferView | None = None
    segment: SegmentView | None = None
    leg: LegId | None = None
    connected: bool = False
    muted: bool = False


async def softphone_of(ctx: Context, user_id: int) -> Softphone:
    """The softphone of an agent as it is now."""
    now: datetime = await fetch_value("SELECT now()")
    segment = await open_segment(ctx, agent_id=user_id)
    if segment is not None and segment.state is SegmentState.ACTIVE:
        interaction = await get_interaction(ctx, segment.interaction_id)
        if interaction.channel == Channel.VOICE:
            return await _in_call(ctx, now, interaction, segment)
    offer = await pending_offer(ctx, agent_id=user_id)
    if offer is not None and offer.deadline > now:
        interaction = await get_interaction(ctx, offer.interaction_id)
        if interaction.channel == Channel.VOICE:
            number = to_read(interaction.contact_number)
            return Softphone(SoftphoneState.RINGING, now, interaction, number, offer=offer)
    return Softphone(SoftphoneState.IDLE, now)


async def _in_call(ctx: Context, now: datetime, interaction: InteractionView, segment: SegmentView) -> Softphone:
    leg = (await live_legs(ctx, interaction.id)).get(Side.AGENT)
    return Softphone(
        SoftphoneState.HELD if interaction.state is InteractionState.HELD else SoftphoneState.TALK,
        now,
        interaction,
        to_read(interaction.contact_number),
        segment=segment,
        leg=leg.leg if leg else None,
        connected=leg is not None and leg.state is LegState.CONNECTED,
        muted=leg is not None and leg.muted,
    )
