"""Background work of telephony."""

from __future__ import annotations

from plugins.telephony.services.ending import hang_up_legs
from switchroom import Context, Event, job


@job("telephony.drop_legs", on=(Event.INTERACTION_ENDED,))
async def drop_legs(ctx: Context, interaction_id: int) -> None:
    """Ends the audio of a call that is over, should the process that ended it have died before it could."""
    await hang_up_legs(ctx, interaction_id)
