"""Random interleavings of callers, agents, lost media and a failing media server, on a real PostgreSQL.

Whatever happens, and however much of it at the same time: once it is quiet, media and rows say the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import provisioning
from core.database.connection import execute, fetch
from core.interactions.lifecycle import end_interaction
from plugins.telephony.provider import EndCause, LegId, ProviderUnavailable
from plugins.telephony.services.answering import answer_offer
from plugins.telephony.services.calling import hang_up_call
from plugins.telephony.services.talking import hang_up, hold_call, mute_agent, resume_call, unmute_agent
from switchroom.errors import SwitchroomError
from switchroom.interactions import open_segment, pending_offer, reject_offer
from tests.plugins.telephony.call_office import Office, open_office
from tests.plugins.telephony.scripted import OFFER

AGENTS = 2

Action = tuple[str, int]

ACTIONS = (
    "call", "call", "call", "jobs", "jobs", "jobs", "answer", "answer", "answer", "reject", "hold", "resume", "mute",
    "unmute", "caller_hangs_up", "agent_hangs_up", "caller_closes", "agent_loses_network", "crash", "refuse_bridge",
    "refuse_hold", "refuse_hang_up", "outage", "recover", "reconcile",
)  # fmt: skip

steps = st.lists(
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5)), min_size=1, max_size=3), min_size=1, max_size=20
)

_numbers = itertools.count()


@dataclass
class Floor:
    """One tenant with agents and callers, and what each action does there."""

    office: Office
    agents: list[int]

    async def act(self, action: Action) -> None:
        """Does one thing; being refused with a typed error is an answer, anything else is a defect."""
        name, which = action
        # A failing job, or comparison, would be tried again; here it is not: the last one has to make up for it.
        with contextlib.suppress(SwitchroomError, ProviderUnavailable):
            await getattr(self, name)(self.agents[which % AGENTS], which)

    async def call(self, _agent: int, which: int) -> None:
        await self.office.call(address=f"192.0.2.{which}")

    async def jobs(self, _agent: int, _which: int) -> None:
        await self.office.jobs.run_due()

    async def answer(self, agent: int, _which: int) -> None:
        offer = await pending_offer(self.office.ctx, agent_id=agent)
        if offer is not None:
            await answer_offer(self.office.of_agent(agent), offer.id, agent, OFFER)

    async def reject(self, agent: int, _which: int) -> None:
        offer = await pending_offer(self.office.ctx, agent_id=agent)
        if offer is not None:
            await reject_offer(self.office.of_agent(agent), offer.id, agent)
            await execute("UPDATE core_agent SET missed_until = now() WHERE user_id = $1", agent)
            await execute("UPDATE core_job SET due_at = now() WHERE name = 'core.end_missed' AND state = 'due'")

    async def hold(self, agent: int, _which: int) -> None:
        await hold_call(self.office.of_agent(agent), await self._talk(agent), agent)

    async def resume(self, agent: int, _which: int) -> None:
        await resume_call(self.office.of_agent(agent), await self._talk(agent), agent)

    async def mute(self, agent: int, _which: int) -> None:
        await mute_agent(self.office.of_agent(agent), await self._talk(agent), agent)

    async def unmute(self, agent: int, _which: int) -> None:
        await unmute_agent(self.office.of_agent(agent), await self._talk(agent), agent)

    async def agent_hangs_up(self, agent: int, _which: int) -> None:
        await hang_up(self.office.of_agent(agent), await self._talk(agent), agent)

    async def caller_hangs_up(self, _agent: int, which: int) -> None:
        if self.office.calls:
            await hang_up_call(self.office.customer(), self.office.calls[which % len(self.office.calls)].token)

    async def caller_closes(self, _agent: int, which: int) -> None:
        self._end("caller", which, EndCause.PEER_CLOSED)

    async def agent_loses_network(self, _agent: int, which: int) -> None:
        self._end("agent", which, EndCause.MEDIA_LOST)

    async def crash(self, _agent: int, _which: int) -> None:
        self.office.switch.crash()

    async def refuse_bridge(self, _agent: int, _which: int) -> None:
        self.office.switch.refuse = {"bridge"}

    async def refuse_hold(self, _agent: int, _which: int) -> None:
        self.office.switch.refuse = {"hold", "unhold", "mute"}

    async def refuse_hang_up(self, _agent: int, _which: int) -> None:
        self.office.switch.refuse = {"hang_up"}

    async def outage(self, _agent: int, _which: int) -> None:
        self.office.switch.unreachable = "it is out of reach"

    async def recover(self, _agent: int, _which: int) -> None:
        self.office.switch.refuse, self.office.switch.unreachable = set(), ""

    async def reconcile(self, _agent: int, _which: int) -> None:
        await self.office.controller.reconcile()

    async def _talk(self, agent: int) -> int:
        segment = await open_segment(self.office.ctx, agent_id=agent)
        return segment.interaction_id if segment else 0

    def _end(self, side: str, which: int, cause: EndCause) -> None:
        alive = self.office.switch.alive
        with_peer = [leg for leg in alive if leg.peer] if side == "agent" else alive
        if with_peer:
            self.office.switch.end(with_peer[which % len(with_peer)].leg, cause)

    async def becomes_quiet(self) -> None:
        """Everything works again and has had its time: then media and rows say the same."""
        await self.recover(0, 0)
        for leg in list(self.office.switch.alive):
            self.office.switch.age(leg.leg, 60)
        await self.office.controller.reconcile()

        async def agree() -> bool:
            await self.office.jobs.run_due()
            return not await self.differences()

        try:
            await self.office.until(agree)
        except TimeoutError:
            raise AssertionError("\n".join(await self.differences())) from None

    async def differences(self) -> list[str]:
        """What rows and media do not agree about."""
        found: list[str] = []
        alive = {leg.leg: leg for leg in self.office.switch.alive}
        rows = await fetch("SELECT * FROM telephony_leg WHERE state <> 'ended'")
        if alive.keys() != {LegId(row["leg"]) for row in rows}:
            found.append(f"alive {sorted(alive)}, rows {sorted(row['leg'] for row in rows)}")
        states = await fetch("SELECT id, state FROM core_interaction WHERE tenant_id = $1", self.office.ctx.tenant.id)
        for interaction in states:
            legs = {row["side"]: row for row in rows if row["interaction_id"] == interaction["id"]}
            state = interaction["state"]
            wanted = {"waiting": {"caller"}, "offered": {"caller"}, "active": {"caller", "agent"}}
            if legs.keys() != wanted.get("active" if state == "held" else state, set()):
                found.append(f"call {interaction['id']} is {state} with the legs {sorted(legs)}")
                continue
            caller, agent = (alive.get(legs[side]["leg"]) if side in legs else None for side in ("caller", "agent"))
            if caller and agent and (caller.peer, agent.peer) != (agent.leg, caller.leg):
                found.append(f"call {interaction['id']} is not joined")
            if caller and caller.held != (state == "held"):
                found.append(f"call {interaction['id']} is {state}, but its caller's held is {caller.held}")
            if agent and agent.muted != legs["agent"]["muted"]:
                found.append(f"call {interaction['id']}: muted is {agent.muted}")
        return found

    async def end_of_day(self) -> None:
        """Everybody hangs up: then no leg is left, of any kind."""
        for row in await fetch("SELECT id FROM core_interaction WHERE tenant_id = $1", self.office.ctx.tenant.id):
            await end_interaction(self.office.ctx, row["id"], "caller_hung_up")
        await self.becomes_quiet()
        await self.office.silent()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def office(runner: asyncio.Runner, database_url: str) -> Iterator[Office]:
    """Opened once for all examples; each has a tenant of its own."""
    opened = open_office(database_url)
    yield runner.run(opened.__aenter__())
    runner.run(opened.__aexit__(None, None, None))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(script=steps)
def test_whatever_happens_media_and_rows_agree_in_the_end(
    script: list[list[Action]], runner: asyncio.Runner, office: Office
) -> None:
    async def play() -> None:
        # An example that has failed leaves nothing to the next one.
        office.switch.refuse, office.switch.unreachable = set(), ""
        office.switch.known.clear()
        await execute("UPDATE telephony_leg SET state = 'ended'")
        await execute("DELETE FROM core_job")
        tenant = await provisioning.create_tenant(office.platform, slug=f"floor-{next(_numbers)}", name="Floor")
        async with office.platform.context(tenant) as ctx:
            mine = replace(office, ctx=ctx.for_plugin("telephony"), calls=[])
            floor = Floor(mine, [await mine.agent(f"agent{number}") for number in range(AGENTS)])
            for step in script:
                await asyncio.gather(*(floor.act(action) for action in step))
            await floor.becomes_quiet()
            await floor.end_of_day()

    runner.run(play())
