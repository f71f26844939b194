"""One's own work: status, the numbers of the day, and the journal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from litestar import get, put
from litestar.params import JSONBody
from pydantic import Field

from core.accounts.permissions import HANDLE_INTERACTIONS, SEE_OWN_JOURNAL
from core.accounts.sessions import SignedIn
from core.agents.reasons import Setter, reasons_for, usage_today
from core.agents.service import choose_intent, set_do_not_disturb
from core.agents.states import Intent, Status
from core.agents.views import get_agent
from core.api.shapes import Answer, Flag, Given, Time
from core.interactions.journal import todays_calls, todays_numbers
from core.plugins.context import Context


class AgentStatus(Answer):
    """What an agent does, as people see it."""

    user_id: int
    name: str
    team: str
    status: Status
    since: Time
    until: Time | None
    """When the status ends by itself: after-contact work, and the wait after a missed call."""
    intent: Intent
    """What the agent has chosen; it shows in `status` once the work in hand is done."""
    next_intent: Intent | None
    """The choice that waits for the work in hand; null when there is none."""
    do_not_disturb: bool
    """Whether internal calls are refused. Never together with the intents `available` and `ready`."""
    team_id: int
    pause_reason: str
    """The code of the reason of the break that is chosen, an entry of `core.pause_reasons`; empty for none."""
    pause_limit_at: Time | None
    """When the present break has lasted as long as its reason allows in a day; null without a limit."""
    work: dict[str, int]
    """Channel → how many interactions are in hand."""
    taking: bool
    """Whether new work may be offered."""


class ChosenIntent(Given):
    """What the agent wants to do."""

    intent: Intent
    reason: Annotated[str, Field(max_length=60)] = ""
    """Of a break: the code of a reason; empty for none."""


class PauseReason(Answer):
    """A reason of a break that may be chosen."""

    code: str
    name: str
    """In the language of the answer."""
    icon: str
    """The name of a Tabler icon."""
    is_break: bool
    """Whether it counts as a break."""
    daily_limit_minutes: int
    """How long it may last in a day; 0 is without a limit."""
    seconds_used: int
    """How long it has lasted today, in the organisation's time zone."""


class PauseReasons(Answer):
    """What may be chosen, in the administrator's order."""

    items: list[PauseReason]


class DoNotDisturb(Given):
    """Whether internal calls are refused."""

    on: Flag


class DayNumbers(Answer):
    """An agent's day in numbers; the day begins at midnight in the organisation's time zone."""

    answered: int
    missed: int
    average_talk_seconds: int | None
    """Of the calls that are over; null before the first."""
    waiting_now: int
    """How many wait in the organisation's queues at this moment."""
    on_line_seconds: int
    """Time in every status but break and offline."""
    break_seconds: int


class JournalCall(Answer):
    """One call of the day, or one that the agent did not answer."""

    interaction_id: int
    number: str
    """The customer's number, E.164."""
    name: str
    direction: str
    missed: bool
    started_at: Time
    """When the customer began to wait."""
    talking_since: Time | None
    """Since when they have been talking; null before and afterwards."""
    wrapping_up_since: Time | None
    """Since when the agent has been working on what the call left; null before and afterwards."""
    waiting_seconds: int
    talk_seconds: int
    wrap_up_seconds: int
    outcome: str
    """The coded outcome, empty when there is none."""
    disposition: str
    """What people call the outcome; empty where nobody has chosen one."""
    comment: str
    cause: str
    """Why the call ended; empty while it goes on."""


class Journal(Answer):
    """The calls of the day, the latest first."""

    items: list[JournalCall]


@get("/me/status", permission=HANDLE_INTERACTIONS, tags=["me"])
async def get_my_status(ctx: Context, user: SignedIn) -> AgentStatus:
    """Gives one's own status. 404 for somebody who has never worked as an agent."""
    return AgentStatus.model_validate(await get_agent(ctx, user.id))


@put("/me/status/intent", permission=HANDLE_INTERACTIONS, tags=["me"])
async def choose_my_intent(ctx: Context, user: SignedIn, data: JSONBody[ChosenIntent]) -> AgentStatus:
    """Chooses what to do; during work it takes effect afterwards.

    409 when a plugin refuses it, or when a break would leave fewer of the team available than it wants.
    """
    return AgentStatus.model_validate(await choose_intent(ctx, user.id, data.intent, reason=data.reason))


@get("/me/status/reasons", permission=HANDLE_INTERACTIONS, tags=["me"])
async def list_my_reasons(ctx: Context, user: SignedIn) -> PauseReasons:
    """Lists the reasons of a break that one may choose, with what is used of each today."""
    agent = await get_agent(ctx, user.id)
    return PauseReasons(items=await pause_reasons(ctx, agent.user_id, agent.team_id, Setter.AGENT))


@put("/me/status/do-not-disturb", permission=HANDLE_INTERACTIONS, tags=["me"])
async def set_my_do_not_disturb(ctx: Context, user: SignedIn, data: JSONBody[DoNotDisturb]) -> AgentStatus:
    """Refuses internal calls, or takes them again. 409 while the intent is `available` or `ready`."""
    return AgentStatus.model_validate(await set_do_not_disturb(ctx, user.id, data.on))


@get("/me/numbers", permission=SEE_OWN_JOURNAL, tags=["me"])
async def get_my_numbers(ctx: Context, user: SignedIn) -> DayNumbers:
    """Gives one's own day in numbers."""
    return DayNumbers.model_validate(await todays_numbers(ctx, user.id))


@get("/me/journal", permission=SEE_OWN_JOURNAL, tags=["me"])
async def get_my_journal(ctx: Context, user: SignedIn) -> Journal:
    """Lists one's own calls since midnight, the latest first, with those that were not answered."""
    calls = await todays_calls(ctx, user.id)
    return Journal(items=[JournalCall.model_validate(call) for call in calls])


async def pause_reasons(ctx: Context, user_id: int, team_id: int, setter: Setter) -> list[PauseReason]:
    """What may be chosen for an agent, with what is used today."""
    used = await usage_today(ctx, user_id, datetime.now(UTC))
    return [
        PauseReason(**asdict(reason), seconds_used=int(used.get(reason.code, 0)))
        for reason in await reasons_for(ctx, team_id, setter)
    ]


HANDLERS = [get_my_status, list_my_reasons, choose_my_intent, set_my_do_not_disturb, get_my_numbers, get_my_journal]
