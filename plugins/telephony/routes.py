"""The softphone's routes."""

from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Template
from pydantic import BaseModel, Field

from plugins.telephony.ice import ice_servers
from plugins.telephony.permissions import TAKE_CALLS
from plugins.telephony.services import answering, talking
from plugins.telephony.services.softphone import softphone_of
from plugins.telephony.texts import softphone_texts
from switchroom import Context
from switchroom.interactions import reject_offer
from switchroom.web import SignedIn, fragment

MAX_SDP = 64 * 1024
"""Characters; a browser's offer has about 3,000."""
MAX_BODY = 2 * MAX_SDP


class Audio(BaseModel):
    """A browser's offer of audio."""

    sdp: str = Field(max_length=MAX_SDP)


class Keys(BaseModel):
    """Keys that were pressed during a call."""

    digits: str = Field(max_length=200)


@dataclass
class Accepted:
    """A call that the agent has taken: the answer to the browser's offer, and the name of this tab's audio."""

    interaction_id: int
    leg: str
    sdp: str


@get("/softphone", permission=TAKE_CALLS)
async def softphone(ctx: Context, user: SignedIn) -> Template:
    """The softphone as it is now."""
    phone = await softphone_of(ctx, user.id)
    return fragment("telephony/softphone.html", phone=phone, texts=softphone_texts(phone))


@get("/ice", permission=TAKE_CALLS)
async def agent_ice(ctx: Context) -> list[dict[str, Any]]:
    """The ICE servers for an agent's audio."""
    return ice_servers(ctx)


@post("/offers/{offer_id:int}/accept", permission=TAKE_CALLS, status_code=200, request_max_body_size=MAX_BODY)
async def accept(ctx: Context, user: SignedIn, offer_id: FromPath[int], data: JSONBody[Audio]) -> Accepted:
    """Takes the call that is offered."""
    call = await answering.answer_offer(ctx, offer_id, user.id, data.sdp)
    return Accepted(call.interaction_id, call.leg, call.sdp)


@post("/offers/{offer_id:int}/reject", permission=TAKE_CALLS, status_code=204)
async def reject(ctx: Context, user: SignedIn, offer_id: FromPath[int]) -> None:
    """Leaves the call that is offered to somebody else."""
    await reject_offer(ctx, offer_id, user.id)


@post("/calls/{interaction_id:int}/hold", permission=TAKE_CALLS, status_code=204)
async def hold(ctx: Context, user: SignedIn, interaction_id: FromPath[int]) -> None:
    """Puts the customer on hold."""
    await talking.hold_call(ctx, interaction_id, user.id)


@post("/calls/{interaction_id:int}/resume", permission=TAKE_CALLS, status_code=204)
async def resume(ctx: Context, user: SignedIn, interaction_id: FromPath[int]) -> None:
    """Takes the customer back from hold."""
    await talking.resume_call(ctx, interaction_id, user.id)


@post("/calls/{interaction_id:int}/mute", permission=TAKE_CALLS, status_code=204)
async def mute(ctx: Context, user: SignedIn, interaction_id: FromPath[int]) -> None:
    """Keeps the agent's voice from the customer."""
    await talking.mute_agent(ctx, interaction_id, user.id)


@post("/calls/{interaction_id:int}/unmute", permission=TAKE_CALLS, status_code=204)
async def unmute(ctx: Context, user: SignedIn, interaction_id: FromPath[int]) -> None:
    """Lets the customer hear the agent again."""
    await talking.unmute_agent(ctx, interaction_id, user.id)


@post("/calls/{interaction_id:int}/digits", permission=TAKE_CALLS, status_code=204)
async def digits(ctx: Context, user: SignedIn, interaction_id: FromPath[int], data: JSONBody[Keys]) -> None:
    """Sends the tones of keys to the customer."""
    await talking.send_digits(ctx, interaction_id, user.id, data.digits)


@post("/calls/{interaction_id:int}/hangup", permission=TAKE_CALLS, status_code=204)
async def hang_up(ctx: Context, user: SignedIn, interaction_id: FromPath[int]) -> None:
    """Ends the call."""
    await talking.hang_up(ctx, interaction_id, user.id)


PAGES = [softphone, agent_ice, accept, reject, hold, resume, mute, unmute, digits, hang_up]
