"""The clock after a contact is exact by the times that are stored: over queues, tabs, agents, a server that dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.database.connection import execute, fetch, fetch_row, fetch_value
from core.interactions.lifecycle import end_interaction
from core.interactions.passing_on import pass_on
from core.interactions.rows import get_segment
from core.interactions.segments import NoExtensionLeft
from core.plugins.context import Context, Platform
from plugins.routing.services.queues import create_queue
from plugins.routing.services.values import QueueValues
from plugins.wrapup import services
from plugins.wrapup.models import ChosenDisposition, Work, WorkState
from plugins.wrapup.rules.keeping import set_rule
from plugins.wrapup.rules.values import RuleValues, Side
from switchroom.forms import Writer
from tests.conftest import Jobs
from tests.plugins.wrapup.calls import Agent, clock_ends_in, make_agent
from tests.serving import ServerProcess, free_port, server_environ

pytestmark = pytest.mark.anyio

_LENGTHS = """
SELECT segment.agent_id, work.queue, segment.extensions,
    extract(epoch FROM segment.wrap_up_until - segment.ended_at)::float8 AS seconds
FROM core_segment AS segment JOIN wrapup_work AS work ON work.segment_id = segment.id ORDER BY segment.id
"""


async def stay_connected() -> None:
    """The agents' pages stay open, however long the test takes."""
    await execute("UPDATE core_agent SET connected_until = now() + interval '1 hour'")


async def closed(segment_id: int) -> dict[str, Any]:
    """The stored times of a segment, once it is closed."""
    async with asyncio.timeout(60):
        while True:
            row = await fetch_row(
                "SELECT state, ended_at, wrap_up_until, closed_at FROM core_segment WHERE id = $1", segment_id
            )
            if row is not None and row["state"] == "closed":
                return row
            await asyncio.sleep(0.05)


async def test_six_queues_two_tabs_and_a_call_that_is_passed_on_keep_every_clock_apart(
    ctx: Context, jobs: Jobs
) -> None:
    anna, ben = await make_agent(ctx), await make_agent(ctx, "ben")
    await stay_connected()
    expected = []
    for number in range(6):
        made = await create_queue(ctx.for_plugin("routing"), QueueValues(name=f"Queue {number}"))
        queue = f"routing:queue:{made}"
        rule = RuleValues(seconds=40 + number, offer_before=600, extension_seconds=7, extensions=1)
        await set_rule(anna.ctx, queue, Side.INBOUND, rule)
        segment = await anna.answers_a_call(f"Kim {number}", queue=queue)
        tabs = [Writer(tab, 1) for tab in ("left", "right")]
        await asyncio.gather(
            *(services.keep_draft(anna.ctx, segment.id, anna.id, {"comment": tab.tab}, tab) for tab in tabs)
        )
        passed = (
            await pass_on(ctx, segment.interaction_id, agent_id=anna.id, to_agent_id=ben.id) if number % 2 else None
        )
        if passed is None:
            await end_interaction(ctx, segment.interaction_id, "caller_hung_up")
        adds = (services.add_time(anna.ctx, segment.id, anna.id) for _tab in tabs)
        results = await asyncio.gather(*adds, return_exceptions=True)
        assert sum(isinstance(each, NoExtensionLeft) for each in results) == 1
        expected.append((anna.id, queue, 1, 40.0 + number + 7))
        if passed is not None:
            # A reload of the second agent's page begins his work by the same rule.
            assert await services.current_task(ben.ctx, ben.id) is not None
            await end_interaction(ctx, segment.interaction_id, "caller_hung_up")
            expected.append((ben.id, queue, 0, 40.0 + number))
        task = await services.current_task(anna.ctx, anna.id)
        assert task is not None
        assert task.segment.id == segment.id
        both = [segment] if passed is None else [segment, passed]
        lengths = [tuple(row.values()) for row in await fetch(_LENGTHS)]
        assert lengths[-len(both) :] == expected[-len(both) :]
        for each in both:
            await clock_ends_in(each, -0.001)
        await jobs.let_time_pass("core.end_wrap_up")
    works = await Work.all()
    assert len(works) == len(expected) == 9
    assert {work.state for work in works} == {WorkState.TIMED_OUT}
    over = "SELECT count(*) FROM core_fact WHERE subject = 'segment' AND cause = 'time_over'"
    assert await fetch_value(over) == await ChosenDisposition.all().count() == 9


@pytest.fixture
async def server(platform: Platform, database_url: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """The product with the demo tenant, on the tables that the test works with."""
    process = ServerProcess("run", server_environ(database_url, tmp_path), tmp_path / "log", free_port())
    try:
        await asyncio.to_thread(process.start)
        yield process
    finally:
        await asyncio.to_thread(process.stop)


async def test_a_server_that_is_killed_in_the_middle_leaves_the_clock_as_it_is(
    platform: Platform, server: ServerProcess
) -> None:
    async with platform.context(await platform.tenant(slug="demo")) as demo:
        agent = Agent(
            demo.for_plugin("wrapup"), await fetch_value("SELECT id FROM core_user WHERE username = 'agent1'")
        )
        await stay_connected()
        await set_rule(agent.ctx, "", Side.INBOUND, RuleValues(seconds=2))
        await agent.becomes_available()
        segment = await agent.has_ended_a_call()
        await services.keep_draft(agent.ctx, segment.id, agent.id, {"comment": "half a sen"}, Writer())
        await asyncio.to_thread(server.kill)
        assert (await get_segment(demo, segment.id)).wrap_up_until == segment.wrap_up_until
        await asyncio.to_thread(server.start)
        row = await closed(segment.id)
        assert row["wrap_up_until"] - row["ended_at"] == timedelta(seconds=2)
        assert row["closed_at"] >= row["wrap_up_until"]
        task = await services.own_task(agent.ctx, segment.id, agent.id)
        assert (task.work.state, task.draft and task.draft.typed) == (WorkState.TIMED_OUT, {"comment": "half a sen"})
        over = "SELECT count(*) FROM core_fact WHERE segment_id = $1 AND cause = 'time_over'"
        assert await fetch_value(over, segment.id) == await ChosenDisposition.all().count() == 1
