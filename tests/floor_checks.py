"""What holds of the rows of a contact centre at any moment, whatever callers, agents and clocks have done.

The rows must be read as of one moment: while nothing happens, or in one transaction that sees a snapshot.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from core.agents.states import Intent, Occupancy, Status, status_of
from core.interactions.states import INTERACTION, OFFER, SEGMENT, InteractionState, OfferState, SegmentState
from core.states import Machine

Row = Mapping[str, Any]

MACHINES: Mapping[str, Machine[Any]] = {"interaction": INTERACTION, "offer": OFFER, "segment": SEGMENT}
STATES: Mapping[str, type[StrEnum]] = {"interaction": InteractionState, "offer": OfferState, "segment": SegmentState}
IN_TALK = (InteractionState.ACTIVE, InteractionState.HELD)
LATE = timedelta(seconds=2)
"""How long after its deadline a state may last."""


class Fetch(Protocol):
    """Runs one statement and gives its rows."""

    def __call__(self, sql: str, *values: Any) -> Awaitable[Sequence[Row]]: ...


async def check_floor(fetch: Fetch, tenant_id: int) -> None:
    """The rows of a tenant agree with each other and with their history; every wait has its deadline."""
    offers = await fetch(
        "SELECT offer.*, interaction.channel FROM core_offer AS offer "
        "JOIN core_interaction AS interaction ON interaction.id = offer.interaction_id "
        "WHERE offer.tenant_id = $1 AND offer.state = 'pending'",
        tenant_id,
    )
    segments = await fetch("SELECT * FROM core_segment WHERE tenant_id = $1 AND state <> 'closed'", tenant_id)
    interactions = await fetch("SELECT id, state FROM core_interaction WHERE tenant_id = $1", tenant_id)
    agents = await fetch(
        "SELECT *, connected_until > now() AS connected, missed_until > now() AS missed, pause_limit_at > now() AS "
        "limited FROM core_agent WHERE tenant_id = $1",
        tenant_id,
    )
    pools = await fetch("SELECT user_id, pool, free FROM core_pool_member WHERE tenant_id = $1", tenant_id)
    jobs = await fetch(
        "SELECT name, arguments, due_at, state, error FROM core_job WHERE tenant_id = $1 AND state <> 'dead' AND name "
        "IN ('core.expire_offer', 'core.end_wrap_up', 'core.end_missed', 'core.check_connection', 'core.pause_limit')",
        tenant_id,
    )
    facts = await fetch("SELECT * FROM core_fact WHERE tenant_id = $1 ORDER BY id", tenant_id)
    _check_work(offers, segments, interactions)
    _check_agents(agents, offers, segments)
    _check_pools(pools, agents)
    _check_deadlines(jobs, offers, segments, agents)
    check_history(facts)
    _check_last_facts(facts, interactions, segments, agents)


def _check_work(offers: Sequence[Row], segments: Sequence[Row], interactions: Sequence[Row]) -> None:
    for rows in (offers, [segment for segment in segments if segment["exclusive"]]):
        twice = [agent for agent, number in Counter(row["agent_id"] for row in rows).items() if number > 1]
        assert not twice, f"{twice} have two things at once"
    whole = {segment["agent_id"] for segment in segments if segment["exclusive"]}
    asked = {offer["agent_id"] for offer in offers}
    assert not whole & asked, f"{whole & asked} are taken whole, and yet something is offered to them"
    served = [segment["interaction_id"] for segment in segments]
    assert len(set(served)) == len(served), "an interaction is with two agents"
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
    for row in agents:
        mine = [segment for segment in segments if segment["agent_id"] == row["user_id"]]
        whole = [segment for segment in mine if segment["exclusive"]]
        occupancy = Occupancy(row["occupancy"])
        if row["user_id"] in asked:
            assert occupancy is Occupancy.OFFERED, row
        elif mine:
            states = {segment["state"] for segment in whole or mine}
            assert occupancy is Occupancy.WRAP_UP or "active" in states, row
            assert occupancy in (Occupancy.BUSY, Occupancy.HOLD) or "wrap_up" in states, row
        else:
            assert occupancy in (Occupancy.FREE, Occupancy.MISSED), row
        intent = Intent(row["intent"])
        assert Status(row["status"]) in {status_of(intent, here, occupancy) for here in (True, False)}, row
        assert json.loads(row["work"]) == Counter(segment["channel"] for segment in mine), row
        if row["taking"]:
            assert intent is Intent.AVAILABLE, row
            assert not row["missed"], row
            assert row["user_id"] not in asked, row
            assert not whole, row
            assert all(segment["state"] == "active" for segment in mine), row
        assert not (row["do_not_disturb"] and intent is Intent.AVAILABLE), row


def _check_pools(pools: Sequence[Row], agents: Sequence[Row]) -> None:
    """Nobody is free in a pool who takes no work; who takes work and has none in hand is free in all of his."""
    by_id = {agent["user_id"]: agent for agent in agents}
    for row in pools:
        agent = by_id[row["user_id"]]
        idle = agent["taking"] and not json.loads(agent["work"])
        assert row["free"] in {idle, agent["taking"]}, f"the pool {row['pool']} says something else than {agent}"


def _check_deadlines(
    jobs: Sequence[Row], offers: Sequence[Row], segments: Sequence[Row], agents: Sequence[Row]
) -> None:
    """Whatever ends by itself has a job that ends it, in time unless a worker has died over it."""
    waiting: dict[tuple[str, int], list[Row]] = {}
    for row in jobs:
        arguments = json.loads(row["arguments"])
        what = next(arguments[key] for key in ("offer_id", "segment_id", "user_id") if key in arguments)
        waiting.setdefault((row["name"], what), []).append(row)
    needed = {("core.expire_offer", offer["id"]): offer["deadline"] for offer in offers}
    needed |= {("core.end_wrap_up", row["id"]): row["wrap_up_until"] for row in segments if row["state"] == "wrap_up"}
    for agent in agents:
        who = agent["user_id"]
        if agent["missed"] or agent["occupancy"] == Occupancy.MISSED:
            needed["core.end_missed", who] = agent["missed_until"]
        here = agent["occupancy"] == Occupancy.FREE and agent["status"] != Status.OFFLINE
        if here or agent["taking"] or agent["connected"]:
            needed["core.check_connection", who] = agent["connected_until"]
        if agent["status"] == Status.PAUSED and agent["limited"]:
            needed["core.pause_limit", who] = agent["pause_limit_at"]
    assert needed.keys() <= waiting.keys(), f"nothing will end {needed.keys() - waiting.keys()}"
    for key, deadline in needed.items():
        for_it = waiting[key]
        in_time = any(row["due_at"] <= deadline + LATE or row["state"] != "due" or row["error"] for row in for_it)
        assert in_time, f"{key} should end at {deadline}, and is looked at {[row['due_at'] for row in for_it]}"


def check_history(facts: Iterable[Row]) -> None:
    """Every change follows from the one before it, and no moment had two offers where one may be.

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
    """Notes to whom an interaction is offered, or with whom it is, and what is offered to an agent: one at a time."""
    sides = [("interaction", fact["interaction_id"])]
    if fact["subject"] == "offer":
        sides.append(("agent", fact["agent_id"]))
    thing = (fact["subject"], fact["segment_id"] or fact["interaction_id"])
    for side in sides:
        if not fact["old"]:
            assert side not in taken, f"{side} had {taken[side]} already and was given {thing}"
            taken[side] = thing
        elif taken.get(side) == thing:
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
