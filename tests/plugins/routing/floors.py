"""A floor with queues, agents and customers, for tests of matching."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.database.connection import execute, fetch, fetch_value
from core.tenancy.context import TenantRef
from core.tenant_plugins.switching_on import enable_with_requirements
from plugins.routing.models import AgentSkill, Queue, QueueSkill, Skill
from plugins.routing.serving import place, place_everybody
from switchroom import Context
from switchroom.agents import Intent, choose_intent
from switchroom.interactions import accept_offer, create_interaction, end_interaction, finish_segment, pending_offer
from switchroom.runtime import Platform
from tests.conftest import Jobs
from tests.core.web_client import add_user

TWO_CHANNELS = {"SWITCHROOM__PLUGINS__DIRS": json.dumps([str(Path(__file__).parent / "sample_plugins")])}
"""Settings of a platform that has a second channel."""

# Interactions that wait although an agent of their queue has room for them, by the agents' own rows alone.
STRANDED = """
SELECT interaction.id AS interaction_id, agent.user_id AS agent_id, interaction.channel, agent.work
FROM core_interaction AS interaction
JOIN core_pool_member AS member ON member.tenant_id = interaction.tenant_id AND member.pool = interaction.queue
JOIN core_agent AS agent ON agent.user_id = member.user_id
LEFT JOIN core_team_channel AS rule ON rule.team_id = agent.team_id AND rule.channel = interaction.channel
WHERE interaction.tenant_id = $1 AND interaction.state = 'waiting' AND agent.taking
AND agent.connected_until > now() + interval '4 seconds'
AND (interaction.channel = 'voice' OR coalesce((agent.work->>interaction.channel)::int, 0) < coalesce(rule.capacity, 2))
AND NOT (coalesce(rule.alone, false) AND agent.work <> '{}')
"""


@dataclass
class MatchingFloor:
    """A tenant's floor; everything that is done is done as people and processes do it."""

    platform: Platform
    ctx: Context
    outbox: Jobs
    agents: dict[str, int] = field(default_factory=dict)

    async def queue(self, name: str, *channels: str, **values: Any) -> Queue:
        """A queue, with those who serve it."""
        queue = await Queue.create(name=name, channels=list(channels or ("voice",)), **values)
        await place_everybody(self.ctx, queue)
        return queue

    async def agent(self, name: str, *, available: bool = True, placed: bool = True) -> int:
        """An agent who is connected, and takes work unless said otherwise."""
        user_id = self.agents[name] = await add_user(self.platform, self.ctx.tenant, name, "agent")
        await begin_shift(self.ctx, user_id)
        await tab_opened(self.ctx, user_id)
        if placed:
            await place.function(self.ctx, user_id=user_id)
        if available:
            await choose_intent(self.ctx, user_id, Intent.AVAILABLE)
        return user_id

    async def skill(self, name: str, queues: Sequence[Queue] = (), level: int = 1, **agents: int) -> Skill:
        """A skill that queues ask for and agents have, by their names."""
        skill, _created = await Skill.get_or_create(name=name, tenant_id=self.ctx.tenant.id)
        for queue in queues:
            await QueueSkill.create(queue=queue, skill=skill, level=level)
            await place_everybody(self.ctx, queue)
        for agent, has in agents.items():
            await AgentSkill.create(user_id=self.agents[agent], skill=skill, level=has)
            await place.function(self.ctx, user_id=self.agents[agent])
        return skill

    async def comes(self, name: str, queue: Queue | None, channel: str = "voice", **values: Any) -> int:
        """A customer who waits."""
        reference = queue.reference if queue else ""
        new = await create_interaction(self.ctx, channel=channel, queue=reference, contact_name=name, **values)
        return new.id

    async def offered(self) -> dict[int, int]:
        """Interaction → the agent who is asked at this moment."""
        rows = await fetch(
            "SELECT interaction_id, agent_id FROM core_offer WHERE tenant_id = $1 AND state = 'pending'",
            self.ctx.tenant.id,
        )
        return {row["interaction_id"]: row["agent_id"] for row in rows}

    async def asked(self, interaction_id: int) -> int | None:
        """Runs what is due, and gives the agent who is then asked to take this."""
        await self.outbox.run_due()
        return (await self.offered()).get(interaction_id)

    async def takes(self, agent_id: int) -> int:
        """The agent accepts what he is offered; gives the interaction."""
        offer = await pending_offer(self.ctx, agent_id=agent_id)
        assert offer is not None, "nothing is offered to this agent"
        await accept_offer(self.ctx, offer.id, agent_id)
        return offer.interaction_id

    async def ends(self, interaction_id: int) -> None:
        """The customer goes; after-contact work is finished at once."""
        await end_interaction(self.ctx, interaction_id, "caller_hung_up")
        rows = await fetch(
            "SELECT id, agent_id FROM core_segment WHERE interaction_id = $1 AND state = 'wrap_up'", interaction_id
        )
        for row in rows:
            await finish_segment(self.ctx, row["id"], row["agent_id"], outcome="success", comment="")

    async def run_at_once(self, processes: int = 4) -> None:
        """Runs what is due, and what that makes due, by so many at the same time, until nothing is."""

        async def work() -> None:
            while rows := await fetch(
                "DELETE FROM core_job WHERE id = (SELECT id FROM core_job WHERE state = 'due' AND due_at <= now() "
                "ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING name, tenant_id, arguments"
            ):
                row = rows[0]
                await self.outbox.run(row["name"], row["tenant_id"], **json.loads(row["arguments"]))

        while await fetch_value("SELECT count(*) FROM core_job WHERE state = 'due' AND due_at <= now()"):
            await asyncio.gather(*(work() for _ in range(processes)))

    async def check(self) -> None:
        """Nobody waits for whom somebody is free, and nobody has more than he may."""
        stranded = await fetch(STRANDED, self.ctx.tenant.id)
        assert not stranded, f"these wait, and the agents are free: {stranded}"
        over = await fetch(
            "SELECT agent_id, channel, count(*) FROM core_segment WHERE tenant_id = $1 AND state = 'active' "
            "GROUP BY agent_id, channel HAVING count(*) > CASE channel WHEN 'voice' THEN 1 ELSE 2 END",
            self.ctx.tenant.id,
        )
        assert not over, f"these have more than they may: {over}"

    async def becomes_yesterday(self, day: float) -> None:
        """All that agents have done until now was yesterday; whoever is free was free over midnight.

        Args:
            day: What a day is in the ranks of the queues.
        """
        await execute(
            "UPDATE core_segment SET started_at = started_at - interval '1 day', ended_at = ended_at - interval '1 day'"
        )
        await execute("UPDATE core_pool_member SET rank = rank - $1", day)


@asynccontextmanager
async def noon_floor(platform: Platform, tenant: TenantRef, jobs: Jobs) -> AsyncIterator[MatchingFloor]:
    """An empty floor with both channels, where it is noon or a little later."""
    zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    await execute("UPDATE core_tenant SET timezone = $2 WHERE id = $1", tenant.id, zone)
    async with platform.context(tenant) as ctx:
        await enable_with_requirements(platform, ctx, "talk")
    async with platform.context(await platform.tenant(tenant_id=tenant.id)) as ctx:
        await jobs.run_due()
        await execute("DELETE FROM routing_queue")
        yield MatchingFloor(platform, ctx, jobs)
