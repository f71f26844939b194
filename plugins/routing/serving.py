"""Who serves which queue: agents of its teams who have the skills that it asks for, well enough."""

from __future__ import annotations

from collections import defaultdict

from plugins.routing.holding import hold_settings
from plugins.routing.models import AgentSkill, Queue, QueueSkill
from switchroom import Context, Event, job
from switchroom.agents import Place, Strategy, place_agent, set_pool
from switchroom.database import fetch, fetch_value, transaction


@job("routing.place_agent", on=(Event.AGENT_PLACED,))
async def place(ctx: Context, user_id: int) -> None:
    """Puts an agent who is new, or has come into another team, into the queues that he serves from now on."""
    await place_one(ctx, user_id)


async def place_one(ctx: Context, user_id: int) -> None:
    """Finds anew which queues an agent serves; in the transaction that changes his skills."""
    async with transaction():
        # An agent whose skills change while his queue asks for others would be put there by what either saw before.
        await hold_settings(ctx)
        # Index core_agent_user_id_key.
        team_id = await fetch_value(
            "SELECT team_id FROM core_agent WHERE tenant_id = $1 AND user_id = $2", ctx.tenant.id, user_id
        )
        if team_id is None:
            return
        skills = {row.skill_id: row.level for row in await AgentSkill.filter(user_id=user_id)}
        asked = await _asked()
        pools = {}
        for queue in await Queue.all():
            level = _suits(queue, asked[queue.id], team_id, skills)
            if level is not None:
                pools[queue.reference] = Place(Strategy(queue.strategy), level, queue.channels)
        await place_agent(ctx, user_id, pools)


async def place_everybody(ctx: Context, queue: Queue) -> None:
    """Finds anew who serves a queue; in the transaction that changes it."""
    await hold_settings(ctx)
    asked = (await _asked())[queue.id]
    skills: dict[int, dict[int, int]] = defaultdict(dict)
    for row in await AgentSkill.filter(skill_id__in=list(asked)):
        skills[row.user_id][row.skill_id] = row.level
    members = {}
    for agent in await fetch("SELECT user_id, team_id FROM core_agent WHERE tenant_id = $1", ctx.tenant.id):
        level = _suits(queue, asked, agent["team_id"], skills[agent["user_id"]])
        if level is not None:
            members[agent["user_id"]] = level
    await set_pool(ctx, queue.reference, Strategy(queue.strategy), members, channels=queue.channels)


async def _asked() -> dict[int, dict[int, int]]:
    """Queue → skill → the level that it asks for."""
    asked: dict[int, dict[int, int]] = defaultdict(dict)
    for row in await QueueSkill.all():
        asked[row.queue_id][row.skill_id] = row.level
    return asked


def _suits(queue: Queue, asked: dict[int, int], team_id: int, skills: dict[int, int]) -> int | None:
    """How well an agent suits a queue: the sum of his levels in what it asks for; None when he does not serve it."""
    if queue.teams and team_id not in queue.teams:
        return None
    if any(skills.get(skill, 0) < level for skill, level in asked.items()):
        return None
    return sum(skills[skill] for skill in asked)
