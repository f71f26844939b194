"""What an agent does during a call: hold, mute, keys, and hanging up.

The row says first how it shall be, then the media follows. When it cannot, the row is put back and the agent is told;
when that is because a leg has gone, the call ends with its cause.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable

from plugins.telephony.connections import connections_of
from plugins.telephony.errors import CallGone, MediaUnavailable, call_gone, provider_errors
from plugins.telephony.legs import LegView, live_legs, set_held, set_muted
from plugins.telephony.provider import ProviderUnavailable
from plugins.telephony.services.ending import AGENT_HUNG_UP, look_at_legs
from plugins.telephony.services.following import follow
from plugins.telephony.states import Side
from switchroom import Context
from switchroom.database import transaction
from switchroom.errors import InvalidInput
from switchroom.interactions import NotInTalk, SegmentState, end_interaction, hold, open_segment, resume
from switchroom.locale import gettext as _
from switchroom.locale import mark

_DIGITS = re.compile(r"[0-9*#A-D]{1,32}")


async def hold_call(ctx: Context, interaction_id: int, user_id: int) -> None:
    """The customer hears music, and neither hears the other.

    Raises:
        NotInTalk: The call is not held by this agent, is held already, or has ended.
        MediaUnavailable: The media cannot be reached; the call is as it was.
        CallGone: A party has gone meanwhile; the call has ended.
    """

    async def put_back() -> None:
        await _resumed(ctx, interaction_id, user_id)

    await _held(ctx, interaction_id, user_id)
    await _follow_or(ctx, interaction_id, put_back)


async def resume_call(ctx: Context, interaction_id: int, user_id: int) -> None:
    """Takes the customer back from hold.

    Raises:
        NotInTalk: The call is not on hold with this agent.
        MediaUnavailable: The media cannot be reached; the call is as it was.
        CallGone: A party has gone meanwhile; the call has ended.
    """

    async def put_back() -> None:
        await _held(ctx, interaction_id, user_id)

    await _resumed(ctx, interaction_id, user_id)
    await _follow_or(ctx, interaction_id, put_back)


async def mute_agent(ctx: Context, interaction_id: int, user_id: int) -> None:
    """The customer does not hear the agent; again is no error.

    Raises:
        NotInTalk: The agent is not in this call.
        MediaUnavailable: The media cannot be reached; the call is as it was.
        CallGone: A party has gone meanwhile; the call has ended.
    """
    await _set_mute(ctx, interaction_id, user_id, muted=True)


async def unmute_agent(ctx: Context, interaction_id: int, user_id: int) -> None:
    """The customer hears the agent again; see `mute_agent`."""
    await _set_mute(ctx, interaction_id, user_id, muted=False)


async def send_digits(ctx: Context, interaction_id: int, user_id: int, digits: str) -> None:
    """Lets the customer hear the tones of keys (``0-9*#A-D``).

    Raises:
        InvalidInput: There are other characters among them, none, or more than 32.
        NotInTalk: The agent is not in this call.
        MediaUnavailable: The media cannot be reached.
        CallGone: The customer has gone meanwhile; the call has ended.
    """
    if not _DIGITS.fullmatch(digits):
        raise InvalidInput(mark("These keys cannot be sent."), fields={"digits": _("Up to 32 of 0-9, *, #, A-D.")})
    legs = await _own_legs(ctx, interaction_id, user_id)
    caller = legs.get(Side.CALLER)
    if caller is None:
        raise call_gone()
    with provider_errors():
        provider = await connections_of(ctx).provider(caller.node)
        await provider.send_digits(caller.leg, digits)


async def hang_up(ctx: Context, interaction_id: int, user_id: int) -> None:
    """The agent ends the call.

    Raises:
        NotInTalk: It is another agent's call.
        CallGone: It has ended already.
    """
    await _require_own(ctx, interaction_id, user_id)
    if not await end_interaction(ctx, interaction_id, AGENT_HUNG_UP):
        raise call_gone()


async def _held(ctx: Context, interaction_id: int, user_id: int) -> None:
    async with transaction():
        await hold(ctx, interaction_id, user_id)
        await _write(ctx, interaction_id, held=True)


async def _resumed(ctx: Context, interaction_id: int, user_id: int) -> None:
    async with transaction():
        await resume(ctx, interaction_id, user_id)
        await _write(ctx, interaction_id, held=False)


async def _write(ctx: Context, interaction_id: int, *, held: bool) -> None:
    caller = (await live_legs(ctx, interaction_id)).get(Side.CALLER)
    if caller is None:
        raise call_gone()
    await set_held(ctx, caller.leg, held)


async def _set_mute(ctx: Context, interaction_id: int, user_id: int, *, muted: bool) -> None:
    agent = (await _own_legs(ctx, interaction_id, user_id)).get(Side.AGENT)
    if agent is None:
        raise call_gone()

    async def write(value: bool) -> None:
        async with transaction():
            await set_muted(ctx, agent.leg, value)
            await ctx.publish(f"user:{user_id}")

    async def put_back() -> None:
        await write(agent.muted)

    await write(muted)
    await _follow_or(ctx, interaction_id, put_back)


async def _follow_or(ctx: Context, interaction_id: int, put_back: Callable[[], Awaitable[None]]) -> None:
    try:
        with provider_errors():
            await follow(ctx, interaction_id)
    except CallGone:
        with contextlib.suppress(ProviderUnavailable):
            await look_at_legs(ctx, interaction_id)
        raise
    except MediaUnavailable:
        # The call may have ended meanwhile; then there is nothing to put back.
        with contextlib.suppress(NotInTalk, CallGone):
            await put_back()
        raise


async def _own_legs(ctx: Context, interaction_id: int, user_id: int) -> dict[Side, LegView]:
    await _require_own(ctx, interaction_id, user_id)
    return await live_legs(ctx, interaction_id)


async def _require_own(ctx: Context, interaction_id: int, user_id: int) -> None:
    segment = await open_segment(ctx, interaction_id=interaction_id)
    if segment is not None and segment.agent_id != user_id:
        raise NotInTalk(mark("This call is with another agent."))
    if segment is None or segment.state is not SegmentState.ACTIVE:
        raise call_gone()
