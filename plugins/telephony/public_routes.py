"""The page from which customers call, and what it asks the server."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Template
from pydantic import BaseModel, Field

from plugins.telephony.ice import ice_servers
from plugins.telephony.routes import MAX_BODY, MAX_SDP
from plugins.telephony.services import calling
from plugins.telephony.services.causes import cause_sentence
from plugins.telephony.texts import caller_texts
from switchroom import Context
from switchroom.locale import gettext as _
from switchroom.web import public_page


class NewCall(BaseModel):
    """What the page sends to begin a call; lengths that a person would exceed are checked with a better message."""

    name: str = Field(max_length=2000)
    number: str = Field(max_length=2000)
    subject: str = Field(default="", max_length=10_000)
    sdp: str = Field(max_length=MAX_SDP)


@dataclass
class BegunCall:
    """The secret of the call, and the answer to the browser's offer."""

    token: str
    sdp: str


@dataclass
class CallStatus:
    """How the call is; `ended` is a sentence that says why it ended, empty until then."""

    phase: str
    since: datetime
    now: datetime
    position: int | None
    estimate: int | None
    cause: str
    ended: str


@dataclass
class Admitted:
    """Whether a call can begin; `refusal` says why not, empty when it can."""

    refusal: str
    reopens_at: datetime | None


@get("/", public=True)
async def call_page(ctx: Context) -> Template:
    """The page from which a customer calls."""
    title = _("Call %(name)s") % {"name": ctx.tenant.name}
    refusal = (await calling.admission(ctx)).refusal
    return public_page("telephony/call.html", title=title, limits=calling, texts=caller_texts(), refusal=refusal)


@get("/admission", public=True)
async def admission(ctx: Context) -> Admitted:
    """Whether a call can begin now: asked before the microphone is."""
    place = await calling.admission(ctx)
    return Admitted(place.refusal, place.reopens_at)


@get("/ice", public=True)
async def caller_ice(ctx: Context) -> list[dict[str, Any]]:
    """The ICE servers for a customer's audio."""
    return ice_servers(ctx)


@post("/calls", public=True, request_max_body_size=MAX_BODY)
async def begin(ctx: Context, request: Request[Any, Any, Any], data: JSONBody[NewCall]) -> BegunCall:
    """Begins a call."""
    address = request.client.host if request.client else "unknown"
    call = await calling.begin_call(ctx, calling.CallRequest(data.name, data.number, data.subject, data.sdp), address)
    return BegunCall(call.token, call.sdp)


@get("/calls/{token:str}", public=True)
async def state(ctx: Context, token: FromPath[str]) -> CallStatus:
    """How the call is now."""
    call = await calling.call_state(ctx, token)
    return CallStatus(**asdict(call), ended=cause_sentence(call.cause))


@post("/calls/{token:str}/hangup", public=True, status_code=204)
async def hang_up(ctx: Context, token: FromPath[str]) -> None:
    """The customer hangs up."""
    await calling.hang_up_call(ctx, token)


PUBLIC = [call_page, admission, caller_ice, begin, state, hang_up]
