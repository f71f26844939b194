"""Random interleavings of callers, agents and the clock against the state machines, on a real PostgreSQL.

Each step is one to three things that happen at the same time. After each, the rows must agree with each other, every
transient state must have its deadline row, and every fact must follow from the one before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import app as core_app
from core.accounts.models import User
from core.agents.connection import tab_closed, tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent
from core.app import Application
from core.database.connection import execute, execute_script, fetch
from core.errors import Conflict, NotFound
from core.interactions.lifecycle import create_interaction, end_interaction, hold, resume
from core.interactions.offers import accept_offer, reject_offer
from core.interactions.rows import open_segment, pending_offer
from core.interactions.segments import extend_wrap_up, finish_segment
from core.plugins.context import Context
from core.provisioning import create_tenant
from switchroom.capabilities import QueueDirectory
from tests.conftest import Jobs, make_settings
from tests.floor_checks import check_floor

AGENTS = 3

Action = tuple[str, int]

ACTIONS = (
    "call", "call", "caller_hangs_up", "accept", "accept", "reject", "hold", "resume", "agent_hangs_up", "finish",
    "extend", "available", "available", "pause", "outbound", "tab_opens", "tab_closes", "deadline", "deadline", "jobs",
    "jobs",
)  # fmt: skip

steps = st.lists(
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5)), min_size=1, max_size=3), min_size=1, max_size=25
)

_numbers = itertools.count()


@dataclass
class Floor:
    """One tenant with agents and callers, and what each action does there."""

    ctx: Context
    outbox: Jobs
    queue: str
    agents: list[int]
    calls: list[int] = field(default_factory=list)

    async def act(self, action: Action) -> None:
        """Does one thing; being refused with a typed error is an answer, anything else is a defect."""
        name, which = action
        agent = self.agents[which % len(self.agents)]
        with contextlib.suppress(Conflict, NotFound):
            await getattr(self, name)(agent, which)

    async def call(self, _agent: int, _which: int) -> None:
        self.calls.append((await create_interaction(self.ctx, channel="voice", queue=self.queue)).id)

    async def caller_hangs_up(self, _agent: int, which: int) -> None:
        if self.calls:
            await end_interaction(self.ctx, self.calls[which % len(self.calls)], "caller_hung_up")

    async def accept(self, agent: int, _which: int) -> None:
        if offer := await pending_offer(self.ctx, agent_id=agent):
            await accept_offer(self.ctx, offer.id, agent)

    async def reject(self, agent: int, _which: int) -> None:
        if offer := await pending_offer(self.ctx, agent_id=agent):
            await reject_offer(self.ctx, offer.id, agent)

    async def hold(self, agent: int, _which: int) -> None:
        if segment := await open_segment(self.ctx, agent_id=agent):
            await hold(self.ctx, segment.interaction_id, agent)

    async def resume(self, agent: int, _which: int) -> None:
        if segment := await open_segment(self.ctx, agent_id=agent):
            await resume(self.ctx, segment.interaction_id, agent)

    async def agent_hangs_up(self, agent: int, _which: int) -> None:
        if segment := await open_segment(self.ctx, agent_id=agent):
            await end_interaction(self.ctx, segment.interaction_id, "agent_hung_up")

    async def finish(self, agent: int, _which: int) -> None:
        if segment := await open_segment(self.ctx, agent_id=agent):
            await finish_segment(self.ctx, segment.id, agent, outcome="success", comment="")

    async def extend(self, agent: int, _which: int) -> None:
        if segment := await open_segment(self.ctx, agent_id=agent):
            await extend_wrap_up(self.ctx, segment.id, agent, seconds=30, at_most=2, not_before=3600)

    async def available(self, agent: int, _which: int) -> None:
        await choose_intent(self.ctx, agent, Intent.AVAILABLE)

    async def pause(self, agent: int, _which: int) -> None:
        await choose_intent(self.ctx, agent, Intent.PAUSE)

    async def outbound(self, agent: int, _which: int) -> None:
        await choose_intent(self.ctx, agent, Intent.OUTBOUND)

    async def tab_opens(self, agent: int, _which: int) -> None:
        await tab_opened(self.ctx, agent)

    async def tab_closes(self, agent: int, _which: int) -> None:
        await tab_closed(self.ctx, agent, 0)

    async def deadline(self, agent: int, which: int) -> None:
        """The time of one kind of wait comes for one agent, and the job that acts on it runs."""
        change, job, argument = (
            ("core_offer SET deadline = now() WHERE state = 'pending' AND agent_id", "core.expire_offer", "offer_id"),
            (
                "core_segment SET wrap_up_until = now() WHERE state = 'wrap_up' AND agent_id",
                "core.end_wrap_up",
                "segment_id",
            ),
            (
                "core_agent SET missed_until = now() WHERE missed_until > now() AND user_id",
                "core.end_missed",
                "user_id",
            ),
            ("core_agent SET connected_until = now() WHERE user_id", "core.check_connection", "user_id"),
        )[which % 4]
        key = "user_id" if argument == "user_id" else "id"
        for row in await fetch(f"UPDATE {change} = $1 RETURNING {key} AS key", agent):
            await execute(
                "UPDATE core_job SET due_at = now() WHERE name = $1 AND tenant_id = $2 AND state = 'due' "
                "AND arguments ->> $3 = $4",
                job,
                self.ctx.tenant.id,
                argument,
                str(row["key"]),
            )

    async def jobs(self, _agent: int, _which: int) -> None:
        await self.outbox.run_due()

    async def check(self) -> None:
        """The rows agree with each other, whatever has happened."""
        await check_floor(fetch, self.ctx.tenant.id)

    async def end_of_day(self) -> None:
        """Everybody hangs up and every clock runs down: then every agent waits and nothing is left."""
        for call_id in self.calls:
            await end_interaction(self.ctx, call_id, "caller_hung_up")
        for agent in self.agents:
            await choose_intent(self.ctx, agent, Intent.AVAILABLE)
            for which in range(3):
                await self.deadline(agent, which)
            await self.outbox.run_due()
            await tab_opened(self.ctx, agent)
        await self.outbox.run_due()
        free = await fetch("SELECT user_id FROM core_agent WHERE tenant_id = $1 AND taking", self.ctx.tenant.id)
        assert {row["user_id"] for row in free} == set(self.agents)
        placed = await fetch("SELECT user_id FROM core_pool_member WHERE tenant_id = $1 AND free", self.ctx.tenant.id)
        assert {row["user_id"] for row in placed} == set(self.agents)
        left = await fetch(
            "SELECT id FROM core_interaction WHERE tenant_id = $1 AND state <> 'closed'", self.ctx.tenant.id
        )
        assert not left


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples."""
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def application(runner: asyncio.Runner, database_url: str) -> Iterator[Application]:
    """The platform, opened once for all examples; each has a tenant of its own."""
    opened = _application(database_url)
    yield runner.run(opened.__aenter__())
    runner.run(opened.__aexit__(None, None, None))


