"""The events that endpoints may choose from, and what a webhook says of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from switchroom import Context
from switchroom.errors import NotFound
from switchroom.facts import Fact
from switchroom.interactions import get_interaction
from switchroom.locale import mark as _

EVERYTHING = "*"
"""Chosen by an endpoint that is told of every event, also of those that later versions bring."""
PING = "webhook.ping"
AGENT_STATUS = "agent.status_changed"


@dataclass(frozen=True)
class EventType:
    """A kind of event.

    Attributes:
        name: What receivers read, and endpoints choose.
        title: What it means, in English: shown through `gettext`.
    """

    name: str
    title: str


GROUPS: tuple[tuple[str, tuple[EventType, ...]], ...] = (
    (
        _("Interactions"),
        (
            EventType("interaction.waiting", _("Waits for an agent, newly or again")),
            EventType("interaction.offered", _("Is offered to an agent")),
            EventType("interaction.active", _("Is being handled")),
            EventType("interaction.held", _("Is on hold")),
            EventType("interaction.ended", _("Has ended")),
            EventType("interaction.closed", _("Is closed, with its after-contact work")),
        ),
    ),
    (
        _("Offers to agents"),
        (
            EventType("offer.pending", _("Is made")),
            EventType("offer.accepted", _("Is accepted")),
            EventType("offer.rejected", _("Is rejected")),
            EventType("offer.expired", _("Is missed")),
            EventType("offer.rescinded", _("Is withdrawn")),
        ),
    ),
    (
        _("Agents' parts"),
        (
            EventType("segment.active", _("An agent begins")),
            EventType("segment.wrap_up", _("After-contact work begins")),
            EventType("segment.closed", _("The part is over")),
        ),
    ),
    (_("Agents"), (EventType(AGENT_STATUS, _("The status of an agent changes")),)),
)

NAMES = frozenset(event.name for _title, events in GROUPS for event in events)


def type_of(fact: Fact) -> str:
    """The type of the event that a fact is."""
    return AGENT_STATUS if fact.subject == "agent" else f"{fact.subject}.{fact.new}"


def line_of(fact: Fact) -> str:
    """Which facts must arrive in order with this one: those of its interaction, else of its agent."""
    if fact.interaction_id is not None:
        return f"interaction:{fact.interaction_id}"
    return f"agent:{fact.agent_id}" if fact.agent_id is not None else f"fact:{fact.id}"


async def describe(ctx: Context, fact: Fact, *, include_contact: bool) -> dict[str, Any]:
    """What the webhook of a fact says.

    Args:
        ctx: Whose fact it is.
        fact: What has happened.
        include_contact: Whether to name the customer.
    """
    return {
        "type": type_of(fact),
        "timestamp": fact.at.isoformat(),
        "data": {
            "fact_id": fact.id,
            "old": fact.old,
            "new": fact.new,
            "cause": fact.cause,
            "actor": fact.actor,
            "interaction": await _interaction(ctx, fact, include_contact=include_contact),
            "segment_id": fact.segment_id,
            "agent_id": fact.agent_id,
            "detail": fact.detail,
        },
    }


async def _interaction(ctx: Context, fact: Fact, *, include_contact: bool) -> dict[str, Any] | None:
    if fact.interaction_id is None:
        return None
    try:
        view = await get_interaction(ctx, fact.interaction_id)
    except NotFound:  # facts outlive what they tell of
        return {"id": fact.interaction_id}
    known: dict[str, Any] = {
        "id": view.id,
        "channel": view.channel,
        "direction": view.direction,
        "created_at": view.created_at.isoformat(),
    }
    if include_contact:
        known |= {"contact_name": view.contact_name, "contact_number": view.contact_number, "subject": view.subject}
    return known
