"""What holds of the rows of a contact centre at any moment, whatever callers, agents and clocks have done.

The rows must be read as of one moment: while nothing happens, or in one transaction that sees a snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from core.agents.states import Intent, Occupancy, Status, status_of
from core.interactions.states import INTERACTION, OFFER, SEGMENT, InteractionState, OfferState, SegmentState
from core.states import Machine

Row = Mapping[str, Any]

MACHINES: Mapping[str, Machine[Any]] = {"interaction": INTERACTION, "offer": OFFER, "segment": SEGMENT}
STATES: Mapping[str, type[StrEnum]] = {"interaction": InteractionState, "offer": OfferState, "segment": SegmentState}
IN_TALK = (InteractionState.ACTIVE, InteractionState.HELD)


class Fetch(Protocol):
    """Runs one statement and gives its rows."""

    def __call__(self, sql: str, *values: Any) -> Awaitable[Sequence[Row]]: ...


async def check_floor(fetch: Fetch, tenant_id: int) -> None:
    """The rows of a tenant agree with each other and with their history; every wait has its deadline."""
    offers = await fetch("SELECT * FROM core_offer WHERE tenant_id = $1 AND state = 'pending'", tenant_id)
    segments = await fetch("SELECT * FROM core_segment WHERE tenant_id = $1 AND state <> 'closed'", tenant_id)
    interactions = await fetch("SELECT id, state FROM core_interaction WHERE tenant_id = $1", tenant_id)
    agents = await fetch("SELECT * FROM core_agent WHERE tenant_id = $1", tenant_id)
    jobs = await fetch(
        "SELECT name, arguments FROM core_job WHERE tenant_id = $1 AND state <> 'dead' "
        "AND name IN ('core.expire_offer', 'core.end_wrap_up', 'core.end_missed')",
        tenant_id,
    )
    facts = await fetch("SELECT * FROM core_fact WHERE tenant_id = $1 ORDER BY id", tenant_id)
    _check_work(offers, segments, interactions)
    _check_agents(agents, offers, segments)
    _check_deadlines(jobs, offers, segments, agents)
    check_history(facts)
    _check_last_facts(facts, interactions, segments, agents)


def _check_work(offers: Sequence[Row], segments: Sequence[Row], interactions: Sequence[Row]) -> None:
    occupied = [row["agent_id"] for row in (*offers, *segments)]
    assert len(set(occupied)) == len(occupied), "an agent has two things at once"
    pending = {offer["interaction_id"] for offer in offers}
    talking = {segment["interaction_id"] for segment in segments if segment["state"] == "active"}
    wrapping = {segment["interaction_id"] for segment in segments if segment["state"] == "wrap_up"}
    for row in interactions:
        state = InteractionState(row["state"])
        assert (row["id"] in pending) == (state is InteractionState.OFFERED), row
        assert (row["id"] in talking) == (state in IN_TALK), row
        assert (row["id"] in wrapping) == (state is InteractionState.ENDED), row


def _check_agents(agents: Sequence[Row], offers: Sequence[Row], segments: Sequence[Row]) -> None:
    asked = {offer["agent_id"] for offer in offers}
    work = {segment["agent_id"]: segment["state"] for segment in segments}
    for row in agents:
        occupancy = Occupancy(row["occupancy"])
        match work.get(row["user_id"]):
            case "wrap_up":
                assert occupancy is Occupancy.WRAP_UP, row
            case "active":
                assert occupancy in (Occupancy.BUSY, Occupancy.HOLD), row
            case _ if row["user_id"] in asked:
                assert occupancy is Occupancy.OFFERED, row
            case _:
                assert occupancy in (Occupancy.FREE, Occupancy.MISSED), row
        intent = Intent(row["intent"])
        assert Status(row["status"]) in {status_of(intent, here, occupancy) for here in (True, False)}, row


def _check_deadlines(
    jobs: Sequence[Row], offers: Sequence[Row], segments: Sequence[Row], agents: Sequence[Row]
) -> None:
    waiting = {(row["name"], *json.loads(row["arguments"]).values()) for row in jobs}
    needed = {("core.expire_offer", offer["id"]) for offer in offers}
    needed |= {("core.end_wrap_up", segment["id"]) for segment in segments if segment["state"] == "wrap_up"}
    needed |= {("core.end_missed", agent["user_id"]) for agent in agents if agent["occupancy"] == "missed"}
    assert needed <= waiting, f"nothing will end {needed - waiting}"


def check_history(facts: Iterable[Row]) -> None:
    """Every change follows from the one before it, and no moment had two offers or two calls where one may be.

    Args:
        facts: The fact rows of a tenant, in the order of their ids.
    """
    last: dict[tuple[str, int], str] = {}
    taken: dict[tuple[str, int], tuple[str, int]] = {}
    for fact in facts:
        subject, old, new = fact["subject"], fact["old"], fact["new"]
        key = fact_key(fact)
        if key in last and (old or subject != "offer"):
            assert last[key] == old, f"a change of {key} left no fact"
        if old and old != new and subject in MACHINES:
            MACHINES[subject].check(STATES[subject](old), STATES[subject](new))
        last[key] = new
        if subject in ("offer", "segment"):
            _take(taken, fact)


def _take(taken: dict[tuple[str, int], tuple[str, int]], fact: Row) -> None:
    """Notes what an agent and an interaction have to do with each other; each has one such thing at a time."""
    agent, interaction = ("agent", fact["agent_id"]), ("interaction", fact["interaction_id"])
    thing = (fact["subject"], fact["segment_id"] or fact["interaction_id"])
    if not fact["old"]:
        for side in (agent, interaction):
            assert side not in taken, f"{side} had {taken[side]} already and was given {thing}"
            taken[side] = thing
        return
    # In wrap-up the agent is still at it, the customer is not.
    for side in (interaction,) if fact["new"] == SegmentState.WRAP_UP else (agent, interaction):
        if taken.get(side) == thing:
            del taken[side]


def fact_key(fact: Row) -> tuple[str, int]:
    """What a fact tells of; an offer, which has no number there, by interaction and agent."""
    owner = {"interaction": "interaction_id", "offer": "interaction_id", "segment": "segment_id"}
    return fact["subject"], fact[owner.get(fact["subject"], "agent_id")]


def _check_last_facts(
    facts: Sequence[Row], interactions: Sequence[Row], segments: Sequence[Row], agents: Sequence[Row]
) -> None:
    last = {fact_key(fact): fact["new"] for fact in facts}
    now = {("interaction", row["id"]): row["state"] for row in interactions}
    now |= {("segment", row["id"]): row["state"] for row in segments}
    now |= {("agent", row["user_id"]): row["status"] for row in agents if ("agent", row["user_id"]) in last}
    for key, state in now.items():
        assert last[key] == state, f"{key} is {state}, and its facts say {last[key]}"
