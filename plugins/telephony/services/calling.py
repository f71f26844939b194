"""A customer's call, as the customer's page makes and follows it."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plugins.telephony.connections import connections_of
from plugins.telephony.errors import NotAdmitted, call_gone, lines_busy, media_unavailable, provider_errors
from plugins.telephony.legs import LegView, add_leg, leg_of_token, new_leg_id
from plugins.telephony.nodes import NodeView, any_fresh, nodes_with_room
from plugins.telephony.provider import LegId, ProviderError, ProviderFull, ProviderUnavailable, Sound, VoiceProvider
from plugins.telephony.services.ending import CALLER_HUNG_UP
from plugins.telephony.services.limits import check_rate, check_room
from plugins.telephony.services.numbers import to_e164
from plugins.telephony.states import Side
from switchroom import Context
from switchroom.capabilities import Admission, QueueDirectory
from switchroom.database import fetch_value, transaction
from switchroom.errors import InvalidInput, NotFound
from switchroom.interactions import (
    Channel,
    InteractionState,
    create_interaction,
    end_interaction,
    get_interaction,
    open_segment,
    position,
)
from switchroom.locale import gettext as _
from switchroom.locale import mark

MAX_NAME = 100
MAX_SUBJECT = 300


@dataclass(frozen=True)
class CallRequest:
    """What a customer gives to begin a call. `number` is as the customer wrote it, `sdp` the browser's offer."""

    name: str
    number: str
    subject: str
    sdp: str


@dataclass(frozen=True)
class BegunCall:
    """A call that has begun. `token` is the secret by which the page proves that the call is its own."""

    token: str
    sdp: str


class CallPhase(StrEnum):
    """How far a customer's call has come."""

    WAITING = "waiting"
    TALKING = "talking"
    HELD = "held"
    ENDED = "ended"


@dataclass(frozen=True)
class CallState:
    """A customer's call as it is now.

    Attributes:
        since: When this phase began; of a conversation its beginning, whatever holds there were.
        now: The server's clock, for the page to count from.
        position: The place in the queue while waiting, 1 being next.
        estimate: Seconds that the customer will probably still wait; None when nothing can be said.
        cause: Why it ended; empty until then.
    """

    phase: CallPhase
    since: datetime
    now: datetime
    position: int | None
    estimate: int | None
    cause: str


async def begin_call(ctx: Context, request: CallRequest, address: str) -> BegunCall:
    """Begins a customer's call: its audio is answered with music, and it waits in the queue.

    Args:
        ctx: Where; the actor is the customer.
        request: What the customer gave.
        address: The network address of the browser, for the limit on calls.

    Raises:
        InvalidInput: A field cannot be used; names it.
        UnusableOffer: The browser's offer cannot be used.
        TooManyRequests: The address has begun too many calls.
        NotAdmitted: There is no place in a queue: it is closed, or too many wait.
        LinesBusy: Too many callers wait, or no line is free.
        MediaUnavailable: No media server answers.
    """
    number = _check(ctx, request)
    await check_rate(ctx, address)
    await check_room(ctx)
    # Before any line is taken; and once more below, in the transaction in which it counts.
    await _admitted(ctx)
    leg = new_leg_id()
    with provider_errors():
        node, provider, sdp = await _answer(ctx, leg, request.sdp)
    token = secrets.token_urlsafe(32)
    try:
        with provider_errors():
            await provider.play(leg, Sound.HOLD_MUSIC)
        async with transaction():
            place = await _admitted(ctx)
            interaction = await create_interaction(
                ctx,
                channel=Channel.VOICE,
                queue=place.queue,
                priority=place.priority,
                contact_name=request.name.strip(),
                contact_number=number,
                subject=request.subject.strip(),
            )
            await add_leg(ctx, leg, interaction.id, Side.CALLER, node.name, token=token)
    except BaseException:
        with contextlib.suppress(ProviderError):
            await provider.hang_up(leg)
        raise
    return BegunCall(token, sdp)


async def admission(ctx: Context) -> Admission:
    """Where a call that began now would wait, or why there is no place for it."""
    queues = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
    async with transaction():
        return await queues.admit(ctx, Channel.VOICE) if queues else Admission("")


async def _admitted(ctx: Context) -> Admission:
    place = await admission(ctx)
    if place.refusal:
        raise NotAdmitted(place.refusal)
    return place


def _check(ctx: Context, request: CallRequest) -> str:
    """Check what was written and return the number in E.164."""
    problems: dict[str, str] = {}
    if not request.name.strip():
        problems["name"] = _("Please give your name.")
    elif len(request.name) > MAX_NAME:
        problems["name"] = _("This name is too long.")
    number = to_e164(request.number, ctx.settings.default_region)
    if number is None:
        problems["number"] = _("Please give your phone number with its country code, such as +44 20 7946 0000.")
    if len(request.subject) > MAX_SUBJECT:
        problems["subject"] = _("Please describe it in fewer words.")
    if any("\0" in text for text in (request.name, request.subject)):
        problems["name"] = _("This contains a character that cannot be stored.")
    if problems or number is None:
        raise InvalidInput(mark("Please check what you have entered."), fields=problems)
    return number


async def _answer(ctx: Context, leg: LegId, offer: str) -> tuple[NodeView, VoiceProvider, str]:
    """Answer the offer at the least loaded node that can."""
    candidates = await nodes_with_room()
    full = not candidates and await any_fresh()
    for node in candidates:
        try:
            provider = await connections_of(ctx).provider(node.name)
            return node, provider, await provider.answer(leg, offer)
        except ProviderFull:
            full = True
        except ProviderUnavailable as error:
            ctx.log.warning("node_unavailable", node=node.name, reason=str(error))
    raise lines_busy() if full else media_unavailable()


async def call_state(ctx: Context, token: str) -> CallState:
    """How the call of a page is now.

    Raises:
        NotFound: No call has this token.
    """
    leg = await _own(ctx, token)
    interaction = await get_interaction(ctx, leg.interaction_id)
    now: datetime = await fetch_value("SELECT now()")
    place = estimate = None
    match interaction.state:
        case InteractionState.WAITING | InteractionState.OFFERED:
            phase, since = CallPhase.WAITING, interaction.created_at
            place = await position(ctx, interaction.id)
            queues = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
            estimate = await queues.estimated_wait(ctx, interaction.id) if queues else None
        case InteractionState.ACTIVE:
            segment = await open_segment(ctx, interaction_id=interaction.id)
            phase, since = CallPhase.TALKING, segment.started_at if segment else interaction.state_since
        case InteractionState.HELD:
            phase, since = CallPhase.HELD, interaction.state_since
        case _:
            phase, since = CallPhase.ENDED, interaction.state_since
    return CallState(phase, since, now, place, estimate, interaction.cause)


async def hang_up_call(ctx: Context, token: str) -> None:
    """The customer hangs up.

    Raises:
        NotFound: No call has this token.
        CallGone: It has ended already.
    """
    leg = await _own(ctx, token)
    if not await end_interaction(ctx, leg.interaction_id, CALLER_HUNG_UP):
        raise call_gone()


async def _own(ctx: Context, token: str) -> LegView:
    leg = await leg_of_token(ctx, token)
    if leg is None:
        raise NotFound(mark("There is no such call."))
    return leg
