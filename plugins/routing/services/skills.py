"""Skills, who has them, and how well; what changes holds for the next match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from plugins.routing.holding import hold_settings
from plugins.routing.models import AgentSkill, QueueSkill, Skill
from plugins.routing.services.values import LEVELS, LONGEST_NAME
from plugins.routing.serving import place_one
from switchroom import Context
from switchroom.audit import record
from switchroom.database import fetch, transaction
from switchroom.errors import Conflict, InvalidInput, NotFound
from switchroom.locale import gettext as _


@dataclass(frozen=True)
class SkillView:
    """A skill.

    Attributes:
        agents: How many agents have it.
        queues: Names of the queues that ask for it.
    """

    id: int
    name: str
    agents: int
    queues: list[str]


@dataclass(frozen=True)
class SkilledAgent:
    """An agent with his levels: id of a skill → 1 to 10."""

    user_id: int
    name: str
    team: str
    levels: dict[int, int]


async def all_skills(ctx: Context) -> list[SkillView]:
    """Every skill of the tenant, by name."""
    rows = await fetch(
        "SELECT skill.id, skill.name, "
        "(SELECT count(*) FROM routing_agent_skill AS has WHERE has.skill_id = skill.id) AS agents, "
        "coalesce((SELECT array_agg(queue.name ORDER BY queue.position, queue.id) FROM routing_queue_skill AS asked "
        "JOIN routing_queue AS queue ON queue.id = asked.queue_id WHERE asked.skill_id = skill.id), '{}') AS queues "
        "FROM routing_skill AS skill WHERE skill.tenant_id = $1 ORDER BY lower(skill.name), skill.id",
        ctx.tenant.id,
    )
    return [SkillView(**{**row, "queues": list(row["queues"])}) for row in rows]


async def get_skill(ctx: Context, skill_id: int) -> SkillView:
    """One skill.

    Raises:
        NotFound: The tenant has no such skill.
    """
    for skill in await all_skills(ctx):
        if skill.id == skill_id:
            return skill
    raise NotFound(_("There is no such skill."))


async def create_skill(ctx: Context, name: str) -> int:
    """Makes a skill that nobody has yet, and gives its id.

    Raises:
        InvalidInput: The name cannot be used.
    """
    async with transaction():
        await hold_settings(ctx)
        await _check_name(ctx, name, None)
        skill = await Skill.create(name=name.strip())
        await record(
            ctx, "routing.skill_created", subject=_subject(skill.id), subject_name=skill.name,
            after={"name": skill.name},
        )  # fmt: skip
        await ctx.publish("queues")
    skill_id: int = skill.id
    return skill_id


async def rename_skill(ctx: Context, skill_id: int, name: str) -> None:
    """Gives a skill another name.

    Raises:
        NotFound: The tenant has no such skill.
        InvalidInput: The name cannot be used.
    """
    async with transaction():
        await hold_settings(ctx)
        before = await get_skill(ctx, skill_id)
        await _check_name(ctx, name, skill_id)
        if before.name == name.strip():
            return
        await Skill.filter(id=skill_id).update(name=name.strip())
        await record(
            ctx, "routing.skill_renamed", subject=_subject(skill_id), subject_name=name.strip(),
            before={"name": before.name}, after={"name": name.strip()},
        )  # fmt: skip
        await ctx.publish("queues")


async def delete_skill(ctx: Context, skill_id: int) -> None:
    """Removes a skill that no queue asks for, from its agents as well.

    Raises:
        NotFound: The tenant has no such skill.
        Conflict: A queue asks for it.
    """
    async with transaction():
        await hold_settings(ctx)
        skill = await get_skill(ctx, skill_id)
        if skill.queues:
            raise Conflict(
                _("These queues ask for %(skill)s: %(queues)s.")
                % {"skill": skill.name, "queues": ", ".join(skill.queues)},
                mend=_("Take it from them first."),
                code="skill_asked_for",
            )
        await Skill.filter(id=skill_id).delete()
        await record(
            ctx, "routing.skill_deleted", subject=_subject(skill_id), subject_name=skill.name,
            before={"name": skill.name, "agents": skill.agents},
        )  # fmt: skip
        await ctx.publish("queues", "agents")


async def skilled_agents(ctx: Context, *, words: str = "", after: int = 0, limit: int = 50) -> list[SkilledAgent]:
    """Agents with their levels, by name: at most `limit`, the first `after` left out.

    Args:
        ctx: Where.
        words: Part of the name of the agent or the team.
        after: How many to leave out.
        limit: How many at most.
    """
    # Index core_user_by_name.
    rows = await fetch(
        "SELECT person.id AS user_id, person.name, team.name AS team FROM core_user AS person "
        "JOIN core_agent AS agent ON agent.user_id = person.id JOIN core_team AS team ON team.id = agent.team_id "
        "WHERE person.tenant_id = $1 AND person.active AND ($2::text = '' OR strpos(lower(person.name), lower($2)) > 0 "
        "OR strpos(lower(team.name), lower($2)) > 0) ORDER BY lower(person.name), person.id OFFSET $3 LIMIT $4",
        ctx.tenant.id,
        words,
        after,
        limit,
    )
    levels: dict[int, dict[int, int]] = defaultdict(dict)
    for row in await AgentSkill.filter(user_id__in=[row["user_id"] for row in rows]):
        levels[row.user_id][row.skill_id] = row.level
    return [SkilledAgent(**row, levels=levels[row["user_id"]]) for row in rows]


async def get_skilled(ctx: Context, user_id: int) -> SkilledAgent:
    """One agent with his levels.

    Raises:
        NotFound: The tenant has no such agent.
    """
    rows = await fetch(
        "SELECT person.id AS user_id, person.name, team.name AS team FROM core_agent AS agent "
        "JOIN core_user AS person ON person.id = agent.user_id JOIN core_team AS team ON team.id = agent.team_id "
        "WHERE agent.tenant_id = $1 AND agent.user_id = $2",
        ctx.tenant.id,
        user_id,
    )
    if not rows:
        raise NotFound(_("There is no such agent."))
    return SkilledAgent(**rows[0], levels={row.skill_id: row.level for row in await AgentSkill.filter(user_id=user_id)})


async def set_level(ctx: Context, user_id: int, skill_id: int, level: int) -> None:
    """Says how well an agent has one skill; 0 is not at all.

    Raises:
        NotFound: The tenant has no such agent or skill.
        InvalidInput: It is no level.
    """
    async with transaction():
        await hold_settings(ctx)
        await get_skill(ctx, skill_id)
        levels = dict((await get_skilled(ctx, user_id)).levels)
        if level:
            levels[skill_id] = level
        else:
            levels.pop(skill_id, None)
        await set_levels(ctx, user_id, levels)


async def set_levels(ctx: Context, user_id: int, levels: Mapping[int, int]) -> None:
    """Says which skills an agent has: id of a skill → 1 to 10; he serves the queues that ask for them at once.

    Raises:
        NotFound: The tenant has no such agent.
        InvalidInput: There is no such skill, or it is no level.
    """
    async with transaction():
        await hold_settings(ctx)
        agent = await get_skilled(ctx, user_id)
        names = {skill.id: skill.name for skill in await all_skills(ctx)}
        problems = {
            f"skill_{skill_id}": _("There is no such skill.") if skill_id not in names else _("Levels go from 1 to 10.")
            for skill_id, level in levels.items()
            if skill_id not in names or not LEVELS[0] <= level <= LEVELS[1]
        }
        if problems:
            raise InvalidInput(_("The skills were not saved."), fields=problems)
        if dict(levels) == agent.levels:
            return
        await AgentSkill.filter(user_id=user_id).delete()
        for skill_id, level in levels.items():
            await AgentSkill.create(user_id=user_id, skill_id=skill_id, level=level)
        await place_one(ctx, user_id)
        await record(
            ctx, "routing.agent_skills_changed", subject=f"core:user:{user_id}", subject_name=agent.name,
            before={names[skill_id]: level for skill_id, level in agent.levels.items()},
            after={names[skill_id]: level for skill_id, level in levels.items()},
        )  # fmt: skip
        await ctx.publish("agents", "queues")


async def queues_of(ctx: Context, user_id: int) -> list[str]:
    """Names of the queues that an agent serves, in their order."""
    # Index core_pool_of_agent.
    rows = await fetch(
        "SELECT queue.name FROM core_pool_member AS member JOIN routing_queue AS queue "
        "ON queue.tenant_id = $1 AND 'routing:queue:' || queue.id = member.pool "
        "WHERE member.tenant_id = $1 AND member.user_id = $2 ORDER BY queue.position, queue.id",
        ctx.tenant.id,
        user_id,
    )
    return [row["name"] for row in rows]


async def asked_by(queue_id: int) -> dict[int, int]:
    """What a queue asks for: id of a skill → the least level."""
    return {row.skill_id: row.level for row in await QueueSkill.filter(queue_id=queue_id)}


async def _check_name(ctx: Context, name: str, skill_id: int | None) -> None:
    wanted = name.strip()
    if not wanted or len(wanted) > LONGEST_NAME:
        raise InvalidInput(
            _("The skill was not saved."), fields={"name": _("Give the skill a name of at most 100 characters.")}
        )
    if wanted.casefold() in {skill.name.casefold() for skill in await all_skills(ctx) if skill.id != skill_id}:
        raise InvalidInput(_("The skill was not saved."), fields={"name": _("There is a skill of this name already.")})


def _subject(skill_id: int) -> str:
    return f"routing:skill:{skill_id}"
