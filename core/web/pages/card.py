"""The card of an interaction: who it is, what has happened, what was before, and what plugins add."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import Parameter

from core.accounts.permissions import SEE_INTERACTIONS, SIGNED_IN
from core.accounts.sessions import SignedIn
from core.errors import NotFound
from core.interactions.history import Step, earlier_contacts, handled_by, steps_of, times_of
from core.interactions.rows import InteractionView, get_interaction
from core.interactions.states import InteractionState
from core.locale import gettext as _
from core.locale import mark
from core.plugins.context import Context
from core.plugins.contributions import CardTab, ToolbarAction
from core.web.allowed import allowed
from core.web.rendering import fragment, page

OUTCOMES = {"success": mark("Success"), "no_success": mark("No success")}
"""What the outcomes that every tenant has are called; others are shown as they are."""

STATES = {
    "waiting": mark("Waiting"),
    "offered": mark("Ringing"),
    "active": mark("In talk"),
    "held": mark("On hold"),
    "ended": mark("Ended"),
    "closed": mark("Closed"),
}

DIRECTIONS = {
    "inbound": (mark("Incoming"), "phone-incoming"),
    "outbound": (mark("Outgoing"), "phone-outgoing"),
    "internal": (mark("Internal"), "phone-call"),
}

CAUSES = {
    "caller_hung_up": mark("The customer hung up"),
    "agent_hung_up": mark("The agent hung up"),
    "caller_lost": mark("The connection to the customer was lost"),
    "caller_never_connected": mark("The connection to the customer could not be made"),
    "agent_lost": mark("The connection to the agent was lost"),
    "agent_never_connected": mark("The connection to the agent could not be made"),
}
"""Why an interaction came to its end."""

_STEPS = {
    ("offer", "pending"): (mark("Offered to %(agent)s"), "bell-ringing", ""),
    ("offer", "rejected"): (mark("%(agent)s declined"), "phone-x", "bad"),
    ("offer", "expired"): (mark("%(agent)s did not answer"), "phone-x", "bad"),
    ("offer", "rescinded"): (mark("No longer offered to %(agent)s"), "bell-off", ""),
    ("segment", "active"): (mark("%(agent)s answered"), "phone-check", "good"),
    ("segment", "closed"): (mark("%(agent)s finished the work"), "clipboard-check", ""),
    ("interaction", "held"): (mark("On hold"), "player-pause", ""),
}

_SEGMENT_STEPS = {
    "passed_on": {"active": (mark("%(agent)s took the call over"), "arrow-forward-up", "good")},
    "sent": {"wrap_up": (mark("%(agent)s sent the form"), "clipboard-check", "")},
    "time_over": {"closed": (mark("%(agent)s ran out of time for the form"), "clock-off", "bad")},
    "ended_by_supervisor": {"closed": (mark("A supervisor ended the work of %(agent)s"), "player-stop", "bad")},
    "completed_later": {"closed": (mark("%(agent)s completed the form later"), "clipboard-check", "")},
    "completed_by_supervisor": {
        "closed": (mark("A supervisor completed the form of %(agent)s"), "clipboard-check", "")
    },
    "corrected": {"closed": (mark("A supervisor corrected the form of %(agent)s"), "pencil", "")},
}
"""What is said of a segment for a cause of its own: cause → new state → line."""

InteractionId = Annotated[int, Parameter(ge=1, le=2**63 - 1)]


@dataclass(frozen=True)
class Event:
    """A line of the timeline.

    Attributes:
        picture: The name of an icon.
        tone: `good`, `bad` or nothing.
        disposition: What people call the outcome; empty where nobody has chosen one.
        note: What was written about it.
    """

    at: datetime
    text: str
    picture: str
    tone: str = ""
    outcome: str = ""
    disposition: str = ""
    note: str = ""


@get("/card/{interaction_id:int}", permission=SIGNED_IN)
async def card(ctx: Context, user: SignedIn, interaction_id: InteractionId) -> Response[Any]:
    """The card; its parts load by themselves, so that a part that fails harms no other."""
    interaction = await _readable(ctx, user, interaction_id)
    tabs: list[CardTab] = await ctx.collect("card_tabs", interaction=interaction)
    actions: list[ToolbarAction] = await ctx.collect("toolbar_actions", interaction=interaction)
    return await page(
        "card/card.html",
        title=interaction.contact_name or interaction.contact_number or _("Unknown"),
        interaction=interaction,
        tabs=allowed(tabs, user),
        actions=allowed(actions, user),
    )


@get("/card/{interaction_id:int}/head", permission=SIGNED_IN)
async def card_head(ctx: Context, user: SignedIn, interaction_id: InteractionId) -> Response[Any]:
    """Who it is, and how it stands."""
    interaction = await _readable(ctx, user, interaction_id)
    channel = ctx.channels.get(interaction.channel)
    direction, picture = DIRECTIONS.get(interaction.direction, DIRECTIONS["inbound"])
    times = await times_of(ctx, interaction.id)
    talks = interaction.state in (InteractionState.ACTIVE, InteractionState.HELD)
    return fragment(
        "card/head.html",
        interaction=interaction,
        channel=_(channel.title) if channel else interaction.channel,
        channel_icon=channel.icon if channel else "message",
        direction=_(direction),
        picture=picture,
        state=_(STATES[interaction.state]),
        times=times,
        # A clock that ticks from here shows the talks of all agents together.
        talking_from=datetime.now(UTC) - timedelta(seconds=times.talking or 0) if talks else None,
    )


@get("/card/{interaction_id:int}/timeline", permission=SIGNED_IN)
async def card_timeline(ctx: Context, user: SignedIn, interaction_id: InteractionId) -> Response[Any]:
    """What has happened."""
    interaction = await _readable(ctx, user, interaction_id)
    steps = await steps_of(ctx, interaction)
    events = [event for step in steps if (event := _event(step, interaction)) is not None]
    return fragment("card/timeline.html", events=events, outcomes=OUTCOMES)


@get("/card/{interaction_id:int}/earlier", permission=SIGNED_IN)
async def card_earlier(ctx: Context, user: SignedIn, interaction_id: InteractionId) -> Response[Any]:
    """What the same number wanted before."""
    interaction = await _readable(ctx, user, interaction_id)
    contacts = await earlier_contacts(ctx, interaction, user.id, sees_all=user.may(SEE_INTERACTIONS))
    return fragment(
        "card/earlier.html", interaction=interaction, contacts=contacts, outcomes=OUTCOMES, directions=DIRECTIONS
    )


async def _readable(ctx: Context, user: SignedIn, interaction_id: int) -> InteractionView:
    """The interaction, for somebody who may see it.

    Raises:
        NotFound: There is none, or it is not for this user: both look the same.
    """
    interaction = await get_interaction(ctx, interaction_id)
    if not user.may(SEE_INTERACTIONS) and not await handled_by(ctx, interaction_id, user.id):
        raise NotFound(_("There is no such interaction."))
    return interaction


def _event(step: Step, interaction: InteractionView) -> Event | None:
    fact = step.fact
    if fact.subject == "interaction" and not fact.old:
        direction, picture = DIRECTIONS.get(interaction.direction, DIRECTIONS["inbound"])
        return Event(fact.at, _(direction), picture, note=interaction.subject)
    if (fact.subject, fact.old, fact.new) == ("interaction", "held", "active"):
        return Event(fact.at, _("Talking again"), "player-play")
    if (fact.subject, fact.new) == ("interaction", "ended"):
        known = CAUSES.get(fact.cause)
        text = _(known) if known else _("It ended: %(cause)s") % {"cause": fact.cause.replace("_", " ")}
        return Event(fact.at, text, "phone-off")
    told = _STEPS.get((fact.subject, fact.new))
    if fact.subject == "segment":
        told = _SEGMENT_STEPS.get(fact.cause, {}).get(fact.new, told)
    if told is None:
        return None
    text, picture, tone = told
    detail = fact.detail
    return Event(
        fact.at,
        _(text) % {"agent": step.agent or _("Somebody")},
        picture,
        tone,
        outcome=str(detail.get("outcome") or ""),
        disposition=str(detail.get("disposition") or ""),
        note=str(detail.get("comment") or ""),
    )


HANDLERS = [card, card_head, card_timeline, card_earlier]