@asynccontextmanager
async def _application(url: str) -> AsyncIterator[Application]:
    test_settings = make_settings(url)
    registry = core_app.load_plugins(test_settings)
    async with core_app.database(test_settings, url, registry):
        await execute_script("DELETE FROM core_job")
        built = Application.build(test_settings, url, registry, frozenset())
        await built.platform.live.start()
        try:
            yield built
        finally:
            await built.platform.live.stop()


@asynccontextmanager
async def open_floor(application: Application) -> AsyncIterator[Floor]:
    """A new tenant with connected agents who take calls."""
    platform = application.platform
    tenant = await create_tenant(platform, slug=f"floor-{next(_numbers)}", name="Floor")
    async with platform.context(tenant) as ctx:
        directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
        assert directory is not None
        agents = []
        for number in range(AGENTS):
            user = await User.create(username=f"agent{number}", name=f"Agent {number}", password_hash="none")
            await begin_shift(ctx, user.id)
            await tab_opened(ctx, user.id)
            await choose_intent(ctx, user.id, Intent.AVAILABLE)
            agents.append(user.id)
        jobs = Jobs(platform)
        yield Floor(ctx, jobs, (await directory.admit(ctx, "voice")).queue, agents)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(script=steps)
def test_no_interleaving_breaks_the_rows(
    script: list[list[Action]], runner: asyncio.Runner, application: Application
) -> None:
    async def play() -> None:
        async with open_floor(application) as floor:
            for step in script:
                await asyncio.gather(*(floor.act(action) for action in step))
                await floor.check()
            await floor.end_of_day()
            await floor.check()

    runner.run(play())
