"""Calls, for programs: what the softphone does, below `/api/v1/telephony`."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody
from pydantic import Field

from plugins.telephony.ice import ice_servers
from plugins.telephony.permissions import TAKE_CALLS
from plugins.telephony.routes import MAX_BODY, MAX_SDP
from plugins.telephony.services import answering, softphone, talking
from plugins.telephony.services.softphone import SoftphoneState
from switchroom import Context
from switchroom.api import Answer, Given, Id, Time
from switchroom.interactions import InteractionState, reject_offer
from switchroom.web import SignedIn


class Call(Answer):
    """The call that rings or is talked."""

    id: int
    """The id of the interaction."""
    state: InteractionState
    state_since: Time
    direction: str
    queue: str
    contact_name: str
    contact_number: str
    """E.164."""
    subject: str
    created_at: Time


class CallOffer(Answer):
    """A call that is offered to the agent."""

    id: int
    made_at: Time
    deadline: Time
    """Until when it can be accepted."""


class CallSegment(Answer):
    """The agent's part of the call."""

    id: int
    started_at: Time


class Softphone(Answer):
    """The agent's softphone as it is now."""

    state: SoftphoneState
    now: Time
    """The server's clock."""
    interaction: Call | None
    offer: CallOffer | None
    """What rings."""
    segment: CallSegment | None
    """What is being talked."""
    connected: bool
    """Whether the agent's audio flows."""
    muted: bool


class IceServer(Answer):
    """A server that helps audio to find its way."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class IceServers(Answer):
    """For the `iceServers` of a WebRTC connection."""

    items: list[IceServer]


class CallAudio(Given):
    """An offer of audio."""

    sdp: Annotated[str, Field(max_length=MAX_SDP)]
    """A WebRTC session description of type `offer`."""


class AcceptedCall(Answer):
    """A call that the agent has taken."""

    interaction_id: int
    leg: str
    """The name of this audio."""
    sdp: str
    """The answering session description."""


class PressedKeys(Given):
    """Keys that are pressed during a call."""

    digits: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9*#A-D]+$")]


@get("/softphone", permission=TAKE_CALLS, tags=["calls"])
async def get_softphone(ctx: Context, user: SignedIn) -> Softphone:
    """Gives one's own softphone: what rings, or what is being talked."""
    return Softphone.model_validate(await softphone.softphone_of(ctx, user.id))


@get("/ice-servers", permission=TAKE_CALLS, tags=["calls"])
async def list_ice_servers(ctx: Context) -> IceServers:
    """Lists the ICE servers for an agent's audio."""
    return IceServers(items=[IceServer.model_validate(server) for server in ice_servers(ctx)])


@post(
    "/offers/{offer_id:int}/accept",
    permission=TAKE_CALLS,
    status_code=200,
    request_max_body_size=MAX_BODY,
    tags=["calls"],
)
async def accept_call(ctx: Context, user: SignedIn, offer_id: Id, data: JSONBody[CallAudio]) -> AcceptedCall:
    """Takes the call that is offered to oneself. 409 when the offer is no longer one's own to decide."""
    return AcceptedCall.model_validate(await answering.answer_offer(ctx, offer_id, user.id, data.sdp))


@post("/offers/{offer_id:int}/reject", permission=TAKE_CALLS, status_code=204, tags=["calls"])
async def reject_call(ctx: Context, user: SignedIn, offer_id: Id) -> None:
    """Leaves the call that is offered to somebody else."""
    await reject_offer(ctx, offer_id, user.id)


@post("/calls/{interaction_id:int}/hold", permission=TAKE_CALLS, status_code=204, tags=["calls"])
async def hold_call(ctx: Context, user: SignedIn, interaction_id: Id) -> None:
    """Puts the customer on hold."""
    await talking.hold_call(ctx, interaction_id, user.id)


@post("/calls/{interaction_id:int}/resume", permission=TAKE_CALLS, status_code=204, tags=["calls"])
async def resume_call(ctx: Context, user: SignedIn, interaction_id: Id) -> None:
    """Takes the customer back from hold."""
    await talking.resume_call(ctx, interaction_id, user.id)


@post("/calls/{interaction_id:int}/mute", permission=TAKE_CALLS, status_code=204, tags=["calls"])
async def mute_call(ctx: Context, user: SignedIn, interaction_id: Id) -> None:
    """Keeps one's own voice from the customer."""
    await talking.mute_agent(ctx, interaction_id, user.id)


@post("/calls/{interaction_id:int}/unmute", permission=TAKE_CALLS, status_code=204, tags=["calls"])
async def unmute_call(ctx: Context, user: SignedIn, interaction_id: Id) -> None:
    """Lets the customer hear oneself again."""
    await talking.unmute_agent(ctx, interaction_id, user.id)


@post("/calls/{interaction_id:int}/digits", permission=TAKE_CALLS, status_code=204, tags=["calls"])
async def press_keys(ctx: Context, user: SignedIn, interaction_id: Id, data: JSONBody[PressedKeys]) -> None:
    """Lets the customer hear the tones of keys."""
    await talking.send_digits(ctx, interaction_id, user.id, data.digits)


@post("/calls/{interaction_id:int}/hangup", permission=TAKE_CALLS, status_code=204, tags=["calls"])
async def hang_up_call(ctx: Context, user: SignedIn, interaction_id: Id) -> None:
    """Ends the call."""
    await talking.hang_up(ctx, interaction_id, user.id)


API = [
    get_softphone,
    list_ice_servers,
    accept_call,
    reject_call,
    hold_call,
    resume_call,
    mute_call,
    unmute_call,
    press_keys,
    hang_up_call,
]
